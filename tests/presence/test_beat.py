"""POST /api/beat."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from httpx import AsyncClient
from litestar import Litestar

from tests.make import SATURDAY, FakeClock
from tests.presence.make import beat, keyed, register, stats
from tinytrail.core.db import Database
from tinytrail.core.trouble import Busy
from tinytrail.presence.beat import Beat, store_beats


async def test_a_beat_is_answered_with_the_bare_time(client: AsyncClient, clock: FakeClock) -> None:
    device = await register(client)
    clock.now = SATURDAY + 0.9

    response = await beat(client, device)

    assert response.status_code == 200
    assert response.content == b"%d" % SATURDAY
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["content-length"] == "10"
    assert "access-control-allow-origin" not in response.headers


BODIES = [
    ("none", None, b""),
    ("a form", "application/x-www-form-urlencoded", b"a=b"),
    ("bad JSON", "application/json", b"{"),
    ("no UTF-8", "text/plain; charset=nonsense", b"\xff\x00"),
    ("64 KiB", "application/octet-stream", b"x" * 65_536),
]


@pytest.mark.parametrize(("media_type", "body"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES])
@pytest.mark.parametrize("chunked", [False, True], ids=["whole", "chunked"])
async def test_body_and_media_type_do_not_matter(
    client: AsyncClient, media_type: str | None, body: bytes, chunked: bool
) -> None:
    device = await register(client)

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 1000):
            yield body[start : start + 1000]

    headers = {"authorization": device["token"]} | ({"content-type": media_type} if media_type else {})
    response = await client.post("/api/beat", headers=headers, content=chunks() if chunked else body)

    assert response.status_code == 200


@pytest.mark.parametrize("chunked", [False, True], ids=["whole", "chunked"])
async def test_a_larger_body_is_a_413_and_no_beat(client: AsyncClient, chunked: bool) -> None:
    device = await register(client)

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(70):
            yield b"x" * 1000

    body = chunks() if chunked else b"x" * 65_537
    response = await client.post("/api/beat", headers={"authorization": device["token"]}, content=body)

    assert response.status_code == 413
    assert (await stats(client))["total_beats"] == 0


@pytest.mark.parametrize(
    "token",
    [None, b"", b"x", b"\xff\xfe", "ünbekannt".encode(), b"x" * 8000],
    ids=lambda token: str(token)[:12],
)
@pytest.mark.parametrize("body", [b"", b"x" * 70_000], ids=["no body", "huge body"])
async def test_an_unknown_token_is_a_401_whatever_the_body(
    client: AsyncClient, token: bytes | None, body: bytes
) -> None:
    await register(client)

    response = await client.post("/api/beat", headers={} if token is None else keyed(token), content=body)

    assert (response.status_code, response.text) == (401, "Unauthorized")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


async def test_bearer_before_the_token_is_a_401(client: AsyncClient) -> None:
    token = (await register(client))["token"]

    response = await client.post("/api/beat", headers={"authorization": f"Bearer {token}"})

    assert response.status_code == 401


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
async def test_what_is_no_post_is_a_405_even_without_a_token(client: AsyncClient, method: str) -> None:
    response = await client.request(method, "/api/beat")

    assert response.status_code == 405
    assert response.headers["allow"] == "POST"


async def test_beats_at_once_are_all_counted_and_bad_ones_among_them_harm_nobody(client: AsyncClient) -> None:
    laptop, phone = await register(client, "Laptop"), await register(client, "Phone")
    stranger = {"token": "x"}

    responses = await asyncio.gather(*(beat(client, who) for who in (laptop, stranger, phone) * 50))

    assert [response.status_code for response in responses] == [200, 401, 200] * 50
    answer = await stats(client)
    assert answer["total_beats"] == 100
    assert [device["num_beats"] for device in answer["devices"]] == [50, 50]


async def test_a_busy_database_is_a_503_that_says_when_to_return(
    app: Litestar, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = await register(client)

    async def busy(*_: object) -> None:
        raise Busy("full")

    monkeypatch.setattr(app.state.db, "append", busy)
    response = await beat(client, device)

    assert (response.status_code, response.text) == (503, "Service Unavailable")
    assert response.headers["retry-after"] == "1"


async def test_a_group_may_be_stored_twice_over_without_harm(db: Database) -> None:
    """An empty group, one of strangers alone: neither touches the totals."""
    work: Callable[..., list[bool]] = store_beats
    assert await db.write(work, []) == []
    assert await db.write(work, [Beat(b"?", 1)]) == [False]
