"""GET /reports/sources; tests/web/test_collect_enriches.py has what is which source."""

from typing import Any

import pytest

from tests.web.cast import Owner, Traffic, message

PAGE = {"period": {"start": "2026-03-08", "end": "2026-03-14"}, "page": 1, "per_page": 50}


@pytest.fixture
async def traffic(visit: Traffic) -> None:
    await visit("/", ip="192.0.2.1", referrer="https://www.google.com/")
    await visit(
        "/", ip="192.0.2.2", referrer="https://www.google.com/", utm_source="google", utm_medium="cpc"
    )
    await visit("/", ip="192.0.2.3", referrer="https://www.bing.com/")
    await visit("/", ip="192.0.2.4", referrer="https://t.co/a", utm_source="twitter", utm_campaign="launch")
    await visit("/", ip="192.0.2.5", referrer="https://t.co/b", utm_source="twitter", utm_campaign="launch")
    await visit("/", ip="192.0.2.5", referrer="https://www.bing.com/")  # the same visit still
    await visit("/", ip="192.0.2.6")


BY_CHANNEL = [
    {"channel": "Organic Search", "visits": 2},
    {"channel": "Social", "visits": 2},
    {"channel": "Direct", "visits": 1},
    {"channel": "Paid Search", "visits": 1},
]


@pytest.mark.usefixtures("traffic")
@pytest.mark.parametrize("params", [{}, {"group_by": "channel"}])
async def test_by_channel(owner: Owner, params: dict[str, Any]) -> None:
    assert await owner.report("sources", **params) == PAGE | {"rows": BY_CHANNEL}


@pytest.mark.usefixtures("traffic")
async def test_by_domain_only_visits_that_have_one(owner: Owner) -> None:
    assert await owner.report("sources", group_by="domain") == PAGE | {
        "rows": [
            {"referrer": "google.com", "visits": 2},
            {"referrer": "t.co", "visits": 2},
            {"referrer": "bing.com", "visits": 1},
        ]
    }


@pytest.mark.usefixtures("traffic")
async def test_by_utm_only_visits_that_have_one(owner: Owner) -> None:
    twitter = {"utmSource": "twitter", "utmMedium": None, "utmCampaign": "launch", "visits": 2}
    google = {"utmSource": "google", "utmMedium": "cpc", "utmCampaign": None, "visits": 1}
    assert await owner.report("sources", group_by="utm") == PAGE | {"rows": [twitter, google]}


@pytest.mark.parametrize("group_by", ["country", "", "Channel"])
async def test_an_unknown_grouping_is_a_400(owner: Owner, group_by: str) -> None:
    response = await owner.get("sources", group_by=group_by)
    assert response.status_code == 400
    assert message(response) == "group_by: must be one of channel, domain, utm"


CSV = [
    ("channel", ["channel", "visits"], ["Organic Search", "2"]),
    ("domain", ["referrer", "visits"], ["google.com", "2"]),
    ("utm", ["utmSource", "utmMedium", "utmCampaign", "visits"], ["twitter", "", "launch", "2"]),
]


@pytest.mark.usefixtures("traffic")
@pytest.mark.parametrize(("group_by", "columns", "first"), CSV)
async def test_csv(owner: Owner, group_by: str, columns: list[str], first: list[str]) -> None:
    assert (await owner.csv("sources", group_by=group_by))[:2] == [columns, first]


@pytest.mark.parametrize("group_by", ["channel", "domain", "utm"])
async def test_the_csv_of_nothing_has_its_columns(owner: Owner, group_by: str) -> None:
    assert len(await owner.csv("sources", group_by=group_by)) == 1
