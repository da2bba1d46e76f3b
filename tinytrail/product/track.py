"""POST /track: one event of a user, from an app's code to the database.

The hot path, and so a bare ASGI handler. It answers once the event is on disk; what it raises,
errors.py renders, as for every other handler.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
from litestar import asgi
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send
from msgspec import Meta

from tinytrail.core.asgi import answer, as_bytes, headers_by_name, must_be_post, read_body
from tinytrail.core.body import decode_json, without_halves
from tinytrail.core.clock import Clock
from tinytrail.core.errors import invalid
from tinytrail.product.errors import ANY_ORIGIN, PREFLIGHT
from tinytrail.product.events import SECOND, Event, store_events
from tinytrail.product.keys import check_key

LARGEST_BODY = 16 * 1024  # bytes
LARGEST_METADATA = 4096  # bytes, as compact JSON
PREVIEW = 1800  # bytes; were each of them to be escaped, it would still fit LARGEST_METADATA

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

Name = Annotated[str, Meta(min_length=1, max_length=256)]
Moment = Annotated[datetime, Meta(tz=True)]  # RFC 3339; one without a zone would be anybody's guess


class NewEvent(msgspec.Struct, frozen=True):
    """What an app sends. Names and ids hold any character."""

    event: Name
    user_id: Name
    timestamp: Moment | None = None
    metadata: dict[str, Any] | None = None


DECODER = msgspec.json.Decoder(NewEvent)

HEADERS = (*as_bytes(ANY_ORIGIN), (b"content-type", b"application/json"))
PREFLIGHT_HEADERS = as_bytes(ANY_ORIGIN | PREFLIGHT)


def track_handler(clock: Clock, write_key: str) -> ASGIRouteHandler:
    @asgi("/track", copy_scope=False)
    async def track(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") == "OPTIONS":
            return await answer(scope, send, 204, b"", PREFLIGHT_HEADERS)
        must_be_post(scope, allowed="POST, OPTIONS")
        check_key(scope["headers"], write_key)
        body = await read_body(scope, headers_by_name(scope), receive, LARGEST_BODY)
        sent = decode_json(without_halves(body), DECODER)
        event, warning = to_event(sent, clock())
        await scope["litestar_app"].state["db"].append(store_events, event)
        await answer(scope, send, 200, success(warning), HEADERS)

    return track


def success(warning: str) -> bytes:
    body = {"status": "success", "message": "Event logged."}
    return msgspec.json.encode(body | {"warning": warning} if warning else body)


def to_event(sent: NewEvent, now: float) -> tuple[Event, str]:
    """The row to store, and what its sender should be warned of. Raises 400, naming the field."""
    if sent.event == "date":
        invalid("event", "cannot be `date`, which is where GET /metrics shows the day")
    metadata, too_large = fit(sent.metadata or {})
    at, in_future = happened(sent.timestamp, int(now * SECOND))
    if warning := "; ".join(filter(None, (too_large, in_future))):
        metadata |= {"warning": warning}
    stored = msgspec.json.encode(metadata).decode() if metadata else None
    return Event(sent.event, sent.user_id, at, int(now), stored), too_large


def fit(metadata: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The metadata, or the beginning of what is too large, and a warning if it is."""
    encoded = msgspec.json.encode(metadata)
    if len(encoded) <= LARGEST_METADATA:
        return metadata, ""
    warning = f"metadata: {len(encoded)} bytes are over the limit of {LARGEST_METADATA}; truncated"
    return {"preview": encoded[:PREVIEW].decode("utf-8", "ignore")}, warning


def happened(timestamp: datetime | None, now: int) -> tuple[int, str]:
    """When it happened, in microseconds, and a warning if that was said to be in the future."""
    if timestamp is None:
        return now, ""
    at = (timestamp - EPOCH) // MICROSECOND
    if at < 0:
        invalid("timestamp", "must not be before 1970")
    if at > now:
        return now, f"timestamp: {timestamp.isoformat()} was in the future; set to server time"
    return at, ""
