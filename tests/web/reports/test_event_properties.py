"""GET /reports/event-properties."""

from typing import Any

import pytest

from tests.make import DAY
from tests.web.cast import GOOGLEBOT, Owner, Traffic
from tests.web.reports.test_filter_dimensions import PROPERTIES

PAGE = {"period": {"start": "2026-03-08", "end": "2026-03-14"}, "page": 1, "per_page": 50}


async def pairs(owner: Owner, **params: Any) -> dict[tuple[str, str], int]:
    rows = await owner.rows("event-properties", **params)
    return {(row["property"], row["value"]): row["count"] for row in rows}


async def test_how_often_each_property_had_which_value(visit: Traffic, owner: Owner) -> None:
    await visit("signup", "signup", properties={"plan": "pro", "seats": 5})
    await visit("upgrade", properties={"plan": "pro"})
    await visit("signup", properties={"plan": "free"})
    await visit("signup")
    assert await owner.report("event-properties") == PAGE | {
        "rows": [
            {"property": "plan", "value": "pro", "count": 3},
            {"property": "seats", "value": "5", "count": 2},
            {"property": "plan", "value": "free", "count": 1},
        ]
    }
    assert await pairs(owner, event_name="upgrade") == {("plan", "pro"): 1}
    assert await pairs(owner, event_name="Upgrade") == {}


async def test_ties_are_broken_by_property_then_value(visit: Traffic, owner: Owner) -> None:
    await visit("a", properties={"b": 2, "a": "z"})
    await visit("a", properties={"b": 1, "a": "y"})
    assert list(await pairs(owner)) == [("a", "y"), ("a", "z"), ("b", "1"), ("b", "2")]


@pytest.mark.parametrize(("value", "text"), PROPERTIES)
async def test_texts_stand_as_they_are_and_all_else_as_json(
    visit: Traffic, owner: Owner, value: Any, text: str
) -> None:
    await visit("save", properties={"a": value})
    assert await owner.rows("event-properties") == [{"property": "a", "value": text, "count": 1}]


NAMING: list[tuple[str, dict[str, Any], list[str]]] = [
    # type     properties                              listed
    ("custom", {"event_name": "save", "a": 1}, ["a"]),
    ("custom", {"name": "save", "a": 1}, ["a"]),
    ("custom", {"event_name": "save", "name": "x"}, ["name"]),
    ("custom", {"event_name": "", "name": "save"}, ["event_name"]),
    ("custom", {"event_name": 5, "name": "save"}, ["event_name"]),
    ("custom", {"event_name": "", "name": ""}, ["event_name", "name"]),
    ("custom", {"event_name": None, "name": 5}, ["event_name", "name"]),
    ("save", {"event_name": "save", "name": "x"}, ["event_name", "name"]),
]


@pytest.mark.parametrize(("kind", "properties", "listed"), NAMING)
async def test_what_gave_a_custom_event_its_name_is_left_out(
    visit: Traffic, owner: Owner, kind: str, properties: dict[str, Any], listed: list[str]
) -> None:
    await visit(kind, properties=properties)
    assert [row["property"] for row in await owner.rows("event-properties")] == listed


async def test_only_custom_events_of_the_period_and_of_people(visit: Traffic, owner: Owner) -> None:
    await visit("/", "outbound_link", "scroll_25", properties={"href": "https://x.example"})
    await visit("save", agent=GOOGLEBOT, status=204, properties={"by": "bot"})
    assert await pairs(owner) == {}
    assert await pairs(owner, include_bots="true") == {("by", "bot"): 1}
    await visit("save", properties={"a": 1})
    visit.clock.now += DAY
    assert await pairs(owner, period="today") == {}
    assert await pairs(owner, period="yesterday") == {("a", "1"): 1}


async def test_csv(visit: Traffic, owner: Owner) -> None:
    await visit("save", properties={"=a": "+b"})
    assert await owner.csv("event-properties") == [["property", "value", "count"], ["'=a", "'+b", "1"]]


async def test_numbers_stay_numbers_in_csv(visit: Traffic, owner: Owner) -> None:
    await visit("save", properties={"a": -5, "b": -1.5e-9, "c": "-1+1", "d": "-5 "})
    values = {row[0]: row[1] for row in await owner.csv("event-properties")}
    assert values == {"property": "value", "a": "-5", "b": "-1.5e-9", "c": "'-1+1", "d": "'-5 "}
