"""The hot paths are bare ASGI handlers: Litestar's own handling of a request is most of such a small one.

What they raise, the app renders in the dialect of the path, as for every other handler.
"""

import gzip
from collections.abc import Iterable
from typing import Any

from litestar.exceptions import ClientException, MethodNotAllowedException
from litestar.types import Receive, Scope, Send

Headers = tuple[tuple[bytes, bytes], ...]

AT_ONCE = "tinytrail.at_once"
"""The extension of ASGI by which our own server (tinytrail/protocol.py) offers to hand over a body that has
come whole, and to send an answer whole: half the time of the messages that they are made of."""

LARGEST_BODY = 64 * 1024  # bytes; a route may allow less
WORTH_GZIPPING = 1000  # bytes; less goes in one packet anyway


def at_once(scope: Scope) -> Any:
    """What AT_ONCE offers, by name; None where another server than ours runs this."""
    extensions: Any = scope.get("extensions")
    return extensions.get(AT_ONCE) if extensions else None


def as_bytes(headers: dict[str, str]) -> Headers:
    return tuple((name.lower().encode(), value.encode()) for name, value in headers.items())


def header_value(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes:
    """The first header of that name, in lower case; empty without one."""
    for key, value in headers:
        if key == name:
            return value
    return b""


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether the header names gzip, and not with a weight of 0."""
    for coding in accept_encoding.lower().replace(" ", "").split(","):
        name, _, weight = coding.partition(";q=")
        if name in ("gzip", "*"):
            return weight.strip("0.") != "" or not weight
    return False


def gzipped(body: bytes, accept_encoding: str) -> tuple[bytes, dict[str, str]]:
    """A body of text, gzipped where that is accepted and worth it, and the headers that say so."""
    headers = {"vary": "Accept-Encoding"}
    if len(body) < WORTH_GZIPPING or not accepts_gzip(accept_encoding):
        return body, headers
    return gzip.compress(body, 6, mtime=0), headers | {"content-encoding": "gzip"}


def headers_by_name(scope: Scope) -> dict[bytes, bytes]:
    """All headers, their names in lower case; of one that comes repeatedly the values joined by commas
    (RFC 9110, section 5.3)."""
    pairs = list(scope["headers"])
    headers = dict(pairs)
    if len(headers) < len(pairs):
        headers.clear()
        for name, value in pairs:
            headers[name] = headers[name] + b"," + value if name in headers else value
    return headers


def must_be_post(scope: Scope, allowed: str = "POST") -> None:
    """Raises 405."""
    if scope.get("method") != "POST":
        raise MethodNotAllowedException(headers={"Allow": allowed})


async def read_body(scope: Scope, headers: dict[bytes, bytes], receive: Receive, largest: int) -> bytes:
    """The body. Raises 413 before more than `largest` bytes of it are held, or any if it says so itself."""
    length = headers.get(b"content-length", b"")
    if length.isdigit() and (len(length) > 18 or int(length) > largest):
        raise too_large(largest)
    offered = at_once(scope)
    body: bytes | None = offered["take_body"]() if offered else None
    if body is None:
        body = b""
        more = True
        while more and len(body) <= largest:
            message = await receive()
            if message["type"] != "http.request":
                raise ClientException("The body broke off")
            body += message["body"]
            more = message.get("more_body", False)
    if len(body) > largest:
        raise too_large(largest)
    return body


def too_large(largest: int) -> ClientException:
    return ClientException(f"The body is larger than {largest} bytes", status_code=413)


async def answer(scope: Scope, send: Send, status: int, body: bytes, headers: Headers) -> None:
    """Send an answer; a body goes with its length."""
    if offered := at_once(scope):
        offered["send"](status, headers, body)
    else:
        if body:
            headers = (*headers, (b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})
