"""POST /api/devices and POST /api/devices/:id/token/generate."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from httpx import AsyncClient

from tests.presence.make import KEY, SECRET_KEY, beat, keyed, register, stats
from tinytrail.config import Config

GENERATE = "/api/devices/0/token/generate"


async def test_a_device_is_answered_with_its_id_name_and_token(client: AsyncClient) -> None:
    device = await register(client, "Laptop")

    assert list(device) == ["id", "name", "token"]
    assert (device["id"], device["name"]) == (0, "Laptop")
    assert len(device["token"]) >= 32


async def test_ids_count_up_from_0_and_names_may_be_shared(client: AsyncClient) -> None:
    assert [(await register(client, "Phone"))["id"] for _ in range(3)] == [0, 1, 2]


async def test_white_space_around_a_name_is_dropped(client: AsyncClient) -> None:
    assert (await register(client, "  My phone\n"))["name"] == "My phone"


BAD_BODIES = [
    ("nothing", b"", "body: is not valid JSON"),
    ("no JSON", b"name=Laptop", "body: is not valid JSON"),
    ("half of it", b'{"name": "La', "body: is not valid JSON"),
    ("a lone surrogate", rb'{"name": "\ud800"}', "body: is not valid JSON"),
    ("bytes that are no UTF-8", b'{"name": "\xff"}', "body: is not valid JSON"),
    ("a list", b"[]", "body: Expected `object`, got `array`"),
    ("no name", b"{}", "name is required"),
    ("null", b'{"name": null}', "name: Expected `str`, got `null`"),
    ("a number", b'{"name": 7}', "name: Expected `str`, got `int`"),
    ("an empty name", b'{"name": ""}', "name: must not be empty"),
    ("a blank name", b'{"name": "  "}', "name: must not be empty"),
    ("a name too long", b'{"name": "%s"}' % (b"x" * 201), "name: must have at most 200 characters"),
    ("a NUL", rb'{"name": "a\u0000b"}', "name: must not hold control characters"),
    ("a tab", rb'{"name": "a\tb"}', "name: must not hold control characters"),
    ("a line separator", rb'{"name": "a\u2028b"}', "name: must not hold control characters"),
]


@pytest.mark.parametrize(
    ("body", "reason"), [row[1:] for row in BAD_BODIES], ids=[row[0] for row in BAD_BODIES]
)
async def test_a_bad_body_is_a_400_that_says_why(client: AsyncClient, body: bytes, reason: str) -> None:
    response = await client.post("/api/devices", content=body, headers=keyed(KEY))

    assert (response.status_code, response.text) == (400, f"Bad Request: {reason}")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "name", ["Robin’s\u00a0iPhone", "👩\u200d💻 laptop", "My\u200bPhone", "می\u200cخواهم"]
)
async def test_what_keyboards_put_between_letters_is_no_control_character(
    client: AsyncClient, name: str
) -> None:
    await register(client, name)
    assert [device["name"] for device in (await stats(client))["devices"]] == [name]


async def test_the_longest_name_is_taken_and_unknown_keys_are_ignored(client: AsyncClient) -> None:
    body = {"name": "ü" * 200, "colour": "red"}

    response = await client.post("/api/devices", json=body, headers=keyed(KEY))

    assert response.status_code == 200


WRONG_KEYS: list[tuple[str, dict[bytes, bytes]]] = [
    ("none", {}),
    ("empty", keyed(b"")),
    ("wrong", keyed(b"Geheim")),
    ("with Bearer", keyed(b"Bearer " + KEY)),
    ("with more after it", keyed(KEY + b"x")),
    ("in another encoding", keyed(SECRET_KEY.encode("latin-1"))),
    ("bytes that are no text", keyed(b"\xff\xfe\x80")),
]


@pytest.mark.parametrize("headers", [row[1] for row in WRONG_KEYS], ids=[row[0] for row in WRONG_KEYS])
@pytest.mark.parametrize("path", ["/api/devices", GENERATE, "/api/devices/x/token/generate"])
@pytest.mark.parametrize("body", [b"", b"{}", b"x" * 70_000], ids=["no body", "bad body", "huge body"])
async def test_the_key_is_judged_before_body_and_id(
    client: AsyncClient, path: str, headers: dict[bytes, bytes], body: bytes
) -> None:
    response = await client.post(path, headers=headers, content=body)

    assert (response.status_code, response.text) == (401, "Unauthorized")


async def test_a_large_body_is_a_413(client: AsyncClient) -> None:
    body = {"name": "x" * 70_000}

    response = await client.post("/api/devices", json=body, headers=keyed(KEY))

    assert response.status_code == 413


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["/api/devices", GENERATE, "/api/devices/x/token/generate"])
async def test_what_is_no_post_is_a_405_even_without_a_key(
    client: AsyncClient, method: str, path: str
) -> None:
    response = await client.request(method, path)

    assert (response.status_code, response.text) == (405, "Method Not Allowed")
    assert "POST" in response.headers["allow"]


async def test_a_new_token_is_worth_something_and_the_old_one_nothing(client: AsyncClient) -> None:
    old = await register(client, "Laptop")

    response = await client.post(GENERATE, headers=keyed(KEY))

    new = response.json()
    assert response.status_code == 200
    assert (new["id"], new["name"]) == (0, "Laptop")
    assert new["token"] != old["token"]
    assert (await beat(client, old)).status_code == 401
    assert (await beat(client, new)).status_code == 200
    assert (await stats(client))["devices"][0]["num_beats"] == 1


@pytest.mark.parametrize(
    "device_id", ["1", "x", "-1", "0x0", "1e3", "0.0", "%D9%A3", "9" * 18, "9" * 400, "%00"]
)
async def test_the_token_of_no_device_is_a_404(client: AsyncClient, device_id: str) -> None:
    await register(client)

    response = await client.post(f"/api/devices/{device_id}/token/generate", headers=keyed(KEY))

    assert (response.status_code, response.text) == (404, "Not Found")


async def test_a_token_is_nowhere_in_the_files(client: AsyncClient, config: Config) -> None:
    token = (await register(client))["token"]

    for file in Path(config.database).parent.iterdir():
        assert token.encode() not in file.read_bytes()


async def test_a_token_hash_is_unique(client: AsyncClient, config: Config) -> None:
    await register(client)

    with closing(sqlite3.connect(config.database)) as database, pytest.raises(sqlite3.IntegrityError):
        database.execute("insert into devices (id, name, token_hash) select 9, 'x', token_hash from devices")
