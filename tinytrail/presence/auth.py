"""Who may: the holder of the secret key, or of a device's token. `Authorization` is the raw value."""

from collections.abc import Iterable
from typing import Any

from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler

from tinytrail.core.asgi import header_value, must_be_post
from tinytrail.core.tokens import same


def authorization(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The header's value; empty without one. Any bytes survive the way back that core/tokens.py takes."""
    return header_value(headers, b"authorization").decode("utf-8", "surrogateescape")


def must_post(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard for routes that take OPTIONS too, which Litestar would else answer by itself, with 204."""
    must_be_post(connection.scope)


def require_secret_key(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard, so that it is judged before the body and the id."""
    secret_key = connection.app.state.config.presence.secret_key
    if not same(authorization(connection.scope["headers"]), secret_key):
        raise NotAuthorizedException
