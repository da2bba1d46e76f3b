"""A clock that jumps, midnights, salts and rollups amid traffic: nothing is lost, counted twice or a 500."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response
from litestar import Litestar

from tests.faults.load import SAME
from tests.make import DAY, HOUR, MINUTE, FakeClock, config_in, hit, moment
from tinytrail import jobs
from tinytrail.config import Config
from tinytrail.core.connect import Tx
from tinytrail.core.db import Database
from tinytrail.web.rollup import roll_up_finished

ZONES = ("UTC", "Pacific/Auckland", "America/St_Johns")
JUMPS = (0, 1, -1, 59, MINUTE, -MINUTE, 31 * MINUTE, HOUR, -HOUR, 11 * HOUR, DAY, -DAY, 40 * DAY, -40 * DAY)
JOBS = [job for job in jobs.JOBS if "webhook" not in job.name]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return config_in(
        tmp_path,
        server={"trusted_proxies": ["203.0.113.9"]},
        web={"collect_limit": "", "api_limit": ""},
        track={"retention_days": 0},
        installs={"heartbeat_limit": "", "new_limit": ""},
        presence={"secret_key": "secret"},
    )


@pytest.fixture
async def websites(admin: AsyncClient) -> list[str]:
    """One in each zone."""
    made = [
        await admin.post("/api/v1/websites", json={"domain": f"{number}.example", "timezone": zone})
        for number, zone in enumerate(ZONES)
    ]
    return [answer.json()["data"]["id"] for answer in made]


@pytest.fixture
async def token(client: AsyncClient) -> str:
    made = await client.post("/api/devices", json={"name": "x"}, headers={"authorization": "secret"})
    token: str = made.json()["token"]
    return token


def number(tx: Tx, sql: str) -> int:
    return tx.execute(sql).fetchone()[0] or 0


async def pageviews(admin: AsyncClient, website: str) -> int:
    params = {"website_id": website, "start_date": "2020-01-01", "end_date": "2040-01-01"}
    summary = (await admin.get("/api/v1/reports/summary", params=params)).json()["data"]
    value: int = summary["metrics"]["pageviews"]["value"]
    return value


@pytest.mark.parametrize("rounds", [25, pytest.param(1000, marks=pytest.mark.long)])
async def test_a_clock_set_back_and_forward_under_load(
    app: Litestar,
    client: AsyncClient,
    admin: AsyncClient,
    db: Database,
    clock: FakeClock,
    websites: list[str],
    token: str,
    rounds: int,
) -> None:
    chance = random.Random(1)
    sent = dict.fromkeys(websites, 0)

    def some_request() -> Awaitable[Response]:
        website, who = chance.choice(websites), chance.randrange(20)
        match chance.randrange(6):
            case 0:
                body: dict[str, Any] = {"event": chance.choice(["play", "stop"]), "user_id": f"user {who}"}
                return client.post("/track", json=body)
            case 1:
                instance = str(UUID(int=chance.randrange(200)))
                return client.post("/heartbeat", json={"instance_id": instance, "version": "1"})
            case 2:
                return client.post("/api/beat", headers={"authorization": token})
            case _:
                sent[website] += 1
                body = hit(website, f"/{who % 7}")
                return client.post(
                    "/api/v1/collect", json=body, headers={"x-forwarded-for": f"198.51.100.{who}"}
                )

    for _ in range(rounds):
        under_way = [asyncio.ensure_future(some_request()) for _ in range(20)]
        for _ in range(3):
            await asyncio.sleep(0)
            clock.now += chance.choice(JUMPS)
        await asyncio.gather(*(jobs.run(job, app.state) for job in chance.sample(JOBS, 2)))
        assert {answer.status_code for answer in await asyncio.gather(*under_way)} <= {200, 202}
        stats = (await client.get("/api/stats")).json()
        assert min(stats["longest_absence"], stats["last_seen_relative"], stats["uptime"]) >= 0

    assert {website: await pageviews(admin, website) for website in websites} == sent
    clock.now = moment("2039-01-01 00:00")
    await roll_up_finished(db, clock())
    assert {website: await pageviews(admin, website) for website in websites} == sent
    for query, total in SAME:
        if "active_now" not in total:  # who is active has changed with the time
            assert await db.read(number, query) == await db.read(number, total), (query, total)
    assert all(run.failures == 0 for run in app.state.runs.values())


@pytest.mark.parametrize("days", [3, pytest.param(400, marks=pytest.mark.long)])
async def test_midnight_under_load_with_salt_and_rollup_turning_amid_it(
    app: Litestar,
    client: AsyncClient,
    admin: AsyncClient,
    db: Database,
    clock: FakeClock,
    websites: list[str],
    days: int,
) -> None:
    visitors = [f"198.51.100.{number}" for number in range(30)]
    clock.now = moment("2026-03-10 23:59")

    def everybody_visits() -> list[asyncio.Future[Response]]:
        return [
            asyncio.ensure_future(
                client.post("/api/v1/collect", json=hit(websites[0]), headers={"x-forwarded-for": ip})
            )
            for ip in visitors
        ]

    for _ in range(days):
        under_way = everybody_visits()
        for _ in range(5):
            await asyncio.sleep(0)
        clock.now += MINUTE  # amid it
        under_way += everybody_visits()
        await asyncio.gather(*(jobs.run(job, app.state) for job in JOBS))
        assert {answer.status_code for answer in await asyncio.gather(*under_way)} == {202}
        clock.now += DAY - MINUTE
        await roll_up_finished(db, clock())

    assert await pageviews(admin, websites[0]) == 2 * len(visitors) * days
    names = await db.read(lambda tx: tx.execute("select distinct day, visitor from visits").fetchall())
    per_day = Counter(day for day, _ in names)
    assert len({name for _, name in names}) == len(names)  # nobody has one name on two days
    assert [per_day[day] for day in sorted(per_day)[-days:]] == [len(visitors)] * days  # nor two on one
