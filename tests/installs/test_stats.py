"""GET /stats: who is active, and the shape of the answer."""

from pathlib import Path

import pytest
from httpx import AsyncClient

from tests.installs.make import beat, client_at, history, is_one_line_of_text, total
from tests.make import DAY, HOUR, FakeClock, alone_in, moment
from tinytrail.app import create_app


async def test_with_no_heartbeat_ever_there_is_nothing_to_show(client: AsyncClient) -> None:
    for timeframe in ("daily", "monthly"):
        response = await client.get("/stats", params={"timeframe": timeframe})
        assert (response.status_code, response.json()) == (200, {"total": 0, "history": []})


async def test_the_answer_has_the_documented_shape(client: AsyncClient) -> None:
    await beat(client, 1, 2)

    daily, monthly = await client.get("/stats"), await client.get("/stats?timeframe=monthly")
    assert daily.json() == {"total": 2, "history": [{"date": "2026-03-14", "count": 2}]}
    assert monthly.json() == {"total": 2, "history": [{"date": "2026-03", "count": 2}]}
    assert daily.headers["content-type"] == "application/json"
    assert (await client.get("/stats?timeframe=daily")).json() == daily.json()


@pytest.mark.parametrize("timeframe", ["weekly", "", "DAILY", "daily,monthly", "30"])
async def test_an_unknown_timeframe_is_a_400(client: AsyncClient, timeframe: str) -> None:
    response = await client.get("/stats", params={"timeframe": timeframe})

    assert (response.status_code, response.text) == (400, "timeframe: must be daily or monthly")
    assert is_one_line_of_text(response)


SILENCES = [
    # seconds since the last heartbeat, and how many are active then
    (0, 1),
    (24 * HOUR, 1),
    (48 * HOUR - 1, 1),
    (48 * HOUR, 0),
    (48 * HOUR + 1, 0),
    (100 * DAY, 0),
]


@pytest.mark.parametrize(("silence", "active"), SILENCES)
async def test_active_is_a_heartbeat_under_48_hours_ago(
    client: AsyncClient, clock: FakeClock, silence: int, active: int
) -> None:
    await beat(client)
    clock.now += silence

    assert await total(client) == active


async def test_a_heartbeat_keeps_an_instance_active(client: AsyncClient, clock: FakeClock) -> None:
    for _ in range(10):
        await beat(client)
        clock.now += 48 * HOUR - 1
        assert await total(client) == 1


async def test_an_instance_that_comes_back_counts_again(client: AsyncClient, clock: FakeClock) -> None:
    await beat(client, 1)
    clock.now += 30 * DAY
    assert await total(client) == 0
    await beat(client, 1)

    assert await total(client) == 1


async def test_many_heartbeats_of_an_instance_are_one_instance(client: AsyncClient, clock: FakeClock) -> None:
    for _ in range(20):
        await beat(client, 1)
        clock.now += 7

    assert await total(client) == 1


AGES = [
    # min_age_hours; hours since the first heartbeat, and how many are active then
    (0, 0, 1),
    (24, 0, 0),
    (24, 23.999, 0),
    (24, 24, 1),
    (24, 47.999, 1),
    (24, 48, 0),
    (48, 47.999, 0),
    (48, 48, 0),
    (100, 99, 0),
    (100, 101, 0),
]


@pytest.mark.parametrize(("min_age", "hours", "active"), AGES)
async def test_newcomers_are_left_out_until_they_are_old_enough(
    tmp_path: Path, clock: FakeClock, min_age: int, hours: float, active: int
) -> None:
    app = create_app(alone_in(tmp_path, "installs", installs={"min_age_hours": min_age}), clock)
    async with app.lifespan(), client_at(app) as client:
        await beat(client)
        clock.now += hours * HOUR

        assert await total(client) == active


async def test_who_keeps_alive_counts_from_the_minimum_age_on(tmp_path: Path, clock: FakeClock) -> None:
    app = create_app(alone_in(tmp_path, "installs", installs={"min_age_hours": 100}), clock)
    async with app.lifespan(), client_at(app) as client:
        totals = []
        for _ in range(6):
            await beat(client)
            totals.append(await total(client))
            clock.now += 25 * HOUR

    assert totals == [0, 0, 0, 0, 1, 1]


async def test_the_last_thirty_days_are_shown_from_the_first_with_any_active(
    client: AsyncClient, clock: FakeClock
) -> None:
    clock.now = moment("2026-01-01 12:00")
    await beat(client, 1)
    for day in range(2, 11):
        clock.now = moment(f"2026-01-{day:02} 11:00")
        await beat(client, *range(1, day + 1))
    assert await history(client) == {f"2026-01-{day:02}": day for day in range(1, 11)}

    clock.now = moment("2026-02-05 00:00")
    shown = await history(client)
    assert (len(shown), min(shown), max(shown)) == (30, "2026-01-07", "2026-02-05")
    assert list(shown.values()) == [7, 8, 9, 10, 10] + [0] * 25

    clock.now = moment("2026-02-11 00:00")
    assert await history(client) == {}


async def test_months_are_shown_from_the_first_ever(client: AsyncClient, clock: FakeClock) -> None:
    for date, instances in (("2025-11-30", 3), ("2026-01-31", 2), ("2026-02-27", 1), ("2026-03-10", 4)):
        clock.now = moment(f"{date} 23:00")
        await beat(client, *range(instances))

    assert await history(client, "monthly") == {
        "2025-11": 3,
        "2025-12": 0,
        "2026-01": 2,
        "2026-02": 1,
        "2026-03": 4,
    }


ANSWERS = [
    ("GET", "/stats", 200),
    ("GET", "/stats?timeframe=monthly", 200),
    ("GET", "/stats?timeframe=x", 400),
    ("GET", "/stats/x", 404),
    ("POST", "/stats", 405),
    ("DELETE", "/stats", 405),
    ("OPTIONS", "/stats", 204),
]


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
async def test_any_website_may_read_every_answer(
    client: AsyncClient, method: str, path: str, status: int
) -> None:
    response = await client.request(method, path, headers={"origin": "https://example.com"})

    assert response.status_code == status
    assert response.headers["access-control-allow-origin"] == "*"
    assert status < 400 or is_one_line_of_text(response)


async def test_a_preflight_says_what_may_be_sent(client: AsyncClient) -> None:
    asked = {"origin": "https://example.com", "access-control-request-method": "GET"}
    response = await client.options("/stats", headers=asked)

    assert response.headers["access-control-allow-methods"] == "GET, OPTIONS"
    assert response.headers["access-control-allow-headers"] == "*"


async def test_a_failure_is_one_line_that_any_website_may_read(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tinytrail.installs.stats.read_stats", None)  # calling it fails
    response = await client.get("/stats")

    assert (response.status_code, response.text) == (500, "Unexpected server error")
    assert response.headers["access-control-allow-origin"] == "*"
