"""How often a key may be used: 60 times in any 60 seconds."""

from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from tests.conftest import SignIn
from tests.make import FakeClock
from tests.web.cast import code
from tests.web.conftest import web_alone
from tinytrail.config import Config

WEBSITES = "/api/v1/websites"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return web_alone(tmp_path)


async def use_up(client: AsyncClient) -> None:
    for _ in range(60):
        assert (await client.get(WEBSITES)).status_code == 200


async def test_the_61st_request_in_a_minute_is_told_when_to_return(
    alice: AsyncClient, clock: FakeClock
) -> None:
    await use_up(alice)
    clock.now += 20
    response = await alice.get(WEBSITES)
    assert response.status_code == 429
    assert code(response) == "RATE_LIMITED"
    assert response.headers["retry-after"] == "40"
    clock.now += 40
    assert (await alice.get(WEBSITES)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/reports/summary"), ("GET", "/accounts"), ("POST", "/websites"), ("PATCH", "/websites/x")],
)
async def test_whatever_is_asked_counts_bad_requests_too(alice: AsyncClient, method: str, path: str) -> None:
    for _ in range(60):
        assert (await alice.request(method, f"/api/v1{path}")).status_code in (400, 403)
    assert (await alice.get(WEBSITES)).status_code == 429


async def test_a_key_is_limited_not_its_account_nor_its_address(
    admin: AsyncClient, alice: AsyncClient, alice_user: dict[str, Any], sign_in: SignIn
) -> None:
    body = {"account_id": alice_user["accountId"], "role": "user"}
    colleague = await sign_in((await admin.post("/api/v1/users", json=body)).json()["data"]["apiKey"])
    await use_up(alice)
    assert (await alice.get(WEBSITES)).status_code == 429
    assert (await colleague.get(WEBSITES)).status_code == 200


async def test_a_wrong_key_is_a_401_however_often_it_comes(client: AsyncClient, alice: AsyncClient) -> None:
    for _ in range(70):
        assert (await client.get(WEBSITES, headers={"x-api-key": "tt_wrong"})).status_code == 401
    assert (await alice.get(WEBSITES)).status_code == 200


async def test_what_needs_no_key_has_no_limit(client: AsyncClient) -> None:
    for _ in range(70):
        assert (await client.get("/health")).status_code == 200
        assert (await client.get("/js/tracker.js")).status_code == 200


class TestSwitchedOff:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return web_alone(tmp_path, web={"api_limit": "", "collect_limit": ""})

    async def test_an_empty_setting_is_no_limit(self, alice: AsyncClient, client: AsyncClient) -> None:
        for _ in range(3):
            await use_up(alice)
        for _ in range(30):
            assert (await client.post("/api/v1/collect", json={})).status_code == 400


class TestAnother:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return web_alone(tmp_path, web={"api_limit": "2/1m", "collect_limit": "1/1h"})

    async def test_a_limit_can_be_set(self, alice: AsyncClient, client: AsyncClient) -> None:
        answers = [(await alice.get(WEBSITES)).status_code for _ in range(3)]
        assert answers == [200, 200, 429]
        first = await client.post("/api/v1/collect", json={})
        second = await client.post("/api/v1/collect", json={})
        assert (first.status_code, second.status_code) == (400, 429)
        assert second.headers["retry-after"] == "3600"
