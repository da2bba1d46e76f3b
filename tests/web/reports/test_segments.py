"""Segments: weeks of page views counted by what many visits have, and no report tells."""

from typing import Any

import pytest
from httpx import AsyncClient
from litestar import Litestar

from tests.make import DAY, MINUTE, FakeClock, moment
from tests.web.cast import FIREFOX, GOOGLEBOT, IPHONE, Owner, Traffic
from tests.web.rolled_up import days_of, write
from tests.web.test_aggregate import AGGREGATE
from tinytrail.core.clock import date_of, utc_day
from tinytrail.core.db import Database
from tinytrail.jobs import run_missed
from tinytrail.web import rollup
from tinytrail.web.deletion import OF_OLD_DAYS, delete_slice, purge_old_days
from tinytrail.web.reports import segments
from tinytrail.web.reports.filters import SEGMENTED
from tinytrail.web.rollup import roll_up_finished

DAYS = 11
FILTERS = (
    "channel:Social",
    "referrer:t.co",
    "device:mobile",
    "device:desktop",
    "browser:Firefox",
    "os:iOS",
    "screen:1441+",
    "country:DE",
    "entry:/",
    "exit:/page-1",
    "country:none of them",
)


@pytest.fixture(autouse=True)
def _weeks_are_short_and_all_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "DAYS", 2)
    monkeypatch.setattr(segments, "SHARE", 1000)
    monkeypatch.setattr(segments, "FEWEST_PAGE_VIEWS", 1)


async def a_day(visit: Traffic, number: int) -> None:
    for ip in range(3):
        came: dict[str, Any] = {
            "ip": f"198.51.100.{ip}",
            "country": ("DE", "FR", "")[ip],
            "agent": FIREFOX if number % 3 else IPHONE,
            "referrer": "https://t.co/x" if ip else "",
        }
        await visit("/", f"/page-{number % 4}", "/", **came)
        visit.clock.now += 40 * MINUTE
        await visit("/page-1", "signup", **came)  # the same visitor again
    await visit("/", agent=GOOGLEBOT, status=204)


@pytest.fixture
async def first_day(visit: Traffic, admin: AsyncClient) -> int:
    """Eleven days of traffic, each rolled up as it is over, and a twelfth."""
    return await days_of(a_day, DAYS, visit, admin)


async def pages(owner: Owner, first: int, last: int, asked: str | list[str], **params: Any) -> Any:
    dates = {"start_date": str(date_of(first)), "end_date": str(date_of(last))}
    return await owner.rows("pages", **dates, **{"filters[]": asked}, **params)


async def pages_of_every_period(owner: Owner, first: int) -> list[Any]:
    days = range(first, first + DAYS + 1)
    periods = [(start, end) for start in days for end in days if start <= end]
    return [await pages(owner, start, end, asked) for asked in FILTERS for start, end in periods]


async def weeks(db: Database) -> list[int]:
    """Their first days."""
    sql = "select day from segment_weeks where is_counted order by day"
    return [day for (day,) in await db.read(lambda tx: tx.execute(sql).fetchall())]


async def rows_without_a_week(db: Database) -> int:
    sql = "select count(*) from segment_pages where week not in (select id from segment_weeks)"
    return int((await db.read(lambda tx: tx.execute(sql).fetchone()))[0])


async def test_every_period_reads_as_if_there_were_none(owner: Owner, db: Database, first_day: int) -> None:
    assert len(await weeks(db)) == 4
    read = await pages_of_every_period(owner, first_day)
    assert await write(db, "delete from segment_weeks") == 4
    assert await pages_of_every_period(owner, first_day) == read
    assert any(read)


@pytest.mark.parametrize(
    ("asked", "are_read"),
    [
        ("device:desktop", True),
        ("entry:/", True),
        (["device:desktop", "device:mobile"], False),  # a visitor may be of both
        (["device:desktop", "country:DE"], False),
        (["device:desktop", "page:/"], False),
        ("utm_source:news", False),
        ("event:signup", False),
    ],
)
async def test_they_are_what_a_filter_of_one_value_is_read_from(
    owner: Owner, db: Database, first_day: int, asked: str | list[str], are_read: bool
) -> None:
    before = await pages(owner, first_day, first_day + DAYS, asked)
    assert await write(db, "update segment_pages set pageviews = pageviews + 100")
    assert (await pages(owner, first_day, first_day + DAYS, asked) != before) == are_read


async def test_with_bots_they_are_not(owner: Owner, db: Database, first_day: int) -> None:
    asked = {"asked": "device:desktop", "include_bots": "true"}
    before = await pages(owner, first_day, first_day + DAYS, **asked)
    await write(db, "update segment_pages set pageviews = pageviews + 100")
    assert await pages(owner, first_day, first_day + DAYS, **asked) == before


@pytest.mark.parametrize(
    ("of_week", "gone"),
    [
        (0, {1}),
        (1, {1, 2}),  # a visit that began on a week's last day may have gone on in the next
    ],
)
async def test_a_day_that_changes_takes_its_week_away_until_it_is_rolled_up_again(
    visit: Traffic,
    owner: Owner,
    admin: AsyncClient,
    clock: FakeClock,
    db: Database,
    first_day: int,
    of_week: int,
    gone: set[int],
) -> None:
    counted = await weeks(db)
    changed = counted[1] + of_week
    clock.now -= (first_day + DAYS - changed) * DAY  # set back
    await visit("/late", ip="198.51.100.77", agent=FIREFOX)
    assert await weeks(db) == [day for number, day in enumerate(counted) if number not in gone]
    assert await rows_without_a_week(db) == 0
    clock.now += (first_day + DAYS - changed) * DAY
    late = {"asked": "browser:Firefox", "search": "/late"}
    assert [row["pageviews"] for row in await pages(owner, first_day, first_day + DAYS, **late)] == [1]
    await admin.post(AGGREGATE, json={"date": str(date_of(changed))})
    assert await weeks(db) == counted
    assert [row["pageviews"] for row in await pages(owner, first_day, first_day + DAYS, **late)] == [1]


async def test_one_that_changes_while_it_is_counted_is_not_stored(
    visit: Traffic, owner: Owner, clock: FakeClock, db: Database, first_day: int
) -> None:
    counted = await weeks(db)
    [site] = await db.read(rollup.all_sites)
    await write(db, "delete from segment_weeks")
    day = await db.read(segments.next_week, site)
    assert day == counted[0]
    week = await db.write(segments.begin_week, site, day)
    assert week
    [one, *_] = await db.read(segments.segments_of, week)
    views = await db.read(segments.count, one)
    clock.now -= (first_day + DAYS - day) * DAY
    await visit("/late", ip="198.51.100.77")
    await db.write(segments.store_segment, one, views)
    await db.write(segments.end_week, week)
    assert await weeks(db) == []
    assert await rows_without_a_week(db) == 0
    assert await db.write(segments.begin_week, site, day) is None


async def test_a_count_cut_short_is_not_read_and_taken_up_again(
    app: Litestar, owner: Owner, db: Database, first_day: int
) -> None:
    counted = await weeks(db)
    read = await pages_of_every_period(owner, first_day)
    await write(db, "update segment_weeks set is_counted = 0")
    await write(db, "delete from segment_pages where path % 2")
    assert await pages_of_every_period(owner, first_day) == read
    await write(db, "delete from segment_pages")  # else what is there already counts as whole
    await run_missed(app.state)
    assert await weeks(db) == counted
    assert await pages_of_every_period(owner, first_day) == read


@pytest.mark.parametrize(
    ("share", "fewest", "dimensions"),
    [
        (1000, 1, set(SEGMENTED)),
        (1, 1, {"browser", "os", "device", "screen"}),  # what all visits of a week have
        (1000, 1_000_000, set()),
    ],
)
async def test_what_many_visits_of_a_busy_week_have_is_counted(
    app: Litestar,
    db: Database,
    first_day: int,
    monkeypatch: pytest.MonkeyPatch,
    share: int,
    fewest: int,
    dimensions: set[str],
) -> None:
    monkeypatch.setattr(segments, "SHARE", share)
    monkeypatch.setattr(segments, "FEWEST_PAGE_VIEWS", fewest)
    await write(db, "delete from segment_weeks")
    await run_missed(app.state)
    found = await db.read(lambda tx: tx.execute("select distinct dimension from segment_pages").fetchall())
    assert {SEGMENTED[number] for (number,) in found} == dimensions


@pytest.mark.parametrize("website_settings", [{"timezone": "Asia/Tokyo"}])
async def test_a_visit_past_its_midnight_counts_on_both_days(
    visit: Traffic, owner: Owner, db: Database, clock: FakeClock
) -> None:
    clock.now = moment("2026-03-15 14:59")  # 23:59 of a week's last day
    await visit("/", "/two", "/three", every=2 * MINUTE, agent=FIREFOX)
    for _ in range(5):
        clock.now += DAY
        await visit("/", agent=FIREFOX)
        await roll_up_finished(db, clock.now)
    first = utc_day(moment("2026-03-15 00:00"))
    assert first + 1 in await weeks(db)
    for start, end in ((first - 1, first), (first + 1, first + 2), (first - 1, first + 3)):
        read = await pages(owner, start, end, "browser:Firefox")
        assert read == await pages(owner, start, end, ["browser:Firefox", "browser:none"])
    assert {"/two", "/three"} <= {row["path"] for row in await pages(owner, first + 1, first + 2, "entry:/")}


@pytest.mark.parametrize("slice_size", [1, 5000])
async def test_retention_takes_them_with_the_events(
    owner: Owner,
    db: Database,
    clock: FakeClock,
    first_day: int,
    slice_size: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tinytrail.core.slices.FIRST_SLICE", slice_size)
    counted = await weeks(db)
    days_kept = first_day + DAYS - counted[1] - 1  # from the second day of the second week on
    await purge_old_days(db, days_kept, clock.now)
    assert await weeks(db) == counted[2:]
    assert await rows_without_a_week(db) == 0
    read = await pages_of_every_period(owner, first_day)
    await write(db, "delete from segment_weeks")
    assert await pages_of_every_period(owner, first_day) == read


@pytest.mark.parametrize("website_settings", [{"timezone": "Asia/Tokyo"}])
@pytest.mark.parametrize("is_cut_short", [False, True])
async def test_a_week_that_begins_with_the_first_kept_day_is_counted_as_it_is_asked_for(
    visit: Traffic, owner: Owner, db: Database, clock: FakeClock, is_cut_short: bool
) -> None:
    """What visits of the day before did in it is gone with that day; or some of its own events are."""
    first = utc_day(moment("2026-03-16 00:00"))
    clock.now = moment("2026-03-15 14:59")  # 23:59 of the day before
    await visit("/", "/past-midnight", every=2 * MINUTE)
    for ip in range(9):
        await visit("/x", ip=f"198.51.100.{ip}")
    for _ in range(5):
        clock.now += DAY
        await visit("/")
        await roll_up_finished(db, clock.now)
    assert first in await weeks(db)
    if is_cut_short:
        [site] = await db.read(rollup.all_sites)
        await db.write(delete_slice, 100, OF_OLD_DAYS[0], site, first)
        await db.write(delete_slice, 4, OF_OLD_DAYS[0], site, first + 1)
    else:
        await purge_old_days(db, utc_day(clock.now + 9 * 3600) - first, clock.now)
    read = await pages(owner, first, first + 1, "device:desktop")
    await write(db, "delete from segment_weeks")
    assert await pages(owner, first, first + 1, "device:desktop") == read
    assert read
