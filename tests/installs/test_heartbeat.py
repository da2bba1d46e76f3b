"""POST /heartbeat."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient
from litestar import Litestar

from tests.installs.make import INSTANCE, beat, client_at, heartbeat, is_one_line_of_text, total
from tests.make import HOUR, FakeClock, config_in
from tinytrail.app import create_app
from tinytrail.core.connect import Tx
from tinytrail.core.db import Database
from tinytrail.core.trouble import Busy


def all_instances(tx: Tx) -> list[tuple[Any, ...]]:
    return tx.execute("select * from instances order by id").fetchall()


async def instances(db: Database) -> list[tuple[Any, ...]]:
    return await db.read(all_instances)


ACCEPTED = [
    ("as Pocket ID sends it", heartbeat()),
    ("as Arcane sends it", heartbeat(server_type="manager")),
    ("with keys that nobody knows", heartbeat(hostname="secret", instance={"a": [1]})),
    ("an id in capitals", heartbeat(instance_id=INSTANCE.upper())),
    ("an id that is not RFC 4122", heartbeat(instance_id="ffffffff-ffff-ffff-ffff-ffffffffffff")),
    ("the nil id", heartbeat(instance_id="00000000-0000-0000-0000-000000000000")),
    ("the longest version", heartbeat(version="v" * 64)),
    ("the longest version, of wide characters", heartbeat(version="🦔" * 64)),
    ("a version that is no number", heartbeat(version="v2.0.0-rc.1+dirty")),
]


@pytest.mark.parametrize(("name", "body"), ACCEPTED, ids=[row[0] for row in ACCEPTED])
async def test_a_heartbeat_is_answered_200(client: AsyncClient, name: str, body: dict[str, Any]) -> None:
    response = await client.post("/heartbeat", json=body)

    assert (response.status_code, response.text) == (200, "ok")
    assert response.headers["content-type"].startswith("text/plain")
    assert await total(client) == 1


UUID = "instance_id: must be a UUID: 32 hexadecimal digits in groups of 8-4-4-4-12"
VERSION = "version: must have 1 to 64 characters"
REJECTED = [
    ("nothing", b"", "body: is not valid JSON"),
    ("no JSON", b"version=2.0.0", "body: is not valid JSON"),
    ("JSON that breaks off", b'{"version":"2.0.0"', "body: is not valid JSON"),
    ("bytes that are no UTF-8", b'{"version":"\xff","instance_id":"x"}', "body: is not valid JSON"),
    ("half a surrogate pair", b'{"version":"\\ud800","instance_id":"x"}', "body: is not valid JSON"),
    ("a list", b"[]", "body: Expected `object`, got `array`"),
    ("null", b"null", "body: Expected `object`, got `null`"),
    ("no id", heartbeat(instance_id=None), "instance_id is required"),
    ("no version", heartbeat(version=None), "version is required"),
    ("a number for an id", heartbeat(instance_id=7), "instance_id: Expected `str`, got `int`"),
    ("a number for a version", heartbeat(version=2.0), "version: Expected `str`, got `float`"),
    ("null for a version", b'{"instance_id":"x","version":null}', "version: Expected `str`, got `null`"),
    ("an empty id", heartbeat(instance_id=""), UUID),
    ("an id without hyphens", heartbeat(instance_id=INSTANCE.replace("-", "")), UUID),
    ("an id in braces", heartbeat(instance_id="{" + INSTANCE + "}"), UUID),
    ("an id with a newline", heartbeat(instance_id=INSTANCE + "\n"), UUID),
    ("an id with a letter past f", heartbeat(instance_id="g" + INSTANCE[1:]), UUID),
    ("an id in digits of another script", heartbeat(instance_id="٣" + INSTANCE[1:]), UUID),
    ("an empty version", heartbeat(version=""), VERSION),
    ("a version of 65 characters", heartbeat(version="v" * 65), VERSION),
    ("a zero character", heartbeat(version="1\0002"), "version: must not hold a zero character"),
]


@pytest.mark.parametrize(("name", "body", "line"), REJECTED, ids=[row[0] for row in REJECTED])
async def test_what_is_no_heartbeat_is_a_400_that_names_the_field(
    client: AsyncClient, db: Database, name: str, body: Any, line: str
) -> None:
    sent = {"content": body} if isinstance(body, bytes) else {"json": body}
    response = await client.post("/heartbeat", **sent)

    assert (response.status_code, response.text) == (400, line)
    assert is_one_line_of_text(response)
    assert await instances(db) == []


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "nonsense"])
async def test_the_content_type_is_not_looked_at(client: AsyncClient, kind: str | None) -> None:
    headers = {"content-type": kind} if kind else {}
    body = b'{"version":"1","instance_id":"b316815f-5f81-488f-89f8-12b62013dfa4"}'

    assert (await client.post("/heartbeat", content=body, headers=headers)).status_code == 200


async def test_four_fields_are_stored_and_the_version_is_the_last(
    client: AsyncClient, db: Database, clock: FakeClock
) -> None:
    first = int(clock.now)
    await client.post("/heartbeat", json=heartbeat(version="1.0.0"))
    clock.now += 24 * HOUR
    await client.post("/heartbeat", json=heartbeat(version="1.1.0", server_type="agent"))

    assert await instances(db) == [
        (bytes.fromhex(INSTANCE.replace("-", "")), first, first + 24 * HOUR, "1.1.0")
    ]


async def test_upper_and_lower_case_are_one_instance(client: AsyncClient, db: Database) -> None:
    await client.post("/heartbeat", json=heartbeat(instance_id=INSTANCE.upper()))
    await client.post("/heartbeat", json=heartbeat())

    assert len(await instances(db)) == 1


async def test_no_address_and_no_user_agent_reach_the_disk(client: AsyncClient, tmp_path: Path) -> None:
    await client.post("/heartbeat", json=heartbeat(), headers={"user-agent": "Go-http-client/9.9"})

    files = [(tmp_path / name).read_bytes() for name in ("tinytrail.db", "tinytrail.db-wal")]
    assert any(b"2.0.0" in file for file in files)
    assert not any(word in file for file in files for word in (b"203.0.113.9", b"Go-http-client"))


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_only_post_is_served(client: AsyncClient, method: str) -> None:
    response = await client.request(method, "/heartbeat")

    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    assert method == "HEAD" or response.text == "Method Not Allowed"


async def test_below_it_nothing_is_found_in_its_own_words(client: AsyncClient) -> None:
    response = await client.post("/heartbeat/x", json=heartbeat(), headers={"accept": "text/html"})

    assert (response.status_code, response.text) == (404, "Not Found")
    assert is_one_line_of_text(response)


async def test_a_body_over_64_kib_is_a_413(client: AsyncClient) -> None:
    fits = await client.post("/heartbeat", json=heartbeat(padding="x" * (65_536 - 200)))
    too_large = await client.post("/heartbeat", json=heartbeat(padding="x" * 65_536))

    assert fits.status_code == 200
    assert too_large.status_code == 413
    assert is_one_line_of_text(too_large)


async def test_no_browser_of_another_site_may_read_the_answer(client: AsyncClient) -> None:
    for body in (heartbeat(), {}):
        response = await client.post("/heartbeat", json=body, headers={"origin": "https://example.com"})
        assert not [name for name in response.headers if name.startswith("access-control")]


@pytest.mark.parametrize("error", [Busy("the queue is full"), RuntimeError("a secret")])
async def test_what_could_not_be_stored_is_told(
    client: AsyncClient, db: Database, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def fail(*_: Any) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(db, "append", fail)
        responses = [await client.post("/heartbeat", json=heartbeat()) for _ in range(3)]

    assert {response.status_code for response in responses} == {503 if isinstance(error, Busy) else 500}
    assert all(is_one_line_of_text(response) for response in responses)
    assert "secret" not in responses[0].text
    assert responses[0].headers.get("retry-after") == ("1" if isinstance(error, Busy) else None)
    await beat(client)


async def test_many_addresses_at_once_lose_nothing(app: Litestar) -> None:
    clients = [client_at(app, f"198.51.{n // 250}.{n % 250}") for n in range(1500)]
    await asyncio.gather(*[beat(client, n % 1000) for n, client in enumerate(clients)])

    assert await total(clients[0]) == 1000


@pytest.mark.parametrize("request_line", ["POST /heartbeat", "GET /stats", "GET /badge/installs.svg"])
async def test_switched_off_it_has_no_routes(tmp_path: Path, request_line: str) -> None:
    method, path = request_line.split()
    app = create_app(config_in(tmp_path, installs={"enabled": False}))
    async with app.lifespan(), client_at(app) as client:
        assert (await client.request(method, path)).status_code == 404
