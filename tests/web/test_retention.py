"""`[web] retention_days`, and a website's own: raw traffic goes, the daily totals stay."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.make import DAY, MINUTE, FakeClock, moment
from tests.web.cast import Owner, Traffic
from tinytrail.core.db import Database
from tinytrail.web.deletion import purge_old_days
from tinytrail.web.rollup import roll_up_finished

ALL = {"start_date": "2026-03-14", "end_date": "2026-03-31"}
REPORTS: list[tuple[str, dict[str, Any]]] = [
    ("summary", {}),
    ("pages", {}),
    ("sources", {}),
    ("sources", {"group_by": "utm"}),
    ("devices", {}),
    ("countries", {}),
    ("flow", {}),
    ("custom-events", {}),
    ("timeseries", {"metric": "bounce_rate"}),
    ("timeseries", {"metric": "visits", "path": "/two"}),
]


async def days_of(db: Database, table: str) -> list[str]:
    sql = f"select distinct date(day * 86400, 'unixepoch') from {table} order by 1"
    return [day for (day,) in await db.read(lambda tx: tx.execute(sql).fetchall())]


async def what_is_reported(owner: Owner) -> list[Any]:
    return [await owner.report(name, **ALL | params) for name, params in REPORTS]


@pytest.fixture
async def four_days(visit: Traffic, clock: FakeClock) -> None:
    for _ in range(4):
        await visit("/", "/two", "signup", utm_source="x", country="DE")
        await visit("/", ip="192.0.2.2")
        clock.now += DAY


@pytest.mark.usefixtures("four_days")
@pytest.mark.parametrize("slice_size", [1, 5000])
async def test_old_days_lose_their_rows_and_keep_their_totals(
    owner: Owner, db: Database, clock: FakeClock, slice_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tinytrail.core.slices.FIRST_SLICE", slice_size)
    before = await what_is_reported(owner)
    await roll_up_finished(db, clock.now)
    await purge_old_days(db, 2, clock.now)  # on the 18th: the 16th and after stay
    assert await days_of(db, "visits") == ["2026-03-16", "2026-03-17"]
    assert await days_of(db, "events") == ["2026-03-16", "2026-03-17"]
    assert await what_is_reported(owner) == before


@pytest.mark.usefixtures("four_days")
@pytest.mark.parametrize("asked", ["page:/two", "country:DE", "event:signup"])
async def test_a_filter_reaches_back_as_far_as_rows_do(
    owner: Owner, db: Database, clock: FakeClock, asked: str
) -> None:
    await roll_up_finished(db, clock.now)
    pageviews = 1 if asked == "page:/two" else 2
    for days, left in ((3, 3), (2, 2), (1, 1)):
        await purge_old_days(db, days, clock.now)
        figures = await owner.metrics(**ALL, **{"filters[]": asked})
        assert (figures["visits"], figures["pageviews"]) == (left, left * pageviews)
        pages = await owner.rows("pages", **ALL, **{"filters[]": asked})
        assert sum(page["pageviews"] for page in pages) == left * pageviews


@pytest.mark.usefixtures("four_days")
async def test_a_filtered_summary_says_from_when_on_it_counts(
    owner: Owner, db: Database, clock: FakeClock
) -> None:
    await roll_up_finished(db, clock.now)

    async def kept_from(**asked: str) -> Any:
        return (await owner.report("summary", **{"filters[]": "country:DE"} | asked))["kept_from"]

    since_15, since_16, only_17 = (
        {"start_date": f"2026-03-{day}", "end_date": "2026-03-17"} for day in (15, 16, 17)
    )
    for days, first in ((4, None), (3, None), (2, "2026-03-16"), (1, "2026-03-17")):
        await purge_old_days(db, days, clock.now)
        assert await kept_from(**since_15) == first
    assert await kept_from(**since_16) == "2026-03-17"
    assert await kept_from(**only_17) is None
    assert await kept_from(**only_17, compare="previous_period") == "2026-03-17"
    assert await kept_from(start_date="2026-03-01", end_date="2026-03-13") is None  # nothing ever
    assert await kept_from(start_date="2026-03-01", end_date="2026-03-15") == "2026-03-17"
    assert "kept_from" not in await owner.report("summary", **since_15)


@pytest.mark.usefixtures("four_days")
async def test_a_purged_day_is_never_counted_anew(
    owner: Owner, db: Database, clock: FakeClock, admin: AsyncClient
) -> None:
    before = await what_is_reported(owner)
    await roll_up_finished(db, clock.now)
    await purge_old_days(db, 1, clock.now)
    for date in ("2026-03-14", "2026-03-15", None):
        await admin.post("/api/v1/admin/aggregate", json={"date": date})
    await roll_up_finished(db, clock.now)
    await purge_old_days(db, 1, clock.now)
    assert await what_is_reported(owner) == before


@pytest.mark.usefixtures("four_days")
async def test_a_day_is_kept_until_it_is_rolled_up(owner: Owner, db: Database, clock: FakeClock) -> None:
    before = await what_is_reported(owner)
    await purge_old_days(db, 1, clock.now)
    assert len(await days_of(db, "visits")) == 4
    assert await what_is_reported(owner) == before


@pytest.mark.usefixtures("four_days")
async def test_0_keeps_everything(db: Database, clock: FakeClock) -> None:
    await roll_up_finished(db, clock.now)
    await purge_old_days(db, 0, clock.now + 3650 * DAY)
    assert len(await days_of(db, "visits")) == 4


@pytest.mark.parametrize("website_settings", [{"timezone": "Asia/Tokyo"}])
async def test_what_a_visit_did_after_its_midnight_outlives_it(
    visit: Traffic, owner: Owner, db: Database, clock: FakeClock
) -> None:
    """The 14th is rolled up and too old, the 15th neither: its page views still need their visit."""
    clock.now = moment("2026-03-14 14:59")
    await visit("/", "/two", "/two", every=2 * MINUTE)  # the 15th comes with the second page
    clock.now = moment("2026-03-14 18:00")
    await roll_up_finished(db, clock.now)
    before = await what_is_reported(owner)
    assert before[0]["metrics"]["pageviews"] == {"value": 3}
    clock.now += DAY
    await purge_old_days(db, 1, clock.now)
    await visit("/", ip="192.0.2.2")
    await roll_up_finished(db, clock.now + DAY)
    assert (await owner.metrics(**ALL))["pageviews"] == 4
    assert {row["path"]: row["pageviews"] for row in await owner.rows("pages", **ALL)} == {"/": 2, "/two": 2}
    await purge_old_days(db, 1, clock.now + 2 * DAY)
    assert await days_of(db, "visits") == await days_of(db, "events") == []
    assert (await owner.metrics(**ALL))["pageviews"] == 4


@pytest.mark.parametrize("website_settings", [{"timezone": "Pacific/Kiritimati"}])
async def test_a_day_that_is_not_over_in_all_zones_is_kept_as_the_website_may_move_there(
    visit: Traffic, owner: Owner, db: Database, clock: FakeClock
) -> None:
    clock.now = moment("2026-03-13 11:00")  # the 14th in Kiritimati
    await visit("/")
    clock.now = moment("2026-03-15 10:30")  # the 16th there, and in Pago Pago still the 14th
    await roll_up_finished(db, clock.now)
    await purge_old_days(db, 1, clock.now)
    moved = {"timezone": "Pacific/Pago_Pago"}
    assert (await owner.client.patch(f"/api/v1/websites/{owner.website_id}", json=moved)).status_code == 200
    await visit("/", ip="192.0.2.2")
    assert (await owner.metrics(period="today"))["visits"] == 2


@pytest.mark.parametrize("website_settings", [{"timezone": "Pacific/Auckland"}])
async def test_the_days_are_the_websites(visit: Traffic, db: Database, clock: FakeClock) -> None:
    clock.now = moment("2026-03-14 10:59")  # a minute before midnight
    await visit("/")
    clock.now += 2 * DAY + 30
    await roll_up_finished(db, clock.now)
    await purge_old_days(db, 2, clock.now)
    assert await days_of(db, "visits") == ["2026-03-14"]
    clock.now += MINUTE
    await purge_old_days(db, 2, clock.now)
    assert await days_of(db, "visits") == []


OWN = [
    # of the server, of the website, days kept: today (without traffic), and so many before
    (0, None, 4),
    (0, 1, 1),
    (0, 2, 2),
    (0, 0, 4),
    (1, None, 1),
    (1, 2, 2),
    (2, 1, 1),
    (1, 0, 4),
    (1, 36_500, 4),
]


@pytest.mark.usefixtures("four_days")
@pytest.mark.parametrize(("servers", "own", "kept"), OWN)
async def test_a_websites_own_days_go_before_the_servers(
    alice: AsyncClient,
    website: str,
    owner: Owner,
    db: Database,
    clock: FakeClock,
    servers: int,
    own: int | None,
    kept: int,
) -> None:
    await alice.patch(f"/api/v1/websites/{website}", json={"retention_days": own})
    await roll_up_finished(db, clock.now)
    before = await what_is_reported(owner)
    await purge_old_days(db, servers, clock.now)
    assert len(await days_of(db, "visits")) == len(await days_of(db, "events")) == kept
    assert await what_is_reported(owner) == before


@pytest.mark.usefixtures("four_days")
async def test_another_website_keeps_what_it_wants(
    alice: AsyncClient, website: str, visit: Traffic, db: Database, clock: FakeClock
) -> None:
    body = {"domain": "other.example", "retention_days": 2}
    other = (await alice.post("/api/v1/websites", json=body)).json()["data"]["id"]
    await Traffic(visit.client, clock, other)("/")
    clock.now += 3 * DAY
    await roll_up_finished(db, clock.now)
    await purge_old_days(db, 0, clock.now)
    assert len(await days_of(db, "visits")) == 4
