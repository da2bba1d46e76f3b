"""How traffic is counted: one definition, for the rollup and for every report.

`counts()` builds a query of (day, value, is_bot, measures...). A report without a filter adds up `daily`
and counts from visits and events what that does not hold yet of "open" days (today, always). A filter,
hours instead of days, and the rollup itself, count everything. So what a report shows never depends on when
a job last ran.

Only names from this module and from DIMENSIONS are formatted into SQL, and the conditions that a filter is
made of (reports/filters.py). Values are always bound: :site, :start, :end (days), :include_bots, a filter's.
"""

from collections.abc import Callable
from typing import NamedTuple

from tinytrail.web.dimensions import DIMENSIONS, EVENT, PATH, PATHS, SITE
from tinytrail.web.events import PAGE_VIEW

MEASURES = ("visits", "visitors", "pageviews", "bounces", "seconds", "entries", "exits", "events")

BOUNCES = "sum(v.pageviews = 1 and v.customs = 0)"
SECONDS = "sum(v.last_seen - v.started)"
COUNTED = "(select counted from open_days o where o.site = {0}.site and o.day = {0}.day)"
FIRST_OPEN = "(select min(first_open) from open_days where site = :site and day between :start and :end)"
OPEN_DAYS = "select day from open_days where site = :site and day between :start and :end"
EACH_DAY = """
    with recursive days (on_day) as (select :start union all select on_day + 1 from days where on_day < :end)
    select on_day from days"""


class Kept(NamedTuple):
    """What a filter keeps: conditions in SQL, and the values that they bind."""

    visits: str  # of a visit v
    pageviews: str  # of an event e and its visit v; events that are neither are kept as page views are
    customs: str  # of a custom event e and its visit v
    visits_are_few: bool  # `visits` names them by id: that is how to find them, rather than by their day
    values: dict[str, str]


class Part(NamedTuple):
    """A query that supplies some of a dimension's measures."""

    of: str  # whose day it is counted on: of the visit (v) or the event (e)
    value: str
    measures: dict[str, str]
    source: str  # what follows "from"; {visits}, {pageviews} and {customs} stand for the rows asked for
    known: str = ""  # of a row's visitor: the visits that he was counted by before


VISITS = "visits v where {visits}"
PAGE_VIEWS = f"events e join visits v on v.id = e.visit where {{pageviews}} and e.kind = {PAGE_VIEW}"
CUSTOM_EVENTS = "events e join visits v on v.id = e.visit where {customs} and e.name is not null"
VISITS_OF_PATHS = f"""
    (select distinct e.visit, e.path from events e where {{events_of_visits}} and e.kind = {PAGE_VIEW}) p
      join visits v on v.id = p.visit
     where {{visits}}"""

AtDay = Callable[[str], str]  # SQL for the day, or the hour, that a visit (v) or an event (e) is counted on


def by_day(alias: str) -> str:
    return f"{alias}.day"


# {if_new}: a condition that leaves out those counted before.
NEW_VISITORS = "count(distinct v.visitor) {if_new}"
NEW_VISITORS_OF_PATHS = "count(distinct e.path || ' ' || v.visitor) {if_new}"

OF_VISITS = {"visits": "count(*)", "visitors": NEW_VISITORS, "bounces": BOUNCES, "seconds": SECONDS}

SAME_VISITOR = "w.site = v.site and w.visitor = v.visitor and w.is_bot = v.is_bot and w.is_excluded = 0"
KNOWN = (
    f"select 1 from visits w where {SAME_VISITOR} and w.day = v.day and w.last_seen < {COUNTED.format('v')}"
)
# One after the other ("cross"), by the index of visitors: few of them come twice a day.
KNOWN_ON_PATH = f"""
    select 1 from visits w cross join events f on f.site = w.site and f.day = e.day and f.visit = w.id
     where {SAME_VISITOR} and w.day in (e.day - 1, e.day, e.day + 1) and w.last_seen < {COUNTED.format("e")}
       and f.kind = {PAGE_VIEW} and f.path = e.path"""


def parts_of(dimension: str) -> list[Part]:
    if dimension == SITE:
        with_a_page = {"entries": "count(v.entry)", "exits": "count(v.exit)"}
        return [
            Part("v", "0", OF_VISITS | with_a_page, VISITS, KNOWN),
            Part("e", "0", {"pageviews": "count(*)"}, PAGE_VIEWS),
        ]
    if dimension == PATH:
        pageviews = {"pageviews": "count(*)", "visitors": NEW_VISITORS}
        visits = {"visits": "count(*)", "bounces": BOUNCES, "seconds": SECONDS}
        return [
            Part("e", "e.path", pageviews, PAGE_VIEWS, KNOWN_ON_PATH),
            Part("v", "p.path", visits, VISITS_OF_PATHS),
            Part("v", "v.entry", {"entries": "count(*)"}, VISITS + " and v.entry is not null"),
            Part("v", "v.exit", {"exits": "count(*)"}, VISITS + " and v.exit is not null"),
        ]
    if dimension == PATHS:
        return [Part("e", "0", {"visitors": NEW_VISITORS_OF_PATHS}, PAGE_VIEWS, KNOWN_ON_PATH)]
    if dimension == EVENT:
        return [Part("e", "e.name", {"events": "count(*)"}, CUSTOM_EVENTS)]
    value = f"v.{dimension}"
    known = f"{KNOWN} and w.{dimension} = {value}"
    return [Part("v", value, OF_VISITS, f"{VISITS} and {value} is not null", known)]


def counts(
    dimension: str, measures: tuple[str, ...], kept: Kept | None, at: AtDay = by_day, only: str = ""
) -> str:
    """A query for these measures, by day and value, of the period asked for; one row or several each.

    `only` is a query of the values asked for; without one they are all.
    """
    if kept or at is not by_day:
        return recount(dimension, measures, asked_for(kept), at, only=only)
    shown = f"site = :site and dimension = {DIMENSIONS.index(dimension)} and is_bot <= :include_bots"
    daily = f"daily where {shown} and day between :start and :end"
    if only:  # day by day SQLite can seek to each value; of a range of days it would read all values
        daily = f"({EACH_DAY}) d cross join daily on day = d.on_day and {shown} and value in ({only})"
    return f"""
        select day, value, is_bot, {", ".join(measures)} from {daily}
        union all
        {recount(dimension, measures, OF_OPEN_DAYS, only=only)}"""


def totals(dimension: str, measures: tuple[str, ...], kept: Kept | None) -> str:
    """A query for the sums of these measures over the period, by value, for those that have any."""
    added = counts(dimension, measures, kept) if kept else unfiltered(dimension, measures)
    sums = ", ".join(f"sum({measure}) as {measure}" for measure in measures)
    there_is_any = " or ".join(f"sum({measure}) > 0" for measure in measures)
    return f"select value, {sums} from ({added}) group by value having {there_is_any}"


def unfiltered(dimension: str, measures: tuple[str, ...]) -> str:
    """A query for what adds up to the period's sums: value and measures, several rows each.

    Days are read only as far as the first running total and from the last one on; what lies between is the
    difference of the two.
    """
    of_dimension = f"site = :site and dimension = {DIMENSIONS.index(dimension)}"
    first = f"(select min(day) from running where {of_dimension} and day >= :start - 1)"
    last = f"(select max(day) from running where {of_dimension} and day <= :end)"
    there_are = f"{first} < {last}"
    shown = f"{of_dimension} and is_bot <= :include_bots"
    added, taken = ", ".join(measures), ", ".join(f"-{measure}" for measure in measures)
    return f"""
        select value, {added} from daily
         where {shown} and day between :start and iif({there_are}, {first}, :end)
         union all
        select value, {added} from daily
         where {shown} and day > iif({there_are}, {last}, :end) and day <= :end
         union all
        select value, {taken} from running where {shown} and day = iif({there_are}, {first}, null)
         union all
        select value, {added} from running where {shown} and day = iif({there_are}, {last}, null)
         union all
        select value, {added} from ({recount(dimension, measures, OF_OPEN_DAYS)})"""


class Rows(NamedTuple):
    """Which rows are counted: the conditions that the sources above leave open."""

    visits: str
    pageviews: str
    customs: str
    events_of_visits: str  # no matter when or whether they are counted
    some_are_counted: bool = False  # others of these days, so that a visitor may be known


SHOWN = "v.is_bot <= :include_bots and v.is_excluded = 0"


def asked_for(kept: Kept | None = None) -> Rows:
    """All rows of the period that the filter keeps."""
    period = "day between :start and :end"
    events = f"e.site = :site and e.{period} and {SHOWN}"
    # A plus keeps SQLite from looking for visits by that column.
    by = "+" if kept and kept.visits_are_few else ""
    return Rows(
        f"{by}v.site = :site and {by}v.{period} and {SHOWN}" + (f" and {kept.visits}" if kept else ""),
        events + (f" and {kept.pageviews}" if kept else ""),
        events + (f" and {kept.customs}" if kept else ""),
        "e.site = :site and e.day between :start and :end + 1",  # a visit may go on past its midnight
    )


# What `daily` does not hold of them. A visit's first event lies on its day, and ids go up with time.
EVENTS_OF_OPEN_DAYS = f"e.site = :site and e.day in ({OPEN_DAYS}) and e.visit >= {FIRST_OPEN}"
PAGES_OF_OPEN_DAYS = f"{EVENTS_OF_OPEN_DAYS} and v.last_seen >= {COUNTED.format('e')} and {SHOWN}"
OF_OPEN_DAYS = Rows(
    f"v.id in (select visit from events e where {EVENTS_OF_OPEN_DAYS} and n = 1) "
    f"and v.last_seen >= {COUNTED.format('v')} and {SHOWN}",
    PAGES_OF_OPEN_DAYS,
    PAGES_OF_OPEN_DAYS,
    f"e.site = :site and e.day in ({OPEN_DAYS} union select day + 1 from ({OPEN_DAYS})) "
    f"and e.visit >= {FIRST_OPEN}",
    some_are_counted=True,
)


def counts_of_websites(*measures: str) -> str:
    """A query for these measures, by site and day, of the websites and days in `spans` (site, start, end).

    It is to stand where there is such a table.
    """
    return f"""
        select daily.site, daily.day, {", ".join(measures)}
          from spans
         cross join daily on daily.site = spans.site and daily.dimension = {DIMENSIONS.index(SITE)}
           and daily.day between spans.start and spans.end and daily.is_bot <= :include_bots
        union all
        select site, day, {", ".join(measures)} from ({recount(SITE, measures, OF_SPANS, by_site=True)})"""


EVENTS_OF_SPANS = """
    from spans
    join open_days o on o.site = spans.site and o.day between spans.start and spans.end
   cross join events b on b.site = o.site and b.day = o.day and b.visit >= o.first_open"""
PAGES_OF_SPANS = (
    f"(e.site, e.day, e.visit) in (select b.site, b.day, b.visit {EVENTS_OF_SPANS}) "
    f"and v.last_seen >= {COUNTED.format('e')} and {SHOWN}"
)
OF_SPANS = Rows(
    f"v.id in (select b.visit {EVENTS_OF_SPANS} where b.n = 1) "
    f"and v.last_seen >= {COUNTED.format('v')} and {SHOWN}",
    PAGES_OF_SPANS,
    PAGES_OF_SPANS,
    "",  # which only paths need
    some_are_counted=True,
)


def recount(
    dimension: str,
    measures: tuple[str, ...],
    counted: Rows,
    at: AtDay = by_day,
    *,
    only: str = "",
    by_site: bool = False,
) -> str:
    """Count from visits and events."""
    site, keys = ("v.site as site, ", "1, 2, 3, 4") if by_site else ("", "1, 2, 3")
    queries = []
    for part in parts_of(dimension):
        if not part.measures.keys() & set(measures):
            continue
        is_new = (
            f"filter (where case when {COUNTED.format(part.of)} then not exists ({part.known}) else 1 end)"
        )
        if_new = is_new if counted.some_are_counted else ""
        columns = ", ".join(
            f"{part.measures.get(measure, '0').format(if_new=if_new)} as {measure}" for measure in measures
        )
        source = part.source.format(**counted._asdict()) + (f" and {part.value} in ({only})" if only else "")
        queries.append(
            f"select {site}{at(part.of)} as day, {part.value} as value, v.is_bot as is_bot, {columns} "
            f"from {source} group by {keys}"
        )
    return " union all ".join(queries)
