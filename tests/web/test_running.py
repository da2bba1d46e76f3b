"""Running totals: long periods are differences of them, and no report tells."""

from typing import Any

import pytest
from httpx import AsyncClient
from litestar import Litestar

from tests.make import DAY, FakeClock
from tests.web.cast import GOOGLEBOT, Owner, Traffic
from tests.web.test_aggregate import AGGREGATE
from tests.web.test_deletion import totals, totals_with_rows
from tinytrail.core.clock import date_of, utc_day
from tinytrail.core.connect import Tx
from tinytrail.core.db import Database
from tinytrail.jobs import run_missed
from tinytrail.web import rollup, running
from tinytrail.web.deletion import leftover_totals, purge_leftovers

DAYS = 8
LISTS: list[tuple[str, dict[str, str]]] = [
    ("pages", {}),
    ("flow", {}),
    ("sources", {}),
    ("sources", {"group_by": "domain"}),
    ("sources", {"group_by": "utm"}),
    ("devices", {}),
    ("countries", {}),
    ("custom-events", {}),
]


@pytest.fixture(autouse=True)
def _few_rows_have_running_totals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "FEWEST_ROWS", 1)
    monkeypatch.setattr(running, "FEW_ROWS", 1)


async def busy_day(visit: Traffic, number: int) -> None:
    for ip in range(number % 3 + 1):
        came: dict[str, Any] = {
            "ip": f"198.51.100.{ip}",
            "country": "DE" if ip else "FR",
            "utm_source": f"news-{number % 2}",
        }
        await visit(
            "/", f"/page-{number % 4}", "signup", referrer=f"https://site-{number % 5}.example/", **came
        )
    await visit("/", f"/page-{number % 2}", agent=GOOGLEBOT, status=204)


@pytest.fixture
async def first_day(visit: Traffic, clock: FakeClock, admin: AsyncClient) -> int:
    """Eight days of traffic, each rolled up as it is over, and a ninth."""
    first = utc_day(clock.now)
    for number in range(DAYS + 1):
        await busy_day(visit, number)
        clock.now += DAY if number < DAYS else 0
        if number < DAYS:
            await admin.post(AGGREGATE, json={"date": str(date_of(first + number))})
    return first


async def lists_of_every_period(owner: Owner, first: int, include_bots: str) -> list[Any]:
    periods = [
        (start, end) for start in range(first, first + DAYS + 1) for end in range(start, first + DAYS + 1)
    ]
    return [
        await owner.report(
            name,
            start_date=str(date_of(start)),
            end_date=str(date_of(end)),
            include_bots=include_bots,
            **params,
        )
        for start, end in periods
        for name, params in LISTS
    ]


async def stored_for_paths(db: Database) -> list[int]:
    """The days of people's running totals."""

    def days(tx: Tx) -> list[int]:
        sql = "select day from running_totals where dimension = 1 and is_bot = 0 order by day"
        return [day for (day,) in tx.execute(sql)]

    return await db.read(days)


async def forget_all(db: Database) -> None:
    await db.write(lambda tx: tx.execute("delete from running_totals").rowcount)


@pytest.mark.parametrize("include_bots", ["false", "true"])
@pytest.mark.parametrize("fewest_days", [1, 3])
async def test_every_period_reads_as_if_there_were_none(
    owner: Owner,
    db: Database,
    first_day: int,
    fewest_days: int,
    include_bots: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(running, "FEWEST_DAYS", fewest_days)
    assert len(await stored_for_paths(db)) > 2
    read = await lists_of_every_period(owner, first_day, include_bots)
    await forget_all(db)
    assert await lists_of_every_period(owner, first_day, include_bots) == read


async def test_they_are_what_periods_are_read_from(owner: Owner, db: Database, first_day: int) -> None:
    def double(tx: Tx) -> int:
        return tx.execute("update running set pageviews = 2 * pageviews").rowcount

    period = {"start_date": str(date_of(first_day)), "end_date": str(date_of(first_day + DAYS - 1))}
    before = await owner.rows("pages", **period)
    await db.write(double)
    assert await owner.rows("pages", **period) != before


async def test_a_day_that_changes_takes_those_that_ran_past_it_away_and_they_come_again(
    visit: Traffic, owner: Owner, admin: AsyncClient, clock: FakeClock, db: Database, first_day: int
) -> None:
    stored = await stored_for_paths(db)
    changed = stored[1]
    clock.now -= (first_day + DAYS - changed) * DAY  # set back
    await visit("/late", ip="198.51.100.77")
    assert await stored_for_paths(db) == stored[:1]
    clock.now += (first_day + DAYS - changed) * DAY

    async def late() -> int:
        rows = await owner.rows("pages", period="all", search="/late")
        return int(rows[0]["pageviews"])

    assert await late() == 1
    await admin.post(AGGREGATE, json={"date": str(date_of(changed))})
    assert len(await stored_for_paths(db)) > 2
    assert max(await stored_for_paths(db)) == stored[-1]
    assert await late() == 1


@pytest.mark.parametrize("rows", [1, 1000])
async def test_they_are_kept_where_there_are_rows_enough_to_save(
    monkeypatch: pytest.MonkeyPatch, admin: AsyncClient, db: Database, first_day: int, rows: int
) -> None:
    monkeypatch.setattr(running, "FEWEST_ROWS", rows)
    await forget_all(db)
    await admin.post(AGGREGATE, json={"date": str(date_of(first_day + DAYS))})
    assert bool(await stored_for_paths(db)) == (rows == 1)


@pytest.mark.parametrize(
    ("size", "rows"),
    [(0, 100), (4, 100), (10, 100), (30, 300), (100, 1000), (6000, 1000), (60_000, 10_000)],
)
def test_one_of_few_rows_comes_sooner_and_none_costs_much(
    monkeypatch: pytest.MonkeyPatch, size: int, rows: int
) -> None:
    monkeypatch.undo()
    assert running.most_added_up(size) == rows


async def test_rows_of_those_that_hold_no_longer_are_deleted_in_the_end(
    visit: Traffic, clock: FakeClock, db: Database, first_day: int
) -> None:
    assert await db.read(totals) == await db.read(totals_with_rows)
    clock.now -= (DAYS - 2) * DAY  # set back
    await visit("/late", ip="198.51.100.77")
    assert await db.read(totals) < await db.read(totals_with_rows)
    await purge_leftovers(db)
    assert await db.read(totals) == await db.read(totals_with_rows)
    assert await db.read(leftover_totals) == []


async def test_a_new_version_has_them_made_at_the_next_start(
    app: Litestar, db: Database, first_day: int
) -> None:
    stored = await stored_for_paths(db)
    await forget_all(db)
    await run_missed(app.state)
    assert await stored_for_paths(db) == stored


async def test_one_whose_days_have_changed_meanwhile_is_not_stored(
    visit: Traffic, clock: FakeClock, db: Database, first_day: int
) -> None:
    [site] = await db.read(rollup.all_sites)
    await forget_all(db)
    total = await db.read(running.due, site)
    assert total
    clock.now -= (first_day + DAYS - total.day) * DAY
    await visit("/late", ip="198.51.100.77")
    await db.write(running.store_total, total)
    assert await stored_for_paths(db) == []
