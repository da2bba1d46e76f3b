"""Deleting a website or an account leaves nothing of it, and all of everything else."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from datetime import date
from typing import Any

import pytest
from httpx import AsyncClient

from tests.make import DAY, FakeClock, hit
from tests.web.cast import COLLECT, GOOGLEBOT, Owner, Traffic
from tinytrail.app import create_app
from tinytrail.config import Config
from tinytrail.core.clock import day_number
from tinytrail.core.connect import Tx, connect, transaction
from tinytrail.core.db import Database
from tinytrail.core.trouble import Busy
from tinytrail.web import deletion, running
from tinytrail.web.reports import property_days, segments
from tinytrail.web.rollup import close_day, count_day, days_open


def tables_with(column: str) -> Callable[[Tx], list[str]]:
    def find(tx: Tx) -> list[str]:
        sql = """select m.name from sqlite_master m join pragma_table_info(m.name) c
                  where m.type = 'table' and c.name = :column order by 1"""
        return [name for (name,) in tx.execute(sql, {"column": column})]

    return find


def rows_by_site(tx: Tx) -> dict[str, dict[int, int]]:
    """How many rows each site has, in every table that has a `site`."""
    return {
        table: dict(tx.execute(f"select site, count(*) from {table} group by site").fetchall())
        for table in tables_with("site")(tx)
    }


def totals(tx: Tx) -> set[int]:
    return {total for (total,) in tx.execute("select id from running_totals")}


def totals_with_rows(tx: Tx) -> set[int]:
    return {total for (total,) in tx.execute("select distinct id >> 32 from running")}


def weeks(tx: Tx) -> set[int]:
    return {week for (week,) in tx.execute("select id from segment_weeks")}


def weeks_with_rows(tx: Tx) -> set[int]:
    return {week for (week,) in tx.execute("select distinct week from segment_pages")}


def counted_property_days(tx: Tx) -> set[int]:
    return {day for (day,) in tx.execute("select id from property_days")}


def property_days_with_rows(tx: Tx) -> set[int]:
    return {day for (day,) in tx.execute("select distinct day from property_counts")}


def accounts_in(tx: Tx, table: str) -> set[str]:
    return {account_id for (account_id,) in tx.execute(f"select account_id from {table}")}


@pytest.fixture
async def bobs(bob: AsyncClient) -> str:
    website_id: str = (await bob.post("/api/v1/websites", json={"domain": "bob.example"})).json()["data"][
        "id"
    ]
    return website_id


@pytest.fixture
async def traffic(
    visit: Traffic,
    bobs: str,
    clock: FakeClock,
    admin: AsyncClient,
    website: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Four days of traffic of Alice's and Bob's websites, the first three of them rolled up."""
    monkeypatch.setattr(running, "FEWEST_ROWS", 1)
    monkeypatch.setattr(running, "FEW_ROWS", 1)
    for name in ("DAYS", "SHARE", "FEWEST_PAGE_VIEWS"):
        monkeypatch.setattr(segments, name, 1)
    monkeypatch.setattr(property_days, "WORTH", 0)
    for _ in range(4):
        for who in (visit, Traffic(visit.client, clock, bobs)):
            await who(
                "/",
                "/two",
                "signup",
                properties={"plan": "pro"},
                referrer="https://t.co/a",
                utm_source="x",
                country="DE",
            )
            await who("/three", agent=GOOGLEBOT, status=204)
        clock.now += DAY
    for day in ("2026-03-14", "2026-03-15", "2026-03-16"):
        await admin.post("/api/v1/admin/aggregate", json={"date": day})


async def all_forgotten(db: Database) -> None:
    """Wait for what goes on after a deletion has been answered."""
    async with asyncio.timeout(60):
        while await db.read(deletion.leftovers) or await db.read(deletion.leftover_totals):  # noqa: ASYNC110
            await asyncio.sleep(0)  # nothing tells when the last row is gone


async def site_of(db: Database, website_id: str) -> int:
    [(site,)] = await db.read(
        lambda tx: tx.execute("select site from websites where id = ?", [website_id]).fetchall()
    )
    return int(site)


TABLES = {
    "websites", "visits", "events", "paths", "strings", "open_days", "daily", "running_totals",
    "segment_weeks", "property_days",
}  # fmt: skip


@pytest.mark.usefixtures("traffic")
@pytest.mark.parametrize("what", ["website", "account"])
@pytest.mark.parametrize("slice_size", [1, 3, 5000])
async def test_no_row_is_left_and_no_other_is_lost(
    admin: AsyncClient,
    alice: AsyncClient,
    alice_user: dict[str, Any],
    website: str,
    bobs: str,
    db: Database,
    what: str,
    slice_size: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tinytrail.core.slices.FIRST_SLICE", slice_size)
    hers, his = await site_of(db, website), await site_of(db, bobs)
    before = await db.read(rows_by_site)
    assert before.keys() == TABLES | {"leftovers"}
    assert {table for table, sites in before.items() if sites.get(hers)} == TABLES

    if what == "website":
        response = await alice.delete(f"/api/v1/websites/{website}")
    else:
        response = await admin.delete(f"/api/v1/accounts/{alice_user['accountId']}")

    assert response.status_code == 200
    await all_forgotten(db)
    after = await db.read(rows_by_site)
    assert {table: sites.get(his) for table, sites in after.items()} == {
        table: sites.get(his) for table, sites in before.items()
    }
    assert [table for table, sites in after.items() if hers in sites] == []
    assert await db.read(totals_with_rows) == await db.read(totals) != set()
    assert await db.read(weeks_with_rows) == await db.read(weeks) != set()
    assert await db.read(property_days_with_rows) == await db.read(counted_property_days) != set()


@pytest.mark.usefixtures("traffic")
async def test_an_account_leaves_no_user_and_no_website(
    admin: AsyncClient, alice_user: dict[str, Any], db: Database
) -> None:
    account_id = alice_user["accountId"]
    await admin.delete(f"/api/v1/accounts/{account_id}")
    for table in await db.read(tables_with("account_id")):
        owners = await db.read(accounts_in, table)
        assert owners
        assert account_id not in owners


@pytest.mark.usefixtures("traffic")
async def test_the_neighbours_reports_stay_as_they_were(
    bob: AsyncClient, alice: AsyncClient, website: str, bobs: str, db: Database
) -> None:
    his = Owner(bob, bobs)
    reports = ("summary", "pages", "sources", "devices", "flow", "custom-events")
    before = [await his.report(name) for name in reports]
    await alice.delete(f"/api/v1/websites/{website}")
    await all_forgotten(db)
    assert [await his.report(name) for name in reports] == before


@pytest.mark.usefixtures("traffic")
async def test_what_comes_for_a_deleted_website_is_dropped(
    client: AsyncClient, alice: AsyncClient, website: str, db: Database
) -> None:
    site = await site_of(db, website)
    await alice.delete(f"/api/v1/websites/{website}")
    assert (await client.post(COLLECT, json=hit(website))).status_code == 204
    assert (await client.post(COLLECT, json=[hit(website)] * 3)).status_code == 204
    await all_forgotten(db)
    assert [table for table, sites in (await db.read(rows_by_site)).items() if site in sites] == []


@pytest.mark.usefixtures("traffic")
async def test_a_website_of_the_same_domain_begins_empty(
    alice: AsyncClient, website: str, visit: Traffic, db: Database
) -> None:
    old = await site_of(db, website)
    await alice.delete(f"/api/v1/websites/{website}")
    made = (await alice.post("/api/v1/websites", json={"domain": "example.com"})).json()["data"]
    assert made["id"] != website
    assert await site_of(db, made["id"]) != old  # so that a deletion cut short cannot reach it
    owner = Owner(alice, made["id"])
    assert set((await owner.metrics(period="all")).values()) == {0}
    await Traffic(visit.client, visit.clock, made["id"])("/")
    assert (await owner.metrics())["pageviews"] == 1


@pytest.fixture
def deletion_waits(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Until this is set, as if there were millions of events to delete."""
    go_on = asyncio.Event()
    write_in_slices = Database.write_in_slices

    async def later(*args: Any) -> None:
        await go_on.wait()
        await write_in_slices(*args)

    monkeypatch.setattr(Database, "write_in_slices", later)
    return go_on


@pytest.mark.usefixtures("traffic")
async def test_a_website_is_gone_before_its_events_are(
    alice: AsyncClient, admin: AsyncClient, website: str, db: Database, deletion_waits: asyncio.Event
) -> None:
    site = await site_of(db, website)
    assert (await alice.delete(f"/api/v1/websites/{website}")).status_code == 200
    assert site in (await db.read(rows_by_site))["events"]

    assert (await alice.get("/api/v1/websites")).json()["data"] == []
    of_website = {"website_id": website, "reports[]": "summary", "period": "all"}
    for report in ("summary", "pages", "realtime", "batch"):
        assert (await alice.get(f"/api/v1/reports/{report}", params=of_website)).status_code == 404
    overview = (await admin.get("/api/v1/reports/overview")).json()["data"]["rows"]
    assert [row["website"]["domain"] for row in overview] == ["bob.example"]
    for path in ("status", "export"):
        assert (await alice.get(f"/api/v1/websites/{website}/{path}")).status_code == 404

    deletion_waits.set()
    await all_forgotten(db)
    assert [table for table, sites in (await db.read(rows_by_site)).items() if site in sites] == []


@pytest.mark.usefixtures("traffic")
async def test_a_rollup_under_way_brings_nothing_back(alice: AsyncClient, website: str, db: Database) -> None:
    site = await site_of(db, website)
    [open_day] = [day for day in await db.read(days_open, day_number(date(2026, 3, 17))) if day.site == site]
    counted = await db.read(count_day, open_day)
    await alice.delete(f"/api/v1/websites/{website}")
    await all_forgotten(db)
    await db.write(close_day, open_day, counted)
    assert [table for table, sites in (await db.read(rows_by_site)).items() if site in sites] == []


@pytest.mark.usefixtures("deletion_waits", "traffic")
async def test_a_deletion_cut_short_is_taken_up_at_the_next_start(
    config: Config,
    clock: FakeClock,
    alice: AsyncClient,
    website: str,
    db: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = await site_of(db, website)
    await alice.delete(f"/api/v1/websites/{website}")
    left = await db.read(rows_by_site)
    assert site in left["leftovers"]
    assert site in left["visits"]

    monkeypatch.undo()  # the deletion under way still waits, until the end of the test stops it
    async with create_app(config, clock).lifespan():
        await all_forgotten(db)

    assert [table for table, sites in (await db.read(rows_by_site)).items() if site in sites] == []


@pytest.mark.usefixtures("traffic")
async def test_a_deletion_that_fails_is_told_and_taken_up_by_the_next(
    alice: AsyncClient,
    bob: AsyncClient,
    website: str,
    bobs: str,
    db: Database,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sites = {await site_of(db, website), await site_of(db, bobs)}
    with monkeypatch.context() as patch:

        async def full(*_: object) -> None:
            raise Busy("database or disk is full")

        patch.setattr(Database, "write_in_slices", full)
        assert (await alice.delete(f"/api/v1/websites/{website}")).status_code == 200
        async with asyncio.timeout(60):
            while not caplog.messages:  # noqa: ASYNC110 - that is what tells
                await asyncio.sleep(0)
    assert caplog.messages == ["could not forget what is too old or deleted: database or disk is full"]
    await bob.delete(f"/api/v1/websites/{bobs}")
    await all_forgotten(db)
    assert [table for table, left in (await db.read(rows_by_site)).items() if sites & left.keys()] == []


async def test_what_comes_until_a_deletion_by_another_process_is_noticed_is_deleted_too(
    client: AsyncClient, visit: Traffic, website: str, db: Database
) -> None:
    """As the command line does it, whose connection is not the writer's."""
    await visit("/", "signup")
    site = await site_of(db, website)
    with closing(connect(db.path)) as tx:
        with transaction(tx):
            deletion.mark_for_deletion(tx, "id", website)
        deletion.delete_leftovers(tx)
    left = await db.read(rows_by_site)
    assert [table for table in TABLES if site in left[table]] == ["open_days"]

    await visit("/late", "signup")
    assert site in (await db.read(rows_by_site))["events"]
    await deletion.purge_leftovers(db)
    assert (await client.post(COLLECT, json=hit(website))).status_code == 204
    assert [table for table, sites in (await db.read(rows_by_site)).items() if site in sites] == []


async def test_an_array_with_an_event_for_a_website_that_is_gone_loses_that_one_alone(
    client: AsyncClient, alice: AsyncClient, visit: Traffic, website: str, owner: Owner, db: Database
) -> None:
    other = (await alice.post("/api/v1/websites", json={"domain": "gone.example"})).json()["data"]["id"]
    assert (await client.post(COLLECT, json=[hit(website), hit(other)])).status_code == 202
    with closing(connect(db.path)) as tx, transaction(tx):
        deletion.mark_for_deletion(tx, "id", other)
    await deletion.purge_leftovers(db)
    assert (await client.post(COLLECT, json=[hit(website), hit(other)])).status_code == 202
    assert (await client.post(COLLECT, json=[hit(other), hit(other)])).status_code == 204
    assert (await owner.metrics())["pageviews"] == 2
