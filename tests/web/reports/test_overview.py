"""GET /reports/overview: all of the caller's websites."""

from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from tests.make import DAY, MINUTE, moment
from tests.web.cast import GOOGLEBOT, Owner, Traffic, code, message
from tests.web.conftest import web_alone
from tests.web.reports.test_common import BAD_PARAMETERS
from tinytrail.config import Config
from tinytrail.core.connect import Tx
from tinytrail.core.db import Database
from tinytrail.web.reports.overview import WITH_DAYS, bound
from tinytrail.web.reports.period import Period

OVERVIEW = "/api/v1/reports/overview"


async def rows(client: AsyncClient, **params: Any) -> Any:
    response = await client.get(OVERVIEW, params=params)
    assert response.status_code == 200, response.text
    return response.json()["data"]["rows"]


async def domains(client: AsyncClient, **params: Any) -> list[str]:
    return [row["website"]["domain"] for row in await rows(client, **params)]


async def add_website(client: AsyncClient, domain: str, **settings: Any) -> str:
    made = await client.post("/api/v1/websites", json={"domain": domain} | settings)
    website_id: str = made.json()["data"]["id"]
    return website_id


async def test_it_is_gzipped_as_other_reports_are(alice: AsyncClient, website: str) -> None:
    response = await alice.get(OVERVIEW, params={"period": "90d"})
    assert response.headers.get("content-encoding") == "gzip"
    assert response.headers["content-type"] == "application/json"
    assert [row["website"]["id"] for row in response.json()["data"]["rows"]] == [website]


async def test_a_row_has_the_website_who_is_there_the_summary_and_visits_by_day(
    visit: Traffic, alice: AsyncClient, alice_user: dict[str, Any], website: str
) -> None:
    await visit("/")
    visit.clock.now += DAY
    await visit("/", "/two", ip="192.0.2.1")
    await visit("/", ip="192.0.2.2")
    metrics = {
        "visits": {"value": 2, "previous": 1, "change_pct": 100.0},
        "unique_visitors": {"value": 2, "previous": 1, "change_pct": 100.0},
        "pageviews": {"value": 3, "previous": 1, "change_pct": 200.0},
        "bounce_rate": {"value": 50.0, "previous": 100.0, "change_pct": -50.0},
        "avg_session_duration_sec": {"value": 30, "previous": 0, "change_pct": None},
    }
    days = {"period": {"start": "2026-03-15", "end": "2026-03-15"}, "comparison": "2026-03-14 to 2026-03-14"}
    assert await rows(alice, period="today", compare="previous_period") == [
        {
            "website": {
                "id": website,
                "domain": "example.com",
                "timezone": "UTC",
                "accountId": alice_user["accountId"],
            },
            **days,
            "active_visitors": 2,
            "metrics": metrics,
            "series": [{"date": "2026-03-15", "value": 2}],
        }
    ]


PERIODS: list[dict[str, Any]] = [
    {},
    {"period": "yesterday"},
    {"period": "30d", "compare": "yoy"},
    {"period": "12m", "compare": "previous_period"},
    {"period": "all"},
    {"period": "all", "compare": "previous_period"},
    {"start_date": "2026-03-14", "end_date": "2026-03-15", "include_bots": "true"},
]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/Los_Angeles"])
@pytest.mark.parametrize("params", PERIODS)
async def test_it_says_what_the_websites_own_reports_say(
    visit: Traffic, owner: Owner, admin: AsyncClient, params: dict[str, Any], zone: str
) -> None:
    await owner.client.patch(f"/api/v1/websites/{owner.website_id}", json={"timezone": zone})
    for _ in range(3):
        await visit("/", "/two", ip="192.0.2.1")
        await visit("/", agent=GOOGLEBOT, status=204)
        visit.clock.now += DAY
        await admin.post("/api/v1/admin/aggregate")
    visit.clock.now += 9 * 60 * MINUTE
    await visit("/", ip="192.0.2.3")
    summary = await owner.report("summary", **params)
    series = await owner.report("timeseries", metric="visits", **params)
    realtime = await owner.report("realtime", **params)
    [row] = await rows(owner.client, **params)
    assert {name: row[name] for name in summary} == summary
    assert (row["series"], row["active_visitors"]) == (series["series"], realtime["active_visitors"])


async def test_who_came_long_ago_and_is_still_there_is_active(visit: Traffic, owner: Owner) -> None:
    await visit("/", "/two", "/three", every=20 * MINUTE)
    visit.clock.now += 10 * MINUTE
    assert [row["active_visitors"] for row in await rows(owner.client)] == [1]
    visit.clock.now += 21 * MINUTE
    assert [row["active_visitors"] for row in await rows(owner.client)] == [0]


async def test_who_came_before_midnight_is_active_after_it_though_the_day_is_rolled_up(
    visit: Traffic, owner: Owner, admin: AsyncClient
) -> None:
    visit.clock.now = moment("2026-03-14 23:50")
    await visit("/")
    visit.clock.now += 15 * MINUTE
    await admin.post("/api/v1/admin/aggregate")
    await visit("/", ip="192.0.2.2")
    assert [row["active_visitors"] for row in await rows(owner.client)] == [2]


async def test_most_visits_first_then_by_domain(visit: Traffic, owner: Owner) -> None:
    for domain in ("b.example", "a.example"):
        await add_website(owner.client, domain)
    busy = await add_website(owner.client, "z.example")
    visit.website_id = busy
    await visit("/")
    assert await domains(owner.client) == ["z.example", "a.example", "b.example", "example.com"]


async def test_an_owner_sees_the_own_accounts_websites_and_an_admin_all(
    alice: AsyncClient, bob: AsyncClient, admin: AsyncClient
) -> None:
    await add_website(alice, "alice.example")
    await add_website(bob, "bob.example")
    assert await domains(alice) == ["alice.example"]
    assert await domains(bob) == ["bob.example"]
    assert await domains(admin) == ["alice.example", "bob.example"]


async def test_today_is_each_websites_own(visit: Traffic, owner: Owner) -> None:
    await add_website(owner.client, "east.example", timezone="Asia/Tokyo")
    visit.clock.now = moment("2026-03-14 20:00")
    periods = {row["website"]["domain"]: row["period"]["end"] for row in await rows(owner.client)}
    assert periods == {"example.com": "2026-03-14", "east.example": "2026-03-15"}


async def test_all_begins_for_each_website_with_its_first_day(visit: Traffic, owner: Owner) -> None:
    await add_website(owner.client, "quiet.example")
    await visit("/")
    visit.clock.now += 2 * DAY
    starts = {
        row["website"]["domain"]: row["period"]["start"] for row in await rows(owner.client, period="all")
    }
    assert starts == {"example.com": "2026-03-14", "quiet.example": "2026-03-16"}


async def test_without_websites_there_are_no_rows(bob: AsyncClient) -> None:
    assert await rows(bob) == []


OWN_BAD = [
    (params, field) for params, field in BAD_PARAMETERS if field not in ("website_id", "page", "per_page")
] + [({"format": "csv"}, "format")]


@pytest.mark.parametrize(("params", "field"), OWN_BAD)
async def test_a_bad_parameter_is_a_400_that_names_it_though_there_be_no_website(
    alice: AsyncClient, params: dict[str, Any], field: str
) -> None:
    response = await alice.get(OVERVIEW, params=params)
    assert (response.status_code, code(response)) == (400, "INVALID_PAYLOAD")
    assert message(response).startswith(field)


async def test_without_a_key_it_is_a_401(client: AsyncClient) -> None:
    assert (await client.get(OVERVIEW)).status_code == 401


async def test_a_share_link_does_not_open_it(owner: Owner, client: AsyncClient) -> None:
    share = {"name": "For the board"}
    made = await owner.client.post(f"/api/v1/websites/{owner.website_id}/shares", json=share)
    token = made.json()["data"]["token"]
    assert (await client.get(OVERVIEW, headers={"x-api-key": token})).status_code == 403


class TestLimit:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return web_alone(tmp_path, web={"collect_limit": "", "api_limit": "3/1m"})

    async def test_it_counts_once(self, bob: AsyncClient) -> None:
        statuses = [(await bob.get(OVERVIEW)).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]


async def test_events_are_read_of_days_that_are_not_rolled_up_alone(db: Database) -> None:
    def plan(tx: Tx) -> list[str]:
        values = bound([(1, Period(0, 365))], include_bots=False)
        return [step[3] for step in tx.execute(f"explain query plan {WITH_DAYS}", values)]

    read = {step for step in await db.read(plan) if step.startswith("SEARCH e ")}
    assert read == {f"SEARCH e USING PRIMARY KEY (site=? AND day=?{visit})" for visit in ("", " AND visit=?")}


async def test_more_days_than_fit_an_answer_are_a_400(
    alice: AsyncClient, website: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many websites somebody makes, and whatever century is asked for."""
    monkeypatch.setattr("tinytrail.web.reports.overview.MOST_DAYS", 180)
    await add_website(alice, "another.example")
    assert len(await rows(alice, period="90d")) == 2
    await add_website(alice, "third.example")
    response = await alice.get(OVERVIEW, params={"period": "90d"})
    assert (response.status_code, code(response)) == (400, "INVALID_PAYLOAD")
    assert message(response).startswith("period: is too long for 3 websites")
    assert len(await rows(alice, period="7d")) == 3
