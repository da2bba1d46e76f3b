"""An offer to speak another protocol is passed over: the application sees what it would without one."""

import asyncio
from typing import Any, NamedTuple, cast

import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from uvicorn.server import ServerState

from tinytrail.protocol import Protocol
from tinytrail.websocket import WebSocket

TURNS = 30  # of the event loop: more than any of these requests take

NAMES = st.text("abcdefgh-", min_size=1, max_size=8).map(lambda name: f"x-{name}")
WORDS = st.text("abcXYZ019 ,;=/\"'\\:\t", max_size=20).map(str.strip)
PATHS = st.text("abc/%?&=._~-", max_size=20).map("/{}".format)
OFFERED = st.sampled_from(
    ["h2c", "H2C", "TLS/1.0", "IRC/6.9, RTA/x11", "foo", "websockets", "h2c, websocket"]
)
CONNECTION = st.sampled_from(
    [
        "Upgrade",
        "upgrade, HTTP2-Settings",
        "HTTP2-Settings,UPGRADE",
        "keep-alive, Upgrade",
        " upgrade , keep-alive",
    ]
)


class Request(NamedTuple):
    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes
    is_chunked: bool

    def encode(self, *more: tuple[str, str]) -> bytes:
        framing, body = ("content-length", str(len(self.body))), self.body
        if self.is_chunked:
            framing, body = ("transfer-encoding", "chunked"), b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        if not self.body:
            framing, body = ("x-none", ""), b""
        lines = [f"{name}: {value}" for name, value in (("host", "x"), *self.headers, framing, *more)]
        return "\r\n".join([f"{self.method} {self.path} HTTP/1.1", *lines, "", ""]).encode() + body


REQUESTS = st.builds(
    Request,
    st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]),
    PATHS,
    st.lists(st.tuples(NAMES, WORDS), max_size=4),
    st.binary(max_size=80),
    st.booleans(),
)


class Transport:
    """Keeps what is written, and hands what comes to whoever speaks."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol: Any = protocol
        self.written, self.is_closed = b"", False

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        self.is_closed = True

    abort = close

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def is_closing(self) -> bool:
        return self.is_closed

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def pause_reading(self) -> None: ...

    resume_reading = pause_reading


Seen = tuple[str, bytes, bytes, list[tuple[bytes, bytes]], bytes]


async def seen_by_the_application(pieces: list[bytes]) -> tuple[list[Seen], int]:
    """The requests that it got, and how many answers went out, where these bytes come one after the other."""
    seen: list[Seen] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
            return
        body, more = b"", True
        while more:
            message = await receive()
            assert message["type"] == "http.request"
            body, more = body + message["body"], message["more_body"]
        headers = [pair for pair in scope["headers"] if pair[0] not in (b"upgrade", b"connection")]
        seen.append((scope["method"], scope["raw_path"], scope["query_string"], headers, body))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    config = uvicorn.Config(app, http=Protocol, ws=WebSocket, lifespan="off", log_config=None)
    config.load()
    protocol = Protocol(config=config, server_state=ServerState(), app_state={})
    transport = Transport(protocol)
    protocol.connection_made(cast(asyncio.Transport, transport))
    for piece in pieces:
        if transport.is_closed:
            break
        transport.protocol.data_received(piece)
        await asyncio.sleep(0)
    for _ in range(TURNS):
        await asyncio.sleep(0)
    transport.protocol.connection_lost(None)
    return seen, transport.written.count(b"HTTP/1.1 200")


def cut(data: bytes, places: list[float]) -> list[bytes]:
    at = sorted({round(place * len(data)) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in zip(at, at[1:], strict=False)]


@pytest.mark.parametrize("examples", [100, pytest.param(20_000, marks=pytest.mark.long)])
def test_what_is_offered_changes_nothing_however_the_bytes_arrive(examples: int) -> None:
    @settings(max_examples=examples, deadline=None, database=None)
    @given(
        st.lists(REQUESTS, min_size=1, max_size=3), OFFERED, CONNECTION, st.lists(st.floats(0, 1), max_size=4)
    )
    def check(requests: list[Request], offered: str, connection: str, places: list[float]) -> None:
        offer = (("Upgrade", offered), ("Connection", connection))
        with_offers = b"".join(request.encode(*offer) for request in requests)
        without = b"".join(request.encode() for request in requests)
        expected = asyncio.run(seen_by_the_application([without]))
        assert expected[1] == len(expected[0]) == len(requests)
        assert asyncio.run(seen_by_the_application(cut(with_offers, places))) == expected

    check()


@pytest.mark.parametrize("examples", [100, pytest.param(20_000, marks=pytest.mark.long)])
def test_no_offer_however_strange_is_too_much(examples: int) -> None:
    """Nothing is raised, and no request is seen twice."""
    strange = st.binary(max_size=40).map(lambda value: value.translate(None, b"\r\n"))
    websocket = st.sampled_from([b"websocket", b"WebSocket", b"websocket, h2c"])

    @settings(max_examples=examples, deadline=None, database=None)
    @given(
        REQUESTS, strange | websocket, strange, st.binary(max_size=60), st.lists(st.floats(0, 1), max_size=4)
    )
    def check(request: Request, offered: bytes, named: bytes, after: bytes, places: list[float]) -> None:
        whole = request.encode(("Upgrade", "OFFERED"), ("Connection", "Upgrade, NAMED"))
        whole = whole.replace(b"OFFERED", offered).replace(b"NAMED", named) + after
        seen, answered = asyncio.run(seen_by_the_application(cut(whole, places)))
        assert answered == len(seen) <= 1 + after.count(b"\n")

    check()
