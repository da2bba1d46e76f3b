"""POST /heartbeat: how often an address may send, and how many new ids."""

import asyncio
from pathlib import Path

import pytest
from httpx import AsyncClient

from tests.installs.make import heartbeat, instance_id, is_one_line_of_text, total
from tests.make import FakeClock, alone_in
from tinytrail.config import Config
from tinytrail.core.db import Database
from tinytrail.core.trouble import Busy


@pytest.fixture
def config(tmp_path: Path) -> Config:
    limits = {"new_limit": "3/1h", "heartbeat_limit": "6/10m"}
    return alone_in(tmp_path, "installs", installs=limits, server={"trusted_proxies": ["203.0.113.9"]})


async def send(client: AsyncClient, number: int, address: str = "192.0.2.1") -> tuple[int, str | None]:
    """Its status and Retry-After."""
    body = heartbeat(instance_id=instance_id(number))
    response = await client.post("/heartbeat", json=body, headers={"x-forwarded-for": address})
    assert is_one_line_of_text(response)
    return response.status_code, response.headers.get("retry-after")


async def test_too_many_new_ids_of_an_address_are_told_when_to_return(
    client: AsyncClient, clock: FakeClock
) -> None:
    for number in range(3):
        assert await send(client, number) == (200, None)
        clock.now += 60

    assert await send(client, 3) == (429, str(3600 - 180))
    assert await send(client, 0) == (200, None)  # it is known
    assert await send(client, 3, "192.0.2.2") == (200, None)
    assert await total(client) == 4
    clock.now += 3600 - 180
    assert await send(client, 4) == (200, None)


async def test_all_addresses_that_an_ipv6_sender_has_are_limited_together(client: AsyncClient) -> None:
    for number in range(3):
        assert await send(client, number, f"2001:db8::{number}") == (200, None)
    assert (await send(client, 3, "2001:db8::3"))[0] == 429
    assert await send(client, 3, "2001:db8:0:1::3") == (200, None)


async def test_too_many_heartbeats_of_an_address_are_told_when_to_return(
    client: AsyncClient, clock: FakeClock
) -> None:
    for _ in range(6):
        assert await send(client, 0) == (200, None)
        clock.now += 10

    assert await send(client, 0) == (429, str(600 - 60))
    assert await send(client, 0, "192.0.2.2") == (200, None)
    clock.now += 600 - 60
    assert await send(client, 0) == (200, None)


async def test_what_is_rejected_costs_nothing(client: AsyncClient) -> None:
    for number in range(3):
        await send(client, number)
    for number in range(10, 20):
        assert (await send(client, number))[0] == 429
        malformed = await client.post("/heartbeat", json={}, headers={"x-forwarded-for": "192.0.2.1"})
        assert malformed.status_code == 400

    assert [(await send(client, number))[0] for number in (0, 1, 2, 0)] == [200, 200, 200, 429]


async def test_a_new_id_spends_both_limits(client: AsyncClient) -> None:
    statuses = [(await send(client, number))[0] for number in (0, 1, 2, 0, 1, 2, 0)]

    assert statuses == [200, 200, 200, 200, 200, 200, 429]


async def test_known_instances_take_no_places_from_new_ones(client: AsyncClient) -> None:
    await send(client, 0, "192.0.2.9")
    sent = await asyncio.gather(*[send(client, number) for number in (0, 0, 0, 1, 2, 3)])

    assert sent == [(200, None)] * 6


async def test_at_once_no_more_pass_than_one_by_one(client: AsyncClient) -> None:
    sent = await asyncio.gather(*[send(client, number) for number in range(20)])

    assert [status for status, _ in sent] == [200] * 3 + [429] * 17
    assert await total(client) == 3


async def test_one_new_id_sent_twice_at_once_is_one(client: AsyncClient) -> None:
    await asyncio.gather(*[send(client, 0) for _ in range(3)])

    assert [(await send(client, number))[0] for number in (1, 2, 3)] == [200, 200, 429]
    assert await total(client) == 3


async def test_what_the_disk_had_no_room_for_costs_nothing(
    client: AsyncClient, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise Busy("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(db, "append", fail)
        assert [await send(client, number) for number in range(10)] == [(503, "1")] * 10

    assert [(await send(client, number))[0] for number in range(4)] == [200, 200, 200, 429]
