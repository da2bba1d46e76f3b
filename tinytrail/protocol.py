"""uvicorn's HTTP, with the bounds that it lacks: how long a request may take to arrive, how much may stand
around its body, and how long an answer may lie unread.

Without them a client that says nothing holds its connection for ever, and endless headers all memory.
"""

import asyncio
import logging
import sys
from collections.abc import Iterable

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

log = logging.getLogger(__name__)

PATIENCE = 20.0  # seconds for a whole request to arrive, and for any of an answer to be taken
LAST_MOMENT = 3.0  # seconds for the rest of a request, once the server is being stopped
LARGEST_HEAD = 64 * 1024  # bytes of a request beside its body: its line, headers, what chunks are wrapped in
MOST_PIPELINED = 64  # requests that one read brought, of a client that does not wait for answers
MOST_OPEN = 16_384  # files, nearly all of them connections; one that is idle takes 7 KB
WORTH_SAYING = 100  # connections; fewer are browsers that opened one too many

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


# Called by name, since `super()` would double the 1 to 5 µs a request that these callbacks add.
received, headers_complete = HttpToolsProtocol.data_received, HttpToolsProtocol.on_headers_complete
body_came, message_complete = HttpToolsProtocol.on_body, HttpToolsProtocol.on_message_complete
response_complete = HttpToolsProtocol.on_response_complete


class Protocol(HttpToolsProtocol):
    """A connection. The callbacks are httptools'; they run for each request, so they do little."""

    is_arriving = True  # a request; a connection that was just made owes one
    since = 0.0  # when that began
    head = 0  # bytes of it that are not its body
    unsent = 0  # bytes of an answer that the client did not take
    unsent_since = 0.0
    closes_once_read = False  # the answer is out, and nothing is to follow

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.since = self.loop.time()
        super().connection_made(transport)
        self.answers = Answers(self)

    def data_received(self, data: bytes) -> None:
        if not self.is_arriving:
            self.is_arriving = True
            self.since = self.loop.time()
        self.head += len(data)
        received(self, data)
        if self.head > LARGEST_HEAD and not self.transport.is_closing():
            if self.cycle is None or self.cycle.response_complete:
                self.transport.write(TOO_LARGE)
            self.transport.close()
        if len(self.pipeline) > MOST_PIPELINED:  # each takes 2 KB until its turn
            self.transport.abort()

    def on_headers_complete(self) -> None:
        before = self.cycle
        headers_complete(self)
        if self.cycle is not before:
            self.cycle.transport = self.answers  # type: ignore[assignment]

    def on_response_complete(self) -> None:
        self.answers.is_out()
        response_complete(self)

    def close_once_read(self) -> None:
        """Close after what is left of the request has come. To close before would reset the connection, and a
        client that is still sending, nginx for one, would never see the answer: a 413 became a 502."""
        if self.is_arriving:
            self.closes_once_read = True  # `close_stuck` bounds for how long
        else:
            self.transport.close()

    def shutdown(self) -> None:
        """The server is being stopped: what has come is answered, what is still to come has a moment left."""
        super().shutdown()
        self.loop.call_later(LAST_MOMENT, self.give_up)

    def give_up(self) -> None:
        if self.is_arriving:
            self.transport.abort()

    def on_body(self, body: bytes) -> None:
        self.head -= len(body)
        body_came(self, body)

    def on_message_complete(self) -> None:
        self.is_arriving = False
        self.head = 0
        message_complete(self)
        if self.closes_once_read:
            self.transport.close()

    def is_stuck(self, now: float) -> bool:
        """Whether the client keeps this side waiting for too long."""
        unsent = self.transport.get_write_buffer_size()
        if not unsent or unsent != self.unsent:
            self.unsent, self.unsent_since = unsent, now
        begun = self.since if self.is_arriving else self.unsent_since
        return now - begun > PATIENCE


class Answers:
    """A connection as answers see it that go out on it, one after the other.

    The head of an answer waits for the first of its body: as one write they cost half of what two do.
    """

    def __init__(self, protocol: Protocol) -> None:
        self.send = protocol.transport.write
        self.is_closing = protocol.transport.is_closing
        self.close_once_read = protocol.close_once_read
        self.head: bytes | None = None  # that waits; empty once it is out

    def write(self, data: bytes) -> None:
        if self.head:
            data = self.head + data
            self.head = b""
        elif self.head is None and data != CONTINUE:
            self.head = data
            return
        self.send(data)

    def is_out(self) -> None:
        """The answer is complete; the next has a head again."""
        if self.head:
            self.send(self.head)
        self.head = None

    def close(self) -> None:
        self.is_out()
        self.close_once_read()


def close_stuck(connections: Iterable[object], now: float) -> None:
    """Give up the connections whose clients neither send nor read; `now` is the event loop's time."""
    stuck = [each for each in connections if isinstance(each, Protocol) and each.is_stuck(now)]
    for connection in stuck:
        connection.transport.abort()
    if len(stuck) >= WORTH_SAYING:
        log.warning("%d connections were closed: no whole request in %d seconds", len(stuck), PATIENCE)


def allow_many_connections() -> None:
    """Most systems allow a program 1,024 open files until it asks for more. What comes past the limit is hung
    up on, so this is also what bounds the memory of those who only connect."""
    if sys.platform == "win32":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_OPEN if hard == resource.RLIM_INFINITY else min(MOST_OPEN, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
