"""GET /health and GET /js/tracker.js: what is served to anyone, without a key."""

import sqlite3
from importlib.resources import files
from typing import Any

from litestar import Response, get

from tinytrail import __version__
from tinytrail.core.connect import Tx
from tinytrail.core.inject import Db

TRACKER = files("tinytrail").joinpath("static/tracker.js").read_bytes()


def answers(tx: Tx) -> bool:
    return bool(tx.execute("select 1 from sqlite_master limit 1").fetchone())


@get("/health")
async def health(db: Db) -> Response[dict[str, Any]]:
    """Whether the database can be read; not in the envelope, as documented."""
    try:
        connected = await db.read(answers)
    except (sqlite3.Error, ValueError):  # ValueError: the connection is closed
        connected = False
    if not connected:
        return Response({"status": "degraded", "db": "disconnected"}, status_code=503)
    return Response({"status": "ok", "db": "connected", "version": __version__})


@get(
    "/js/tracker.js",
    media_type="application/javascript",
    response_headers={"cache-control": "public, max-age=86400"},
)
async def tracker() -> bytes:
    return TRACKER
