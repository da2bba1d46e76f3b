"""GET /reports/timeseries."""

from typing import Any

import pytest

from tests.make import DAY, FakeClock
from tests.web.cast import Owner, Traffic, code, message

METRICS = {
    # metric                    two days before, the day before, today
    "pageviews": [5, 0, 1],
    "visits": [2, 0, 1],
    "unique_pageviews": [4, 0, 1],
    "bounce_rate": [50.0, 0, 100.0],
    "avg_session_duration": [90, 0, 0],
    "landing_page_entries": [2, 0, 1],
    "exit_page_exits": [2, 0, 1],
}
OF_A_PATH = {
    "pageviews": [2, 0, 0],
    "visits": [1, 0, 0],
    "unique_pageviews": [1, 0, 0],
    "bounce_rate": [0, 0, 0],
    "avg_session_duration": [180, 0, 0],
    "landing_page_entries": [0, 0, 0],
    "exit_page_exits": [1, 0, 0],
}


@pytest.fixture
async def traffic(visit: Traffic, clock: FakeClock) -> None:
    await visit("/", "/two", "/three", "/two", ip="192.0.2.1")
    await visit("/", ip="192.0.2.2")
    clock.now += 2 * DAY
    await visit("/")


@pytest.mark.usefixtures("traffic")
async def test_page_views_by_day_quiet_days_included(owner: Owner) -> None:
    assert await owner.report("timeseries") == {
        "period": {"start": "2026-03-10", "end": "2026-03-16"},
        "metric": "pageviews",
        "path": "*",
        "series": [
            {"date": "2026-03-10", "value": 0},
            {"date": "2026-03-11", "value": 0},
            {"date": "2026-03-12", "value": 0},
            {"date": "2026-03-13", "value": 0},
            {"date": "2026-03-14", "value": 5},
            {"date": "2026-03-15", "value": 0},
            {"date": "2026-03-16", "value": 1},
        ],
    }


@pytest.mark.usefixtures("traffic")
@pytest.mark.parametrize(("metric", "values"), METRICS.items())
async def test_metric(owner: Owner, metric: str, values: list[float]) -> None:
    found = await owner.report("timeseries", metric=metric)
    assert (found["metric"], found["path"]) == (metric, "*")
    assert [point["value"] for point in found["series"]] == [0, 0, 0, 0, *values]


@pytest.mark.usefixtures("traffic")
@pytest.mark.parametrize(("metric", "values"), OF_A_PATH.items())
async def test_metric_of_a_path(owner: Owner, metric: str, values: list[float]) -> None:
    found = await owner.report("timeseries", metric=metric, path="/two")
    assert (found["metric"], found["path"]) == (metric, "/two")
    assert [point["value"] for point in found["series"]] == [0, 0, 0, 0, *values]


@pytest.mark.usefixtures("traffic")
async def test_an_unknown_path_is_all_zeros(owner: Owner) -> None:
    series = (await owner.report("timeseries", path="/nowhere", period="today"))["series"]
    assert series == [{"date": "2026-03-16", "value": 0}]


@pytest.mark.parametrize("metric", ["clicks", "", "Pageviews", "avg_session_duration_sec"])
async def test_an_unknown_metric_is_a_400(owner: Owner, metric: str) -> None:
    response = await owner.get("timeseries", metric=metric)
    assert (response.status_code, code(response)) == (400, "INVALID_PAYLOAD")
    assert message(response).startswith("metric")


LENGTHS = [
    ("2024-02-28", "2024-03-01", 3),
    ("2023-02-28", "2023-03-01", 2),
    ("2024-01-01", "2024-12-31", 366),
]


@pytest.mark.parametrize(("start", "end", "days"), LENGTHS)
async def test_a_point_for_each_day_once(owner: Owner, start: str, end: str, days: int) -> None:
    series = (await owner.report("timeseries", start_date=start, end_date=end))["series"]
    dates = [point["date"] for point in series]
    assert (len(dates), dates[0], dates[-1]) == (days, start, end)
    assert dates == sorted(set(dates))


@pytest.mark.parametrize("params", [{}, {"page": 2, "per_page": 3}])
async def test_csv_has_every_day_whatever_the_page(owner: Owner, params: dict[str, Any]) -> None:
    found = await owner.csv("timeseries", **params)
    assert found[0] == ["date", "value"]
    assert [row[1] for row in found[1:]] == ["0"] * 7
