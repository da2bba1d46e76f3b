"""GET /reports/realtime."""

from typing import Any

import pytest

from tests.make import DAY, MINUTE, FakeClock, moment
from tests.web.cast import GOOGLEBOT, Owner, Traffic
from tinytrail.web.reports import realtime


async def test_the_last_30_minutes(visit: Traffic, owner: Owner) -> None:
    await visit("/", "/blog", "scroll_50", ip="192.0.2.1")
    await visit("/", "/", "signup", ip="192.0.2.2")
    await visit("custom", ip="192.0.2.3", properties={"event_name": "play"})
    assert await owner.report("realtime") == {
        "active_visitors": 3,
        "top_pages": [{"path": "/", "visitors": 2}, {"path": "/blog", "visitors": 1}],
        "events_by_type": [  # as they were sent
            {"eventType": "page_view", "count": 4},
            {"eventType": "custom", "count": 1},
            {"eventType": "scroll_50", "count": 1},
            {"eventType": "signup", "count": 1},
        ],
    }


@pytest.mark.parametrize(("age", "seen"), [(0, 1), (30 * MINUTE - 1, 1), (30 * MINUTE + 1, 0), (DAY, 0)])
async def test_what_is_older_is_gone(
    visit: Traffic, owner: Owner, clock: FakeClock, age: float, seen: int
) -> None:
    await visit("/")
    clock.now += age
    lately = await owner.report("realtime")
    assert lately["active_visitors"] == seen
    assert len(lately["top_pages"]) == len(lately["events_by_type"]) == seen


async def test_an_old_page_of_a_visitor_still_here_is_gone(visit: Traffic, owner: Owner) -> None:
    await visit("/old", "/new", every=29 * MINUTE)
    await visit("/new", every=2 * MINUTE)
    visit.clock.now += 2 * MINUTE
    assert [page["path"] for page in (await owner.report("realtime"))["top_pages"]] == ["/new"]


@pytest.mark.parametrize(
    ("website_settings", "midnight"),
    [({}, "2026-03-15 00:00"), ({"timezone": "Asia/Tokyo"}, "2026-03-14 15:00")],
)
async def test_it_looks_back_past_midnight(
    visit: Traffic, owner: Owner, clock: FakeClock, midnight: str
) -> None:
    clock.now = moment(midnight) - MINUTE
    await visit("/")
    clock.now += 2 * MINUTE
    assert (await owner.report("realtime"))["active_visitors"] == 1


@pytest.mark.parametrize("website_settings", [{"timezone": "Pacific/Kiritimati"}])
@pytest.mark.parametrize("params", [{}, {"filters[]": "entry:/"}])
async def test_it_sees_who_came_before_the_website_moved_to_a_zone_where_it_is_another_day(
    visit: Traffic, owner: Owner, clock: FakeClock, params: dict[str, Any]
) -> None:
    clock.now = moment("2026-03-15 10:30")  # half an hour past midnight in Kiritimati
    for zone in ("Pacific/Pago_Pago", "Pacific/Kiritimati"):  # two days apart, for an hour
        await visit("/")
        await owner.client.patch(f"/api/v1/websites/{owner.website_id}", json={"timezone": zone})
        clock.now += MINUTE
        lately = await owner.report("realtime", **params)
        overview = await owner.client.get("/api/v1/reports/overview")
        assert lately["active_visitors"] == lately["top_pages"][0]["visitors"] == 1
        assert overview.json()["data"]["rows"][0]["active_visitors"] == 1
        clock.now += 35 * MINUTE


async def test_at_most_ten_pages_most_visitors_first(visit: Traffic, owner: Owner) -> None:
    for number in range(12):
        await visit(*[f"/{path:02}" for path in range(12 - number)], ip=f"192.0.2.{number}", every=0)
    pages = (await owner.report("realtime"))["top_pages"]
    assert pages == [{"path": f"/{number:02}", "visitors": 12 - number} for number in range(10)]


@pytest.mark.parametrize("website_settings", [{"excluded_ips": ["192.0.2.9"]}])
@pytest.mark.parametrize("params", [{}, {"include_bots": "true"}])
async def test_bots_and_excluded_addresses_are_never_shown(
    visit: Traffic, owner: Owner, params: dict[str, Any]
) -> None:
    await visit("/", agent=GOOGLEBOT, status=204)
    await visit("/", ip="192.0.2.9", status=204)
    assert await owner.report("realtime", **params) == {
        "active_visitors": 0,
        "top_pages": [],
        "events_by_type": [],
    }


@pytest.fixture
def _three_events_are_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(realtime, "BUSY", 3)


@pytest.mark.usefixtures("_three_events_are_busy")
@pytest.mark.parametrize(("come", "after", "seen"), [(2, 0, 3), (3, 4.9, 3), (3, 5, 4), (3, -1, 4)])
async def test_of_a_busy_half_hour_an_answer_holds_for_five_seconds(
    visit: Traffic, owner: Owner, clock: FakeClock, come: int, after: float, seen: int
) -> None:
    await visit(*["/"] * come, every=0)
    await owner.report("realtime")
    clock.now += after
    await visit("/", ip="192.0.2.1")
    [views] = (await owner.report("realtime"))["events_by_type"]
    assert views["count"] == seen


@pytest.mark.usefixtures("_three_events_are_busy")
async def test_it_holds_for_the_same_website_and_filters_alone(visit: Traffic, owner: Owner) -> None:
    await visit("/", "/a", "/a", "/a", "/b", every=0)

    async def pages(**params: str) -> list[str]:
        return [page["path"] for page in (await owner.report("realtime", **params))["top_pages"]]

    assert await pages() == ["/", "/a", "/b"]
    assert await pages(**{"filters[]": "page:/a"}) == ["/a"]
    assert await pages(**{"filters[]": "page:/b"}) == ["/b"]
    other = await owner.client.post("/api/v1/websites", json={"domain": "example.org"})
    assert await pages() == ["/", "/a", "/b"]
    assert await pages(website_id=other.json()["data"]["id"]) == []


async def test_csv_has_the_top_pages(visit: Traffic, owner: Owner) -> None:
    await visit("/")
    assert await owner.csv("realtime") == [["path", "visitors"], ["/", "1"]]
