"""The counts of past days: written down once, whatever happens to the server, its clock and its instances."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient
from litestar import Litestar

from tests.installs.make import all_days, beat, client_at, days, history, total
from tests.make import DAY, HOUR, FakeClock, alone_in, moment
from tinytrail.app import create_app
from tinytrail.core.db import Database
from tinytrail.jobs import count_installs, run_missed


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(moment("2026-03-01 12:00"))


@asynccontextmanager
async def server(folder: Path, clock: FakeClock, **installs: Any) -> AsyncIterator[AsyncClient]:
    """A server that is started, and stopped in the end."""
    app = create_app(alone_in(folder, "installs", installs=installs), clock)
    async with app.lifespan(), client_at(app) as client:
        await run_missed(app.state)
        yield client


async def test_the_job_writes_finished_days_down(
    app: Litestar, client: AsyncClient, db: Database, clock: FakeClock
) -> None:
    await beat(client, 1, 2, 3)
    await count_installs(app.state)
    assert await db.read(all_days) == []

    clock.now = moment("2026-03-02 00:00")
    await count_installs(app.state)
    await count_installs(app.state)

    assert await db.read(all_days) == [(int(moment("2026-03-01 00:00")) // DAY, 3)]


async def test_the_past_is_not_rewritten_when_instances_die(client: AsyncClient, clock: FakeClock) -> None:
    await beat(client, 1, 2, 3)
    for day in range(2, 8):
        clock.now = moment(f"2026-03-{day:02} 12:00")
        await beat(client, 1)

    # At the end of the 2nd the two had been silent for 36 hours, at the end of the 3rd for 60.
    assert await history(client) == days(1, 3, 3, 1, 1, 1, 1, 1)


async def test_heartbeats_right_after_midnight_do_not_change_yesterday(
    client: AsyncClient, clock: FakeClock
) -> None:
    """No job has run between."""
    await beat(client, 1, 2)
    clock.now = moment("2026-03-02 00:00")
    await beat(client, 1, 2, 3, 4, 5)

    assert await history(client) == days(1, 2, 5)


async def test_heartbeats_right_before_midnight_still_count(client: AsyncClient, clock: FakeClock) -> None:
    clock.now = moment("2026-03-02 00:00") - 1
    await beat(client, 1)
    clock.now += 1

    assert await history(client) == days(1, 1, 1)


async def test_48_hours_that_are_over_at_midnight_are_over(client: AsyncClient, clock: FakeClock) -> None:
    clock.now = moment("2026-03-02 00:00")
    await beat(client, 1)
    clock.now += 1
    await beat(client, 2)
    clock.now = moment("2026-03-05 12:00")

    assert await history(client) == days(2, 2, 1, 0, 0)


@pytest.mark.parametrize("comes_back", [False, True])
async def test_days_that_the_server_was_down_are_written_at_the_next_start(
    tmp_path: Path, clock: FakeClock, comes_back: bool
) -> None:
    """They count what was heard, as on any day: whoever comes back later was not heard then."""
    async with server(tmp_path, clock) as client:
        await beat(client, 1, 2)
        clock.now += DAY
        await beat(client, 1)
    clock.now = moment("2026-03-07 12:00")
    async with server(tmp_path, clock) as client:
        if comes_back:
            await beat(client, 1, 2, 3)

        assert await history(client) == days(1, 2, 2, 1, 0, 0, 0, 3 if comes_back else 0)


async def test_a_restart_changes_nothing(tmp_path: Path, clock: FakeClock) -> None:
    shown = []
    for _ in range(3):
        async with server(tmp_path, clock) as client:
            await beat(client, 1, 2)
            shown.append(await history(client))
    assert shown == [days(1, 2)] * 3


async def test_months_survive_years(tmp_path: Path, clock: FakeClock) -> None:
    async with server(tmp_path, clock) as client:
        clock.now = moment("2026-03-31 12:00")
        await beat(client, 1, 2, 3)
    clock.now = moment("2028-05-01 12:00")
    async with server(tmp_path, clock) as client:
        await beat(client, 1)
        months = await history(client, "monthly")

    assert len(months) == 27
    assert {month: count for month, count in months.items() if count} == {"2026-03": 3, "2028-05": 1}


async def test_another_minimum_age_holds_from_then_on(tmp_path: Path, clock: FakeClock) -> None:
    async with server(tmp_path, clock) as client:
        await beat(client, 1)
        clock.now += 20 * HOUR
        await beat(client, 1, 2)
        assert await history(client) == days(1, 1, 2)
    clock.now += HOUR
    async with server(tmp_path, clock, min_age_hours=21) as client:
        assert await history(client) == days(1, 1, 1)
        clock.now += 20 * HOUR
        assert await total(client) == 2
        clock.now += 27 * HOUR - 1
        assert await total(client) == 2
        clock.now += 1
        assert await total(client) == 0
        assert await history(client) == days(1, 1, 1, 2, 0)


async def test_a_longer_minimum_age_than_48_hours_may_begin_at_any_time(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with server(tmp_path, clock) as client:
        await beat(client, 1, 2)
    async with server(tmp_path, clock, min_age_hours=100) as client:
        assert await total(client) == 0
        for _ in range(3):
            clock.now += 40 * HOUR
            await beat(client, 1)
        assert await total(client) == 1
