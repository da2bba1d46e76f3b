"""Who is calling, by X-API-KEY, and what they may see."""

from typing import Any
from uuid import UUID

import msgspec
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.exceptions import (
    NotAuthorizedException,
    NotFoundException,
    PermissionDeniedException,
    TooManyRequestsException,
)
from litestar.handlers.base import BaseRouteHandler

from tinytrail.core.connect import Tx, rows
from tinytrail.core.errors import invalid
from tinytrail.core.tokens import hash_token

Connection = ASGIConnection[Any, Any, Any, Any]


class Caller(msgspec.Struct, frozen=True):
    user_id: str
    account_id: str
    role: str

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    def must_see(self, account_id: str) -> None:
        """Another account's things do not exist: 404, never 403, so that ids cannot be guessed."""
        if not self.is_admin and account_id != self.account_id:
            raise NotFoundException


CurrentCaller = NamedDependency[Caller]

CALLER = "select id as user_id, account_id, role from users where key_hash = :key_hash"


def find_caller(tx: Tx, key: str) -> Caller | None:
    return next(iter(rows(tx, Caller, CALLER, key_hash=hash_token(key))), None)


async def require_key(connection: Connection, _: BaseRouteHandler) -> None:
    """A guard, so that nothing of the body is looked at before: 401 first, then the limit of the key."""
    state = connection.app.state
    key = connection.headers.get("x-api-key", "")
    caller = await state.db.read(find_caller, key) if key else None
    if caller is None:
        raise NotAuthorizedException("Missing or invalid X-API-KEY")
    if wait := state.api_limit.wait(caller.user_id):
        raise TooManyRequestsException("Too many requests with this key", headers={"Retry-After": str(wait)})
    connection.scope["caller"] = caller  # type: ignore[typeddict-unknown-key]


def require_admin(connection: Connection, _: BaseRouteHandler) -> None:
    if not provide_caller(connection).is_admin:
        raise PermissionDeniedException("This needs the admin role")


async def is_admins(connection: Connection) -> bool:
    """Whether a request of another system's is an admin's; their routes do not count towards web's limit."""
    key = connection.headers.get("x-api-key", "")
    caller = await connection.app.state.db.read(find_caller, key) if key else None
    return caller is not None and caller.is_admin


def provide_caller(request: Connection) -> Caller:
    caller: Caller = request.scope["caller"]  # type: ignore[typeddict-item]
    return caller


def parse_uuid(text: str, field: str) -> str:
    """`text` in its canonical form; 400 unless it is a UUID, 8-4-4-4-12."""
    try:
        canonical = str(UUID(text))
    except ValueError:
        canonical = ""
    if canonical != text.lower():
        invalid(field, "must be a UUID")
    return canonical
