"""GET /reports/summary: the headline figures, and how they changed."""

from typing import Any

import msgspec

from tinytrail.core.connect import Tx
from tinytrail.web.dimensions import SITE
from tinytrail.web.reports.common import Query, Report, Table, half_up, rate

COLUMNS = ("metric", "value", "previous", "change_pct")
MEASURES = ("visits", "visitors", "pageviews", "bounces", "seconds")


def figures(tx: Tx, query: Query) -> dict[str, float]:
    sums = ", ".join(f"coalesce(sum({measure}), 0)" for measure in MEASURES)
    sql = f"select {sums} from ({query.counts(SITE, *MEASURES)})"
    [(visits, visitors, pageviews, bounces, seconds)] = tx.execute(sql, query.values())
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


def read(tx: Tx, query: Query) -> dict[str, Any]:
    metrics: dict[str, dict[str, float | None]] = {
        name: {"value": value} for name, value in figures(tx, query).items()
    }
    if query.compared_with:
        earlier = figures(tx, msgspec.structs.replace(query, period=query.compared_with))
        for name, metric in metrics.items():
            value, previous = metric["value"] or 0, earlier[name]
            metric |= {"previous": previous, "change_pct": change(value, previous)}
    return {
        "period": query.period.as_json(),
        "comparison": str(query.compared_with) if query.compared_with else None,
        "metrics": metrics,
    }


def table(query: Query, data: dict[str, Any]) -> Table:
    metrics = data["metrics"].items()
    return Table(
        COLUMNS, [(name, *(metric.get(column) for column in COLUMNS[1:])) for name, metric in metrics]
    )


REPORT = Report("summary", read, table)
