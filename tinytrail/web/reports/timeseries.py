"""GET /reports/timeseries: one metric, day by day, days without traffic included."""

from typing import Any

import msgspec

from tinytrail.core.clock import date_of
from tinytrail.core.connect import Tx
from tinytrail.web.dimensions import PATH, SITE
from tinytrail.web.reports.common import Query, Report, Table, half_up, one_of, rate, struct_table

# What each metric is made of. The rates divide their second measure by visits.
METRICS = {
    "pageviews": ("pageviews",),
    "visits": ("visits",),
    "unique_pageviews": ("visitors",),
    "bounce_rate": ("visits", "bounces"),
    "avg_session_duration": ("visits", "seconds"),
    "landing_page_entries": ("entries",),
    "exit_page_exits": ("exits",),
}


class Point(msgspec.Struct):
    date: str
    value: float


def metric_value(metric: str, sums: tuple[int, ...]) -> float:
    match metric:
        case "bounce_rate":
            return rate(sums[1], sums[0], 1)
        case "avg_session_duration":
            return half_up(sums[1], sums[0])
        case _:
            return sums[0]


def read(tx: Tx, query: Query) -> dict[str, Any]:
    metric = one_of(query.params, "metric", tuple(METRICS))
    path = query.params.get("path") or None
    measures = METRICS[metric]
    # Unique page views are per path and day, so those of the website are the sum over its paths.
    dimension = PATH if path or metric == "unique_pageviews" else SITE
    sums = ", ".join(f"sum({measure})" for measure in measures)
    only = "where value in (select id from paths where site = :site and path = :path)" if path else ""
    sql = f"select day, {sums} from ({query.counts(dimension, *measures)}) {only} group by day"
    by_day = {day: counted for day, *counted in tx.execute(sql, query.values(path=path))}
    nothing = (0,) * len(measures)
    series = [
        Point(str(date_of(day)), metric_value(metric, tuple(by_day.get(day, nothing))))
        for day in range(query.period.start, query.period.end + 1)
    ]
    return {"period": query.period.as_json(), "metric": metric, "path": path or "*", "series": series}


def table(query: Query, data: dict[str, Any]) -> Table:
    return struct_table(("date", "value"), data["series"])


REPORT = Report("timeseries", read, table)
