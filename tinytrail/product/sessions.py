"""GET /sessions: how many play/stop pairs there were, and how long they lasted."""

from typing import Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.types import Guard

from tinytrail.core.clock import iso_date
from tinytrail.core.connect import Tx
from tinytrail.core.inject import Db
from tinytrail.product.pairing import PLAY
from tinytrail.product.span import Span, parse_span

SESSIONS = """
    select {period} as period, sum(seconds), sum(sessions)
      from product_daily
     where user = :user and day between :start and :end and event = :play and sessions > 0
     group by 1
     order by 1
"""


def read_sessions(tx: Tx, span: Span, week_start: str) -> list[dict[str, str | int]]:
    """A row a period in which any session began."""
    sql = SESSIONS.format(period=span.period)
    return [
        {
            "date": iso_date(period),
            "totalDuration": seconds,
            "sessionCount": sessions,
            "averageDuration": (2 * seconds + sessions) // (2 * sessions),  # rounded, halves up
        }
        for period, seconds, sessions in tx.execute(sql, span.values(tx, week_start) | {"play": PLAY})
    ]


def sessions_handler(may_read: Guard, week_start: str) -> HTTPRouteHandler:
    @get("/sessions", guards=[may_read])
    async def sessions(request: Request[Any, Any, Any], db: Db) -> dict[str, Any]:
        span = parse_span(request.query_params)
        return {"status": "success", "data": await db.read(read_sessions, span, week_start)}

    return sessions
