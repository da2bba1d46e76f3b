"""How traffic is counted: one definition, for the rollup and for every report.

`counts()` builds a query of (day, value, is_bot, measures...). A report without a filter adds up `daily`
for the days rolled up and counts the rest ("open" days, always today) from visits and events; a filter,
hours instead of days, and the rollup itself, count everything. So what a report shows never depends on when
a job last ran.

Only names from this module and from DIMENSIONS are formatted into SQL. Values are always bound:
:site, :start, :end (days), :include_bots, and :content_group where there is that filter.
"""

from collections.abc import Callable
from typing import NamedTuple

from tinytrail.web.dimensions import DIMENSIONS, EVENT, PATH, SITE
from tinytrail.web.events import PAGE_VIEW

MEASURES = ("visits", "visitors", "pageviews", "bounces", "seconds", "entries", "exits", "events")

BOUNCES = "sum(v.pageviews = 1 and v.customs = 0)"
SECONDS = "sum(v.last_seen - v.started)"
OPEN_DAYS = "select day from open_days where site = :site and day between :start and :end"
GROUP_PATHS = "select id from paths where site = :site and content_group = :content_group"


class Part(NamedTuple):
    """A query that supplies some of a dimension's measures."""

    of: str  # whose day it is counted on: of the visit (v) or the event (e)
    value: str
    measures: dict[str, str]
    source: str  # what follows "from"; {visits} and {events} stand for the rows asked for


VISITS = "visits v where {visits}"
PAGE_VIEWS = f"events e join visits v on v.id = e.visit where {{events}} and e.kind = {PAGE_VIEW}"
CUSTOM_EVENTS = "events e join visits v on v.id = e.visit where {events} and e.name is not null"
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


def counts(dimension: str, measures: tuple[str, ...], filtered: bool, at: AtDay = by_day) -> str:
    """A query for these measures, by day and value, of the period asked for; one row or several each."""
    if filtered or at is not by_day:
        return recount(dimension, measures, content_group=filtered, at=at)
    return f"""
        select day, value, is_bot, {", ".join(measures)}
          from daily
         where site = :site and dimension = {DIMENSIONS.index(dimension)}
           and day between :start and :end and is_bot <= :include_bots
        union all
        {recount(dimension, measures, only_open=True)}"""


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
            select value, {added} from ({recount(dimension, measures, only_open=True)})
        ) group by value having sum({measures[0]}) > 0"""


def recount(
    dimension: str,
    measures: tuple[str, ...],
    *,
    only_open: bool = False,
    content_group: bool = False,
    at: AtDay = by_day,
) -> str:
    """Count from visits and events: the open days of the period only, or all of it."""
    if only_open:
        visits, events = f"v.day in ({OPEN_DAYS})", f"e.day in ({OPEN_DAYS})"
        events_of_visits = f"e.day in ({OPEN_DAYS} union select day + 1 from ({OPEN_DAYS}))"
    else:
        visits, events = "v.day between :start and :end", "e.day between :start and :end"
        events_of_visits = "e.day between :start and :end + 1"  # a visit may go on past its midnight
    shown = "v.is_bot <= :include_bots and v.is_excluded = 0"
    visits = f"v.site = :site and {visits} and {shown}"
    events = f"e.site = :site and {events} and {shown}"
    events_of_visits = f"e.site = :site and {events_of_visits}"
    if content_group:
        visits += f" and v.id in ({VISITS_IN_GROUP})"
        events += f" and e.path in ({GROUP_PATHS})"
    where = {"visits": visits, "events": events, "events_of_visits": events_of_visits}
    queries = []
    for part in parts_of(dimension):
        if not part.measures.keys() & set(measures):
            continue
        columns = ", ".join(part.measures.get(measure, "0") + " as " + measure for measure in measures)
        queries.append(
            f"select {at(part.of)} as day, {part.value} as value, v.is_bot as is_bot, {columns} "
            f"from {part.source.format(**where)} group by 1, 2, 3"
        )
    return " union all ".join(queries)


VISITS_IN_GROUP = f"""
    select visit from events
     where site = :site and day between :start and :end + 1 and kind = {PAGE_VIEW}
       and path in ({GROUP_PATHS})"""
