"""GET /reports/custom-events."""

import pytest

from tests.web.cast import Owner, Traffic

PAGE = {"period": {"start": "2026-03-08", "end": "2026-03-14"}, "page": 1, "per_page": 50}


async def test_events_are_counted_by_name(visit: Traffic, owner: Owner) -> None:
    await visit("/", "signup", "signup", "scroll_25", "close_tab", "outbound_link", ip="192.0.2.1")
    await visit("/", "signup", ip="192.0.2.2")
    await visit("custom", ip="192.0.2.3", properties={"name": "video_play"})
    assert await owner.report("custom-events") == PAGE | {
        "rows": [{"name": "signup", "count": 3}, {"name": "video_play", "count": 1}]
    }


@pytest.mark.parametrize(
    ("event_name", "found"),
    [("signup", ["signup"]), ("SIGNUP", []), ("sign", []), ("", ["signup", "play"]), ("' or 1=1 --", [])],
)
async def test_one_name_can_be_asked_for(
    visit: Traffic, owner: Owner, event_name: str, found: list[str]
) -> None:
    await visit("/", "signup", "signup", "play")
    rows = await owner.rows("custom-events", event_name=event_name)
    assert [row["name"] for row in rows] == found


async def test_csv(visit: Traffic, owner: Owner) -> None:
    await visit("/", "signup", "signup")
    assert await owner.csv("custom-events") == [["name", "count"], ["signup", "2"]]


FORMULAS = [
    ("=1+1", "'=1+1"),
    ("+1", "'+1"),
    ("-1+1", "'-1+1"),
    ("-1", "-1"),  # a number
    ("@SUM(A1)", "'@SUM(A1)"),
    ("\t=1", "'\t=1"),
    ("\r=1", "'\r=1"),
    ("a=1", "a=1"),
    ('a,"b"\nc', 'a,"b"\nc'),
    ("12", "12"),
    ("café", "café"),
]


@pytest.mark.parametrize(("name", "in_csv"), FORMULAS)
async def test_a_cell_that_a_spreadsheet_would_run_is_defused(
    visit: Traffic, owner: Owner, name: str, in_csv: str
) -> None:
    await visit(name)
    assert await owner.rows("custom-events") == [{"name": name, "count": 1}]
    assert (await owner.csv("custom-events"))[1:] == [[in_csv, "1"]]
