"""GET /health and GET /js/tracker.js: what is served to anyone, without a key."""

import sqlite3
from importlib.resources import files
from typing import Any

from litestar import Request, Response, get

from tinytrail import __version__
from tinytrail.core.connect import Tx
from tinytrail.core.inject import Db
from tinytrail.web.dashboard import File, compressed

SCRIPT = files("tinytrail").joinpath("static/tracker.js").read_bytes()
TRACKER = File("application/javascript", SCRIPT, compressed(SCRIPT))
TRACKER_HEADERS = {
    "cache-control": "public, max-age=86400",
    "cross-origin-resource-policy": "cross-origin",  # else a page that is isolated (COEP) cannot load it
}


def answers(tx: Tx) -> bool:
    """Whether the file can be read, and is still the one that others would find."""
    return bool(tx.execute("select 1 from sqlite_master limit 1").fetchone()) and not tx.is_gone()


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


@get("/js/tracker.js")
async def tracker(request: Request[Any, Any, Any]) -> Response[bytes]:
    return TRACKER.response(request, TRACKER_HEADERS)
