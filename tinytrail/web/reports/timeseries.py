"""GET /reports/timeseries: one metric, day by day or hour by hour, those without traffic included."""

from typing import Any

import msgspec

from tinytrail.core.clock import iso_date
from tinytrail.core.connect import Tx
from tinytrail.core.errors import invalid
from tinytrail.web.counts import by_day
from tinytrail.web.dimensions import PATH, PATHS, SITE
from tinytrail.web.reports.common import Query, Report, Table, half_up, rate, struct_table
from tinytrail.web.reports.hours import MOST_DAYS, by_hour, hour_name
from tinytrail.web.reports.params import one_of

# What each metric is made of. The rates divide their second measure by visits.
METRICS = {
    "pageviews": ("pageviews",),
    "visits": ("visits",),
    "unique_visitors": ("visitors",),
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


def series(tx: Tx, query: Query, metric: str, path: str | None, hourly: bool) -> list[Point]:
    period = query.period
    at = by_hour(query.website.timezone, period) if hourly else by_day
    measures = METRICS[metric]
    # Unique page views are per path and day.
    dimension = PATH if path else PATHS if metric == "unique_pageviews" else SITE
    only = "select id from paths where site = :site and path = :path" if path else ""
    sums = ", ".join(f"sum({measure})" for measure in measures)
    sql = f"select day, {sums} from ({query.counts(tx, dimension, *measures, at=at, only=only)}) group by day"
    found = {place: tuple(counted) for place, *counted in tx.execute(sql, query.values(path=path))}
    nothing = (0,) * len(measures)
    if hourly:
        places = [(hour, hour_name(hour)) for hour in range(24 * period.start, 24 * (period.end + 1))]
    else:
        places = [(day, iso_date(day)) for day in range(period.start, period.end + 1)]
    return [Point(name, metric_value(metric, found.get(place, nothing))) for place, name in places]


def read(tx: Tx, query: Query) -> dict[str, Any]:
    metric = one_of(query.params, "metric", tuple(METRICS))
    hourly = one_of(query.params, "interval", ("day", "hour")) == "hour"
    if hourly and query.period.end - query.period.start >= MOST_DAYS:
        invalid("interval", f"hours are listed for at most {MOST_DAYS} days")
    path = query.params.get("path") or None
    data = {
        "period": query.period.as_json(),
        "metric": metric,
        "path": path or "*",
        "series": series(tx, query, metric, path, hourly),
    }
    if query.compared_with:
        earlier = msgspec.structs.replace(query, period=query.compared_with)
        data["comparison"] = str(query.compared_with)
        data["previous"] = series(tx, earlier, metric, path, hourly)
    return data


def table(query: Query, data: dict[str, Any]) -> Table:
    return struct_table(("date", "value"), data["series"])


REPORT = Report("timeseries", read, table)
