"""A day with much traffic is counted while it lasts, as far as it has gone, and no report tells."""

import asyncio
import itertools
from typing import Any

import pytest
from litestar import Litestar

from tests.make import DAY, HOUR, MINUTE, FakeClock, moment, until_started
from tests.web.cast import GOOGLEBOT, Owner, Traffic
from tests.web.test_aggregate import all_reports
from tinytrail import jobs
from tinytrail.core.connect import Tx
from tinytrail.core.db import Database
from tinytrail.jobs import roll_up_days
from tinytrail.web import rollup
from tinytrail.web.rollup import SLACK, begin_counting, busy_days, catch_up, store_so_far, what_came


@pytest.fixture(autouse=True)
def _a_few_events_are_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollup, "BUSY", 5)


async def state(db: Database) -> tuple[int, int, int]:
    """Until when the last day is counted, the first visit that may go on, and how many `daily` has of it."""

    def read(tx: Tx) -> Any:
        [(day, *counted)] = tx.execute(
            "select day, counted, first_open from open_days order by day desc limit 1"
        ).fetchall()
        visits = "select coalesce(sum(visits), 0) from daily where dimension = 0 and day = ?"
        return *counted, tx.execute(visits, [day]).fetchone()[0]

    found: tuple[int, int, int] = await db.read(read)
    return found


async def morning(visit: Traffic, clock: FakeClock) -> None:
    """Three visits that are over by eleven, of which a bot's, and one that may go on."""
    await visit("/", "/blog/a", "signup", ip="192.0.2.1", referrer="https://t.co/a", country="DE")
    await visit("/blog/a", "/", "close_tab", ip="192.0.2.2", utm_source="news")
    await visit("/", "/blog/a", ip="192.0.2.3", agent=GOOGLEBOT, status=204)
    clock.now += HOUR
    await visit("/", ip="192.0.2.4")
    clock.now += 20 * MINUTE


async def lists_with(owner: Owner) -> list[Any]:
    batch = await owner.report("batch", **{"reports[]": ["event-properties", "realtime"], "period": "today"})
    overview = await owner.client.get("/api/v1/reports/overview", params={"period": "today"})
    exported = await owner.client.get(
        f"/api/v1/websites/{owner.website_id}/export", params={"table": "daily"}
    )
    lines = sorted(exported.text.splitlines())
    return [batch, overview.json(), lines, await all_reports(owner)]


@pytest.mark.parametrize("website_settings", [{"content_groups": [{"name": "Blog", "pattern": "/blog/*"}]}])
async def test_reports_are_the_same_before_and_after_and_with_what_comes_then(
    app: Litestar, visit: Traffic, owner: Owner, clock: FakeClock, db: Database
) -> None:
    await morning(visit, clock)
    before = await lists_with(owner)
    await roll_up_days(app.state)
    assert await state(db) == (int(clock.now - SLACK), 4, 4)
    assert await lists_with(owner) == before

    await visit("/blog/b", "signup", ip="192.0.2.4")  # goes on, and bounces no more
    await visit("/", "/blog/a", "/new", ip="192.0.2.1", country="FR")  # comes back: a visit more, no visitor
    await visit("/", ip="192.0.2.5")
    counted = await lists_with(owner)
    assert (await state(db))[2] == 4
    await forget_what_is_counted(db)
    assert await lists_with(owner) == counted


async def forget_what_is_counted(db: Database) -> None:
    await db.write(lambda tx: tx.execute("update open_days set counted = 0, first_open = 0").rowcount)
    await db.write(lambda tx: tx.execute("delete from daily").rowcount)


@pytest.mark.parametrize("often", [1, 2, 3])
@pytest.mark.parametrize("website_settings", [{"timezone": "Asia/Tokyo"}])
async def test_a_visit_is_counted_bit_by_bit_past_its_midnight_too(
    app: Litestar, visit: Traffic, owner: Owner, clock: FakeClock, db: Database, often: int
) -> None:
    """That of Tokyo is at 15:00."""
    clock.now = moment("2026-03-14 14:50")
    pages = ["/", "/a", "/a", "/b", "/", "signup", "/c", "/a", "/b"]
    for number, page in enumerate(pages):
        await visit(page, ip="192.0.2.1")
        await visit("/", page, ip=f"192.0.2.{number + 2}")
        clock.now += 2 * MINUTE
        if number % often == 0:
            await roll_up_days(app.state)
    assert (await state(db))[0] > moment("2026-03-14 15:00")
    counted = await lists_with(owner), await of_each_day(owner)
    await forget_what_is_counted(db)
    assert (await lists_with(owner), await of_each_day(owner)) == counted


async def of_each_day(owner: Owner) -> list[Any]:
    return [
        await owner.report(name, start_date=day, end_date=day)
        for name in ("summary", "pages", "flow")
        for day in ("2026-03-14", "2026-03-15")
    ]


async def test_each_hour_more_of_it_is_counted_and_in_the_end_all(
    app: Litestar, visit: Traffic, clock: FakeClock, db: Database, owner: Owner
) -> None:
    await morning(visit, clock)
    visits = []
    for _ in range(3):
        await roll_up_days(app.state)
        visits.append((await state(db))[2])
        clock.now += 32 * MINUTE
        await visit("/", ip="192.0.2.9")
    assert visits == [4, 4, 5]  # the last one came as it was counted
    clock.now += DAY
    await roll_up_days(app.state)
    assert await db.read(lambda tx: tx.execute("select * from open_days").fetchall()) == []
    assert (await owner.metrics(period="yesterday"))["visits"] == 6


async def test_a_day_is_caught_up_with_once_enough_has_come_since(
    app: Litestar, visit: Traffic, clock: FakeClock, db: Database
) -> None:
    counted = []
    for number in range(12):
        await visit("/", ip=f"192.0.2.{number}")
        clock.now += MINUTE
        await catch_up(db, clock.now)
        counted.append((await state(db))[2])
    assert counted == [0, 0, 0, 0, 5, 5, 5, 5, 5, 10, 10, 10]


async def test_it_is_looked_at_every_few_seconds(
    app: Litestar, visit: Traffic, clock: FakeClock, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await visit("/", "/a", "/b", "/c", "/d")
    clock.now += MINUTE
    monkeypatch.setattr(jobs, "LOOK_AGAIN", 0)
    looking = asyncio.create_task(jobs.count_as_it_comes(app.state))
    async with asyncio.timeout(10):
        while (await state(db))[2] == 0:  # noqa: ASYNC110 - nothing tells when
            await asyncio.sleep(0.01)
    looking.cancel()
    assert app.state.runs["count busy days"].failures == 0


@pytest.mark.parametrize(("commits", "share"), [(500, jobs.SHARE), (50, jobs.SHARE_OF_RUSH)])
async def test_whoever_sends_much_at_once_has_more_of_the_processors(
    app: Litestar, db: Database, monkeypatch: pytest.MonkeyPatch, commits: int, share: int
) -> None:
    rests: list[float] = []

    async def rest(seconds: float) -> None:
        rests.append(seconds)
        if len(rests) == 2:
            raise asyncio.CancelledError

    await until_started(app)
    db.commits.writes, db.commits.count = 1000, commits
    monkeypatch.setattr(jobs, "LOOK_AGAIN", 0.5)
    monkeypatch.setattr(jobs, "perf_counter", itertools.count().__next__)  # a second a look
    monkeypatch.setattr(asyncio, "sleep", rest)
    with pytest.raises(asyncio.CancelledError):
        await jobs.count_as_it_comes(app.state)
    assert rests == [0.5, 3 * share]


async def test_a_quiet_day_is_left_alone(
    app: Litestar, visit: Traffic, clock: FakeClock, db: Database
) -> None:
    await visit("/", "/two", "/three", "/four")
    clock.now += HOUR
    await roll_up_days(app.state)
    assert await state(db) == (0, 0, 0)


async def test_a_clock_set_back_into_what_is_counted_has_it_counted_anew(
    app: Litestar, visit: Traffic, clock: FakeClock, db: Database, owner: Owner
) -> None:
    await morning(visit, clock)
    await roll_up_days(app.state)
    clock.now = moment("2026-03-14 09:40")  # set back, into the first visit
    await visit("/late", ip="192.0.2.1")
    assert await state(db) == (0, 0, 0)
    metrics = await owner.metrics(period="today")
    assert (metrics["visits"], metrics["pageviews"]) == (3, 6)


async def test_what_comes_too_late_while_it_is_counted_makes_it_give_up(
    visit: Traffic, clock: FakeClock, db: Database, owner: Owner
) -> None:
    await morning(visit, clock)
    [day] = await db.read(busy_days, clock.now)
    before = int(clock.now - SLACK)
    await db.write(begin_counting, day, before)
    counted = await db.read(what_came, day, before)
    clock.now = moment("2026-03-14 09:40")
    await visit("/late", ip="192.0.2.1")
    await db.write(store_so_far, day, before, counted)
    assert await state(db) == (0, 0, 0)
    assert (await owner.metrics(period="today"))["pageviews"] == 6


async def test_what_comes_in_time_does_not(
    visit: Traffic, clock: FakeClock, db: Database, owner: Owner
) -> None:
    await morning(visit, clock)
    [day] = await db.read(busy_days, clock.now)
    before = int(clock.now - SLACK)
    await db.write(begin_counting, day, before)
    counted = await db.read(what_came, day, before)
    await visit("/in-time", ip="192.0.2.4")
    await db.write(store_so_far, day, before, counted)
    assert await state(db) == (before, 4, 4)
    assert (await owner.metrics(period="today"))["pageviews"] == 6


async def test_what_is_counted_is_not_counted_again(
    app: Litestar, visit: Traffic, clock: FakeClock, db: Database
) -> None:
    await morning(visit, clock)
    await roll_up_days(app.state)
    await db.write(
        lambda tx: tx.execute("update daily set visits = visits + 100 where dimension = 0").rowcount
    )
    clock.now += HOUR
    await visit("/", ip="192.0.2.5")
    await roll_up_days(app.state)
    assert (await state(db))[2] == 204  # of people and of bots


async def test_a_clock_set_back_a_little_counts_nothing_twice(
    app: Litestar, visit: Traffic, clock: FakeClock, db: Database, owner: Owner
) -> None:
    await morning(visit, clock)
    await roll_up_days(app.state)
    before = await state(db)
    metrics = await owner.metrics(period="today")
    for minutes in (2, 20, 50):
        clock.now -= minutes * MINUTE
        await roll_up_days(app.state)
        clock.now += minutes * MINUTE
        assert await state(db) == before
        await roll_up_days(app.state)
        assert await owner.metrics(period="today") == metrics
