"""GET /api/stats: its figures, against a model that is obvious, and over restarts."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Any

import pytest
from httpx import AsyncClient
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.make import BROWSER, DAY, HOUR, SATURDAY, FakeClock, calling
from tests.presence.make import beat, beaten, register, stats
from tinytrail import app as app_module
from tinytrail.app import create_app
from tinytrail.config import Config
from tinytrail.core.db import Database, open_database
from tinytrail.presence.stats import read_stats

FIELDS = [
    "last_seen",
    "last_seen_relative",
    "longest_absence",
    "num_visits",
    "total_beats",
    "devices",
    "uptime",
]


async def test_a_new_server_has_all_seven_fields_in_order(client: AsyncClient) -> None:
    response = await client.get("/api/stats")

    assert list(response.json()) == FIELDS
    assert response.json() == dict.fromkeys(FIELDS, 0) | {"last_seen": None, "devices": []}
    assert response.headers["content-type"] == "application/json"
    assert "access-control-allow-origin" not in response.headers


async def test_a_device_that_never_beat_is_listed(client: AsyncClient, clock: FakeClock) -> None:
    await register(client, "Laptop")
    await beat(client, await register(client, "Phone"))
    clock.now += 41

    answer = await stats(client)

    assert answer == {
        "last_seen": SATURDAY,
        "last_seen_relative": 41,
        "longest_absence": 41,
        "num_visits": 0,
        "total_beats": 1,
        "devices": [
            {"id": 0, "name": "Laptop", "last_beat": None, "num_beats": 0},
            {"id": 1, "name": "Phone", "last_beat": SATURDAY, "num_beats": 1},
        ],
        "uptime": 41,
    }
    assert list(answer["devices"][0]) == ["id", "name", "last_beat", "num_beats"]


async def test_any_device_ends_an_absence(client: AsyncClient, clock: FakeClock) -> None:
    laptop, phone = await register(client, "Laptop"), await register(client, "Phone")
    for device, later in ((laptop, 0), (phone, 5 * HOUR), (laptop, HOUR), (laptop, HOUR)):
        clock.now += later
        await beat(client, device)

    assert (await stats(client))["longest_absence"] == 5 * HOUR


async def test_a_clock_set_back_makes_nothing_negative_and_one_set_right_mends_all(
    client: AsyncClient, clock: FakeClock
) -> None:
    device = await register(client)
    clock.now += DAY
    await beat(client, device)
    clock.now -= 2 * DAY

    before = await stats(client)
    await beat(client, device)
    after = await stats(client)

    assert [before[field] for field in FIELDS if field not in ("last_seen", "devices")] == [0, 0, 0, 1, 0]
    assert after["last_seen"] == clock.now
    assert after["longest_absence"] == 0


async def test_totals_visits_and_uptime_survive_a_restart(config: Config, clock: FakeClock) -> None:
    async def run(*steps: str) -> dict[str, Any]:
        app = create_app(config, clock)
        async with (
            app.lifespan(),
            calling(app) as client,
        ):
            if "begin" in steps:
                await beat(client, await register(client))
                await client.get("/presence")
            return await stats(client)

    before = await run("begin")
    clock.now += 3 * DAY
    after = await run()

    assert after == before | {"last_seen_relative": 3 * DAY, "longest_absence": 3 * DAY, "uptime": 3 * DAY}
    assert (after["total_beats"], after["num_visits"]) == (1, 1)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_only_get_is_served(client: AsyncClient, method: str) -> None:
    response = await client.request(method, "/api/stats")

    assert (response.status_code, response.text) == (405, "Method Not Allowed")


@given(
    steps=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 10**6)), max_size=30),
    groups=st.integers(1, 5),
    rest=st.integers(0, 10**6),
)
@settings(deadline=None)
def test_figures_are_those_of_the_obvious_model(steps: list[tuple[int, int]], groups: int, rest: int) -> None:
    with beaten(steps, groups) as (tx, beats):
        times = [at for _, at in beats]
        now = max(times, default=SATURDAY) + rest
        found = read_stats(tx, now)

    assert found.total_beats == len(beats)
    assert found.last_seen == (times[-1] if times else None)
    assert found.last_seen_relative == (rest if times else 0)
    assert found.longest_absence == max(
        (after - at for at, after in zip(times, [*times, now][1:], strict=True)), default=0
    )
    assert found.uptime == now - SATURDAY
    for counted in found.devices:
        own = [at for beating, at in beats if beating == counted.id]
        assert (counted.num_beats, counted.last_beat) == (len(own), own[-1] if own else None)


async def test_a_later_start_goes_on_where_the_file_is_locked_once_it_is_open(
    config: Config, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    @asynccontextmanager
    async def locked_once_open(path: str) -> AsyncIterator[Database]:
        async with open_database(path) as db:
            await db.write(lambda tx: tx.execute("pragma busy_timeout = 0"))
            with closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("begin immediate")
                yield db

    async with create_app(config, clock).lifespan():
        clock.now += 100
    monkeypatch.setattr(app_module, "open_database", locked_once_open)
    app = create_app(config, clock)
    async with app.lifespan(), calling(app, user_agent=BROWSER) as client:
        assert (await client.get("/health")).status_code == 200
        assert (await stats(client))["uptime"] == 100
    assert "could not note the first start: database is locked" in caplog.messages
    assert not any(record.exc_info for record in caplog.records)
