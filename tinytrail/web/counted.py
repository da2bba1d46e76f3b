"""Which rows are counted: all of a period, or what `daily` does not hold of it yet."""

from typing import NamedTuple

from tinytrail.web.events import PAGE_VIEW

COUNTED = "(select counted from open_days o where o.site = {0}.site and o.day = {0}.day)"


class Rows(NamedTuple):
    """Which rows are counted: what follows "from", down to conditions that more can be added to."""

    visits: str  # v
    pageviews: str  # events e of visits v
    customs: str  # the same, for custom events
    visits_of_paths: str  # v, once for each path p.path that it has a page view of
    some_are_counted: bool = False  # others of these days, so that a visitor may be known
    # Page views by day, k (day, pageviews), in the order of days. Where there are such, `visits` and the rest
    # have a k as well, and are grouped by its day.
    days: str = ""
    summed: str = ""  # the same, one k for all of the period


SHOWN = "v.is_bot <= :include_bots and v.is_excluded = 0"


def shown_rows(
    of_visit: str, of_event: str, of_events_of_visits: str, *, some_are_counted: bool = False
) -> Rows:
    """All rows but excluded ones and, unless asked for, bots', that meet these conditions."""
    events = f"events e join visits v on v.id = e.visit where {of_event} and {SHOWN}"
    viewed = f"events e where {of_events_of_visits} and e.kind = {PAGE_VIEW}"
    paths = f"(select distinct e.visit, e.path from {viewed}) p"
    return Rows(
        f"visits v where {of_visit} and {SHOWN}",
        events,
        events,
        f"{paths} join visits v on v.id = p.visit where {of_visit} and {SHOWN}",
        some_are_counted,
    )


def of_period() -> Rows:
    """All of the period."""
    return shown_rows(
        "v.site = :site and v.day between :start and :end",
        "e.site = :site and e.day between :start and :end",
        "e.site = :site and e.day between :start and :end + 1",  # a visit may go on past its midnight
    )


# A visit's first event lies on its day, and ids go up with time.
OPEN_DAYS = "select day from open_days where site = :site and day between :start and :end"
FIRST_OPEN = "(select min(first_open) from open_days where site = :site and day between :start and :end)"
EVENTS_OF_OPEN_DAYS = f"e.site = :site and e.day in ({OPEN_DAYS}) and e.visit >= {FIRST_OPEN}"


def of_open_days(also: str = "true") -> Rows:
    """What `daily` does not hold yet, of visits v that meet this condition."""
    return shown_rows(
        f"v.id in (select visit from events e where {EVENTS_OF_OPEN_DAYS} and n = 1) "
        f"and v.last_seen >= {COUNTED.format('v')} and {also}",
        f"{EVENTS_OF_OPEN_DAYS} and v.last_seen >= {COUNTED.format('e')} and {also}",
        f"e.site = :site and e.day in ({OPEN_DAYS} union select day + 1 from ({OPEN_DAYS})) "
        f"and e.visit >= {FIRST_OPEN}",
        some_are_counted=True,
    )


OF_OPEN_DAYS = of_open_days()

# The same of the websites and days in a table `spans` (site, start, end). `+o.day`: else SQLite would reason
# that b.day is in the span as well, and read all of that.
EVENTS_OF_SPANS = """
    from spans
    join open_days o on o.site = spans.site and o.day between spans.start and spans.end
   cross join events b on b.site = o.site and b.day = +o.day and b.visit >= o.first_open"""
OF_SPANS = shown_rows(
    f"v.id in (select b.visit {EVENTS_OF_SPANS} where b.n = 1) and v.last_seen >= {COUNTED.format('v')}",
    f"(e.site, e.day, e.visit) in (select b.site, b.day, b.visit {EVENTS_OF_SPANS}) "
    f"and v.last_seen >= {COUNTED.format('e')}",
    "false",  # their paths are not counted
    some_are_counted=True,
)
