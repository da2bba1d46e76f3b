"""GET /reports/funnel."""

from typing import Any

import pytest

from tests.make import MINUTE, FakeClock, hit, moment
from tests.web.cast import COLLECT, Owner, Traffic, code, message


async def sessions(owner: Owner, *steps: str, **params: Any) -> list[int]:
    funnel = (await owner.report("funnel", steps=list(steps), **params))["funnel"]
    assert [step["step"] for step in funnel] == list(steps)
    return [step["sessions"] for step in funnel]


async def test_sessions_and_rates(visit: Traffic, owner: Owner) -> None:
    await visit("/pricing", "/signup", "/onboarding", ip="192.0.2.1")
    await visit("/pricing", "/signup", ip="192.0.2.2")
    await visit("/pricing", ip="192.0.2.3")
    await visit("/signup", "/onboarding", ip="192.0.2.4")
    assert await owner.report("funnel", steps=["/pricing", "/signup", "/onboarding"]) == {
        "period": {"start": "2026-03-08", "end": "2026-03-14"},
        "funnel": [
            {"step": "/pricing", "sessions": 3, "conversion_rate": 100.0},
            {"step": "/signup", "sessions": 2, "conversion_rate": 66.67},
            {"step": "/onboarding", "sessions": 1, "conversion_rate": 50.0},
        ],
    }


async def test_the_first_step_is_100_percent_and_what_follows_nothing_is_0(owner: Owner) -> None:
    funnel = (await owner.report("funnel", steps=["/", "/two", "/three"]))["funnel"]
    assert [(step["sessions"], step["conversion_rate"]) for step in funnel] == [(0, 100), (0, 0), (0, 0)]


FUNNELS = [
    # what one visit does                  steps                            visits that took each
    (["/a", "/b", "/c"], ["/a", "/b", "/c"], [1, 1, 1]),
    (["/a", "/x", "/b"], ["/a", "/b"], [1, 1]),  # others may lie between
    (["/b", "/a"], ["/a", "/b"], [1, 0]),  # in this order only
    (["/b", "/a", "/b"], ["/a", "/b"], [1, 1]),
    (["/a"], ["/a", "/a"], [1, 0]),  # one page view is one step
    (["/a", "/a"], ["/a", "/a"], [1, 1]),
    (["/a", "/b", "/a"], ["/a", "/a", "/b"], [1, 1, 0]),
    (["/a", "signup"], ["/a", "signup"], [1, 1]),  # a custom event's name
    (["/a", "scroll_50"], ["/a", "scroll_50"], [1, 1]),  # an event type
    (["/a", "/b"], ["page_view", "page_view", "page_view"], [1, 1, 0]),
    (["/a", "scroll_50"], ["/a", "/a"], [1, 0]),  # a path is a page view of it
    (["/a", "/b"], ["/a", "/"], [1, 0]),  # and of it alone
    (["/a", "signup"], ["/a", "Signup"], [1, 0]),
    (["/a"], ["signup", "/a"], [0, 0]),
]


@pytest.mark.parametrize(("visited", "steps", "counted"), FUNNELS)
async def test_steps(
    visit: Traffic, owner: Owner, visited: list[str], steps: list[str], counted: list[int]
) -> None:
    await visit(*visited)
    assert await sessions(owner, *steps) == counted


async def test_a_custom_event_is_found_by_its_type_and_by_its_name(visit: Traffic, owner: Owner) -> None:
    await visit("/", "custom", properties={"event_name": "play"})
    assert await sessions(owner, "/", "custom") == [1, 1]
    assert await sessions(owner, "/", "play") == [1, 1]


async def test_steps_of_one_second_are_taken_in_the_order_they_came(visit: Traffic, owner: Owner) -> None:
    body = [hit(visit.website_id, path) for path in ("/a", "/b")]
    await visit.client.post(COLLECT, json=body)
    assert await sessions(owner, "/a", "/b") == [1, 1]
    assert await sessions(owner, "/b", "/a") == [1, 0]


async def test_all_steps_are_of_one_visit(visit: Traffic, owner: Owner, clock: FakeClock) -> None:
    await visit("/a", ip="192.0.2.1")
    await visit("/b", ip="192.0.2.2")
    clock.now += 31 * MINUTE
    await visit("/b", ip="192.0.2.1")
    assert await sessions(owner, "/a", "/b") == [1, 0]


@pytest.mark.parametrize("website_settings", [{"timezone": "Asia/Tokyo"}])
async def test_a_visit_belongs_to_the_day_it_began_all_of_it(
    visit: Traffic, owner: Owner, clock: FakeClock
) -> None:
    clock.now = moment("2026-03-14 14:59")  # a minute before Tokyo's midnight
    await visit("/a", "/b")
    first = {"start_date": "2026-03-14", "end_date": "2026-03-14"}
    second = {"start_date": "2026-03-15", "end_date": "2026-03-15"}
    assert await sessions(owner, "/a", "/b", **first) == [1, 1]
    assert await sessions(owner, "/a", "/b", **second) == [0, 0]


@pytest.mark.parametrize("steps", [None, "/", ["/"], ["/", ""], ["", ""], ["/"] * 21])
async def test_bad_steps_are_a_400(owner: Owner, steps: Any) -> None:
    response = await owner.get("funnel", steps=steps)
    assert (response.status_code, code(response)) == (400, "INVALID_PAYLOAD")
    assert message(response).startswith("steps[]")


async def test_twenty_steps_are_followed(visit: Traffic, owner: Owner) -> None:
    await visit(*["/"] * 20)
    assert await sessions(owner, *["/"] * 20) == [1] * 20


async def test_csv(visit: Traffic, owner: Owner) -> None:
    await visit("/", "/two")
    await visit("/", ip="192.0.2.2")
    assert await owner.csv("funnel", steps=["/", "/two"]) == [
        ["step", "sessions", "conversion_rate"],
        ["/", "2", "100.0"],
        ["/two", "1", "50.0"],
    ]
