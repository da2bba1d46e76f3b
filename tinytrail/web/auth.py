"""Who is calling, by X-API-KEY or by the session cookie, and what they may see.

Most callers are users. The holder of a share link is none: unless a handler says that it is open to shares,
they are told 403, and what they may see is one website, which is asked for by `must_see_website` alone.
"""

from collections.abc import Callable
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar
from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.exceptions import (
    NotAuthorizedException,
    NotFoundException,
    PermissionDeniedException,
    TooManyRequestsException,
)
from litestar.handlers.base import BaseRouteHandler

from tinytrail.core.client_ip import whom_limits_count
from tinytrail.core.connect import Tx, rows
from tinytrail.core.db import Database
from tinytrail.core.errors import invalid
from tinytrail.core.tokens import SHARE, hash_token
from tinytrail.core.trouble import Busy
from tinytrail.web.cookie import LIFE, Connection, must_be_our_own_page, session_cookie, session_token

# A handler's `opt`; without one it is for users alone.
OPEN_TO_SHARES = {"open_to": "shares"}  # and to users
OPEN_TO_EVERYBODY = {"open_to": "everybody"}

P = ParamSpec("P")
T = TypeVar("T")

USED = 3600  # seconds; how exactly it is known when a session was used last


class Caller(msgspec.Struct, frozen=True):
    role: Literal["admin", "user", "share"]
    user_id: str = ""
    account_id: str = ""  # none of a share's: whatever forgets about shares has nothing for them
    key_hash: bytes | None = None  # of a user who came with the key
    session_id: str | None = None  # or with the cookie
    session_used_at: float = 0
    share_id: str | None = None
    website_id: str | None = None  # the one of a share

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    @property
    def is_share(self) -> bool:
        return self.role == "share"

    def must_see(self, account_id: str) -> None:
        """Another account's things do not exist: 404, never 403, so that ids cannot be guessed."""
        if not self.is_admin and account_id != self.account_id:
            raise NotFoundException

    def must_see_website(self, website_id: str, account_id: str) -> None:
        """The same for a website, which may have been shared."""
        if not self.is_share:
            self.must_see(account_id)
        elif website_id != self.website_id:
            raise NotFoundException


CurrentCaller = NamedDependency[Caller]

BY_KEY = "select id as user_id, account_id, role, key_hash from users where key_hash = :hash"
BY_COOKIE = """
    select u.id           as user_id,
           u.account_id,
           u.role,
           s.id           as session_id,
           s.last_used_at as session_used_at
      from sessions s
      join users u on u.id = s.user_id
     where s.token_hash = :hash and s.expires_at > :now
"""
IS_STILL = """
    select 1 from users
     where id = :user_id and account_id = :account_id and role = :role
       and (key_hash = :key_hash or :session_id in (select id from sessions where user_id = :user_id))
"""
BY_SHARE = "select 'share' as role, id as share_id, website_id from shares where token_hash = :hash"
USE = "update sessions set last_used_at = :now, expires_at = :now + :life where id = :id"


def find_by_key(tx: Tx, key: str) -> Caller | None:
    """The user with this API key, or whoever came by the share link with this token."""
    sql = BY_SHARE if key.startswith(SHARE) else BY_KEY
    return next(iter(rows(tx, Caller, sql, hash=hash_token(key))), None)


def find_by_cookie(tx: Tx, token: str, now: float) -> Caller | None:
    return next(iter(rows(tx, Caller, BY_COOKIE, hash=hash_token(token), now=now)), None)


def is_still(tx: Tx, caller: Caller) -> bool:
    """Whether a user is who came: the key may have been replaced since, or the user deleted."""
    return tx.execute(IS_STILL, msgspec.structs.asdict(caller)).fetchone() is not None


async def write_as(
    db: Database, caller: Caller, work: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """`db.write` for a user. Whether that is one still is asked again as it is written: who is about to be
    shut out could else send a request's head, and its body after. Raises 401 as well."""
    assert not kwargs, "a write takes its arguments by position"
    return await db.write(_still, caller, work, args)


def _still(tx: Tx, caller: Caller, work: Callable[..., T], args: Any) -> T:
    if not is_still(tx, caller):
        raise not_authorized()
    return work(tx, *args)


def not_authorized() -> NotAuthorizedException:
    return NotAuthorizedException("Missing or invalid X-API-KEY")


def use_session(tx: Tx, session_id: str, now: float) -> None:
    tx.execute(USE, {"id": session_id, "now": now, "life": LIFE})


async def authenticate(connection: Connection) -> Caller:
    """Who is calling. Raises 401, and 403 where another origin's page may have sent the cookie along."""
    state = connection.app.state
    caller: Caller | None = None
    if key := connection.headers.get("x-api-key"):
        caller = await state.db.read(find_by_key, key)
    elif token := session_token(connection):
        caller = await state.db.read(find_by_cookie, token, state.clock())
        if caller:
            must_be_our_own_page(connection)
    if caller is None:
        raise not_authorized()
    return caller


async def require_key(connection: Connection, handler: BaseRouteHandler) -> None:
    """A guard, so that nothing of the body is looked at before: 401 first, then the limit of the caller."""
    open_to = handler.opt.get("open_to", "users")
    if open_to == "everybody":
        return
    caller = await authenticate(connection)
    must_be_within_limit(connection, caller)
    if caller.is_share and open_to != "shares":
        raise PermissionDeniedException("A share link is for the reports of its website, and nothing else")
    connection.scope["caller"] = caller  # type: ignore[typeddict-unknown-key]
    await keep_session(connection, caller)


def must_be_within_limit(connection: Connection, caller: Caller) -> None:
    """Raises 429. The documented limit is a key's, and so of programs; people at the dashboard have one of
    their own, which no clicking reaches. A share link's goes by address too, since many may have it."""
    state = connection.app.state
    is_person = caller.is_share or caller.session_id is not None
    address = whom_limits_count(state.addresses.of(connection.scope)) if caller.is_share else ""
    who = f"{caller.share_id} {address}" if caller.is_share else caller.user_id
    if wait := (state.session_limit if is_person else state.api_limit).wait(who):
        raise TooManyRequestsException("Too many requests with this key", headers={"Retry-After": str(wait)})


async def keep_session(connection: Connection, caller: Caller) -> None:
    """Prolong the session that is used, and its cookie; written down once an hour."""
    state = connection.app.state
    now = state.clock()
    is_fresh = caller.session_used_at <= now < caller.session_used_at + USED
    if caller.session_id and not is_fresh:
        try:
            await state.db.write(use_session, caller.session_id, now)
        except Busy:
            return  # reading goes on although nothing can be written
        token = session_token(connection)
        connection.scope["renewed_cookie"] = session_cookie(connection, token)  # type: ignore[typeddict-unknown-key]


def require_admin(connection: Connection, _: BaseRouteHandler) -> None:
    if not provide_caller(connection).is_admin:
        raise PermissionDeniedException("This needs the admin role")


async def is_admins(connection: Connection) -> bool:
    """Whether a request of another system's is an admin's; their routes do not count towards web's limit."""
    try:
        return (await authenticate(connection)).is_admin
    except (NotAuthorizedException, PermissionDeniedException):
        return False


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
