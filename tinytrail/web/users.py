"""Users: who holds an API key, and for which account."""

from typing import Annotated, Any, Literal
from uuid import uuid4

import msgspec
from litestar import Request, delete, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec import Meta

from tinytrail.core.body import read_json
from tinytrail.core.clock import timestamp
from tinytrail.core.connect import Tx, rows
from tinytrail.core.errors import invalid
from tinytrail.core.inject import Db, Now
from tinytrail.core.tokens import derive_api_key, hash_token
from tinytrail.web.accounts import must_keep_an_admin
from tinytrail.web.auth import CurrentCaller, parse_uuid, require_admin, write_as
from tinytrail.web.errors import success

Role = Literal["admin", "user"]


class NewUser(msgspec.Struct, frozen=True):
    account_id: str
    role: Role
    email: Annotated[str, Meta(max_length=320)] | None = None


NEW_USER = msgspec.json.Decoder(NewUser)


class User(msgspec.Struct, frozen=True):
    id: str
    account_id: str
    email: str | None
    role: str
    key_hash: bytes
    created_at: float
    key_version: int = 1

    def as_json(self, **more: str) -> dict[str, Any]:
        fields = {"id": self.id, "accountId": self.account_id, "email": self.email, "role": self.role}
        return fields | more | {"createdAt": timestamp(self.created_at)}


SELECT = "select id, account_id, email, role, key_hash, created_at, key_version from users"


def all_users(tx: Tx) -> list[User]:
    return rows(tx, User, f"{SELECT} order by created_at, id")


def find_user(tx: Tx, user_id: str) -> User:
    """Raises 404."""
    found = rows(tx, User, f"{SELECT} where id = :id", id=user_id)
    if not found:
        raise NotFoundException
    return found[0]


def insert_user(tx: Tx, new: NewUser, secret: bytes, now: float) -> User:
    """Raises 400 where there is no such account."""
    account_id = parse_uuid(new.account_id, "account_id")
    if not tx.execute("select 1 from accounts where id = :id", {"id": account_id}).fetchone():
        invalid("account_id", "there is no such account")
    user_id = str(uuid4())
    user = User(user_id, account_id, new.email, new.role, hash_token(derive_api_key(secret, user_id)), now)
    tx.execute(
        """
        insert into users (id, account_id, email, role, key_hash, created_at)
        values (:id, :account_id, :email, :role, :key_hash, :created_at)
        """,
        msgspec.structs.asdict(user),
    )
    return user


def api_key_of(user: User, secret: bytes) -> str:
    """The user's key. Raises 404 if it was made with another secret: it still works, but nobody knows it."""
    key = derive_api_key(secret, user.id, user.key_version)
    if hash_token(key) != user.key_hash:
        raise NotFoundException("This key was made with another tinytrail.key; make a new one")
    return key


def renew_key(tx: Tx, user_id: str, secret: bytes) -> User:
    """Give a user another key: the old one, and whoever signed in with it, is shut out. Raises 404."""
    user = find_user(tx, user_id)
    version = user.key_version + 1
    key_hash = hash_token(derive_api_key(secret, user.id, version))
    user = msgspec.structs.replace(user, key_version=version, key_hash=key_hash)
    tx.execute(
        "update users set key_hash = :key_hash, key_version = :key_version where id = :id",
        msgspec.structs.asdict(user),
    )
    tx.execute("delete from sessions where user_id = :id", {"id": user.id})
    return user


def delete_user(tx: Tx, user_id: str) -> User:
    """Raises 404, and 400 for the last admin."""
    user = find_user(tx, user_id)
    tx.execute("delete from users where id = :id", {"id": user_id})
    must_keep_an_admin(tx)
    return user


@get("/users", guards=[require_admin])
async def list_users(db: Db) -> dict[str, Any]:
    return success([user.as_json() for user in await db.read(all_users)])


@post("/users", guards=[require_admin])
async def create_user(
    request: Request[Any, Any, Any], caller: CurrentCaller, db: Db, now: Now
) -> dict[str, Any]:
    data = await read_json(request, NEW_USER)
    secret: bytes = request.app.state.secret
    user = await write_as(db, caller, insert_user, data, secret, now)
    return success(user.as_json(apiKey=api_key_of(user, secret)))


@get("/users/{user_id:str}/api-key", guards=[require_admin])
async def show_api_key(user_id: FromPath[str], request: Request[Any, Any, Any], db: Db) -> dict[str, Any]:
    user = await db.read(find_user, parse_uuid(user_id, "id"))
    return success({"id": user.id, "apiKey": api_key_of(user, request.app.state.secret)})


@post("/users/{user_id:str}/api-key", guards=[require_admin])
async def replace_api_key(
    user_id: FromPath[str], request: Request[Any, Any, Any], caller: CurrentCaller, db: Db
) -> dict[str, Any]:
    secret: bytes = request.app.state.secret
    user = await write_as(db, caller, renew_key, parse_uuid(user_id, "id"), secret)
    return success({"id": user.id, "apiKey": api_key_of(user, secret)})


@delete("/users/{user_id:str}", guards=[require_admin], status_code=200)
async def remove_user(user_id: FromPath[str], caller: CurrentCaller, db: Db) -> dict[str, Any]:
    return success((await write_as(db, caller, delete_user, parse_uuid(user_id, "id"))).as_json())
