"""GET /metrics: how often each event happened."""

from typing import Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.types import Guard

from tinytrail.core.clock import iso_date
from tinytrail.core.connect import Tx
from tinytrail.core.inject import Db
from tinytrail.product.span import Span, parse_span

# Summed up by number first: there are far more days than names.
METRICS = """
    select period, value, events
      from (select {period} as period, event, sum(events) as events
              from product_daily
             where user = :user and day between :start and :end
             group by 1, 2)
      join product_strings on id = event
     order by period, value
"""


def read_metrics(tx: Tx, span: Span, week_start: str) -> list[dict[str, str | int]]:
    """A row a period that has any events: its date, and a count for each name."""
    found: dict[int, dict[str, str | int]] = {}
    for period, name, events in tx.execute(METRICS.format(period=span.period), span.values(tx, week_start)):
        found.setdefault(period, {"date": iso_date(period)})[name] = events
    return list(found.values())


def metrics_handler(may_read: Guard, week_start: str) -> HTTPRouteHandler:
    @get("/metrics", guards=[may_read])
    async def metrics(request: Request[Any, Any, Any], db: Db) -> dict[str, Any]:
        span = parse_span(request.query_params)
        return {"status": "success", "data": await db.read(read_metrics, span, week_start)}

    return metrics
