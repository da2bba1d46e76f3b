"""POST /api/beat: a device says that its owner is there.

The hot path, and so a bare ASGI handler. What a client sends as body and Content-Type is never looked at:
real ones send none, or chunked, or an empty form. It answers once the beat is on disk.
"""

from itertools import groupby
from typing import NamedTuple

from litestar import asgi
from litestar.exceptions import ClientException, NotAuthorizedException
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from tinytrail.core.asgi import LARGEST_BODY, Headers, answer, header_value, must_be_post
from tinytrail.core.clock import Clock
from tinytrail.core.connect import Tx
from tinytrail.core.db import Database
from tinytrail.core.tokens import hash_token
from tinytrail.presence.absences import SHORTEST, absent_since, forget_around, note_absence
from tinytrail.presence.auth import authorization

TEXT: Headers = ((b"content-type", b"text/plain; charset=utf-8"),)


class Beat(NamedTuple):
    """As COUNT_FOR_DEVICE binds it: by position, since by name costs a fifth more."""

    token_hash: bytes
    at: int


COUNT_FOR_DEVICE = """
    update devices
       set num_beats = num_beats + 1,
           last_beat = ?2
     where token_hash = ?1
"""

SO_FAR = "select last_seen, coalesce(latest_beat, last_seen), longest_absence from presence"

COUNT_FOR_ALL = """
    update presence
       set last_seen       = :last_seen,
           latest_beat     = :latest,
           longest_absence = :longest,
           total_beats     = total_beats + :beats,
           back_at         = coalesce(back_at, iif(told_since is null, null, :first)),
           failed_calls    = iif(told_since is null, 0, failed_calls)
"""


def store_beats(tx: Tx, beats: list[Beat]) -> list[bool]:
    """Store beats in the order they came; False for one whose token is nobody's.

    A clock that was set back gives no absence; once it is set right, the next beat mends `last_seen`.
    """
    known = [tx.execute(COUNT_FOR_DEVICE, beat).rowcount == 1 for beat in beats]
    times = [beat.at for beat, is_known in zip(beats, known, strict=True) if is_known]
    if times:
        last_seen, latest, longest = tx.execute(SO_FAR).fetchone()
        if last_seen is None:
            last_seen = latest = times[0]
        for at, _ in groupby(times):  # of those within a second, one tells all
            began = absent_since(last_seen, latest, at)
            if at - began >= SHORTEST:
                note_absence(tx, began, at)
            if at < latest:
                forget_around(tx, at)
            longest = max(longest, at - began)
            last_seen, latest = at, max(latest, at)
        seen = {"last_seen": last_seen, "latest": latest, "longest": longest, "first": times[0]}
        tx.execute(COUNT_FOR_ALL, seen | {"beats": len(times)})
    return known


def is_known(tx: Tx, token_hash: bytes) -> bool:
    found = tx.execute("select 1 from devices where token_hash = :hash", {"hash": token_hash})
    return found.fetchone() is not None


def beat_handler(clock: Clock) -> ASGIRouteHandler:
    @asgi("/api/beat", copy_scope=False)
    async def beat(scope: Scope, receive: Receive, send: Send) -> None:
        must_be_post(scope)
        token = authorization(scope["headers"])
        if not token:
            raise NotAuthorizedException
        db: Database = scope["litestar_app"].state["db"]
        token_hash = hash_token(token)
        if not await discard_body(scope, receive):
            if not await db.read(is_known, token_hash):
                raise NotAuthorizedException
            raise ClientException(status_code=413)
        now = int(clock())
        if not await db.append(store_beats, Beat(token_hash, now)):
            raise NotAuthorizedException
        await answer(scope, send, 200, b"%d" % now, TEXT)

    return beat


async def discard_body(scope: Scope, receive: Receive) -> bool:
    """False as soon as it proves larger than allowed."""
    length = header_value(scope["headers"], b"content-length") or b"0"
    if not length.isdigit() or len(length) > 9 or int(length) > LARGEST_BODY:
        return False
    discarded = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientException("the body broke off")  # and nobody is there to read this
        discarded += len(message["body"])
        if discarded > LARGEST_BODY:
            return False
        if not message.get("more_body"):
            return True
