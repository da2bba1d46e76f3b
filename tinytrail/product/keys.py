"""The two optional keys: one to send events, one to read what became of them."""

from collections.abc import Iterable

from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from tinytrail.core.admin import Connection, IsAdmin
from tinytrail.core.tokens import same


def has_key(headers: Iterable[tuple[bytes, bytes]], key: str) -> bool:
    """Whether the headers bring `key`, in either of the two ways; an empty key lets all in."""
    if not key:
        return True
    for name, value in headers:
        text = value.decode("utf-8", "surrogateescape")
        scheme, _, token = text.partition(" ")
        if name == b"authorization" and scheme.lower() == "bearer" and same(token.strip(), key):
            return True
        if name == b"x-api-key" and same(text, key):
            return True
    return False


def check_key(headers: Iterable[tuple[bytes, bytes]], key: str) -> None:
    """Raises 401 unless the headers bring `key`."""
    if not has_key(headers, key):
        raise wrong_key()


def require_key_or_admin(key: str, is_admin: IsAdmin) -> Guard:
    """A guard: 401 unless a request brings `key`, or is an admin's."""

    async def guard(connection: Connection, _: BaseRouteHandler) -> None:
        if not has_key(connection.scope["headers"], key) and not await is_admin(connection):
            raise wrong_key()

    return guard


def wrong_key() -> NotAuthorizedException:
    return NotAuthorizedException(
        "Missing or wrong key; send Authorization: Bearer KEY, or X-API-KEY: KEY",
        headers={"WWW-Authenticate": "Bearer"},
    )
