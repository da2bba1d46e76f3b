"""The two optional keys: one to send events, one to read what became of them."""

from collections.abc import Iterable
from typing import Any

from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from tinytrail.core.tokens import same


def check_key(headers: Iterable[tuple[bytes, bytes]], key: str) -> None:
    """Raises 401 unless the headers bring `key`, in either of the two ways; an empty key lets all in."""
    if not key:
        return
    for name, value in headers:
        text = value.decode("utf-8", "surrogateescape")
        scheme, _, token = text.partition(" ")
        if name == b"authorization" and scheme.lower() == "bearer" and same(token.strip(), key):
            return
        if name == b"x-api-key" and same(text, key):
            return
    raise NotAuthorizedException(
        "Missing or wrong key; send Authorization: Bearer KEY, or X-API-KEY: KEY",
        headers={"WWW-Authenticate": "Bearer"},
    )


def require_key(key: str) -> Guard:
    def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        check_key(connection.scope["headers"], key)

    return guard
