"""Accounts: what users and websites belong to."""

from typing import Annotated, Any
from uuid import uuid4

import msgspec
from litestar import Request, delete, get, post
from litestar.exceptions import NotFoundException, ValidationException
from litestar.params import FromPath
from msgspec import Meta

from tinytrail.core.body import read_json
from tinytrail.core.clock import timestamp
from tinytrail.core.connect import Tx, rows
from tinytrail.core.inject import Db, Now
from tinytrail.web.auth import CurrentCaller, parse_uuid, require_admin, write_as
from tinytrail.web.deletion import mark_for_deletion
from tinytrail.web.errors import success

Name = Annotated[str, Meta(pattern=r"\S", max_length=200)]


class NewAccount(msgspec.Struct, frozen=True):
    name: Name


NEW_ACCOUNT = msgspec.json.Decoder(NewAccount)


class Account(msgspec.Struct, frozen=True):
    id: str
    name: str
    created_at: float

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "createdAt": timestamp(self.created_at)}


SELECT = "select id, name, created_at from accounts"


def all_accounts(tx: Tx) -> list[Account]:
    return rows(tx, Account, f"{SELECT} order by created_at, id")


def find_account(tx: Tx, account_id: str) -> Account:
    """Raises 404."""
    found = rows(tx, Account, f"{SELECT} where id = :id", id=account_id)
    if not found:
        raise NotFoundException
    return found[0]


def insert_account(tx: Tx, name: str, now: float) -> Account:
    account = Account(str(uuid4()), name, now)
    tx.execute(
        "insert into accounts (id, name, created_at) values (:id, :name, :created_at)",
        msgspec.structs.asdict(account),
    )
    return account


def delete_account(tx: Tx, account_id: str) -> Account:
    """Delete an account with its users and websites; their traffic is marked, to go slice by slice.

    Raises 404, and 400 where no admin would be left.
    """
    account = find_account(tx, account_id)
    mark_for_deletion(tx, "account_id", account_id)
    tx.execute("delete from accounts where id = :id", {"id": account_id})
    must_keep_an_admin(tx)
    return account


def must_keep_an_admin(tx: Tx) -> None:
    """Call after a deletion. Raises 400, which undoes it, where nobody could sign in any more."""
    if not tx.execute("select 1 from users where role = 'admin' limit 1").fetchone():
        raise ValidationException("id: the last admin cannot be deleted")


@get("/accounts", guards=[require_admin])
async def list_accounts(db: Db) -> dict[str, Any]:
    return success([account.as_json() for account in await db.read(all_accounts)])


@post("/accounts", guards=[require_admin])
async def create_account(
    request: Request[Any, Any, Any], caller: CurrentCaller, db: Db, now: Now
) -> dict[str, Any]:
    data = await read_json(request, NEW_ACCOUNT)
    return success((await write_as(db, caller, insert_account, data.name.strip(), now)).as_json())


@delete("/accounts/{account_id:str}", guards=[require_admin], status_code=200)
async def remove_account(
    account_id: FromPath[str], request: Request[Any, Any, Any], caller: CurrentCaller, db: Db
) -> dict[str, Any]:
    account = await write_as(db, caller, delete_account, parse_uuid(account_id, "id"))
    request.app.state.websites.forget()
    request.app.state.purge_due.set()
    return success(account.as_json())
