"""Request bodies: JSON whatever their Content-Type says, decoded into a struct or refused by name."""

from typing import Any, TypeVar

import msgspec
from litestar import Request
from litestar.exceptions import ClientException, InternalServerException, ValidationException

from tinytrail.core.errors import name_field

T = TypeVar("T")


def decode_json(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Raises 400 for malformed JSON, wrong types and missing fields, naming the field."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise ValidationException(name_field(str(error), kind=decoder.type)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValidationException("body: is not valid JSON") from None


async def read_json(request: Request[Any, Any, Any], decoder: msgspec.json.Decoder[T]) -> T:
    """The body, decoded. Raises 413 before more is read than the route allows (`request_max_body_size`)."""
    try:
        body = await request.body()
    except InternalServerException:  # how Litestar says that the client hung up: no fault of the server's
        raise ClientException("The body broke off") from None
    return decode_json(body, decoder)
