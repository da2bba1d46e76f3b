"""Which rows are counted: all of a period, or what `daily` does not hold of it yet.

Of an open day `daily` holds what came before a moment, `open_days.counted`. A visit may have begun before it
and gone on since, so what is left of it is the difference between two states: as it is now, with the sign +1,
and as it was then, put together from its events, with the sign -1.
"""

from typing import Any, NamedTuple

from tinytrail.core.connect import Tx
from tinytrail.core.temporary import temporary_tables
from tinytrail.web.events import CUSTOM, PAGE_VIEW


class Rows(NamedTuple):
    """Which rows are counted: what follows "from", down to conditions that more can be added to."""

    visits: str  # v
    pageviews: str  # events e of visits v
    customs: str  # the same, for custom events
    visits_of_paths: str  # v, once for each path p.path that it has a page view of
    # Are they changes? Then v has a sign, and the moment (counted) until which its visitor is known.
    # A statement begins with what they are made of ("with ...").
    are_changes: bool = False
    made_of: str = ""
    begun: str = ""  # of changes: the visits v that are one more
    # Page views by day, k (day, pageviews), in the order of days. Where there are such, `visits` and the rest
    # have a k as well, and are grouped by its day.
    days: str = ""
    summed: str = ""  # the same, one k for all of the period


# `+`: SQLite would else index all visits for it now and then, to look up a few.
SHOWN = "v.is_bot <= :include_bots and +v.is_excluded = 0"


def shown_rows(of_visit: str, of_event: str, of_events_of_visits: str) -> Rows:
    """All rows but excluded ones and, unless asked for, bots', that meet these conditions."""
    events = f"events e join visits v on v.id = e.visit where {of_event} and {SHOWN}"
    viewed = f"events e where {of_events_of_visits} and e.kind = {PAGE_VIEW}"
    paths = f"(select distinct e.visit, e.path from {viewed}) p"
    return Rows(
        f"visits v where {of_visit} and {SHOWN}",
        events,
        events,
        f"{paths} join visits v on v.id = p.visit where {of_visit} and {SHOWN}",
    )


def of_period() -> Rows:
    """All of the period."""
    return shown_rows(
        "v.site = :site and v.day between :start and :end",
        "e.site = :site and e.day between :start and :end",
        "e.site = :site and e.day between :start and :end + 1",  # a visit may go on past its midnight
    )


OPEN = """
    select site, day, counted, first_open
      from open_days where site = :site and day between :start and :end"""
# The same of the websites and days in a table `spans` (site, start, end).
OPEN_IN_SPANS = """
    select o.site, o.day, o.counted, o.first_open
      from spans cross join open_days o on o.site = spans.site and o.day between spans.start and spans.end"""

# Visits with events of an open day, or of the next, that `daily` does not hold. Ids go up with time: what has
# gone on lately is found sooner among all websites' visits than among a website's events.
OF_GONE_ON = "v.id, v.visitor, v.is_bot, o.site, o.day, o.counted, {before} as before"
GONE_ON = f"""
    select {OF_GONE_ON}
      from open o
     cross join visits v on v.id >= o.first_open
     where o.counted and v.last_seen >= o.counted
       and +v.site = o.site and +v.day in (o.day - 1, o.day) and {SHOWN}
     union all
    select {OF_GONE_ON}
      from (select distinct o.*, e.visit
              from open o cross join events e on e.site = o.site and e.day = o.day
             where not o.counted) o
     cross join visits v on v.id = o.visit
     where {SHOWN}"""
FRESH_EVENTS = """
    gone_on v
      cross join events e on e.site = v.site and e.day = v.day and e.visit = v.id
     where e.at >= v.counted and e.at < v.before"""

# What visitors have seen before, of those who are there: few come twice a day.
KNOWN_ON_PATH = f"""
    select distinct v.visitor, v.is_bot, e.site, e.day, e.path
      from (select distinct visitor, is_bot, site, day, counted from gone_on where counted) o
     cross join visits v on v.site = o.site and v.day in (o.day - 1, o.day) and v.visitor = o.visitor
     cross join events e on e.site = o.site and e.day = o.day and e.visit = v.id
     where v.is_bot = o.is_bot and v.is_excluded = 0
       and e.kind = {PAGE_VIEW} and e.at < o.counted"""

# A visit's events lie on its day and the next.
EVENTS = "cross join events e on e.site = v.site and e.day in (v.day, v.day + 1) and e.visit = v.id"
OF_VISIT = ("channel", "referrer", "utm", "device", "browser", "os", "screen", "country", "is_bot")
NOW = "v.last_seen, v.pageviews, v.customs, v.entry, v.exit"
FOREVER = "9e9"  # seconds
# Its first page never changes. The last one has the highest number, before which its place among the visit's
# events is put.
AS_OF = f"""
    max(v.started, max(e.at)) as last_seen,
    sum(e.kind = {PAGE_VIEW}) as pageviews,
    sum(e.kind >= {CUSTOM}) as customs,
    case when sum(e.kind = {PAGE_VIEW}) then v.entry end as entry,
    max(case when e.kind = {PAGE_VIEW} then e.n << 32 | e.path end) & 0xffffffff as exit"""


def states(then: str, sign: int, columns: str, events: str = "") -> str:
    """A query for the visits of `gone_on` as they were before a moment."""
    return f"""
        select v.id, v.site, v.day, v.visitor, v.started, {columns},
               {", ".join(f"v.{name}" for name in OF_VISIT)},
               {sign} as sign, {then} as before, o.counted
          from gone_on o
         cross join visits v on v.id = o.id and v.day = o.day and v.started < {then} {events}"""


BEGUN = f"{states('o.before', 1, NOW)} and v.started >= o.counted"


def states_as_of(then: str, sign: int, which: str = "true") -> str:
    """The same, put together from their events."""
    return f"{states(then, sign, AS_OF, f'{EVENTS} and e.at < {then} where {which}')} group by v.id"


def changes(open: str, before: str) -> dict[str, str]:
    """Queries by name, each of which may go by those before it."""
    now = states("o.before", 1, NOW)
    if before != FOREVER:  # some have gone on after that
        now = f"""
            {now} and v.last_seen < o.before
            union all
            {states_as_of("o.before", 1, "v.last_seen >= o.before")}"""
    return {
        "open": open,
        "gone_on": GONE_ON.format(before=before),
        "changed": f"{now} union all {states_as_of('o.counted', -1)}",
        "known_on_path": KNOWN_ON_PATH,
    }


def of_changes(made_of: str = "") -> Rows:
    paths = f"""
        (select distinct v.id, v.sign, e.path
           from changed v {EVENTS} where e.kind = {PAGE_VIEW} and e.at < v.before) p"""
    return Rows(
        "changed v where true",
        FRESH_EVENTS,
        FRESH_EVENTS,
        f"{paths} join changed v on v.id = p.id and v.sign = p.sign where true",
        are_changes=True,
        made_of=made_of,
        begun=f"({BEGUN}) v where true",
    )


def of_open_days(open: str = OPEN) -> Rows:
    """What `daily` does not hold yet of these open days, which are a query for site, day, counted and
    first_open."""
    queries = changes(open, FOREVER).items()
    return of_changes("with " + ", ".join(f"{name} as materialized ({query})" for name, query in queries))


OF_OPEN_DAYS = of_open_days()
OF_SPANS = of_open_days(OPEN_IN_SPANS)


def of_open_day_so_far(tx: Tx, named: dict[str, Any]) -> Rows:
    """The same of one day as of before a moment, :before. In temporary tables, as all dimensions read it."""
    with temporary_tables(tx):
        for name, query in changes(OPEN, ":before").items():
            tx.execute(f"create temp table {name} as {query}", named)
    return of_changes()
