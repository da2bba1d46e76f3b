"""How often an address may post events: 10 times in any 10 seconds."""

from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from tests.make import FakeClock, hit
from tests.web.cast import COLLECT, UNKNOWN, Owner, code
from tests.web.conftest import PEER, web_alone
from tinytrail.config import Config

ALICE, BOB = {"x-forwarded-for": "192.0.2.1"}, {"x-forwarded-for": "192.0.2.2"}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return web_alone(tmp_path, server={"trusted_proxies": [PEER]})


@pytest.fixture
def body(request: pytest.FixtureRequest, website: str) -> Any:
    kinds: dict[str, Any] = {
        "valid": hit(website),
        "of an unknown website": hit(UNKNOWN),
        "malformed": {},
        "an array": [hit(website)] * 32,
    }
    return kinds[request.param]


@pytest.mark.parametrize("body", ["valid", "of an unknown website", "malformed", "an array"], indirect=True)
async def test_the_eleventh_request_in_ten_seconds_is_told_when_to_return(
    client: AsyncClient, website: str, clock: FakeClock, body: Any
) -> None:
    for _ in range(10):
        assert (await client.post(COLLECT, json=body, headers=ALICE)).status_code != 429
    clock.now += 3

    response = await client.post(COLLECT, json=hit(website), headers=ALICE | {"origin": "https://a.example"})

    assert response.status_code == 429
    assert code(response) == "RATE_LIMITED"
    assert response.headers["retry-after"] == "7"
    assert response.headers["access-control-allow-origin"] == "https://a.example"
    assert response.headers["access-control-allow-credentials"] == "true"
    assert response.headers["vary"] == "Origin"


async def test_who_returns_when_told_is_let_in(client: AsyncClient, website: str, clock: FakeClock) -> None:
    for _ in range(10):
        await client.post(COLLECT, json=hit(website), headers=ALICE)
    refused = await client.post(COLLECT, json=hit(website), headers=ALICE)
    clock.now += int(refused.headers["retry-after"])
    assert (await client.post(COLLECT, json=hit(website), headers=ALICE)).status_code == 202


async def test_alices_address_does_not_limit_bobs(client: AsyncClient, website: str) -> None:
    for _ in range(11):
        last = await client.post(COLLECT, json=hit(website), headers=ALICE)
    assert last.status_code == 429
    assert (await client.post(COLLECT, json=hit(website), headers=BOB)).status_code == 202


async def test_all_addresses_that_an_ipv6_caller_has_are_limited_together(
    client: AsyncClient, website: str
) -> None:
    async def status(address: str) -> int:
        headers = {"x-forwarded-for": address}
        return (await client.post(COLLECT, json=hit(website), headers=headers)).status_code

    assert [await status(f"2001:db8:aa:bb::{number}") for number in range(11)] == [202] * 10 + [429]
    assert await status("2001:db8:aa:bb:1:2:3:4") == 429
    assert await status("2001:db8:aa:bc::1") == 202


async def test_what_is_limited_is_not_stored(
    client: AsyncClient, website: str, clock: FakeClock, owner: Owner
) -> None:
    for _ in range(15):
        await client.post(COLLECT, json=hit(website), headers=ALICE)
    assert (await owner.metrics())["pageviews"] == 10


async def test_refused_requests_do_not_keep_the_door_shut(
    client: AsyncClient, website: str, clock: FakeClock
) -> None:
    for _ in range(20):  # ten in, ten refused
        await client.post(COLLECT, json=hit(website), headers=ALICE)
        clock.now += 0.25
    clock.now += 5
    assert (await client.post(COLLECT, json=hit(website), headers=ALICE)).status_code == 202


async def test_a_preflight_costs_nothing(client: AsyncClient, website: str) -> None:
    for _ in range(20):
        assert (await client.options(COLLECT, headers=ALICE)).status_code == 204
    assert (await client.post(COLLECT, json=hit(website), headers=ALICE)).status_code == 202
