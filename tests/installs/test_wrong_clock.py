"""A clock that is wrong, or was: the counts come right again by themselves."""

import pytest
from httpx import AsyncClient
from litestar import Litestar

from tests.installs.make import all_days, beat, days, history, total
from tests.make import DAY, HOUR, FakeClock, moment
from tinytrail.core.db import Database
from tinytrail.jobs import count_installs


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(moment("2026-03-01 12:00"))


async def test_a_midnight_that_comes_twice_ends_the_day_once(
    app: Litestar, client: AsyncClient, clock: FakeClock
) -> None:
    await beat(client, 1)
    clock.now = moment("2026-03-02 00:00")
    await count_installs(app.state)
    clock.now -= 2
    await beat(client, 1, 2)

    assert await history(client) == days(1, 1, 2)
    clock.now += 3
    assert await history(client) == days(1, 1, 2)


SET_BACK = [1, 60, 3600, 13 * HOUR, DAY, DAY + 1, 3 * DAY, 400 * DAY]


@pytest.mark.parametrize("seconds", SET_BACK)
async def test_a_clock_set_back_loses_and_invents_no_instance(
    app: Litestar, client: AsyncClient, clock: FakeClock, seconds: int
) -> None:
    began = clock.now = moment("2026-03-10 12:00")
    await beat(client, 1, 2)
    clock.now -= seconds
    assert await total(client) == 2
    await beat(client, 2, 3)
    assert await total(client) == 3
    await count_installs(app.state)
    assert await total(client) == 3

    clock.now = began
    await beat(client, 1, 2, 3)
    assert await total(client) == 3
    clock.now = began + 48 * HOUR
    assert await total(client) == 0


@pytest.mark.parametrize("who", ["a heartbeat", "the job", "a reader"])
async def test_a_clock_that_was_far_ahead_leaves_no_trace(
    app: Litestar, client: AsyncClient, db: Database, clock: FakeClock, who: str
) -> None:
    began = clock.now
    await beat(client, 1, 2)
    clock.now = moment("2030-01-01 00:00")
    match who:
        case "a heartbeat":
            await beat(client, 1)
        case "the job":
            await count_installs(app.state)
        case _:
            assert await total(client) == 0
    clock.now = began + 60

    assert await history(client) == days(1, 2)
    assert await db.read(all_days) == []
    await beat(client, 1, 2)
    clock.now = began + 60 + 48 * HOUR
    assert await history(client) == days(1, 2, 2, 0)
