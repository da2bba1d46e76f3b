"""Whether a request is a signed-in admin's.

Accounts are web's; the other systems show a few things to admins alone. They are handed this question, and
know nothing of how it is answered.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

Connection = ASGIConnection[Any, Any, Any, Any]
IsAdmin = Callable[[Connection], Awaitable[bool]]


async def no_admins(_: Connection) -> bool:
    """The answer where web is switched off: there are no accounts then."""
    return False


def admins_only(is_admin: IsAdmin) -> Guard:
    """Raises 401 for anybody else."""

    async def guard(connection: Connection, _: BaseRouteHandler) -> None:
        if not await is_admin(connection):
            raise NotAuthorizedException("This needs an admin, signed in or with an X-API-KEY")

    return guard
