"""GET /reports/timeseries."""

from typing import Any

import pytest

from tests.make import DAY, HOUR, MINUTE, FakeClock, moment
from tests.web.cast import Owner, Traffic, code, message

METRICS = {
    # metric                    two days before, the day before, today
    "pageviews": [5, 0, 1],
    "visits": [2, 0, 1],
    "unique_visitors": [2, 0, 1],
    "unique_pageviews": [4, 0, 1],
    "bounce_rate": [50.0, 0, 100.0],
    "avg_session_duration": [90, 0, 0],
    "landing_page_entries": [2, 0, 1],
    "exit_page_exits": [2, 0, 1],
}
OF_A_PATH = {
    "pageviews": [2, 0, 0],
    "visits": [1, 0, 0],
    "unique_visitors": [1, 0, 0],
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


@pytest.mark.usefixtures("traffic")
async def test_compare_adds_the_earlier_period_with_its_own_dates(owner: Owner) -> None:
    found = await owner.report("timeseries", period="today", compare="previous_period", metric="visits")
    assert found["comparison"] == "2026-03-15 to 2026-03-15"
    assert found["previous"] == [{"date": "2026-03-15", "value": 0}]
    days = {"start_date": "2027-03-13", "end_date": "2027-03-14"}
    found = await owner.report("timeseries", compare="yoy", **days)
    assert found["comparison"] == "2026-03-13 to 2026-03-14"
    assert found["previous"] == [{"date": "2026-03-13", "value": 0}, {"date": "2026-03-14", "value": 5}]
    assert found["series"] == [{"date": "2027-03-13", "value": 0}, {"date": "2027-03-14", "value": 0}]


@pytest.mark.usefixtures("traffic")
async def test_without_compare_nothing_is_added(owner: Owner) -> None:
    assert (await owner.report("timeseries")).keys() == {"period", "metric", "path", "series"}
    assert len(await owner.csv("timeseries", compare="yoy")) == 8  # and a csv never has it


async def by_hour(owner: Owner, **params: Any) -> dict[str, float]:
    """The hours that are not 0."""
    series = (await owner.report("timeseries", interval="hour", **params))["series"]
    return {point["date"]: point["value"] for point in series if point["value"]}


async def test_every_hour_to_the_end_of_the_last_day(visit: Traffic, owner: Owner) -> None:
    await visit("/", "/two")
    series = (await owner.report("timeseries", interval="hour", period="today"))["series"]
    assert [point["date"] for point in series] == [f"2026-03-14T{hour:02}:00" for hour in range(24)]
    assert {point["date"]: point["value"] for point in series if point["value"]} == {"2026-03-14T09:00": 2}
    assert await owner.csv("timeseries", interval="hour", period="today") == [
        ["date", "value"],
        *([point["date"], str(point["value"])] for point in series),
    ]


async def test_a_visit_belongs_to_the_hour_it_began_and_a_page_view_to_its_own(
    visit: Traffic, owner: Owner
) -> None:
    visit.clock.now = moment("2026-03-14 12:50")
    await visit("/", "/two", every=15 * MINUTE)
    assert await by_hour(owner, metric="visits") == {"2026-03-14T12:00": 1}
    assert await by_hour(owner, metric="unique_visitors") == {"2026-03-14T12:00": 1}
    assert await by_hour(owner, metric="avg_session_duration") == {"2026-03-14T12:00": 900}
    assert await by_hour(owner, metric="pageviews") == {"2026-03-14T12:00": 1, "2026-03-14T13:00": 1}
    assert await by_hour(owner, metric="pageviews", path="/two") == {"2026-03-14T13:00": 1}


async def test_a_visitor_of_an_hour_counts_once_in_it(visit: Traffic, owner: Owner) -> None:
    visit.clock.now = moment("2026-03-14 09:00")
    await visit("/", "/", every=40 * MINUTE)  # two visits
    await visit("/", every=0)
    visit.clock.now += HOUR
    await visit("/")
    twice = {"2026-03-14T09:00": 1, "2026-03-14T10:00": 1}
    assert await by_hour(owner, metric="visits") == {"2026-03-14T09:00": 2, "2026-03-14T10:00": 1}
    assert await by_hour(owner, metric="unique_visitors") == twice
    assert await by_hour(owner, metric="unique_pageviews") == twice


WALL_CLOCKS = [
    # zone                   UTC                 the hour there
    ("Europe/Berlin", "2026-03-29 00:59", "2026-03-29T01:00"),
    ("Europe/Berlin", "2026-03-29 01:00", "2026-03-29T03:00"),  # 02:00 is leapt over
    ("Europe/Berlin", "2026-10-25 00:30", "2026-10-25T02:00"),
    ("Europe/Berlin", "2026-10-25 01:30", "2026-10-25T02:00"),  # once more
    ("Europe/Berlin", "2026-10-25 23:59", "2026-10-26T00:00"),
    ("Asia/Kolkata", "2026-03-14 18:29", "2026-03-14T23:00"),
    ("Asia/Kolkata", "2026-03-14 18:30", "2026-03-15T00:00"),
    ("America/St_Johns", "2026-11-01 04:29", "2026-11-01T01:00"),
    ("America/St_Johns", "2026-11-01 04:30", "2026-11-01T01:00"),
    ("Australia/Lord_Howe", "2026-04-04 15:10", "2026-04-05T01:00"),  # back by half an hour, at 15:00 UTC
    ("Pacific/Kiritimati", "2026-03-14 09:59", "2026-03-14T23:00"),
    ("Pacific/Pago_Pago", "2026-03-14 10:59", "2026-03-13T23:00"),
]


@pytest.mark.parametrize(("zone", "at", "hour"), WALL_CLOCKS)
async def test_hours_are_those_of_the_websites_zone(
    owner: Owner, visit: Traffic, zone: str, at: str, hour: str
) -> None:
    changed = await owner.client.patch(f"/api/v1/websites/{owner.website_id}", json={"timezone": zone})
    assert changed.status_code == 200
    visit.clock.now = moment(at)
    await visit("/")
    for metric in ("pageviews", "visits"):
        assert await by_hour(owner, metric=metric) == {hour: 1}
    day = hour[:10]
    series = await owner.report("timeseries", interval="hour", start_date=day, end_date=day)
    assert len(series["series"]) == 24


async def test_hours_add_up_to_days_after_a_change_of_zone(owner: Owner, visit: Traffic) -> None:
    visit.clock.now = moment("2026-03-14 23:30")
    await visit("/")
    await owner.client.patch(f"/api/v1/websites/{owner.website_id}", json={"timezone": "Asia/Kolkata"})
    assert await by_hour(owner) == {"2026-03-14T05:00": 1}


HOURS = [("2026-03-01", "2026-03-31", 200), ("2026-03-01", "2026-04-01", 400)]


@pytest.mark.parametrize(("start", "end", "status"), HOURS)
async def test_hours_are_listed_for_31_days_at_most(owner: Owner, start: str, end: str, status: int) -> None:
    response = await owner.get("timeseries", interval="hour", start_date=start, end_date=end)
    assert response.status_code == status
    if status == 400:
        assert message(response).startswith("interval: ")
    else:
        assert len(response.json()["data"]["series"]) == 31 * 24


@pytest.mark.parametrize("interval", ["week", "", "Hour"])
async def test_an_unknown_interval_is_a_400(owner: Owner, interval: str) -> None:
    response = await owner.get("timeseries", interval=interval)
    assert (response.status_code, code(response)) == (400, "INVALID_PAYLOAD")
    assert message(response).startswith("interval")
