"""How traffic is counted: one definition, for the rollup and for every report.

`counts()` builds a query of (day, value, measures...). A report without a filter adds up `daily`
and counts from visits and events what that does not hold yet of "open" days (today, always). A filter,
hours instead of days, and the rollup itself, count everything. So what a report shows never depends on when
a job last ran.

Only names of our own (here, in DIMENSIONS, in counted.py) are formatted into SQL, and the conditions that a
filter is made of (reports/filters.py). Values are always bound: :site, :start, :end (days), :include_bots, a
filter's.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from tinytrail.core.connect import Tx
from tinytrail.web.counted import OF_OPEN_DAYS, OF_SPANS, OPEN, Rows
from tinytrail.web.dimensions import DIMENSIONS, EVENT, PATH, PATHS, SITE
from tinytrail.web.events import PAGE_VIEW
from tinytrail.web.running import rolled_up


def number_of(condition: str) -> str:
    """The measure of visits that is their number, or that of those which meet a condition."""
    return f"sum({{sign}}({condition}))"


BOUNCES = number_of("v.pageviews = 1 and v.customs = 0")
SECONDS = "sum({sign}(v.last_seen - v.started))"
EACH_DAY = """
    with recursive days (on_day) as (select :start union all select on_day + 1 from days where on_day < :end)
    select on_day from days"""

AtDay = Callable[[str], str]  # SQL for the day, or the hour, that a visit (v) or an event (e) is counted on


def by_day(alias: str) -> str:
    return f"{alias}.day"


def all_at_once(_: str) -> str:
    return "0"


class Part(NamedTuple):
    """A query that supplies some of a dimension's measures."""

    of: str  # the alias whose day it is counted on: of a visit (v), an event (e), or a row of Rows.days (k)
    value: str
    measures: dict[str, str]
    source: str  # of Rows
    is_known: str = ""  # the condition that a row's visitor has been counted before


PAGE_VIEWS = f"{{pageviews}} and e.kind = {PAGE_VIEW}"

# {if_new}: a filter that leaves out visitors who were counted before.
NEW_VISITORS = "count(distinct v.visitor) {if_new}"
NEW_VISITORS_OF_PATHS = "count(distinct e.path || ' ' || v.visitor) {if_new}"

VISITS = number_of("1")
ADDED_ONLY = {"visits", "visitors"}  # what a visit that goes on has no more of
OF_VISITS = {"visits": VISITS, "visitors": NEW_VISITORS, "bounces": BOUNCES, "seconds": SECONDS}

# Of visits and of page views that `daily` holds: is a visitor among these, it has him already.
IS_KNOWN = """case
    when v.started < v.counted then 1
    when v.counted then exists (
        select 1 from visits w
         where w.site = v.site and w.day = v.day and w.visitor = v.visitor and w.is_bot = v.is_bot
           and w.is_excluded = 0 and w.started < v.counted{same})
    end"""
IS_KNOWN_ON_PATH = "(v.visitor, v.is_bot, e.site, e.day, e.path) in known_on_path"


def parts_of(dimension: str, has_days: bool) -> list[Part]:
    if dimension == SITE:
        with_a_page = {
            "entries": number_of("v.entry is not null"),
            "exits": number_of("v.exit is not null"),
        }
        one_by_one = Part("e", "0", {"pageviews": "count(*)"}, PAGE_VIEWS)
        added_up = Part("k", "0", {"pageviews": "sum(k.pageviews)"}, "{days}")
        return [
            Part("v", "0", OF_VISITS | with_a_page, "{visits}", IS_KNOWN.format(same="")),
            added_up if has_days else one_by_one,
        ]
    if dimension == PATH:
        pageviews = {"pageviews": "count(*)", "visitors": NEW_VISITORS}
        visits = {"visits": VISITS, "bounces": BOUNCES, "seconds": SECONDS}
        return [
            Part("e", "e.path", pageviews, PAGE_VIEWS, IS_KNOWN_ON_PATH),
            Part("v", "p.path", visits, "{visits_of_paths}"),
            Part("v", "v.entry", {"entries": VISITS}, "{visits} and v.entry is not null"),
            Part("v", "v.exit", {"exits": VISITS}, "{visits} and v.exit is not null"),
        ]
    if dimension == PATHS:
        return [Part("e", "0", {"visitors": NEW_VISITORS_OF_PATHS}, PAGE_VIEWS, IS_KNOWN_ON_PATH)]
    if dimension == EVENT:
        return [Part("e", "e.name", {"events": "count(*)"}, "{customs} and e.name is not null")]
    value = f"v.{dimension}"
    is_known = IS_KNOWN.format(same=f" and w.{dimension} = {value}")
    return [Part("v", value, OF_VISITS, f"{{visits}} and {value} is not null", is_known)]


def counts(
    dimension: str,
    measures: tuple[str, ...],
    counted: Rows | None = None,
    *,
    at: AtDay = by_day,
    only: str = "",
) -> str:
    """A query for these measures, by day and value, of some rows or of all the period's traffic; one row or
    several each.

    `only` is a query of the values asked for; without one they are all.
    """
    if counted:
        return recount(dimension, measures, counted, at=at, only=only)
    shown = f"site = :site and dimension = {DIMENSIONS.index(dimension)} and is_bot <= :include_bots"
    daily = f"daily where {shown} and day between :start and :end"
    if only:  # day by day SQLite can seek to each value; of a range of days it would read all values
        daily = f"({EACH_DAY}) d cross join daily on day = d.on_day and {shown} and value in ({only})"
    return f"""
        select day, value, {", ".join(measures)} from {daily}
        union all
        select * from ({recount(dimension, measures, OF_OPEN_DAYS, only=only)})"""


def totals(
    tx: Tx,
    dimension: str,
    measures: tuple[str, ...],
    values: dict[str, Any],
    counted: Rows | None = None,
) -> str:
    """A query for the sums of these measures over the period, by value, for those that have any.

    `values` are those that the query binds by name, in this same transaction.
    """
    if counted:
        at = by_day if "visitors" in measures else all_at_once  # a visitor counts once a day
        added = recount(dimension, measures, counted._replace(days=counted.summed), at=at)
    else:
        added = rolled_up(tx, dimension, measures, values)
        if tx.execute(f"{OPEN} limit 1", values).fetchone():
            changes = recount(dimension, measures, OF_OPEN_DAYS)
            added = f"{added} union all select value, {', '.join(measures)} from ({changes})"
    sums = ", ".join(f"sum({measure}) as {measure}" for measure in measures)
    there_is_any = " or ".join(f"sum({measure}) > 0" for measure in measures)
    return f"select value, {sums} from ({added}) group by value having {there_is_any}"


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
        select site, day, {", ".join(measures)} from ({recount(SITE, measures, OF_SPANS, "site")})"""


def recount(
    dimension: str,
    measures: tuple[str, ...],
    counted: Rows,
    also_by: str = "",
    *,
    at: AtDay = by_day,
    only: str = "",
) -> str:
    """Count from visits and events, by day and value, and by another column of `visits` if need be."""
    also, keys = (f"v.{also_by} as {also_by}, ", "1, 2") if also_by else ("", "1")
    has_days = bool(counted.days) and at is by_day
    queries = []
    for part in parts_of(dimension, has_days):
        asked = part.measures.keys() & set(measures)
        if not asked:
            continue
        day = at("k" if has_days else part.of)
        if_new = f"filter (where ({part.is_known}) is not true)"
        signs = {"sign": "v.sign * ", "if_new": if_new} if counted.are_changes else {"sign": "", "if_new": ""}
        columns = ", ".join(
            f"{part.measures.get(measure, '0').format(**signs)} as {measure}" for measure in measures
        )
        only_begun = counted.are_changes and asked <= ADDED_ONLY
        source = part.source.replace("{visits}", "{begun}") if only_begun else part.source
        source = source.format(**counted._asdict()) + (f" and {part.value} in ({only})" if only else "")
        by_value = "" if part.value == "0" else ", value"  # even of a constant SQLite would sort
        queries.append(
            f"select {also}{day} as day, {part.value} as value, {columns} "
            f"from {source} group by {keys}{by_value}"
        )
    return f"{counted.made_of} {' union all '.join(queries)}"
