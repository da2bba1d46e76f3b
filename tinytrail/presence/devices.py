"""Devices: what beats, and the tokens that they beat with. Only a token's hash is stored, and
only that reaches the database's functions, whose arguments a debugging log may show."""

import secrets
import unicodedata
from typing import Any

import msgspec
from litestar import HttpMethod, Request, route
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from tinytrail.core.body import read_json
from tinytrail.core.connect import Tx, rows
from tinytrail.core.errors import invalid
from tinytrail.core.inject import Db
from tinytrail.core.tokens import hash_token
from tinytrail.presence.auth import must_post, require_secret_key
from tinytrail.presence.stats import Device

LONGEST_NAME = 200  # characters
# Control characters, what separates lines and paragraphs, and halves of characters. Others that do not show
# join an emoji's parts, or keep words together.
UNPRINTABLE = {"Cc", "Zl", "Zp", "Cs"}
MOST_DIGITS = 18  # of an id: past that SQLite has no such number

POST = [HttpMethod.POST, HttpMethod.OPTIONS]  # see must_post

DEVICES = "/api/devices"
GENERATE = "/api/devices/{device_id:str}/token/generate"


class NewDevice(msgspec.Struct, frozen=True):
    name: str


NEW_DEVICE = msgspec.json.Decoder(NewDevice)


class WithToken(msgspec.Struct, frozen=True):
    """A device and its token, which can be seen this once."""

    id: int
    name: str
    token: str


def new_token() -> str:
    return secrets.token_hex(24)


def clean_name(name: str) -> str:
    """Raises 400."""
    name = name.strip()
    if not name:
        invalid("name", "must not be empty")
    if len(name) > LONGEST_NAME:
        invalid("name", f"must have at most {LONGEST_NAME} characters")
    if any(unicodedata.category(character) in UNPRINTABLE for character in name):
        invalid("name", "must not hold control characters")
    return name


def parse_id(text: str) -> int:
    """Raises 404 for what is no number: there is no device of that id."""
    if not (text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS):
        raise NotFoundException
    return int(text)


def all_devices(tx: Tx) -> list[Device]:
    return rows(tx, Device, "select id, name, last_beat, num_beats from devices order by id")


def insert_device(tx: Tx, name: str, token_hash: bytes) -> int:
    """Its id. They count from 0, as the document has them."""
    [device_id] = tx.execute("select coalesce(max(id) + 1, 0) from devices").fetchone()
    tx.execute(
        "insert into devices (id, name, token_hash) values (:id, :name, :token_hash)",
        {"id": device_id, "name": name, "token_hash": token_hash},
    )
    return int(device_id)


def replace_token(tx: Tx, device_id: int, token_hash: bytes) -> str:
    """The device's name. Its old token is worth nothing from here on. Raises 404."""
    found = tx.execute(
        "update devices set token_hash = :token_hash where id = :id returning name",
        {"id": device_id, "token_hash": token_hash},
    ).fetchall()
    if not found:
        raise NotFoundException
    [(name,)] = found
    return str(name)


@route(DEVICES, http_method=POST, guards=[must_post, require_secret_key], status_code=200)
async def register_device(request: Request[Any, Any, Any], db: Db) -> WithToken:
    name = clean_name((await read_json(request, NEW_DEVICE)).name)
    token = new_token()
    return WithToken(await db.write(insert_device, name, hash_token(token)), name, token)


@route(GENERATE, http_method=POST, guards=[must_post, require_secret_key], status_code=200)
async def generate_token(device_id: FromPath[str], request: Request[Any, Any, Any], db: Db) -> WithToken:
    number, token = parse_id(device_id), new_token()
    await request.body()  # not looked at, but refused where it is too large
    return WithToken(number, await db.write(replace_token, number, hash_token(token)), token)
