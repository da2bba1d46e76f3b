"""uvicorn's HTTP, with the bounds that it lacks: how long a request may take to arrive, how much may stand
around its body, and how long an answer may lie unread.

Without them a client that says nothing holds its connection for ever, and endless headers all memory.
"""

import asyncio
import logging
import sys
from collections.abc import Iterable
from math import inf

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from tinytrail.answers import Answers
from tinytrail.core.asgi import AT_ONCE

log = logging.getLogger(__name__)

Extensions = dict[str, dict[object, object]]  # of ASGI

PATIENCE = 20.0  # seconds for a whole request to arrive, and for any of an answer to be taken
KEPT = 5.0  # seconds that a connection waits for another request
LAST_MOMENT = 3.0  # seconds for the rest of a request, once the server is being stopped
LARGEST_HEAD = 64 * 1024  # bytes of a request beside its body: its line, headers, what chunks are wrapped in
MOST_PIPELINED = 64  # requests that one read brought, of a client that does not wait for answers
MOST_OPEN = 16_384  # files, nearly all of them connections; one that is idle takes 7 KB
WORTH_SAYING = 100  # connections; fewer are browsers that opened one too many

TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


# Called by name, since `super()` would double the 1 to 5 µs a request that these callbacks add.
start, headers_complete = HttpToolsProtocol._start_asgi_task, HttpToolsProtocol.on_headers_complete
body_came, message_complete = HttpToolsProtocol.on_body, HttpToolsProtocol.on_message_complete


class Protocol(HttpToolsProtocol):
    """A connection. The callbacks are httptools'; they run for each request, so they do little."""

    is_arriving = True  # a request; a connection that was just made owes one
    since = 0.0  # when that began
    head = 0  # bytes of it that are not its body
    unsent = 0  # bytes of an answer that the client did not take
    unsent_since = 0.0
    idle_since = inf  # when the last answer went out, if no request has come since
    closes_once_read = False  # the answer is out, and nothing is to follow
    waits_for_client = False  # to take what is out, before it is heard again

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.since = self.loop.time()
        super().connection_made(transport)
        self.answers = Answers(self)
        self.extensions: Extensions = {
            AT_ONCE: {"take_body": self.answers.take_body, "send": self.answers.send_whole}
        }

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.pipeline.clear()
        self.answers.are_lost()

    def data_received(self, data: bytes) -> None:
        if not self.is_arriving:
            self.is_arriving = True
            self.since = self.loop.time()
            self.idle_since = inf
        self.head += len(data)
        self.feed(data)
        if self.head > LARGEST_HEAD and not self.transport.is_closing():
            if self.cycle is None or self.cycle.response_complete:
                self.transport.write(TOO_LARGE)
            self.transport.close()
        if len(self.pipeline) > MOST_PIPELINED:  # each takes 2 KB until its turn
            self.transport.abort()

    def feed(self, data: bytes) -> None:
        """As uvicorn's `data_received`, which forgets where in the data an offer ended."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            if self.is_passed_over():
                self.begin_anew(data[offer.args[0] :])
            elif self._should_upgrade():
                self.handle_websocket_upgrade()
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")

    def _should_upgrade(self) -> bool:
        """Whether the request begins a WebSocket. uvicorn asks for no more than the header, and an answer
        that is still to go out would go on amid the frames, with nobody to see whether it is read."""
        if self.cycle and not self.cycle.response_complete:
            return False
        has_body = any(
            name == b"transfer-encoding" or name == b"content-length" and value != b"0"
            for name, value in self.headers
        )
        return self.parser.get_method() == b"GET" and not has_body and super()._should_upgrade()

    def is_passed_over(self) -> bool:
        """Whether the request offers another protocol, which a server may ignore (RFC 9110, section 7.8)."""
        return (
            self.parser.should_upgrade()
            and self.parser.get_method() != b"CONNECT"
            and not self._should_upgrade()
        )

    def begin_anew(self, rest: bytes) -> None:
        """Take the request as if it had offered nothing. Its parser believes that what follows is in that
        other protocol, so another one takes over."""
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b" % (method, self.url, version)]
        for name, value in self.headers:
            if name == b"connection":
                value = b",".join(token for token in value.split(b",") if token.strip().lower() != b"upgrade")
            if name != b"upgrade":
                lines.append(b"%b: %b" % (name, value))
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.feed(b"\r\n".join([*lines, b"", rest]))

    def on_header(self, name: bytes, value: bytes) -> None:
        """As uvicorn's, but for white space. Not by calling that: a hit has a dozen of them."""
        name = name.lower()
        value = value.rstrip(b" \t")  # which is no part of it (RFC 9110, section 5.5)
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if not self.is_passed_over():  # else they come again
            headers_complete(self)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Where uvicorn gives a request to the application, once the answers before are out."""
        cycle.transport = self.answers  # type: ignore[assignment]
        cycle.scope["extensions"] = self.extensions
        self.answers.cycle = cycle
        start(self, cycle, app)

    def on_response_complete(self) -> None:
        """As uvicorn's, but for the timer that it sets and clears for each request: `close_stuck` looks."""
        self.answers.is_out()
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.flow.write_paused:  # else who asks on and reads nothing would have all memory
            self.waits_for_client = True
            self.flow.pause_reading()
        else:
            self.hear_on()

    def hear_on(self) -> None:
        """Turn to the next request."""
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif not self.is_arriving:
            self.idle_since = self.loop.time()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.waits_for_client:
            self.waits_for_client = False
            self.hear_on()

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
        if self.is_passed_over():
            return
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

    def is_idle(self, now: float) -> bool:
        """Whether the connection has been kept for another request for long enough."""
        return now - self.idle_since > KEPT


def close_stuck(connections: Iterable[object], now: float) -> None:
    """Give up the connections whose clients neither send nor read; `now` is the event loop's time.

    Those that nobody has used for a while are closed as well.
    """
    stuck = 0
    for connection in [each for each in connections if isinstance(each, Protocol)]:
        if connection.is_stuck(now):
            connection.transport.abort()
            stuck += 1
        elif connection.is_idle(now):
            connection.transport.close()
    if stuck >= WORTH_SAYING:
        # Not how many: with a number in it, it would be another problem each time, and told each time.
        log.warning("%d connections or more were closed: no whole request in %d s", WORTH_SAYING, PATIENCE)


def allow_many_connections() -> None:
    """Most systems allow a program 1,024 open files until it asks for more. What comes past the limit is hung
    up on, so this is also what bounds the memory of those who only connect."""
    if sys.platform == "win32":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_OPEN if hard == resource.RLIM_INFINITY else min(MOST_OPEN, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
