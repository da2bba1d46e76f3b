"""Where a visit begins and ends, the day it belongs to, and when it is a bounce."""

from itertools import product
from typing import Any

import pytest
from httpx import AsyncClient

from tests.make import DAY, HOUR, MINUTE, FakeClock, moment
from tests.web.cast import Owner, Traffic
from tinytrail.core.connect import Tx
from tinytrail.core.db import Database
from tinytrail.web.events import visit_key
from tinytrail.web.rollup import roll_up_finished

GAPS = [
    # seconds between events      visits    seconds a visit
    ((0,), 1, 0),
    ((1800,), 1, 1800),
    ((1801,), 2, 0),
    ((1800, 1800, 1800), 1, 5400),
    ((1800, 1801, 1800), 2, 1800),
    ((1801, 1801), 3, 0),
]


@pytest.mark.parametrize(("gaps", "visits", "seconds"), GAPS)
async def test_a_gap_of_over_30_minutes_begins_a_visit(
    visit: Traffic, owner: Owner, clock: FakeClock, gaps: tuple[int, ...], visits: int, seconds: int
) -> None:
    await visit("/")
    for gap in gaps:
        clock.now += gap
        await visit("/")
    metrics = await owner.metrics()
    assert metrics["visits"] == visits
    assert metrics["unique_visitors"] == 1
    assert metrics["avg_session_duration_sec"] == seconds


@pytest.mark.parametrize("event", ["scroll_25", "close_tab", "outbound_link", "custom", "signup"])
async def test_any_event_keeps_a_visit_open_and_counts_in_its_duration(
    visit: Traffic, owner: Owner, event: str
) -> None:
    await visit("/", event, "/", every=1500)
    metrics = await owner.metrics()
    assert (metrics["visits"], metrics["avg_session_duration_sec"]) == (1, 3000)


BOUNCES = [
    # what a visitor does                        bounce rate
    (["/"], 100.0),
    (["/", "scroll_25", "scroll_75", "close_tab"], 100.0),
    (["/", "outbound_link"], 100.0),
    (["/", "/"], 0.0),
    (["/", "/two"], 0.0),
    (["/", "custom"], 0.0),
    (["/", "signup"], 0.0),
    (["scroll_25"], 0.0),  # no page view: not exactly one
    (["signup"], 0.0),
]


@pytest.mark.parametrize(("steps", "bounce_rate"), BOUNCES)
async def test_bounce(visit: Traffic, owner: Owner, steps: list[str], bounce_rate: float) -> None:
    await visit(*steps)
    metrics = await owner.metrics()
    assert (metrics["visits"], metrics["bounce_rate"]) == (1, bounce_rate)


async def test_rates_are_rounded_half_up(visit: Traffic, owner: Owner) -> None:
    await visit("/", ip="192.0.2.1")
    for number in range(2, 9):
        await visit("/", "/two", ip=f"192.0.2.{number}", every=4)
    metrics = await owner.metrics()
    assert metrics["bounce_rate"] == 12.5
    assert metrics["avg_session_duration_sec"] == 4  # 3.5


async def test_the_visitor_is_a_new_one_at_midnight_utc(
    visit: Traffic, owner: Owner, clock: FakeClock
) -> None:
    clock.now = moment("2026-03-14 23:59:59")
    await visit("/", "/", every=1)
    assert await owner.metrics(start_date="2026-03-14", end_date="2026-03-14") == {
        "visits": 1,
        "unique_visitors": 1,
        "pageviews": 1,
        "bounce_rate": 100.0,
        "avg_session_duration_sec": 0,
    }
    assert (await owner.metrics(period="7d"))["unique_visitors"] == 2
    assert (await owner.metrics(period="7d"))["visits"] == 2


class TestInTokyo:
    """Where midnight comes at 15:00 UTC, and so leaves visits whole."""

    @pytest.fixture
    def website_settings(self) -> dict[str, Any]:
        return {"timezone": "Asia/Tokyo"}

    async def test_a_visit_belongs_to_the_day_it_began_its_page_views_to_their_own(
        self, visit: Traffic, owner: Owner, clock: FakeClock
    ) -> None:
        clock.now = moment("2026-03-14 14:50")
        await visit("/", "/two", "/two", every=9 * MINUTE)  # 14:50, 14:59, 15:08
        first = {"start_date": "2026-03-14", "end_date": "2026-03-14"}
        second = {"start_date": "2026-03-15", "end_date": "2026-03-15"}
        assert await owner.metrics(**first) == {
            "visits": 1,
            "unique_visitors": 1,
            "pageviews": 2,
            "bounce_rate": 0.0,
            "avg_session_duration_sec": 18 * 60,
        }
        assert await owner.metrics(**second) == {
            "visits": 0,
            "unique_visitors": 0,
            "pageviews": 1,
            "bounce_rate": 0.0,
            "avg_session_duration_sec": 0,
        }
        # Who reads a page on two days is a unique page view of either.
        assert [row["uniquePageviews"] for row in await owner.rows("pages", **first)] == [1, 1]
        assert [row["uniquePageviews"] for row in await owner.rows("pages", **second)] == [1]
        assert (await owner.report("flow", **first))["exit_pages"] == [{"path": "/two", "exits": 1}]
        assert (await owner.report("flow", **second))["exit_pages"] == []

    async def test_who_comes_back_within_the_utc_day_is_the_same_visitor_of_either_day(
        self, visit: Traffic, owner: Owner, clock: FakeClock
    ) -> None:
        clock.now = moment("2026-03-14 12:00")
        await visit("/")
        clock.now += 6 * HOUR
        await visit("/")
        days = [point["value"] for point in (await owner.report("timeseries", metric="visits"))["series"]]
        assert days[-2:] == [1, 1]
        assert (await owner.metrics())["unique_visitors"] == 2  # the sum of the days'


@pytest.mark.parametrize("is_remembered", [True, False])
async def test_a_move_to_a_zone_still_on_the_day_before_begins_visits_anew_and_they_are_whole(
    visit: Traffic, owner: Owner, alice: AsyncClient, clock: FakeClock, db: Database, is_remembered: bool
) -> None:
    clock.now = moment("2026-03-14 02:00")
    await visit("/", "/pricing")
    await alice.patch(f"/api/v1/websites/{owner.website_id}", json={"timezone": "America/New_York"})
    if not is_remembered:
        await db.write(forget)
    clock.now += MINUTE
    await visit("/signup", "done")
    asked = {"start_date": "2026-03-13", "end_date": "2026-03-14"}
    assert (await owner.metrics(**asked))["visits"] == 2
    for filters in ({}, {"filters[]": "device:desktop"}):
        pages = {row["path"]: row["pageviews"] for row in await owner.rows("pages", **asked, **filters)}
        assert pages == {"/": 1, "/pricing": 1, "/signup": 1}
        assert [row["name"] for row in await owner.rows("custom-events", **asked, **filters)] == ["done"]
    funnel = await owner.report("funnel", **asked, steps=["/signup", "done"])
    assert [step["sessions"] for step in funnel["funnel"]] == [1, 1]


async def test_a_zone_that_this_machine_does_not_have_makes_days_of_utc(
    visit: Traffic,
    owner: Owner,
    clock: FakeClock,
    db: Database,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An older file may name one that only the machine it comes from has."""
    await db.write(lambda tx: tx.execute("update websites set timezone = 'right/Europe/Bielefeld'"))
    clock.now = moment("2026-03-13 23:30")
    await visit("/")
    clock.now += DAY
    await roll_up_finished(db, clock.now)
    hours = {"metric": "pageviews", "interval": "hour", "start_date": "2026-03-13", "end_date": "2026-03-13"}
    series = (await owner.report("timeseries", **hours))["series"]
    assert [point["value"] for point in series][-1] == 1
    assert (await owner.client.get("/api/v1/reports/overview")).status_code == 200
    assert (await owner.client.get(f"/api/v1/websites/{owner.website_id}/status")).status_code == 200
    assert caplog.messages == [
        "there is no time zone `right/Europe/Bielefeld` here, so the days of its websites are those of UTC"
    ]


async def test_unique_visitors_are_the_sum_of_the_days(
    visit: Traffic, owner: Owner, clock: FakeClock
) -> None:
    for _ in range(3):
        await visit("/", "/")
        clock.now += DAY
    metrics = await owner.metrics()
    assert (metrics["unique_visitors"], metrics["visits"], metrics["pageviews"]) == (3, 3, 6)


def forget(tx: Tx) -> None:
    tx.memo.clear()


@pytest.mark.parametrize("website_settings", [{"timezone": "Asia/Kolkata"}])
@pytest.mark.parametrize("at", ["2026-03-14 09:30", "2026-03-14 18:29:50"], ids=["at noon", "over midnight"])
async def test_the_writer_finds_a_visit_that_it_no_longer_remembers(
    visit: Traffic, owner: Owner, clock: FakeClock, db: Database, at: str
) -> None:
    clock.now = moment(at)
    for path in ("/", "/two", "/three"):
        await visit(path)
        clock.now += 20
        await db.write(forget)
    metrics = await owner.metrics()
    assert (metrics["visits"], metrics["pageviews"], metrics["avg_session_duration_sec"]) == (1, 3, 40)


async def test_forgotten_visits_of_two_people_are_not_mixed_up(
    visit: Traffic, owner: Owner, db: Database
) -> None:
    for ip in ("192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.2"):
        await visit("/", ip=ip)
        await db.write(forget)
    metrics = await owner.metrics()
    assert (metrics["visits"], metrics["pageviews"], metrics["bounce_rate"]) == (2, 4, 0)


def test_no_two_visitors_are_remembered_by_the_same_number() -> None:
    hashes = (-(2**63), -(2**62), -2, -1, 0, 1, 2, 2**62, 2**63 - 1)
    visitors = list(product((1, 2, 3, 4, 1 << 40), hashes, (False, True)))
    assert len({visit_key(*visitor) for visitor in visitors}) == len(visitors)
