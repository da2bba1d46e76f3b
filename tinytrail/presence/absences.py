"""GET /api/absences: when nobody was there. For admins alone.

An absence is an hour or more without a beat of any device; a server that was down looks no different. The
beat that ends it writes it down. The clock is believed, except where it contradicts itself.
"""

import re
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from tinytrail.core.admin import IsAdmin, admins_only
from tinytrail.core.connect import Tx, rows
from tinytrail.core.errors import invalid
from tinytrail.core.inject import Db, Now

SHORTEST = 3600  # seconds
SMALL_STEP = 60  # seconds by which a clock may be set back now and then

DEFAULT_LIMIT, LARGEST_LIMIT = 50, 500
DIGITS = re.compile(r"\d{1,3}", re.ASCII)


class Absence(msgspec.Struct, frozen=True):
    """`ended` is null for the one that goes on."""

    began: int
    ended: int | None
    seconds: int


LAST_SEEN = "select last_seen, coalesce(latest_beat, last_seen) from presence"
STORE = "insert or ignore into absences (ended, began) values (:ended, :began)"
FORGET_AROUND = "delete from absences where began < :at and ended > :at"

NEWEST = """
    select began, ended, ended - began as seconds
      from absences
     order by ended desc, began desc
     limit :limit
"""


def absent_since(last_seen: int, latest: int, at: int) -> int:
    """When the time without a beat that lasted until `at` began; `at` itself if there was none to speak of.

    `latest` is the latest beat ever. As the clock, having been set back, passes it again, nobody knows how
    long it has been: whether it went on from there, or was set right.
    """
    if last_seen < latest <= at:
        return latest if latest - last_seen <= SMALL_STEP else at
    return min(last_seen, at)


def note_absence(tx: Tx, began: int, ended: int) -> None:
    tx.execute(STORE, {"began": began, "ended": ended})


def forget_around(tx: Tx, at: int) -> None:
    """A beat amid an absence tells that there was none: the clock had been ahead."""
    tx.execute(FORGET_AROUND, {"at": at})


def read_absences(tx: Tx, now: int, limit: int) -> list[Absence]:
    """The newest first."""
    ended = rows(tx, Absence, NEWEST, limit=limit)
    last_seen, latest = tx.execute(LAST_SEEN).fetchone()
    if last_seen is None:
        return ended
    began = absent_since(last_seen, latest, now)
    present = [Absence(began, None, now - began)] if now - began >= SHORTEST else []
    return (present + ended)[:limit]


def parse_limit(text: str) -> int:
    """Raises 400."""
    if not DIGITS.fullmatch(text) or not 1 <= int(text) <= LARGEST_LIMIT:
        invalid("limit", f"must be a whole number from 1 to {LARGEST_LIMIT}")
    return int(text)


def absences_handler(is_admin: IsAdmin) -> HTTPRouteHandler:
    @get("/api/absences", guards=[admins_only(is_admin)])
    async def show_absences(request: Request[Any, Any, Any], db: Db, now: Now) -> Response[list[Absence]]:
        limit = parse_limit(request.query_params.get("limit", str(DEFAULT_LIMIT)))
        absences = await db.read(read_absences, int(now), limit)
        return Response(absences, headers={"Cache-Control": "no-store"})

    return show_absences
