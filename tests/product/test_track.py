"""POST /track: what is taken, what is refused, and what is stored of it."""

import asyncio
import json
from typing import Any

import pytest
from httpx import AsyncClient

from tests.make import FakeClock
from tests.product.make import ask, assert_error, event, raw_events
from tinytrail.core.db import Database

LOGGED = {"status": "success", "message": "Event logged."}

ACCEPTED = {
    "an event": event(),
    "no timestamp": event(timestamp=...),
    "a timestamp of null": event(timestamp=None),
    "an offset": event(timestamp="2025-01-18T14:30:00+02:00"),
    "nanoseconds": event(timestamp="2025-01-18T14:30:00.123456789Z"),
    "lower-case letters in the timestamp": event(timestamp="2025-01-18t14:30:00z"),
    "no metadata": event(metadata=...),
    "metadata of null": event(metadata=None),
    "empty metadata": event(metadata={}),
    "nested metadata": event(metadata={"a": [{"b": None}], "n": 10**30}),
    "an address in the metadata, query and all": event(metadata={"href": "https://b.example/x?email=a@b#c"}),
    "an unknown key": event(colour="red"),
    "any characters": event(event="a b\n\t'\";--%", user_id="ü/🎵?&=#"),
    "a NUL": event(event="a\0b", user_id="\0"),
    "only a blank": event(event=" ", user_id=" "),
    "the longest names": event(event="é" * 256, user_id="u" * 256),
    "a user named like an event": event(user_id="play"),
    "a user named date": event(user_id="date"),
}


@pytest.mark.parametrize("body", ACCEPTED.values(), ids=ACCEPTED.keys())
async def test_it_accepts(client: AsyncClient, db: Database, body: dict[str, Any]) -> None:
    response = await client.post("/track", json=body)

    assert response.status_code == 200
    assert response.json() == LOGGED
    assert response.headers["access-control-allow-origin"] == "*"
    [stored] = await db.read(raw_events)
    assert (stored["event"], stored["user_id"]) == (body["event"], body["user_id"])
    assert json.loads(stored["metadata"] or "null") == (body.get("metadata") or None)


REFUSED = {
    "no event": (event(event=...), "event"),
    "an empty event": (event(event=""), "event"),
    "a number for an event": (event(event=7), "event"),
    "an event of null": (event(event=None), "event"),
    "an event named date": (event(event="date"), "event"),
    "an event too long": (event(event="e" * 257), "event"),
    "no user": (event(user_id=...), "user_id"),
    "an empty user": (event(user_id=""), "user_id"),
    "a number for a user": (event(user_id=7), "user_id"),
    "a user too long": (event(user_id="u" * 257), "user_id"),
    "a time without zone": (event(timestamp="2025-01-18T14:30:00"), "timestamp"),
    "a date for a time": (event(timestamp="2025-01-18"), "timestamp"),
    "an impossible date": (event(timestamp="2025-02-30T14:30:00Z"), "timestamp"),
    "a leap second": (event(timestamp="2016-12-31T23:59:60Z"), "timestamp"),
    "an hour 24": (event(timestamp="2025-01-18T24:00:00Z"), "timestamp"),
    "an empty timestamp": (event(timestamp=""), "timestamp"),
    "Unix time": (event(timestamp=1737210600), "timestamp"),
    "a time before 1970": (event(timestamp="1969-12-31T23:59:59Z"), "timestamp"),
    "the first moment there is": (event(timestamp="0001-01-01T00:00:00+14:00"), "timestamp"),
    "a list for metadata": (event(metadata=[1]), "metadata"),
    "text for metadata": (event(metadata="{}"), "metadata"),
    "a number too large for any": (event(metadata={"n": "@"}), "metadata"),
    "a list": ([event()], "body"),
    "null": (None, "body"),
}


@pytest.mark.parametrize(("body", "field"), REFUSED.values(), ids=REFUSED.keys())
async def test_it_refuses_and_names_the_field(
    client: AsyncClient, db: Database, body: Any, field: str
) -> None:
    response = await client.post("/track", content=json.dumps(body).replace('"@"', "1e999"))

    assert_error(response, 400, field)
    assert await db.read(raw_events) == []


MALFORMED = {
    "nothing": b"",
    "half": b'{"event":"view"',
    "a form": b"event=view&user_id=alice",
    "no UTF-8": b'{"event":"\xff","user_id":"alice"}',
    "NaN": b'{"event":"view","user_id":"alice","metadata":{"a":NaN}}',
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
async def test_malformed_json_is_a_400(client: AsyncClient, body: bytes) -> None:
    assert_error(await client.post("/track", content=body), 400, "body: is not valid JSON")


async def test_half_an_emoji_is_no_reason_to_lose_an_event(client: AsyncClient, db: Database) -> None:
    metadata = r'{"title":"so \ud83d","\\ud83d":"\ud83d\ude00"}'
    body = r'{"event":"view \ud83d","user_id":"\uDE00","metadata":' + metadata + "}"
    assert (await client.post("/track", content=body)).json() == LOGGED

    [stored] = await db.read(raw_events)
    assert (stored["event"], stored["user_id"]) == ("view \ufffd", "\ufffd")
    assert json.loads(stored["metadata"]) == {"title": "so \ufffd", r"\ud83d": "\U0001f600"}


async def test_no_depth_of_metadata_breaks_it(client: AsyncClient) -> None:
    for depth, status in ((100, 200), (511, 200), (512, 400), (2500, 400)):
        body = '{"event":"view","user_id":"u","metadata":' + '{"a":' * depth + "1" + "}" * (depth + 1)
        assert (await client.post("/track", content=body)).status_code == status


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "nonsense"])
async def test_content_type_is_not_looked_at(client: AsyncClient, content_type: str) -> None:
    response = await client.post(
        "/track", content=json.dumps(event()), headers={"content-type": content_type}
    )
    assert response.json() == LOGGED


async def test_a_body_of_16_kib_is_the_largest(client: AsyncClient) -> None:
    body = json.dumps(event()).encode()
    assert (await client.post("/track", content=body.ljust(16_384))).status_code == 200
    assert_error(await client.post("/track", content=body.ljust(16_385)), 413, "16384")


async def test_without_timestamp_it_happens_now(client: AsyncClient, db: Database, clock: FakeClock) -> None:
    await client.post("/track", json=event(timestamp=...))

    [stored] = await db.read(raw_events)
    assert stored["at"] == clock.now * 1_000_000
    assert stored["stored"] == clock.now


async def test_an_offset_counts(client: AsyncClient) -> None:
    await client.post("/track", json=event(timestamp="2025-01-18T23:30:00-01:00"))
    assert await ask(client, "/metrics") == [{"date": "2025-01-19", "view": 1}]


async def test_the_future_becomes_now_with_a_warning(
    client: AsyncClient, db: Database, clock: FakeClock
) -> None:
    response = await client.post(
        "/track", json=event(timestamp="2026-03-14T09:30:00.000001Z", metadata={"a": 1})
    )

    assert response.json() == LOGGED
    [stored] = await db.read(raw_events)
    assert stored["at"] == clock.now * 1_000_000
    metadata = json.loads(stored["metadata"])
    assert metadata["a"] == 1
    assert "future" in metadata["warning"]


async def test_this_very_moment_is_no_future(client: AsyncClient, db: Database) -> None:
    await client.post("/track", json=event(timestamp="2026-03-14T09:30:00Z"))
    assert [stored["metadata"] for stored in await db.read(raw_events)] == [None]


def metadata_of(size: int, letter: str = "x") -> dict[str, str]:
    """Metadata whose compact JSON has that many bytes."""
    overhead = len('{"a":""}')
    each = len(json.dumps(letter, ensure_ascii=False).encode()) - 2
    return {"a": letter * ((size - overhead) // each) + "." * ((size - overhead) % each)}


@pytest.mark.parametrize("letter", ["x", "é", "🎵", '"', "\\", "\n", "\x01"])
async def test_metadata_over_4096_bytes_is_truncated(client: AsyncClient, db: Database, letter: str) -> None:
    fits, exceeds = metadata_of(4096, letter), metadata_of(4097, letter)

    assert (await client.post("/track", json=event(metadata=fits))).json() == LOGGED
    response = await client.post("/track", json=event(metadata=exceeds))

    assert response.status_code == 200
    assert response.json().keys() == {"status", "message", "warning"}
    assert "4097" in response.json()["warning"]
    whole, truncated = (stored["metadata"] for stored in await db.read(raw_events))
    assert json.loads(whole) == fits
    assert len(truncated.encode()) <= 4096
    assert "4097" in json.loads(truncated)["warning"]
    sent = json.dumps(exceeds, ensure_ascii=False, separators=(",", ":"))
    assert letter == "\x01" or sent.startswith(json.loads(truncated)["preview"])


async def test_both_warnings_are_kept(client: AsyncClient, db: Database) -> None:
    await client.post("/track", json=event(metadata=metadata_of(5000), timestamp="2030-01-01T00:00:00Z"))

    [stored] = await db.read(raw_events)
    warning = json.loads(stored["metadata"])["warning"]
    assert "5000" in warning
    assert "future" in warning


async def test_concurrent_posts_lose_nothing(client: AsyncClient) -> None:
    bodies = [event(event=f"event{i % 7}", user_id=f"user{i % 5}") for i in range(700)]

    responses = await asyncio.gather(*(client.post("/track", json=body) for body in bodies))

    assert {response.status_code for response in responses} == {200}
    everybody = {f"event{i}": 100 for i in range(7)}
    assert await ask(client, "/metrics") == [{"date": "2025-01-18"} | everybody]
    one = {f"event{i}": 20 for i in range(7)}
    assert await ask(client, "/metrics", user_id="user3") == [{"date": "2025-01-18"} | one]
