"""GET /reports/summary: the headline figures, and how they changed."""

from collections.abc import Sequence
from typing import Any

import msgspec

from tinytrail.core.clock import iso_date
from tinytrail.core.connect import Tx
from tinytrail.web.dimensions import SITE
from tinytrail.web.reports.common import Query, Report, Table, half_up, rate
from tinytrail.web.reports.kept import kept_from

COLUMNS = ("metric", "value", "previous", "change_pct")
Metric = dict[str, float | None]  # value; with a comparison previous and change_pct too

MEASURES = ("visits", "visitors", "pageviews", "bounces", "seconds")


def sums(tx: Tx, query: Query) -> list[int]:
    """MEASURES over the period."""
    columns = ", ".join(f"coalesce(sum({measure}), 0)" for measure in MEASURES)
    [found] = tx.execute(f"select {columns} from ({query.totals(tx, SITE, *MEASURES)})", query.values())
    return list(found)


def figures(measures: Sequence[int]) -> dict[str, float]:
    visits, visitors, pageviews, bounces, seconds = measures
    return {
        "visits": visits,
        "unique_visitors": visitors,
        "pageviews": pageviews,
        "bounce_rate": rate(bounces, visits, 1),
        "avg_session_duration_sec": half_up(seconds, visits),
    }


def change(value: float, previous: float) -> float | None:
    """By how many percent; None where there was nothing before."""
    if previous == 0:
        return 0 if value == 0 else None
    return round((value - previous) / previous * 100, 2)


def metrics(now: Sequence[int], earlier: Sequence[int] | None) -> dict[str, Metric]:
    """What MEASURES come to, beside those of the period compared with."""
    values = figures(now)
    if earlier is None:
        return {name: {"value": value} for name, value in values.items()}
    before = figures(earlier)
    return {
        name: {"value": value, "previous": before[name], "change_pct": change(value, before[name])}
        for name, value in values.items()
    }


def read(tx: Tx, query: Query) -> dict[str, Any]:
    compared = query.compared_with
    earlier = sums(tx, msgspec.structs.replace(query, period=compared)) if compared else None
    answer = {
        "period": query.period.as_json(),
        "comparison": str(compared) if compared else None,
        "metrics": metrics(sums(tx, query), earlier),
    }
    if query.filter:
        first = kept_from(tx, query.website.site, (compared or query.period).start, query.period.end)
        answer["kept_from"] = None if first is None else iso_date(first)
    return answer


def table(query: Query, data: dict[str, Any]) -> Table:
    found = data["metrics"].items()
    return Table(COLUMNS, [(name, *(metric.get(column) for column in COLUMNS[1:])) for name, metric in found])


REPORT = Report("summary", read, table)
