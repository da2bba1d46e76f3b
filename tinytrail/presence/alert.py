"""The webhook: one POST when an absence passes `alert_after_hours`, and one when it ends.

Looked at once a minute. What was told is in the database, so a restart repeats nothing. A call that fails
is made again the next minute, ten times in all. The URL may hold a token: nothing but its host is logged.
"""

import logging
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

import msgspec

from tinytrail.core.connect import Tx, rows
from tinytrail.core.db import Database
from tinytrail.presence.words import duration

log = logging.getLogger(__name__)

TIMEOUT = 10  # seconds
MOST_CALLS = 10


class Settings(Protocol):
    """The part of [presence] that matters here."""

    @property
    def server_name(self) -> str: ...
    @property
    def webhook_url(self) -> str: ...
    @property
    def alert_after_hours(self) -> int: ...


class State(msgspec.Struct, frozen=True):
    """What the webhook was told, and what it is to be told: columns of `presence`."""

    last_seen: int | None
    told_since: int | None
    back_at: int | None
    failed_calls: int


class Event(msgspec.Struct, frozen=True):
    event: Literal["absent", "back"]
    last_seen: int  # before the absence
    absence: int  # seconds: so far, or in all


def read_state(tx: Tx) -> State:
    [state] = rows(tx, State, "select last_seen, told_since, back_at, failed_calls from presence")
    return state


def due(state: State, after: int, now: float) -> Event | None:
    """What the webhook has not been told yet; `after` in seconds."""
    if state.told_since is not None:
        if state.back_at is None:
            return None
        return Event("back", state.told_since, max(0, state.back_at - state.told_since))
    if state.last_seen is None or now - state.last_seen < after:
        return None
    return Event("absent", state.last_seen, int(now) - state.last_seen)


def note_told(tx: Tx, event: Event) -> None:
    """After an "absent", a beat that came while the call was under way ended the absence already."""
    since = event.last_seen if event.event == "absent" else None
    tx.execute(
        """
        update presence
           set told_since   = :since,
               back_at      = iif(last_seen <> :since, last_seen, null),
               failed_calls = 0
        """,
        {"since": since},
    )


def note_failed(tx: Tx) -> None:
    tx.execute("update presence set failed_calls = failed_calls + 1")


async def tell_of_absence(db: Database, settings: Settings, now: float) -> None:
    """Make the call that is due, if one is."""
    if not settings.webhook_url or not settings.alert_after_hours:
        return
    state = await db.read(read_state)
    event = due(state, settings.alert_after_hours * 3600, now)
    if event is None:
        return
    host = urlsplit(settings.webhook_url).hostname
    failure = await call(settings.webhook_url, message(event, settings.server_name))
    if failure and state.failed_calls + 1 < MOST_CALLS:
        log.warning("the webhook at %s was not told (%s: %s); again in a minute", host, event.event, failure)
        await db.write(note_failed)
        return
    if failure:
        log.error("the webhook at %s was not told (%s: %s); giving up", host, event.event, failure)
    await db.write(note_told, event)


def message(event: Event, server_name: str) -> dict[str, Any]:
    """`text` is what chat programs show."""
    name, length = server_name or "Presence", duration(event.absence)
    text = f"{name}: not seen for {length}" if event.event == "absent" else f"{name}: back after {length}"
    return {"event": event.event, "server_name": server_name, "text": text} | {
        "last_seen": event.last_seen,
        "absence": event.absence,
    }


async def call(url: str, body: dict[str, Any]) -> str:
    """Why it failed; empty if it did not. Never the exception's own words: they may quote the URL."""
    import httpx  # slow to load, and most servers have no webhook

    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log the URL
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT) as client:
            response = await client.post(url, json=body)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return type(error).__name__
    return "" if response.is_success else f"it answered {response.status_code}"
