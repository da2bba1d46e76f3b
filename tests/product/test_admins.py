"""GET /metrics and GET /sessions with a read key set: an admin may read them without it."""

from pathlib import Path

import pytest
from httpx import AsyncClient

from tests.conftest import SignIn
from tests.make import config_in
from tests.product.make import YEAR_2025, ask, assert_error, event, track
from tests.web.conftest import new_user
from tinytrail.config import Config

PATHS = pytest.mark.parametrize("path", ["/metrics", "/sessions"])


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return config_in(tmp_path, track={"write_key": "", "read_key": "read-key"})


@PATHS
async def test_an_admin_reads_what_the_holder_of_the_key_reads(
    client: AsyncClient, admin: AsyncClient, path: str
) -> None:
    await track(client, "play 2025-01-18T14:30:00Z", "stop 2025-01-18T14:31:00Z")
    given = await client.get(path, params=YEAR_2025, headers={"X-API-KEY": "read-key"})

    assert given.status_code == 200
    assert len(given.json()["data"]) == 1
    assert await ask(admin, path) == given.json()["data"]
    assert given.headers["cache-control"] == "no-store"


@PATHS
async def test_a_signed_in_admin_does_so_from_the_servers_own_pages(
    client: AsyncClient, admin_key: str, path: str
) -> None:
    page = {"origin": "http://test"}
    await client.post("/api/v1/sessions", json={"api_key": admin_key}, headers=page)

    assert (await client.get(path, params=YEAR_2025, headers=page)).status_code == 200
    elsewhere = {"sec-fetch-site": "same-site"}
    assert_error(await client.get(path, params=YEAR_2025, headers=elsewhere), 401, "key")


@PATHS
async def test_any_other_user_does_not(admin: AsyncClient, sign_in: SignIn, path: str) -> None:
    bob = await sign_in((await new_user(admin, "Strangers", "bob@example.net"))["apiKey"])

    assert_error(await bob.get(path, params=YEAR_2025), 401, "key")


@PATHS
@pytest.mark.parametrize("wrong", ["tt_wrong", "", "  "])
async def test_a_wrong_key_opens_nothing(admin: AsyncClient, sign_in: SignIn, path: str, wrong: str) -> None:
    stranger = await sign_in(wrong)

    assert_error(await stranger.get(path, params=YEAR_2025), 401, "key")


async def test_an_admins_key_sent_as_the_read_key_is_none(admin_key: str, client: AsyncClient) -> None:
    headers = {"Authorization": f"Bearer {admin_key}"}

    assert_error(await client.get("/metrics", params=YEAR_2025, headers=headers), 401, "key")


async def test_reading_does_not_count_towards_the_limit_of_web(admin: AsyncClient) -> None:
    for _ in range(61):
        assert (await admin.get("/metrics", params=YEAR_2025)).status_code == 200
    assert (await admin.get("/api/v1/accounts")).status_code == 200


class TestSendingNeedsItsOwnKey:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return config_in(tmp_path, track={"write_key": "write-key", "read_key": "read-key"})

    async def test_an_admin_is_no_app(self, admin: AsyncClient) -> None:
        assert_error(await admin.post("/track", json=event()), 401, "key")


class TestWithoutWeb:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return config_in(tmp_path, web={"enabled": False}, track={"read_key": "read-key"})

    @PATHS
    async def test_there_are_no_admins(self, client: AsyncClient, admin: AsyncClient, path: str) -> None:
        assert_error(await admin.get(path, params=YEAR_2025), 401, "key")
        held = await client.get(path, params=YEAR_2025, headers={"X-API-KEY": "read-key"})
        assert held.status_code == 200
