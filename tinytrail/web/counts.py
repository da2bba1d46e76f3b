"""How traffic is counted: one definition, for the rollup and for every report.

`counts()` builds a query of (day, value, is_bot, measures...). A report without a filter adds up `daily`
for the days rolled up and counts the rest ("open" days, always today) from visits and events; a filter,
hours instead of days, and the rollup itself, count everything. So what a report shows never depends on when
a job last ran.

Only names from this module and from DIMENSIONS are formatted into SQL, and the conditions that a filter is
made of (reports/filters.py). Values are always bound: :site, :start, :end (days), :include_bots, a filter's.
"""

from collections.abc import Callable
from typing import NamedTuple

from tinytrail.web.dimensions import DIMENSIONS, EVENT, PATH, SITE
from tinytrail.web.events import PAGE_VIEW

MEASURES = ("visits", "visitors", "pageviews", "bounces", "seconds", "entries", "exits", "events")

BOUNCES = "sum(v.pageviews = 1 and v.customs = 0)"
SECONDS = "sum(v.last_seen - v.started)"
OPEN_DAYS = "select day from open_days where site = :site and day between :start and :end"


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


OF_VISITS = {
    "visits": "count(*)",
    "visitors": "count(distinct v.visitor)",
    "bounces": BOUNCES,
    "seconds": SECONDS,
}


def parts_of(dimension: str) -> list[Part]:
    if dimension == SITE:
        with_a_page = {"entries": "count(v.entry)", "exits": "count(v.exit)"}
        return [
            Part("v", "0", OF_VISITS | with_a_page, VISITS),
            Part("e", "0", {"pageviews": "count(*)"}, PAGE_VIEWS),
        ]
    if dimension == PATH:
        pageviews = {"pageviews": "count(*)", "visitors": "count(distinct v.visitor)"}
        visits = {"visits": "count(*)", "bounces": BOUNCES, "seconds": SECONDS}
        return [
            Part("e", "e.path", pageviews, PAGE_VIEWS),
            Part("v", "p.path", visits, VISITS_OF_PATHS),
            Part("v", "v.entry", {"entries": "count(*)"}, VISITS + " and v.entry is not null"),
            Part("v", "v.exit", {"exits": "count(*)"}, VISITS + " and v.exit is not null"),
        ]
    if dimension == EVENT:
        return [Part("e", "e.name", {"events": "count(*)"}, CUSTOM_EVENTS)]
    return [Part("v", f"v.{dimension}", OF_VISITS, f"{VISITS} and v.{dimension} is not null")]


def counts(dimension: str, measures: tuple[str, ...], kept: Kept | None, at: AtDay = by_day) -> str:
    """A query for these measures, by day and value, of the period asked for; one row or several each."""
    if kept or at is not by_day:
        return recount(dimension, measures, asked_for(kept), at)
    return f"""
        select day, value, is_bot, {", ".join(measures)}
          from daily
         where site = :site and dimension = {DIMENSIONS.index(dimension)}
           and day between :start and :end and is_bot <= :include_bots
        union all
        {recount(dimension, measures, OF_OPEN_DAYS)}"""


def totals(dimension: str, measures: tuple[str, ...]) -> str:
    """A query for the sums of these measures over the period, by value: those that have any of the first.

    Days are added up only as far as the first running total and from the last one on; what lies between is
    the difference of the two.
    """
    number = DIMENSIONS.index(dimension)
    of_dimension = f"site = :site and dimension = {number}"
    first = f"(select min(day) from running where {of_dimension} and day >= :start - 1)"
    last = f"(select max(day) from running where {of_dimension} and day <= :end)"
    there_are = f"{first} < {last}"
    added, taken = ", ".join(measures), ", ".join(f"-{measure}" for measure in measures)
    shown = f"{of_dimension} and is_bot <= :include_bots"
    return f"""
        select value, {", ".join(f"sum({measure}) as {measure}" for measure in measures)} from (
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
            select value, {added} from ({recount(dimension, measures, OF_OPEN_DAYS)})
        ) group by value having sum({measures[0]}) > 0"""


class Rows(NamedTuple):
    """Which rows are counted: the conditions that the sources above leave open."""

    visits: str
    pageviews: str
    customs: str
    events_of_visits: str  # no matter when or whether they are counted


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


OF_OPEN_DAYS = Rows(
    f"v.site = :site and v.day in ({OPEN_DAYS}) and {SHOWN}",
    f"e.site = :site and e.day in ({OPEN_DAYS}) and {SHOWN}",
    f"e.site = :site and e.day in ({OPEN_DAYS}) and {SHOWN}",
    f"e.site = :site and e.day in ({OPEN_DAYS} union select day + 1 from ({OPEN_DAYS}))",
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


OPEN_DAYS_OF_SPANS = """
    select o.site, o.day from spans
      join open_days o on o.site = spans.site and o.day between spans.start and spans.end"""
OF_SPANS = Rows(
    f"(v.site, v.day) in ({OPEN_DAYS_OF_SPANS}) and {SHOWN}",
    f"(e.site, e.day) in ({OPEN_DAYS_OF_SPANS}) and {SHOWN}",
    f"(e.site, e.day) in ({OPEN_DAYS_OF_SPANS}) and {SHOWN}",
    "",  # which only paths need
)


def recount(
    dimension: str,
    measures: tuple[str, ...],
    counted: Rows,
    at: AtDay = by_day,
    *,
    by_site: bool = False,
) -> str:
    """Count from visits and events."""
    site, keys = ("v.site as site, ", "1, 2, 3, 4") if by_site else ("", "1, 2, 3")
    queries = []
    for part in parts_of(dimension):
        if not part.measures.keys() & set(measures):
            continue
        columns = ", ".join(part.measures.get(measure, "0") + " as " + measure for measure in measures)
        queries.append(
            f"select {site}{at(part.of)} as day, {part.value} as value, v.is_bot as is_bot, {columns} "
            f"from {part.source.format(**counted._asdict())} group by {keys}"
        )
    return " union all ".join(queries)
