"""GET /stats/versions: which versions the active instances are of. For admins alone."""

from pathlib import Path

import pytest
from httpx import AsyncClient
from litestar import Litestar

from tests.conftest import SignIn
from tests.installs.make import beat, client_at, is_one_line_of_text, versions
from tests.make import DAY, HOUR, FakeClock, calling, config_in
from tests.web.conftest import new_user
from tinytrail.app import create_app
from tinytrail.config import Config
from tinytrail.core.connect import Tx
from tinytrail.core.db import Database
from tinytrail.jobs import count_installs


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """With web, whose admins they are."""
    return config_in(tmp_path)


async def test_with_no_heartbeat_ever_there_is_none(admin: AsyncClient) -> None:
    assert (await admin.get("/stats/versions")).json() == []


async def test_most_first_and_ties_by_name(admin: AsyncClient) -> None:
    await beat(admin, 1, 2, version="1.10.0")
    await beat(admin, 3, 4, version="1.2.0")
    await beat(admin, 5, 6, 7, version="0.9")
    await beat(admin, 8, version="dev")
    response = await admin.get("/stats/versions")

    assert response.json() == [
        {"version": "0.9", "count": 3},
        {"version": "1.10.0", "count": 2},
        {"version": "1.2.0", "count": 2},
        {"version": "dev", "count": 1},
    ]
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in response.headers


async def test_an_upgraded_instance_changes_sides(admin: AsyncClient, clock: FakeClock) -> None:
    await beat(admin, 1, 2, version="1")
    clock.now += DAY
    await beat(admin, 1, version="2")
    assert await versions(admin) == {"1": 1, "2": 1}

    clock.now += DAY  # and now the other one has fallen silent
    assert await versions(admin) == {"2": 1}
    clock.now += DAY
    assert await versions(admin) == {}
    await beat(admin, 2, version="3")
    assert await versions(admin) == {"3": 1}


async def test_upgraded_back_and_forth_within_a_second_it_counts_once(
    admin: AsyncClient, clock: FakeClock
) -> None:
    for version in ("1", "2", "1", "3"):
        await beat(admin, 1, version=version)
    assert await versions(admin) == {"3": 1}

    clock.now += 48 * HOUR
    assert await versions(admin) == {}


ODD = ["1.0'; --", "ünïcödé 🚀", '"', "\\", " ", "v" * 64, "null", "1", "1.0", "01"]


async def test_a_version_is_any_text(admin: AsyncClient, clock: FakeClock) -> None:
    for number, version in enumerate(ODD):
        await beat(admin, number, version=version)
    assert await versions(admin) == dict.fromkeys(sorted(ODD), 1)

    clock.now += DAY
    for number, version in enumerate(ODD):
        await beat(admin, number, version=version)
    clock.now += DAY
    assert await versions(admin) == dict.fromkeys(sorted(ODD), 1)
    await beat(admin, *range(len(ODD)), version="2")
    assert await versions(admin) == {"2": len(ODD)}


SET_BACK = [1, HOUR, DAY, DAY + 1, 400 * DAY]


@pytest.mark.parametrize("seconds", SET_BACK)
async def test_a_clock_set_back_loses_and_invents_none(
    app: Litestar, admin: AsyncClient, clock: FakeClock, seconds: int
) -> None:
    began = clock.now
    await beat(admin, 1, 2, version="1")
    clock.now -= seconds
    assert await versions(admin) == {"1": 2}
    await beat(admin, 2, 3, version="2")
    assert await versions(admin) == {"2": 2, "1": 1}
    await count_installs(app.state)

    clock.now = began
    await beat(admin, 1, 2, 3, version="2")
    assert await versions(admin) == {"2": 3}
    clock.now = began + 48 * HOUR
    assert await versions(admin) == {}


async def test_a_restart_and_another_min_age_change_nothing_that_they_should_not(
    tmp_path: Path, config: Config, clock: FakeClock, admin_key: str
) -> None:
    async def run(min_age_hours: int, *beats: int) -> dict[str, int]:
        settings = config_in(tmp_path, installs={"min_age_hours": min_age_hours})
        app = create_app(settings, clock)
        async with app.lifespan(), calling(app, x_api_key=admin_key) as admin:
            for number in beats:
                await beat(admin, number, version=f"1.{number}")
            return await versions(admin)

    assert await run(0, 1, 2) == {"1.1": 1, "1.2": 1}
    clock.now += 24 * HOUR
    assert await run(0, 2, 3) == {"1.1": 1, "1.2": 1, "1.3": 1}
    assert await run(24) == {"1.1": 1, "1.2": 1}
    clock.now += 23 * HOUR
    assert await run(24, 3) == {"1.1": 1, "1.2": 1}
    clock.now += HOUR
    assert await run(24) == {"1.2": 1, "1.3": 1}
    assert await run(0) == {"1.2": 1, "1.3": 1}


def rows_left(tx: Tx) -> int:
    count = "select (select count(*) from active_versions) + (select count(*) from active_changes)"
    [left] = tx.execute(count).fetchone()
    return int(left)


async def test_nothing_is_left_of_versions_that_are_gone(
    app: Litestar, db: Database, client: AsyncClient, clock: FakeClock
) -> None:
    """Anybody may send a version of his own invention, as often as the limit lets him."""
    for number in range(20):
        await beat(client, 1, version=f"garbage {number}")
    clock.now += 48 * HOUR
    await count_installs(app.state)

    assert await db.read(rows_left) == 0


async def test_a_signed_in_admin_reads_them_from_the_servers_own_pages(
    client: AsyncClient, admin_key: str
) -> None:
    await client.post("/api/v1/sessions", json={"api_key": admin_key}, headers={"origin": "http://test"})

    assert (await client.get("/stats/versions")).json() == []
    elsewhere = {"sec-fetch-site": "same-site"}
    assert (await client.get("/stats/versions", headers=elsewhere)).status_code == 401


async def test_it_is_for_admins_alone(client: AsyncClient, admin: AsyncClient, sign_in: SignIn) -> None:
    bob = await sign_in((await new_user(admin, "Strangers", "bob@example.net"))["apiKey"])

    for stranger in (client, bob, await sign_in("tt_wrong")):
        response = await stranger.get("/stats/versions")
        assert response.status_code == 401
        assert is_one_line_of_text(response)
        assert "admin" in response.text


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_only_get_is_served(admin: AsyncClient, method: str) -> None:
    response = await admin.request(method, "/stats/versions")

    assert (response.status_code, response.text) == (405, "Method Not Allowed")


async def test_without_web_there_are_no_admins(tmp_path: Path, config: Config, admin_key: str) -> None:
    app = create_app(config_in(tmp_path, web={"enabled": False}))
    async with app.lifespan(), calling(app, x_api_key=admin_key) as admin:
        assert (await admin.get("/stats/versions")).status_code == 401


async def test_switched_off_it_is_not_there(tmp_path: Path, config: Config) -> None:
    app = create_app(config_in(tmp_path, installs={"enabled": False}))
    async with app.lifespan(), client_at(app) as client:
        assert (await client.get("/stats/versions")).status_code == 404
