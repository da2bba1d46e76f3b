"""Custom events counted by property day by day, and no report tells."""

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient
from litestar import Litestar

from tests.make import DAY, FakeClock
from tests.web.cast import GOOGLEBOT, Owner, Traffic
from tests.web.rolled_up import days_of, write
from tinytrail.core.clock import date_of
from tinytrail.core.db import Database
from tinytrail.jobs import run_missed
from tinytrail.web.deletion import OF_OLD_DAYS, delete_slice, purge_old_days
from tinytrail.web.reports import property_days
from tinytrail.web.reports.property_days import COUNTED, NOT_WORTH_IT
from tinytrail.web.rollup import roll_up_finished

DAYS = 5
ASKED: tuple[dict[str, Any], ...] = (
    {},
    {"include_bots": "true"},
    {"event_name": "signup"},
    {"event_name": "custom"},
    {"event_name": "none"},
    {"search": "PRO"},
    {"per_page": 2, "page": 2},
    {"filters[]": "property:plan=pro"},
)


@pytest.fixture(autouse=True)
def _all_days_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(property_days, "WORTH", 0)


async def a_day(visit: Traffic, number: int) -> None:
    for ip in range(3):
        plan = ("pro", "free")[(number + ip) % 2]
        await visit(
            "/", "signup", ip=f"198.51.100.{ip}", properties={"plan": plan, "seats": ip, "odd": [1.5]}
        )
        await visit("upgrade", ip=f"198.51.100.{ip}", properties={"plan": "pro"})
    await visit("custom", properties={"event_name": "played", "n": number})
    await visit("signup", agent=GOOGLEBOT, status=204, properties={"plan": "bot"})


@pytest.fixture
async def first_day(visit: Traffic, admin: AsyncClient) -> int:
    """Five days of traffic, each rolled up as it is over, and a sixth."""
    return await days_of(a_day, DAYS, visit, admin)


async def rows(owner: Owner, first: int, last: int, **params: Any) -> Any:
    dates = {"start_date": str(date_of(first)), "end_date": str(date_of(last))}
    return await owner.rows("event-properties", **dates, **params)


async def of_every_period(owner: Owner, first: int) -> list[Any]:
    days = range(first, first + DAYS + 1)
    periods = [(start, end) for start in days for end in days if start <= end]
    return [await rows(owner, start, end, **asked) for asked in ASKED for start, end in periods]


async def days(db: Database, state: int = COUNTED) -> list[int]:
    sql = "select day from property_days where state = ? order by day"
    return [day for (day,) in await db.read(lambda tx: tx.execute(sql, (state,)).fetchall())]


async def rows_without_a_day(db: Database) -> int:
    sql = "select count(*) from property_counts where day not in (select id from property_days)"
    return int((await db.read(lambda tx: tx.execute(sql).fetchone()))[0])


async def test_every_period_reads_as_if_there_were_none(owner: Owner, db: Database, first_day: int) -> None:
    # The first day that there are events of is none: a purge might have been at it.
    assert await days(db) == list(range(first_day + 1, first_day + DAYS))
    read = await of_every_period(owner, first_day)
    assert any(read)
    assert await write(db, "delete from property_days") == DAYS - 1
    assert await rows_without_a_day(db) == 0
    assert await of_every_period(owner, first_day) == read


@pytest.mark.parametrize(
    ("asked", "are_read"),
    [({}, True), ({"event_name": "signup"}, True), ({"filters[]": "device:desktop"}, False)],
)
async def test_reports_without_a_filter_are_read_from_them(
    owner: Owner, db: Database, first_day: int, asked: dict[str, Any], are_read: bool
) -> None:
    before = await rows(owner, first_day, first_day + DAYS, **asked)
    assert await write(db, "update property_counts set count = count + 100")
    assert (await rows(owner, first_day, first_day + DAYS, **asked) != before) == are_read
    assert await rows(owner, first_day, first_day, **asked) == await rows(
        owner, first_day, first_day, **asked
    )


async def test_a_day_with_nearly_as_many_values_as_events_is_read_event_by_event(
    owner: Owner, db: Database, first_day: int, app: Litestar, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = await of_every_period(owner, first_day)
    monkeypatch.setattr(property_days, "WORTH", 1000)
    await write(db, "delete from property_days")
    await run_missed(app.state)
    assert await days(db) == []
    assert await days(db, NOT_WORTH_IT) == list(range(first_day + 1, first_day + DAYS))
    assert await of_every_period(owner, first_day) == read


async def test_days_of_before_there_were_any_are_counted_by_a_job(
    owner: Owner, db: Database, first_day: int, app: Litestar
) -> None:
    read, counted = await of_every_period(owner, first_day), await days(db)
    await write(db, "delete from property_days")
    await run_missed(app.state)
    assert await days(db) == counted
    assert await of_every_period(owner, first_day) == read


async def test_one_that_was_begun_and_never_stored_is_counted_anew(
    owner: Owner, db: Database, first_day: int, app: Litestar
) -> None:
    read, counted = await of_every_period(owner, first_day), await days(db)
    await write(db, "delete from property_counts")
    await write(db, "update property_days set state = 0")
    assert await of_every_period(owner, first_day) == read
    await run_missed(app.state)
    assert await days(db) == counted
    assert await of_every_period(owner, first_day) == read


async def test_two_that_count_at_once_store_each_day_once(owner: Owner, db: Database, first_day: int) -> None:
    """The job, and an admin's POST /api/v1/admin/aggregate."""
    read, counted = await of_every_period(owner, first_day), await days(db)
    await write(db, "delete from property_days")
    [(site,)] = await db.read(lambda tx: tx.execute("select site from websites").fetchall())
    days_of_two = [await db.read(property_days.missing_days, site) for _ in range(2)]
    assert days_of_two == [counted, counted]
    for order in ((0, 1, 0, 1), (0, 0, 1, 1), (0, 1, 1, 0)):
        begun: dict[int, property_days.Day | None] = {}
        for who in order:
            if who not in begun:
                begun[who] = await db.write(property_days.begin_day, site, counted[0])
            elif day := begun[who]:
                await db.write(property_days.store_day, day, await db.read(property_days.count_day, day))
        assert await days(db) == counted[:1]
        await write(db, "delete from property_days")
    await asyncio.gather(*(property_days.count_properties(db, site) for _ in range(3)))
    assert await days(db) == counted
    assert await of_every_period(owner, first_day) == read


async def test_a_day_that_changes_is_counted_anew(
    visit: Traffic, owner: Owner, db: Database, first_day: int, clock: FakeClock
) -> None:
    counted, now = await days(db), clock.now
    clock.now = (first_day + 2) * DAY + 1000
    await visit("signup", ip="198.51.100.77", properties={"plan": "late"})
    clock.now = now
    assert await days(db) == [day for day in counted if day != first_day + 2]
    read = await of_every_period(owner, first_day)
    assert {"property": "plan", "value": "late", "count": 1} in await rows(owner, first_day, first_day + DAYS)
    await roll_up_finished(db, clock.now)
    assert await days(db) == counted
    assert await of_every_period(owner, first_day) == read


async def test_one_that_changes_while_it_is_counted_is_not_stored(
    visit: Traffic, db: Database, website: str, first_day: int, clock: FakeClock
) -> None:
    day = first_day + 2
    await write(db, "delete from property_days")
    [(site,)] = await db.read(lambda tx: tx.execute("select site from websites").fetchall())
    begun = await db.write(property_days.begin_day, site, day)
    assert begun
    counted = await db.read(property_days.count_day, begun)
    clock.now = day * DAY + 1000
    await visit("signup", ip="198.51.100.77", properties={"plan": "late"})
    assert await db.write(property_days.begin_day, site, day) is None  # it is open
    await db.write(property_days.store_day, begun, counted)
    assert await days(db) == []
    assert await write(db, "delete from property_counts") == 0


@pytest.mark.parametrize("slice_size", [1, 5000])
async def test_those_of_days_that_are_forgotten_go_with_them(
    owner: Owner, db: Database, first_day: int, clock: FakeClock, slice_size: int
) -> None:
    kept = first_day + 3
    before = await rows(owner, kept, first_day + DAYS)
    for sql in OF_OLD_DAYS:
        while await db.write(delete_slice, slice_size, sql, 1, kept) == slice_size:
            assert await rows_without_a_day(db) == 0
    assert await rows(owner, first_day, first_day + DAYS) == before != []
    assert await days(db) == [kept, kept + 1]
    await purge_old_days(db, 1, clock.now)
    assert await days(db) == [kept + 1]
    assert await rows_without_a_day(db) == 0
