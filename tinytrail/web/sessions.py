"""Sessions: whoever has shown an API key once is known by a cookie afterwards."""

from typing import Any
from uuid import uuid4

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.exceptions import NotAuthorizedException, NotFoundException, TooManyRequestsException
from litestar.handlers.base import BaseRouteHandler
from litestar.params import FromPath

from tinytrail import __version__
from tinytrail.core.body import read_json
from tinytrail.core.client_ip import whom_limits_count
from tinytrail.core.clock import timestamp
from tinytrail.core.connect import Tx, rows
from tinytrail.core.inject import Db, Now
from tinytrail.core.tokens import hash_token, new_token
from tinytrail.web.auth import (
    OPEN_TO_EVERYBODY,
    OPEN_TO_SHARES,
    Caller,
    CurrentCaller,
    find_by_key,
    must_be_within_limit,
    parse_uuid,
)
from tinytrail.web.cookie import (
    LIFE,
    Connection,
    base_url,
    must_be_our_own_page,
    session_cookie,
    session_token,
)
from tinytrail.web.errors import success
from tinytrail.web.shares import as_current_share, share_of
from tinytrail.web.user_agent import classify_agent
from tinytrail.web.users import User, find_user

MOST_SESSIONS = 100  # a user's; a program that signs in for each of its calls must not fill the file
WRONG_KEY = "api_key: this is nobody's key"


class Credentials(msgspec.Struct, frozen=True):
    api_key: str


CREDENTIALS = msgspec.json.Decoder(Credentials)


class Session(msgspec.Struct, frozen=True):
    id: str
    user_id: str
    created_at: float
    last_used_at: float
    expires_at: float
    browser: str
    os: str

    def as_json(self, caller: Caller) -> dict[str, Any]:
        return {
            "id": self.id,
            "createdAt": timestamp(self.created_at),
            "lastUsedAt": timestamp(self.last_used_at),
            "expiresAt": timestamp(self.expires_at),
            "isCurrent": self.id == caller.session_id,
            "browser": self.browser,
            "os": self.os,
        }


SELECT = "select id, user_id, created_at, last_used_at, expires_at, browser, os from sessions"
# Only for the key that was shown: it may have been replaced meanwhile, and its user deleted.
INSERT = """
    insert into sessions (id, token_hash, user_id, created_at, last_used_at, expires_at, browser, os)
    select :id, :token_hash, id, :created_at, :last_used_at, :expires_at, :browser, :os
      from users
     where id = :user_id and key_hash = :key_hash
"""
END_THE_OLDEST = """
    delete from sessions
     where id in (select id from sessions
                   where user_id = :user_id order by last_used_at desc, id limit -1 offset :most)
"""


def insert_session(tx: Tx, session: Session, token: str, key: str, replaced_token: str) -> None:
    """Sign in with a key; the session that the same browser had before ends. Raises 401."""
    hashes = {"token_hash": hash_token(token), "key_hash": hash_token(key)}
    if not tx.execute(INSERT, msgspec.structs.asdict(session) | hashes).rowcount:
        raise NotAuthorizedException(WRONG_KEY)
    tx.execute("delete from sessions where token_hash = :hash", {"hash": hash_token(replaced_token)})
    tx.execute(END_THE_OLDEST, {"user_id": session.user_id, "most": MOST_SESSIONS})


def sessions_of(tx: Tx, user_id: str, now: float) -> list[Session]:
    where = "where user_id = :user_id and expires_at > :now order by last_used_at desc, created_at desc, id"
    return rows(tx, Session, f"{SELECT} {where}", user_id=user_id, now=now)


def find_session(tx: Tx, session_id: str | None) -> Session | None:
    return next(iter(rows(tx, Session, f"{SELECT} where id = :id", id=session_id)), None)


def delete_session(tx: Tx, caller: Caller, session_id: str | None) -> Session:
    """Sign a browser out. Raises 404, for somebody else's session too."""
    session = find_session(tx, session_id)
    if session is None or session.user_id != caller.user_id:
        raise NotFoundException
    tx.execute("delete from sessions where id = :id", {"id": session_id})
    return session


def delete_expired_sessions(tx: Tx, now: float) -> None:
    tx.execute("delete from sessions where expires_at <= :now", {"now": now})


def who_is(tx: Tx, caller: Caller) -> tuple[User, Session | None]:
    return find_user(tx, caller.user_id), find_session(tx, caller.session_id)


def as_current(connection: Connection, user: User, session: Session | None) -> dict[str, Any]:
    """What the dashboard has to know of who is signed in, and of the server."""
    state = connection.app.state
    config = state.config
    return success(
        {
            "user": {"id": user.id, "accountId": user.account_id, "email": user.email, "role": user.role},
            "address": state.addresses.of(connection.scope),
            "baseUrl": base_url(connection),
            "version": __version__,
            "systems": {
                "product": config.track.enabled,
                "installs": config.installs.enabled,
                "presence": config.presence.enabled,
            },
            "expiresAt": timestamp(session.expires_at) if session else None,
        }
    )


def from_our_own_page(connection: Connection, _: BaseRouteHandler) -> None:
    """A guard: no page elsewhere may sign somebody in, as whom it likes."""
    must_be_our_own_page(connection, may_lack_origin=True)


@post("/sessions", guards=[from_our_own_page], opt=OPEN_TO_EVERYBODY)
async def sign_in(request: Request[Any, Any, Any], db: Db, now: Now) -> Response[dict[str, Any]]:
    """Only wrong keys count towards the limit; each key holds a place until it is known to be right."""
    key = (await read_json(request, CREDENTIALS)).api_key.strip()
    state = request.app.state
    address = whom_limits_count(state.addresses.of(request.scope))
    if wait := state.sign_in_limit.wait(address):
        raise TooManyRequestsException(
            "Too many wrong keys from this address", headers={"Retry-After": str(wait)}
        )
    caller = await db.read(find_by_key, key)
    if caller is None or caller.is_share:
        raise NotAuthorizedException(WRONG_KEY)
    state.sign_in_limit.give_back(address)
    must_be_within_limit(request, caller)

    agent = classify_agent(request.headers.get("user-agent", ""))
    session = Session(str(uuid4()), caller.user_id, now, now, now + LIFE, agent.browser, agent.os)
    token = new_token()
    await db.write(insert_session, session, token, key, session_token(request))
    body = as_current(request, await db.read(find_user, caller.user_id), session)
    return Response(body, cookies=[session_cookie(request, token)])


@get("/sessions/current", opt=OPEN_TO_SHARES)
async def show_current(request: Request[Any, Any, Any], caller: CurrentCaller, db: Db) -> dict[str, Any]:
    if caller.is_share:
        return as_current_share(request, *await db.read(share_of, caller))
    return as_current(request, *await db.read(who_is, caller))


@get("/sessions")
async def list_sessions(caller: CurrentCaller, db: Db, now: Now) -> dict[str, Any]:
    found = await db.read(sessions_of, caller.user_id, now)
    return success([session.as_json(caller) for session in found])


@delete("/sessions/current", status_code=200)
async def sign_out(
    request: Request[Any, Any, Any], caller: CurrentCaller, db: Db
) -> Response[dict[str, Any]]:
    return await end_session(request, caller, db, caller.session_id)


@delete("/sessions/{session_id:str}", status_code=200)
async def remove_session(
    session_id: FromPath[str], request: Request[Any, Any, Any], caller: CurrentCaller, db: Db
) -> Response[dict[str, Any]]:
    return await end_session(request, caller, db, parse_uuid(session_id, "id"))


async def end_session(
    request: Request[Any, Any, Any], caller: Caller, db: Db, session_id: str | None
) -> Response[dict[str, Any]]:
    session = await db.write(delete_session, caller, session_id)
    body = success(session.as_json(caller))
    if session.id != caller.session_id:
        return Response(body)
    return Response(body, cookies=[session_cookie(request, "", max_age=0)])
