"""include_bots and content_group, on every report."""

from typing import Any

import pytest

from tests.make import DAY, MINUTE
from tests.web.cast import GOOGLEBOT, IPHONE, Owner, Traffic

BLOG = {"content_groups": [{"name": "Blog", "pattern": "/blog/*"}]}


@pytest.fixture
def website_settings() -> dict[str, Any]:
    return BLOG


@pytest.fixture
async def traffic(visit: Traffic) -> None:
    """Two visits with the blog in them, two without, and one that only scrolled there."""
    await visit(
        "/",
        "signup",
        "/blog/a",
        "play",
        "/",
        ip="192.0.2.1",
        agent=IPHONE,
        referrer="https://t.co/",
        country="DE",
    )
    await visit("/blog/b", ip="192.0.2.2", utm_source="news", screen_width=1000)
    await visit(
        "/", "/two", "signup", ip="192.0.2.3", utm_source="x", country="AT", referrer="https://a.example"
    )
    await visit("/two", ip="192.0.2.4")
    await visit("/two", ip="192.0.2.5")
    await visit("scroll_25", ip="192.0.2.4", path="/blog/a")


def page(path: str) -> dict[str, Any]:
    return {"path": path, "contentGroup": "Blog", "pageviews": 1, "uniquePageviews": 1}


OF_THE_BLOG: list[tuple[str, dict[str, Any], Any]] = [
    (
        "summary",
        {},
        {
            "visits": {"value": 2},
            "unique_visitors": {"value": 2},
            "pageviews": {"value": 2},  # of the blog; the visits had four
            "bounce_rate": {"value": 50.0},
            "avg_session_duration_sec": {"value": 120},
        },
    ),
    ("pages", {}, [page("/blog/a"), page("/blog/b")]),
    ("sources", {}, [{"channel": "Direct", "visits": 1}, {"channel": "Social", "visits": 1}]),
    ("sources", {"group_by": "domain"}, [{"referrer": "t.co", "visits": 1}]),
    (
        "sources",
        {"group_by": "utm"},
        [{"utmSource": "news", "utmMedium": None, "utmCampaign": None, "visits": 1}],
    ),
    (
        "devices",
        {},
        [
            [{"deviceType": "desktop", "visits": 1}, {"deviceType": "mobile", "visits": 1}],
            [{"browserFamily": "Chrome", "visits": 1}, {"browserFamily": "Safari", "visits": 1}],
            [{"osFamily": "Windows", "visits": 1}, {"osFamily": "iOS", "visits": 1}],
            [{"bucket": "769-1024", "visits": 1}, {"bucket": "unknown", "visits": 1}],
        ],
    ),
    ("countries", {}, [{"country": "DE", "visits": 1}]),
    (
        "flow",
        {},
        [
            [{"path": "/", "entries": 1}, {"path": "/blog/b", "entries": 1}],
            [{"path": "/", "exits": 1}, {"path": "/blog/b", "exits": 1}],
        ],
    ),
    (
        "funnel",
        {"steps": ["/", "/two"]},
        [
            {"step": "/", "sessions": 1, "conversion_rate": 100.0},
            {"step": "/two", "sessions": 0, "conversion_rate": 0.0},
        ],
    ),
    ("custom-events", {}, [{"name": "play", "count": 1}]),  # what happened on the blog's pages
    ("timeseries", {"metric": "pageviews"}, 2),
    ("timeseries", {"metric": "unique_pageviews"}, 2),
    ("timeseries", {"metric": "visits"}, 2),
    ("timeseries", {"metric": "bounce_rate"}, 50.0),
    ("timeseries", {"metric": "avg_session_duration"}, 120),
    ("timeseries", {"metric": "landing_page_entries"}, 2),
    ("timeseries", {"metric": "landing_page_entries", "path": "/"}, 1),
    ("timeseries", {"metric": "pageviews", "path": "/"}, 0),
    ("timeseries", {"metric": "visits", "path": "/"}, 1),
]


def essence(report: str, data: Any) -> Any:
    """What a report says, without what all reports say."""
    match report:
        case "summary":
            return data["metrics"]
        case "funnel":
            return data["funnel"]
        case "timeseries":
            return data["series"][-1]["value"]
        case "devices" | "flow":
            return [found for name, found in data.items() if name != "period"]
        case _:
            return data["rows"]


@pytest.mark.usefixtures("traffic")
@pytest.mark.parametrize(("report", "params", "expected"), OF_THE_BLOG)
async def test_a_content_group_keeps_its_page_views_and_the_visits_with_one(
    owner: Owner, report: str, params: dict[str, Any], expected: Any
) -> None:
    data = await owner.report(report, content_group="Blog", **params)
    assert essence(report, data) == expected
    assert essence(report, await owner.report(report, **params)) != expected


@pytest.mark.usefixtures("traffic")
@pytest.mark.parametrize("group", ["Docs", "blog", "/blog/*"])
async def test_an_unknown_content_group_has_nothing(owner: Owner, group: str) -> None:
    assert set((await owner.metrics(content_group=group)).values()) == {0}
    assert await owner.rows("pages", content_group=group) == []


@pytest.mark.usefixtures("traffic")
async def test_an_empty_content_group_is_no_filter(owner: Owner) -> None:
    assert await owner.report("pages", content_group="") == await owner.report("pages")


@pytest.mark.usefixtures("traffic")
async def test_realtime_keeps_the_groups_page_views_and_the_visitors_with_one(owner: Owner) -> None:
    assert await owner.report("realtime", content_group="Blog") == {
        "active_visitors": 2,
        "top_pages": [{"path": "/blog/a", "visitors": 1}, {"path": "/blog/b", "visitors": 1}],
        "events_by_type": [
            {"eventType": "page_view", "count": 2},
            {"eventType": "play", "count": 1},
        ],
    }


@pytest.mark.usefixtures("traffic")
async def test_a_comparison_is_filtered_too(visit: Traffic, owner: Owner) -> None:
    visit.clock.now += DAY
    summary = await owner.report("summary", period="today", compare="previous_period", content_group="Blog")
    assert summary["metrics"]["pageviews"] == {"value": 0, "previous": 2, "change_pct": -100.0}


WITH_BOTS: list[tuple[str, dict[str, Any]]] = [
    (report, params) for report, params, _ in OF_THE_BLOG if params.get("path") is None
]


@pytest.mark.parametrize("group", [{}, {"content_group": "Blog"}])
@pytest.mark.parametrize(("report", "params"), WITH_BOTS)
async def test_bots_are_shown_on_request_only(
    visit: Traffic, owner: Owner, report: str, params: dict[str, Any], group: dict[str, str]
) -> None:
    nothing = essence(report, await owner.report(report, **params | group))
    await visit(
        "/blog/a", agent=GOOGLEBOT, status=204, country="US", referrer="https://t.co/", utm_source="x"
    )
    await visit("play", agent=GOOGLEBOT, status=204, path="/blog/a")
    visit.clock.now += MINUTE
    await visit("/", agent=GOOGLEBOT, status=204)
    for include_bots in ({}, {"include_bots": "false"}):
        assert essence(report, await owner.report(report, **params | group | include_bots)) == nothing
    shown = essence(report, await owner.report(report, include_bots="true", **params | group))
    if params.get("metric") != "bounce_rate":  # which is 0 with the bot and without
        assert shown != nothing
