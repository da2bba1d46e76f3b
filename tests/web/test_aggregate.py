"""POST /api/v1/admin/aggregate: a day is rolled up, and no report tells."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.make import DAY, FakeClock
from tests.web.cast import GOOGLEBOT, Owner, Traffic, code, message
from tinytrail.core.db import Database

AGGREGATE = "/api/v1/admin/aggregate"

DATES: list[tuple[Any, str]] = [
    ({"date": "2026-03-01"}, "2026-03-01"),
    ({"date": "2024-02-29"}, "2024-02-29"),
    ({"date": "2026-03-14"}, "2026-03-14"),  # today
    ({"date": "2999-12-31"}, "2999-12-31"),
    ({}, "2026-03-13"),
    ({"date": None}, "2026-03-13"),
    ({"day": "2026-03-01"}, "2026-03-13"),  # an unknown key
    (None, "2026-03-13"),  # no body at all
]


@pytest.mark.parametrize(("body", "day"), DATES)
async def test_the_day_is_the_one_given_or_yesterday(admin: AsyncClient, body: Any, day: str) -> None:
    response = await admin.post(AGGREGATE, json=body) if body is not None else await admin.post(AGGREGATE)
    assert response.status_code == 200
    assert response.json() == {
        "status": "success",
        "data": {"message": f"Aggregation completed for {day}"},
    }


@pytest.mark.parametrize(
    "date",
    ["2026-02-29", "2026-13-01", "2026-1-1", "20260301", "01.03.2026", "yesterday", "", " 2026-03-01", 7, []],
)
async def test_a_bad_date_is_a_400_that_names_it(admin: AsyncClient, date: object) -> None:
    response = await admin.post(AGGREGATE, json={"date": date})
    assert (response.status_code, code(response)) == (400, "INVALID_PAYLOAD")
    assert message(response).startswith("date")


@pytest.mark.parametrize("body", ["{", "[]", "null", "7"])
async def test_what_is_no_json_object_is_a_400(admin: AsyncClient, body: str) -> None:
    response = await admin.post(AGGREGATE, content=body)
    assert (response.status_code, code(response)) == (400, "INVALID_PAYLOAD")


EVERY_REPORT: list[tuple[str, dict[str, Any]]] = [
    ("summary", {"compare": "previous_period"}),
    ("pages", {}),
    ("sources", {}),
    ("sources", {"group_by": "domain"}),
    ("sources", {"group_by": "utm"}),
    ("devices", {}),
    ("countries", {}),
    ("flow", {}),
    ("funnel", {"steps": ["/", "/blog/a", "signup"]}),
    ("realtime", {}),
    ("custom-events", {}),
    ("timeseries", {"metric": "bounce_rate"}),
    ("timeseries", {"metric": "unique_pageviews"}),
    ("timeseries", {"metric": "visits", "path": "/blog/a"}),
    ("timeseries", {"metric": "exit_page_exits", "path": "/blog/a"}),
]
FILTERS: list[dict[str, str]] = [{}, {"include_bots": "true"}, {"content_group": "Blog"}, {"period": "today"}]


async def all_reports(owner: Owner) -> list[Any]:
    return [
        await owner.report(name, **params | filters) for name, params in EVERY_REPORT for filters in FILTERS
    ]


async def rolled_up_days(db: Database) -> list[int]:
    days = await db.read(lambda tx: tx.execute("select distinct day from daily order by day").fetchall())
    return [day for (day,) in days]


async def busy_day(visit: Traffic) -> None:
    await visit("/", "/blog/a", "signup", ip="192.0.2.1", referrer="https://t.co/a", country="DE")
    await visit("/blog/a", "/", "/blog/a", "close_tab", ip="192.0.2.2", utm_source="news", screen_width=400)
    await visit("/blog/b", ip="192.0.2.3", referrer="https://www.bing.com/")
    await visit("/", "/blog/a", "signup", ip="192.0.2.4", agent=GOOGLEBOT, status=204)


@pytest.mark.parametrize("website_settings", [{"content_groups": [{"name": "Blog", "pattern": "/blog/*"}]}])
async def test_no_report_changes_by_it_however_often_it_runs(
    visit: Traffic, owner: Owner, admin: AsyncClient, clock: FakeClock, db: Database
) -> None:
    for _ in range(2):
        await busy_day(visit)
        clock.now += DAY
    await busy_day(visit)
    before = await all_reports(owner)
    assert await rolled_up_days(db) == []

    for number, date in enumerate(("2026-03-14", "2026-03-15", "2026-03-16", "2026-03-16", "2026-03-14")):
        await admin.post(AGGREGATE, json={"date": date})
        assert await all_reports(owner) == before
        assert len(await rolled_up_days(db)) == min(number + 1, 3)  # today's too


async def test_what_comes_after_it_is_in_the_next_report(
    visit: Traffic, owner: Owner, admin: AsyncClient, website: str, db: Database
) -> None:
    for count in (1, 2, 3):
        await visit("/")
        assert (await owner.metrics(period="today"))["pageviews"] == count
        await admin.post(AGGREGATE, json={"date": "2026-03-14"})
        assert len(await rolled_up_days(db)) == 1
        assert (await owner.metrics(period="today"))["pageviews"] == count
        assert (await owner.rows("pages"))[0]["pageviews"] == count
