"""The days that a report covers, in the website's time zone."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.make import DAY, FakeClock, moment
from tests.web.cast import GOOGLEBOT, Owner, Traffic

PERIODS = [
    # now (UTC)           period       start         end
    ("2026-03-14 09:30", "today", "2026-03-14", "2026-03-14"),
    ("2026-03-14 09:30", "yesterday", "2026-03-13", "2026-03-13"),
    ("2026-03-14 09:30", "7d", "2026-03-08", "2026-03-14"),
    ("2026-03-14 09:30", None, "2026-03-08", "2026-03-14"),
    ("2026-03-14 09:30", "30d", "2026-02-13", "2026-03-14"),
    ("2026-03-14 09:30", "90d", "2025-12-15", "2026-03-14"),
    ("2026-03-14 09:30", "12m", "2025-03-15", "2026-03-14"),
    ("2026-03-14 09:30", "ytd", "2026-01-01", "2026-03-14"),
    ("2026-03-14 00:00", "today", "2026-03-14", "2026-03-14"),
    ("2026-03-13 23:59:59", "today", "2026-03-13", "2026-03-13"),
    ("2024-03-01 09:30", "yesterday", "2024-02-29", "2024-02-29"),
    ("2024-03-01 09:30", "7d", "2024-02-24", "2024-03-01"),
    ("2024-03-01 09:30", "30d", "2024-02-01", "2024-03-01"),
    ("2024-02-29 09:30", "12m", "2023-03-01", "2024-02-29"),
    ("2024-02-28 09:30", "12m", "2023-03-01", "2024-02-28"),
    ("2025-02-28 09:30", "12m", "2024-02-29", "2025-02-28"),
    ("2025-03-01 09:30", "12m", "2024-03-02", "2025-03-01"),
    ("2024-12-31 09:30", "12m", "2024-01-01", "2024-12-31"),
    ("2024-12-31 09:30", "ytd", "2024-01-01", "2024-12-31"),
    ("2026-01-01 09:30", "ytd", "2026-01-01", "2026-01-01"),
    ("2026-01-01 09:30", "yesterday", "2025-12-31", "2025-12-31"),
    ("2026-01-01 09:30", "90d", "2025-10-04", "2026-01-01"),
]


@pytest.mark.parametrize(("now", "period", "start", "end"), PERIODS)
async def test_period(
    owner: Owner, clock: FakeClock, now: str, period: str | None, start: str, end: str
) -> None:
    clock.now = moment(now)
    assert (await owner.report("pages", period=period))["period"] == {"start": start, "end": end}


async def test_dates_go_before_the_period_and_are_both_included(
    visit: Traffic, owner: Owner, clock: FakeClock
) -> None:
    for _ in range(4):
        await visit("/")
        clock.now += DAY
    dates = {"start_date": "2026-03-15", "end_date": "2026-03-16"}
    found = await owner.report("pages", period="today", **dates)
    assert found["period"] == {"start": "2026-03-15", "end": "2026-03-16"}
    assert found["rows"][0]["pageviews"] == 2


async def test_dates_may_lie_in_the_future(owner: Owner) -> None:
    dates = {"start_date": "2030-01-01", "end_date": "2030-01-31"}
    assert len((await owner.report("timeseries", **dates))["series"]) == 31


async def test_yesterday_leaves_today_out(visit: Traffic, owner: Owner, clock: FakeClock) -> None:
    await visit("/yesterday")
    clock.now += DAY
    await visit("/today")
    assert [row["path"] for row in await owner.rows("pages", period="yesterday")] == ["/yesterday"]
    assert [row["path"] for row in await owner.rows("pages", period="today")] == ["/today"]


class TestAll:
    async def test_it_begins_with_the_first_day_that_has_anything(
        self, visit: Traffic, owner: Owner, clock: FakeClock, admin: AsyncClient
    ) -> None:
        await visit("signup")
        clock.now += 500 * DAY
        for _ in range(2):  # the same before and after the first day is rolled up
            found = await owner.report("summary", period="all")
            assert found["period"] == {"start": "2026-03-14", "end": "2027-07-27"}
            assert found["metrics"]["visits"] == {"value": 1}
            await admin.post("/api/v1/admin/aggregate", json={"date": "2026-03-14"})

    async def test_with_nothing_it_is_today(self, owner: Owner) -> None:
        found = await owner.report("summary", period="all")
        assert found["period"] == {"start": "2026-03-14", "end": "2026-03-14"}

    @pytest.mark.parametrize("website_settings", [{"excluded_ips": ["192.0.2.9"]}])
    async def test_what_is_not_shown_does_not_begin_it(
        self, visit: Traffic, owner: Owner, clock: FakeClock
    ) -> None:
        await visit("/", ip="192.0.2.9", status=204)
        clock.now += DAY
        await visit("/", agent=GOOGLEBOT, status=204)
        clock.now += DAY
        for include_bots, start in (("false", "2026-03-16"), ("true", "2026-03-15")):
            found = await owner.report("summary", period="all", include_bots=include_bots)
            assert found["period"] == {"start": start, "end": "2026-03-16"}

    async def test_another_websites_traffic_does_not_begin_it(
        self, visit: Traffic, owner: Owner, clock: FakeClock, alice: AsyncClient
    ) -> None:
        await visit("/")
        clock.now += DAY
        other = (await alice.post("/api/v1/websites", json={"domain": "other.example"})).json()["data"]["id"]
        found = await owner.report("summary", period="all", website_id=other)
        assert found["period"] == {"start": "2026-03-15", "end": "2026-03-15"}


ZONES = [
    # zone                    now (UTC)              today
    ("Pacific/Auckland", "2026-03-14 10:59:59", "2026-03-14"),
    ("Pacific/Auckland", "2026-03-14 11:00", "2026-03-15"),
    ("Pacific/Auckland", "2026-07-14 11:59:59", "2026-07-14"),  # winter: an hour later
    ("Pacific/Auckland", "2026-07-14 12:00", "2026-07-15"),
    ("America/Los_Angeles", "2026-03-08 07:59:59", "2026-03-07"),
    ("America/Los_Angeles", "2026-03-08 08:00", "2026-03-08"),  # a day of 23 hours
    ("America/Los_Angeles", "2026-03-09 06:59:59", "2026-03-08"),
    ("America/Los_Angeles", "2026-03-09 07:00", "2026-03-09"),
    ("Asia/Kathmandu", "2026-03-14 18:14:59", "2026-03-14"),
    ("Asia/Kathmandu", "2026-03-14 18:15", "2026-03-15"),
    ("Pacific/Kiritimati", "2026-03-14 10:00", "2026-03-15"),
    ("America/St_Johns", "2026-01-14 03:29:59", "2026-01-13"),
    ("UTC", "2026-03-14 23:59:59", "2026-03-14"),
]


@pytest.mark.parametrize(
    ("website_settings", "now", "today"), [({"timezone": zone}, now, today) for zone, now, today in ZONES]
)
async def test_today_is_the_websites(
    visit: Traffic, owner: Owner, clock: FakeClock, now: str, today: str
) -> None:
    clock.now = moment(now)
    await visit("/")
    found = await owner.report("pages", period="today")
    assert found["period"] == {"start": today, "end": today}
    assert [row["pageviews"] for row in found["rows"]] == [1]


TRAFFIC = ["2026-03-13 06:59", "2026-03-13 07:00", "2026-03-13 10:59", "2026-03-13 11:00", "2026-03-14 06:59"]
BY_ZONE: list[tuple[dict[str, Any], dict[str, int]]] = [
    ({"timezone": "UTC"}, {"2026-03-12": 0, "2026-03-13": 4, "2026-03-14": 1}),
    ({"timezone": "Pacific/Auckland"}, {"2026-03-12": 0, "2026-03-13": 3, "2026-03-14": 2}),
    ({"timezone": "America/Los_Angeles"}, {"2026-03-12": 1, "2026-03-13": 4, "2026-03-14": 0}),
]


@pytest.mark.parametrize(("website_settings", "days"), BY_ZONE)
async def test_the_days_of_a_series_are_the_websites(
    visit: Traffic, owner: Owner, clock: FakeClock, days: dict[str, int]
) -> None:
    for now in TRAFFIC:
        clock.now = moment(now)
        await visit("/")
    dates = {"start_date": min(days), "end_date": max(days)}
    series = (await owner.report("timeseries", **dates))["series"]
    assert {point["date"]: point["value"] for point in series} == days


async def test_a_new_time_zone_holds_from_then_on(
    visit: Traffic, owner: Owner, clock: FakeClock, alice: AsyncClient, website: str
) -> None:
    clock.now = moment("2026-03-14 20:00")
    await visit("/before")
    await alice.patch(f"/api/v1/websites/{website}", json={"timezone": "Asia/Tokyo"})
    await visit("/after", ip="192.0.2.2")
    assert [row["path"] for row in await owner.rows("pages", period="today")] == ["/after"]
    assert [row["path"] for row in await owner.rows("pages", period="yesterday")] == ["/before"]
