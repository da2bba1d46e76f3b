"""What all reports share: their parameters, counting, paging and the two formats they are answered in."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec

from tinytrail.core.clock import local_day
from tinytrail.core.connect import Tx, rows
from tinytrail.core.errors import invalid
from tinytrail.web.auth import Caller, parse_uuid
from tinytrail.web.counted import OF_OPEN_DAYS, of_period
from tinytrail.web.counts import AtDay, by_day, counts, recount, totals
from tinytrail.web.dimensions import DIMENSIONS, PATH, SITE
from tinytrail.web.reports.filters import Filter, parse_filters
from tinytrail.web.reports.kept import Kept, keep, totals_of_paths
from tinytrail.web.reports.kept_totals import visit_totals
from tinytrail.web.reports.params import Params, number, one_of
from tinytrail.web.reports.period import COMPARISONS, Period, compared, parse_period
from tinytrail.web.reports.segments import page_totals_by_weeks
from tinytrail.web.websites import Website, website_for

T = TypeVar("T")

MOST_PER_PAGE = 500
FAR_PAGE = 10**9  # a page past the end is empty; larger numbers would not fit the database's integers
NEGATIVE = re.compile(r"-\d+(\.\d+)?([eE][-+]?\d+)?", re.ASCII)
EVERY_ROW = -1  # as SQLite's limit has it


class Query(msgspec.Struct, frozen=True):
    """The common parameters of docs/api/web.md, checked."""

    website: Website
    period: Period
    compared_with: Period | None
    include_bots: bool
    filter: Filter | None
    search: str  # case folded; empty: all rows
    page: int
    per_page: int
    format: str
    limit: int  # EVERY_ROW for a csv that names no page
    now: float
    params: Params  # for the extra parameters, which each report reads itself

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.per_page if self.limit != EVERY_ROW else 0

    def period_values(self) -> dict[str, Any]:
        """What counting binds by name."""
        return {
            "site": self.website.site,
            "start": self.period.start,
            "end": self.period.end,
            "include_bots": self.include_bots,
        } | (self.filter.values if self.filter else {})

    def values(self, **more: Any) -> dict[str, Any]:
        """What counting, searching and paging bind by name, and more."""
        own = {"search": self.search, "limit": self.limit, "offset": self.offset}
        return self.period_values() | own | more

    def kept(self, tx: Tx, dimension: str = "") -> Kept | None:
        """What the filter keeps of the period, of this dimension or of any; None: everything."""
        return keep(tx, self.filter, self.period_values(), dimension) if self.filter else None

    def counts(self, tx: Tx, dimension: str, *measures: str, at: AtDay = by_day, only: str = "") -> str:
        """SQL for these measures of the period, by day (or hour) and value."""
        kept = self.kept(tx, dimension)
        counted = kept.rows if kept else None if at is by_day else of_period()
        return counts(dimension, measures, counted, at=at, only=only)

    def totals(self, tx: Tx, dimension: str, *measures: str) -> str:
        """SQL for the sums of these measures over the period, by value, for those that have any."""
        kept = self.kept(tx, dimension)
        return totals(tx, dimension, measures, self.period_values(), kept.rows if kept else None)

    def visit_totals(self, tx: Tx, column: str) -> str:
        """SQL for visits over the period, by a dimension that is a column of theirs: value, visits."""
        kept = self.kept(tx)
        if kept:
            return visit_totals(tx, kept, column, self.period_values())
        return totals(tx, column, ("visits",), self.period_values())

    def page_totals(self, tx: Tx) -> str:
        """SQL for page views and unique ones over the period, by path: value, pageviews, visitors."""
        if self.filter and self.filter.visits:
            return page_totals_by_weeks(tx, self.filter, self.period_values())
        measures = ("pageviews", "visitors")
        if self.filter:  # of pages alone: their page views are all that they ever have
            return totals_of_paths(tx, self.filter.paths, self.period_values(), *measures)
        return totals(tx, PATH, measures, self.period_values())

    def rows(self, tx: Tx, row_type: Callable[..., T], sql: str, **more: Any) -> list[T]:
        return rows(tx, row_type, sql, **self.values(**more))

    def page_json(self, found: Sequence[Any]) -> dict[str, Any]:
        """The common paginated structure."""
        return {
            "period": self.period.as_json(),
            "page": self.page,
            "per_page": self.per_page,
            "rows": found,
        }


class Table(NamedTuple):
    """A report as csv: column names, and a sequence of values a row."""

    columns: Sequence[str]
    rows: Iterable[Sequence[Any]]


class Report(NamedTuple):
    """A report: where it is served, how it is read, and its csv form.

    `read` runs on a reader's thread, all in one snapshot; what it returns becomes `data`. `part` says which
    of its lists a csv has, where there are several; `is_of_days`, whether that is of the period's days.
    """

    name: str
    read: Callable[[Tx, Query], Any]
    table: Callable[[Query, Any], Table]
    part: Callable[[Query], str] | None = None
    is_of_days: bool = True


def parse_query(tx: Tx, caller: Caller, params: Params, now: float) -> Query:
    """Check the common parameters. Raises 400, naming the field, and 404 for a website out of reach."""
    website_id = params.get("website_id")
    if not website_id:
        invalid("website_id", "is required")
    website = website_for(tx, caller, parse_uuid(website_id, "website_id"))
    include_bots = one_of(params, "include_bots", ("false", "true")) == "true"
    today = local_day(website.timezone, now)
    period = parse_period(
        params.get("period", "7d"),
        params.get("start_date"),
        params.get("end_date"),
        today,
        lambda: first_day(tx, website.site, include_bots, today),
    )
    compare = one_of(params, "compare", COMPARISONS)
    format = one_of(params, "format", ("json", "csv"))
    every_row = format == "csv" and not {"page", "per_page"} & params.keys()
    per_page = min(number(params, "per_page", 50), MOST_PER_PAGE)
    return Query(
        website=website,
        period=period,
        compared_with=compared(period, compare) if compare else None,
        include_bots=include_bots,
        filter=parse_filters(params),
        search=params.get("search", "").casefold(),
        page=min(number(params, "page", 1), FAR_PAGE),
        per_page=per_page,
        format=format,
        limit=EVERY_ROW if every_row else per_page,
        now=now,
        params=params,
    )


FIRST_ROLLED_UP = f"""
    select min(day) from daily
     where site = :site and dimension = {DIMENSIONS.index(SITE)} and is_bot <= :include_bots
"""
FIRST_OPEN = f"select min(day) from ({recount(SITE, ('visits', 'pageviews'), OF_OPEN_DAYS)})"


def first_day(tx: Tx, site: int, include_bots: bool, today: int) -> int:
    """The first day that has anything to show; today where nothing has."""
    named = {"site": site, "include_bots": include_bots, "start": -(10**6), "end": today}
    [(rolled_up,)] = tx.execute(FIRST_ROLLED_UP, named)
    if rolled_up is not None:
        named["end"] = rolled_up - 1  # mostly, no open day is as old
    [(still_open,)] = tx.execute(FIRST_OPEN, named)
    return min(day for day in (rolled_up, still_open, today) if day is not None)


def as_csv(table: Table) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(table.columns)
    writer.writerows([cell(value) for value in row] for row in table.rows)
    return text.getvalue().encode("utf-8", "replace")


def cell(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula is quoted; numbers stay numbers, as properties too."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return value if NEGATIVE.fullmatch(value) else "'" + value
    return value


def struct_table(columns: Sequence[str], fields: Sequence[Any]) -> Table:
    """A table of structs, whose fields stand in the order of the columns."""
    return Table(columns, [msgspec.structs.astuple(row) for row in fields])


def rate(part: int, whole: int, decimals: int) -> float:
    """100 × part / whole, rounded half up; 0 of 0 is 0."""
    scale: int = 10**decimals
    return half_up(100 * scale * part, whole) / scale


def half_up(total: int, count: int) -> int:
    """total / count as a whole number, rounded half up; 0 where there is nothing to count."""
    return (2 * total + count) // (2 * count) if count else 0
