"""Request bodies: JSON whatever their Content-Type says, decoded into a struct or refused by name."""

import asyncio
import re
from typing import Any, TypeVar

import msgspec
from litestar import Request
from litestar.exceptions import ClientException, InternalServerException, ValidationException

from tinytrail.core.errors import invalid, name_field

T = TypeVar("T")

# Levels. SQLite reads a thousand, and how many Python decodes depends on its version.
DEEPEST = 512
STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
BRACKET = re.compile(rb"[\[{\]}]")
# Half an emoji, as browsers escape it; first a backslash that is meant, and both halves, which stay.
HALF = re.compile(
    rb"( \\[^u] | \\u(?i:d[89ab][\da-f]{2})\\u(?i:d[c-f][\da-f]{2}) ) | \\u(?i:d[89a-f][\da-f]{2})",
    re.VERBOSE,
)


def decode_json(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Raises 400 for malformed JSON, wrong types and missing fields, naming the field."""
    if body.count(b"[") + body.count(b"{") > DEEPEST and is_too_deep(body):
        invalid("body", f"is nested more than {DEEPEST} levels deep")
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise ValidationException(name_field(str(error), kind=decoder.type)) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ValidationException("body: is not valid JSON") from None


def without_halves(body: bytes) -> bytes:
    """Half an emoji, as `text.slice(0, 20)` may leave it, becomes U+FFFD: the decoder takes none, and all
    else that was sent would be lost with it."""
    if rb"\u" not in body:  # mostly: browsers escape nothing else but quotes and control characters
        return body
    return HALF.sub(lambda escape: escape[1] or rb"\ufffd", body)


def is_too_deep(body: bytes) -> bool:
    depth = 0
    for bracket in BRACKET.findall(STRING.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEEPEST:
            return True
    return False


async def read_json(
    request: Request[Any, Any, Any], decoder: msgspec.json.Decoder[T], *, aside: bool = False
) -> T:
    """The body, decoded; `aside`: on another thread, where checking it may take a while.

    Raises 413 before more is read than the route allows (`request_max_body_size`).
    """
    try:
        body = await request.body()
    except InternalServerException:  # how Litestar says that the client hung up: no fault of the server's
        raise ClientException("The body broke off") from None
    return await asyncio.to_thread(decode_json, body, decoder) if aside else decode_json(body, decoder)
