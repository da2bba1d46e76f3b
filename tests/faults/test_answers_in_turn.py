"""Requests that come while answers to those before them are still to go out, or to be taken."""

import asyncio
from typing import Any, cast

import uvicorn
from uvicorn.server import ServerState

from tests.faults.test_connections import HANDSHAKE
from tests.faults.test_offers import TURNS, Transport
from tinytrail.core.asgi import answer
from tinytrail.protocol import Protocol
from tinytrail.websocket import WebSocket


class FullTransport(Transport):
    """One whose client takes nothing: each write is one too many."""

    is_reading = True

    def write(self, data: bytes) -> None:
        super().write(data)
        self.protocol.pause_writing()

    def pause_reading(self) -> None:
        self.is_reading = False

    def resume_reading(self) -> None:
        self.is_reading = True


class App:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.may_answer = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.append(f"{scope['type']} {scope['path']}")
        await self.may_answer.wait()
        await answer(scope, send, 200, b"x", ())


def connected(app: App, kind: type[Transport]) -> Any:
    """The transport of a connection that was just made."""
    config = uvicorn.Config(app, http=Protocol, ws=WebSocket, lifespan="off", log_config=None)
    config.load()
    transport = kind(Protocol(config=config, server_state=ServerState(), app_state={}))
    transport.protocol.connection_made(cast(asyncio.Transport, transport))
    return transport


async def a_while() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def test_no_further_request_is_answered_before_the_client_takes_what_is_out() -> None:
    """However steadily it asks on: each answer would else be kept for it."""
    app = App()
    app.may_answer.set()
    transport = connected(app, FullTransport)
    transport.protocol.data_received(b"".join(b"GET /%d HTTP/1.1\r\n\r\n" % number for number in range(3)))
    for number in range(3):
        await a_while()
        assert app.asked == [f"http /{each}" for each in range(number + 1)]
        assert not transport.is_reading
        transport.protocol.resume_writing()
    assert transport.is_reading
    transport.protocol.connection_lost(None)


async def test_no_websocket_begins_amid_the_answer_to_what_was_asked_before() -> None:
    app = App()
    transport = connected(app, Transport)
    transport.protocol.data_received(b"GET /first HTTP/1.1\r\n\r\n" + HANDSHAKE)
    await a_while()
    assert transport.written == b""
    app.may_answer.set()
    await a_while()
    assert app.asked == ["http /first", "http /api/stats/ws"]  # as if it had offered nothing
    assert isinstance(transport.protocol, Protocol)
    transport.protocol.connection_lost(None)
