"""How answers go out on a connection: as few writes to the socket as there can be, and heads made once."""

from functools import lru_cache
from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from tinytrail.core.asgi import Headers

if TYPE_CHECKING:
    from tinytrail.protocol import Protocol

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@lru_cache(64)
def head_of(status: int, headers: Headers, length: int) -> bytes:
    """An answer's first lines, with the length of its body if it has one. Raises ValueError where a header's
    value would end its own line."""
    if any(b"\r" in value or b"\n" in value for _, value in headers):
        raise ValueError("a header's value holds a line break")
    if length:
        headers = (*headers, (b"content-length", b"%d" % length))
    return STATUS_LINE[status] + b"".join(b"%b: %b\r\n" % header for header in headers)


class Answers:
    """A connection as answers see it that go out on it, one after the other.

    The head of an answer waits for the first of its body: as one write they cost half of what two do.
    """

    def __init__(self, protocol: "Protocol") -> None:
        self.send = protocol.transport.write
        self.is_closing = protocol.transport.is_closing
        self.close_once_read = protocol.close_once_read
        self.head: bytes | None = None  # that waits; empty once it is out
        self.cycle: RequestResponseCycle | None = None  # the request that is being answered

    def write(self, data: bytes) -> None:
        if self.head:
            data = self.head + data
            self.head = b""
        elif self.head is None and data != CONTINUE:
            self.head = data
            return
        self.send(data)

    def take_body(self) -> bytes | None:
        """The body of the request that is being answered, if it has come whole. `receive` is asked otherwise,
        which gives the same in twice the time."""
        cycle = self.cycle
        assert cycle, "an application reads before it answers"
        if cycle.more_body or cycle.waiting_for_100_continue or cycle.disconnected:
            return None
        body = bytes(cycle.body)
        cycle.body = bytearray()
        return body

    def send_whole(self, status: int, headers: Headers, body: bytes) -> None:
        """Send an answer as uvicorn does in two steps, most of whose time goes into looking at headers."""
        cycle = self.cycle
        assert cycle, "an application answers once"
        if cycle.disconnected:
            return
        cycle.response_started = cycle.response_complete = True
        head = head_of(status, headers, len(body))
        for header in cycle.default_headers:  # the date
            head += b"%b: %b\r\n" % header
        head += b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n"
        self.send(head if cycle.scope["method"] == "HEAD" else head + body)
        cycle.message_event.set()
        if not cycle.keep_alive:
            self.close()
        cycle.on_response()

    def is_out(self) -> None:
        """The answer is complete; the next has a head again."""
        if self.head:
            self.send(self.head)
        self.head = self.cycle = None

    def are_lost(self) -> None:
        """The connection is gone: uvicorn tells the request that came last, not the one being answered.

        Nothing leads back to the connection any more, so that its memory is free at once: the collector of
        garbage comes late, and after a few rushes of ten thousand connections it had 100 MB to collect.
        """
        if self.cycle:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.close_once_read = lambda: None

    def close(self) -> None:
        self.is_out()
        self.close_once_read()
