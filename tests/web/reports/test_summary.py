"""GET /reports/summary."""

import pytest

from tests.make import DAY, FakeClock
from tests.web.cast import Owner, Traffic, message

TODAY = {"start": "2026-03-14", "end": "2026-03-14"}


async def test_without_compare_each_metric_has_only_its_value(visit: Traffic, owner: Owner) -> None:
    await visit("/", "/two", ip="192.0.2.1", every=100)
    await visit("/", ip="192.0.2.2")
    await visit("/", ip="192.0.2.3")
    assert await owner.report("summary", period="today") == {
        "period": TODAY,
        "comparison": None,
        "metrics": {
            "visits": {"value": 3},
            "unique_visitors": {"value": 3},
            "pageviews": {"value": 4},
            "bounce_rate": {"value": 66.7},
            "avg_session_duration_sec": {"value": 33},
        },
    }


async def test_a_quiet_website_is_all_zeros(owner: Owner) -> None:
    assert set((await owner.metrics()).values()) == {0}


async def test_with_compare_each_metric_has_its_change(
    visit: Traffic, owner: Owner, clock: FakeClock
) -> None:
    await visit("/", "/two", ip="192.0.2.1", every=100)
    await visit("/", ip="192.0.2.2")
    await visit("/", ip="192.0.2.3")
    clock.now += DAY
    await visit("/", "/two", ip="192.0.2.1", every=10)
    assert await owner.report("summary", period="today", compare="previous_period") == {
        "period": {"start": "2026-03-15", "end": "2026-03-15"},
        "comparison": "2026-03-14 to 2026-03-14",
        "metrics": {
            "visits": {"value": 1, "previous": 3, "change_pct": -66.67},
            "unique_visitors": {"value": 1, "previous": 3, "change_pct": -66.67},
            "pageviews": {"value": 2, "previous": 4, "change_pct": -50.0},
            "bounce_rate": {"value": 0.0, "previous": 66.7, "change_pct": -100.0},
            "avg_session_duration_sec": {"value": 10, "previous": 33, "change_pct": -69.7},
        },
    }


async def test_the_change_from_nothing_is_null_and_from_nothing_to_nothing_0(
    visit: Traffic, owner: Owner
) -> None:
    await visit("/", "/two", every=0)
    metrics = (await owner.report("summary", compare="previous_period"))["metrics"]
    assert metrics["visits"] == {"value": 1, "previous": 0, "change_pct": None}
    assert metrics["bounce_rate"] == {"value": 0, "previous": 0, "change_pct": 0}


COMPARISONS = [
    # start         end           compare            with
    ("2026-02-23", "2026-03-01", "previous_period", "2026-02-16 to 2026-02-22"),
    ("2026-03-01", "2026-03-01", "previous_period", "2026-02-28 to 2026-02-28"),
    ("2024-03-01", "2024-03-01", "previous_period", "2024-02-29 to 2024-02-29"),
    ("2024-01-01", "2024-12-31", "previous_period", "2022-12-31 to 2023-12-31"),  # 366 days
    ("2026-02-23", "2026-03-01", "yoy", "2025-02-23 to 2025-03-01"),
    ("2024-02-29", "2024-02-29", "yoy", "2023-02-28 to 2023-02-28"),
    ("2024-02-28", "2024-03-01", "yoy", "2023-02-28 to 2023-03-01"),
    ("2025-02-28", "2025-03-01", "yoy", "2024-02-28 to 2024-03-01"),
    ("0003-01-02", "0003-01-02", "yoy", "0002-01-02 to 0002-01-02"),
]


@pytest.mark.parametrize(("start", "end", "compare", "comparison"), COMPARISONS)
async def test_comparison(owner: Owner, start: str, end: str, compare: str, comparison: str) -> None:
    summary = await owner.report("summary", start_date=start, end_date=end, compare=compare)
    assert summary["period"] == {"start": start, "end": end}
    assert summary["comparison"] == comparison


@pytest.mark.parametrize("compare", ["previous_period", "yoy"])
async def test_there_is_nothing_before_the_year_1(owner: Owner, compare: str) -> None:
    response = await owner.get("summary", start_date="0001-01-01", end_date="0001-01-01", compare=compare)
    assert response.status_code == 400
    assert message(response).startswith("compare")


async def test_yoy_counts_the_days_of_a_year_ago(visit: Traffic, owner: Owner, clock: FakeClock) -> None:
    for days, views in ((365, 1), (364, 2), (1, 4)):  # a year ago, the day after that, and now
        before = clock.now
        clock.now -= days * DAY
        await visit(*["/"] * views, every=0)
        clock.now = before
    summary = await owner.report("summary", period="today", compare="yoy")
    assert summary["metrics"]["pageviews"] == {"value": 0, "previous": 1, "change_pct": -100.0}


async def test_csv(visit: Traffic, owner: Owner) -> None:
    await visit("/", ip="192.0.2.1")
    await visit("/", "/two", ip="192.0.2.2", every=30)
    assert await owner.csv("summary", compare="previous_period") == [
        ["metric", "value", "previous", "change_pct"],
        ["visits", "2", "0", ""],
        ["unique_visitors", "2", "0", ""],
        ["pageviews", "3", "0", ""],
        ["bounce_rate", "50.0", "0.0", ""],
        ["avg_session_duration_sec", "15", "0", ""],
    ]
    assert (await owner.csv("summary"))[1] == ["visits", "2", "", ""]


async def test_a_falling_figure_stays_a_number_in_csv(visit: Traffic, owner: Owner, clock: FakeClock) -> None:
    await visit("/", "/two")
    clock.now += DAY
    await visit("/")
    found = await owner.csv("summary", period="today", compare="previous_period")
    assert found[3] == ["pageviews", "1", "2", "-50.0"]
