"""GET /metrics: counts by day, week and month."""

from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from tests.make import alone_in
from tests.product.make import ask, assert_error, event, track
from tinytrail.config import Config

WEDNESDAY, SUNDAY, MONDAY = "2025-01-29", "2025-02-02", "2025-02-03"
DAYS = ("2024-12-31", "2025-01-01", WEDNESDAY, "2025-01-31", "2025-02-01", SUNDAY, MONDAY)


@pytest.fixture
async def _events(client: AsyncClient) -> None:
    for day in DAYS:
        await track(client, f"view {day}T00:00:00Z", f"view {day}T23:59:59.999999Z")
    await track(client, f"like {MONDAY}T12:00:00Z", user_id="bob")


async def test_without_events_there_are_no_rows(client: AsyncClient) -> None:
    assert await ask(client, "/metrics") == []


GROUPS: list[tuple[str, dict[str, str], list[dict[str, Any]]]] = [
    (
        "by day is the default",
        {},
        [
            {"date": "2025-01-01", "view": 2},
            {"date": "2025-01-29", "view": 2},
            {"date": "2025-01-31", "view": 2},
            {"date": "2025-02-01", "view": 2},
            {"date": "2025-02-02", "view": 2},
            {"date": "2025-02-03", "like": 1, "view": 2},
        ],
    ),
    (
        "weeks begin on Monday and bear its date, though it is out of the range",
        {"group_by": "week"},
        [
            {"date": "2024-12-30", "view": 2},
            {"date": "2025-01-27", "view": 8},
            {"date": "2025-02-03", "like": 1, "view": 2},
        ],
    ),
    (
        "months bear their first day",
        {"group_by": "month"},
        [{"date": "2025-01-01", "view": 6}, {"date": "2025-02-01", "like": 1, "view": 6}],
    ),
    (
        "of a period that the range cuts only the days inside count",
        {"group_by": "month", "start_date": "2025-01-30", "end_date": "2025-02-01"},
        [{"date": "2025-01-01", "view": 2}, {"date": "2025-02-01", "view": 2}],
    ),
    (
        "a range of one day",
        {"start_date": MONDAY, "end_date": MONDAY},
        [{"date": MONDAY, "like": 1, "view": 2}],
    ),
    ("a user", {"user_id": "bob"}, [{"date": MONDAY, "like": 1}]),
    ("a user by month", {"user_id": "bob", "group_by": "month"}, [{"date": "2025-02-01", "like": 1}]),
    ("an unknown user", {"user_id": "eve"}, []),
    ("an event's name is no user", {"user_id": "view"}, []),
    ("a user of NUL", {"user_id": "\0"}, []),
    ("days without events", {"start_date": "2025-01-02", "end_date": "2025-01-28"}, []),
    (
        "empty parameters are none",
        {"user_id": "", "group_by": "", "start_date": MONDAY},
        [{"date": MONDAY, "like": 1, "view": 2}],
    ),
    (
        "all of time",
        {"start_date": "0001-01-01", "end_date": "9999-12-31", "group_by": "month"},
        [
            {"date": "2024-12-01", "view": 2},
            {"date": "2025-01-01", "view": 6},
            {"date": "2025-02-01", "like": 1, "view": 6},
        ],
    ),
]


@pytest.mark.usefixtures("_events")
@pytest.mark.parametrize(("params", "rows"), [case[1:] for case in GROUPS], ids=[case[0] for case in GROUPS])
async def test_group(client: AsyncClient, params: dict[str, str], rows: list[Any]) -> None:
    assert await ask(client, "/metrics", **params) == rows


class TestWeekStart:
    @pytest.fixture(params=[("sunday", SUNDAY), ("wednesday", WEDNESDAY), ("saturday", "2025-02-01")])
    def week(self, request: pytest.FixtureRequest) -> tuple[str, str]:
        week: tuple[str, str] = request.param
        return week

    @pytest.fixture
    def config(self, tmp_path: Path, week: tuple[str, str]) -> Config:
        return alone_in(tmp_path, "track", track={"week_start": week[0]})

    async def test_weeks_begin_when_the_settings_say(
        self, client: AsyncClient, week: tuple[str, str]
    ) -> None:
        await track(client, f"view {SUNDAY}T00:00:00Z")
        assert await ask(client, "/metrics", group_by="week") == [{"date": week[1], "view": 1}]


async def test_the_first_week_of_1970_began_in_1969(client: AsyncClient) -> None:
    await track(client, "view 1970-01-01T00:00:00Z")
    week = await ask(client, "/metrics", group_by="week", start_date="1970-01-01")
    assert week == [{"date": "1969-12-29", "view": 1}]


async def test_names_come_back_as_they_were_sent(client: AsyncClient) -> None:
    names = ["a\0b", "ü🎵", '"quoted"', " ", "Play", "__proto__"]
    for name in names:
        await client.post("/track", json=event(event=name))

    [row] = await ask(client, "/metrics")

    assert row.keys() == {"date", *names}


async def test_rows_are_read_by_any_page(client: AsyncClient) -> None:
    for path in ("/metrics", "/sessions"):
        response = await client.get(f"{path}?start_date=2025-01-01&end_date=2025-01-01")
        assert response.headers["access-control-allow-origin"] == "*"


REQUIRED = "start_date and end_date are required"
FORMAT = "Invalid date format. Use YYYY-MM-DD"
ODD_DATES = (
    "2025-1-1",
    "20250101",
    "2025-02-30",
    "2025-W01-1",
    "today",
    "2025-01-01T00:00:00Z",
    "0000-01-01",
)

REFUSED = [
    # start_date     end_date        group_by
    ("", "", "", REQUIRED),
    ("2025-01-01", "", "", REQUIRED),
    ("", "2025-01-01", "", REQUIRED),
    *((date, "2025-12-31", "", FORMAT) for date in ODD_DATES),
    *(("2025-01-01", date, "", FORMAT) for date in ODD_DATES),
    ("2025-01-02", "2025-01-01", "", "start_date: must not be after end_date"),
    ("2025-01-01", "2025-01-01", "year", "group_by: must be one of day, week, month"),
    ("2025-01-01", "2025-01-01", "Day", "group_by: must be one of day, week, month"),
]


@pytest.mark.parametrize("path", ["/metrics", "/sessions"])
@pytest.mark.parametrize(("start_date", "end_date", "group_by", "message"), REFUSED)
async def test_it_refuses(
    client: AsyncClient, path: str, start_date: str, end_date: str, group_by: str, message: str
) -> None:
    given = {"start_date": start_date, "end_date": end_date, "group_by": group_by}

    response = await client.get(path, params={name: value for name, value in given.items() if value})

    assert_error(response, 400, message)
    assert response.json()["message"] == message


async def test_an_empty_date_is_none(client: AsyncClient) -> None:
    assert_error(await client.get("/metrics?start_date=&end_date=2025-01-01"), 400, REQUIRED)


async def test_an_unreadable_user_is_unknown(client: AsyncClient) -> None:
    response = await client.get("/metrics?start_date=2025-01-01&end_date=2025-01-01&user_id=%ED%A0%80%ff")
    assert response.json() == {"status": "success", "data": []}
