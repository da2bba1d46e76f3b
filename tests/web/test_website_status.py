"""/api/v1/websites/:id/status: whether anything has arrived yet, and what came last."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.make import DAY, HOUR, FakeClock, moment
from tests.web.cast import GOOGLEBOT, UNKNOWN, Traffic, code
from tinytrail.core.db import Database
from tinytrail.web.deletion import purge_old_days
from tinytrail.web.rollup import roll_up_finished

NOTHING = {"firstEventAt": None, "lastEvent": None}


async def status_of(who: AsyncClient, website: str) -> Any:
    response = await who.get(f"/api/v1/websites/{website}/status")
    assert response.status_code == 200, response.text
    assert response.json().keys() == {"status", "data"}
    return response.json()["data"]


async def test_a_website_without_traffic_has_no_status(alice: AsyncClient, website: str) -> None:
    assert await status_of(alice, website) == NOTHING


async def test_the_first_event_and_the_last(
    admin: AsyncClient, alice: AsyncClient, website: str, visit: Traffic, clock: FakeClock
) -> None:
    clock.now = moment("2026-03-14 09:30")
    await visit("/first", ip="192.0.2.1")
    await visit("/second", ip="192.0.2.2")
    clock.now = moment("2026-03-17 12:00")
    await visit("/third", ip="192.0.2.3")
    clock.now = moment("2026-03-17 12:20")
    await visit("/fourth", ip="192.0.2.4")
    clock.now = moment("2026-03-17 12:21")
    await visit("/fifth", ip="192.0.2.3")  # of the earlier visit
    expected = {
        "firstEventAt": "2026-03-14T09:30:00.000Z",
        "lastEvent": {
            "at": "2026-03-17T12:21:00.000Z",
            "path": "/fifth",
            "isBot": False,
            "isExcluded": False,
        },
    }
    assert await status_of(alice, website) == expected
    assert await status_of(admin, website) == expected


@pytest.mark.parametrize("website_settings", [{"excluded_ips": ["192.0.2.7"]}])
@pytest.mark.parametrize(
    ("sender", "is_bot", "is_excluded"),
    [({"agent": GOOGLEBOT}, True, False), ({"ip": "192.0.2.7"}, False, True)],
)
async def test_bots_and_excluded_addresses_count_as_arrived_and_are_told_apart(
    alice: AsyncClient,
    website: str,
    visit: Traffic,
    sender: dict[str, str],
    is_bot: bool,
    is_excluded: bool,
) -> None:
    await visit("/page", status=204, **sender)  # type: ignore[arg-type]
    status = await status_of(alice, website)
    assert status["firstEventAt"] == status["lastEvent"]["at"] == "2026-03-14T09:30:00.000Z"
    assert (status["lastEvent"]["isBot"], status["lastEvent"]["isExcluded"]) == (is_bot, is_excluded)


async def test_events_of_any_kind_count(alice: AsyncClient, website: str, visit: Traffic) -> None:
    await visit("/page", "scroll_50", "signup")
    last = (await status_of(alice, website))["lastEvent"]
    assert (last["path"], last["at"]) == ("/page", "2026-03-14T09:32:00.000Z")


async def test_it_is_right_where_days_overlap_after_a_move_to_a_zone_further_west(
    alice: AsyncClient, website: str, visit: Traffic, clock: FakeClock
) -> None:
    """The 15th in Auckland, then the 14th in Honolulu."""
    await alice.patch(f"/api/v1/websites/{website}", json={"timezone": "Pacific/Auckland"})
    clock.now = moment("2026-03-14 12:00")
    await visit("/first")
    await alice.patch(f"/api/v1/websites/{website}", json={"timezone": "Pacific/Honolulu"})
    clock.now += HOUR
    await visit("/last")
    status = await status_of(alice, website)
    assert status["firstEventAt"] == "2026-03-14T12:00:00.000Z"
    assert status["lastEvent"]["path"] == "/last"


@pytest.mark.parametrize("website_settings", [{"timezone": "Europe/Berlin"}])
async def test_of_a_day_whose_events_are_deleted_its_beginning_is_left(
    alice: AsyncClient, website: str, visit: Traffic, clock: FakeClock, db: Database
) -> None:
    await visit("/")
    clock.now += 5 * DAY
    await roll_up_finished(db, clock.now)
    await purge_old_days(db, 2, clock.now)
    beginning = "2026-03-13T23:00:00.000Z"  # midnight of the 14th in Berlin
    assert await status_of(alice, website) == {"firstEventAt": beginning, "lastEvent": None}
    await visit("/new")
    status = await status_of(alice, website)
    assert (status["firstEventAt"], status["lastEvent"]["path"]) == (beginning, "/new")


async def test_another_websites_traffic_is_no_concern(
    alice: AsyncClient, website: str, visit: Traffic
) -> None:
    other = (await alice.post("/api/v1/websites", json={"domain": "other.example"})).json()["data"]["id"]
    await visit("/")
    assert await status_of(alice, other) == NOTHING


@pytest.mark.parametrize(
    ("website_id", "status", "error"), [("7", 400, "INVALID_PAYLOAD"), (UNKNOWN, 404, "NOT_FOUND")]
)
async def test_what_is_not_there(alice: AsyncClient, website_id: str, status: int, error: str) -> None:
    response = await alice.get(f"/api/v1/websites/{website_id}/status")
    assert (response.status_code, code(response)) == (status, error)


async def test_what_is_not_yours_answers_as_if_it_did_not_exist(bob: AsyncClient, website: str) -> None:
    theirs = await bob.get(f"/api/v1/websites/{website}/status")
    nobodys = await bob.get(f"/api/v1/websites/{UNKNOWN}/status")
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json() == nobodys.json()


async def test_it_needs_a_key(client: AsyncClient, website: str) -> None:
    assert (await client.get(f"/api/v1/websites/{website}/status")).status_code == 401
