"""/api/v1/websites/:id/content-groups/preview: what patterns would hold, before they are saved."""

from typing import Any

import pytest
from httpx import AsyncClient, Response

from tests.make import DAY, FakeClock, moment
from tests.web.cast import GOOGLEBOT, UNKNOWN, Owner, Traffic, code, message
from tests.web.test_content_groups import FOR_EVER, LONG, MATCHES
from tinytrail.core.db import Database
from tinytrail.web import content_groups
from tinytrail.web.deletion import purge_old_days
from tinytrail.web.rollup import roll_up_finished

BLOG = {"name": "Blog", "pattern": "/blog/*"}
EMPTY = {"paths": 0, "pageviews": 0, "examples": []}


async def ask(who: AsyncClient, website: str, groups: object) -> Response:
    url = f"/api/v1/websites/{website}/content-groups/preview"
    return await who.post(url, json={"content_groups": groups})


async def preview(who: AsyncClient, website: str, *groups: dict[str, str]) -> Any:
    response = await ask(who, website, groups)
    assert response.status_code == 200, response.text
    assert response.json()["status"] == "success"
    return response.json()["data"]


@pytest.fixture
async def read_pages(visit: Traffic) -> None:
    for times, path in enumerate(("/", "/blog/a", "/blog/b", "/blog/c", "/docs/v1", "/blog/d"), 1):
        await visit(*[path] * times)


@pytest.mark.usefixtures("read_pages")
async def test_each_group_is_told_with_the_most_read_of_its_paths(alice: AsyncClient, website: str) -> None:
    docs = {"name": "Docs", "pattern": "^/docs/"}
    assert await preview(alice, website, BLOG, docs) == {
        "groups": [
            {
                "name": "Blog",
                "paths": 4,
                "pageviews": 15,
                "examples": ["/blog/d", "/blog/c", "/blog/b", "/blog/a"],
            },
            {"name": "Docs", "paths": 1, "pageviews": 5, "examples": ["/docs/v1"]},
        ],
        "unmatched": {"paths": 1, "pageviews": 1, "examples": ["/"]},
    }


@pytest.mark.usefixtures("read_pages")
async def test_a_path_belongs_to_the_first_pattern_that_matches_even_of_the_same_name(
    alice: AsyncClient, website: str
) -> None:
    patterns = ("/blog/a", "/blog/?", "/blog/*", "/*")
    found = await preview(alice, website, *({"name": "Same", "pattern": pattern} for pattern in patterns))
    assert [(group["name"], group["paths"], group["pageviews"]) for group in found["groups"]] == [
        ("Same", 1, 2),
        ("Same", 3, 13),
        ("Same", 0, 0),
        ("Same", 2, 6),
    ]
    assert found["unmatched"] == EMPTY


async def test_five_examples_are_enough_and_ties_go_by_name(
    alice: AsyncClient, website: str, visit: Traffic
) -> None:
    await visit("/g", "/f", "/e", "/d", "/c", "/b", "/a", "/b")
    found = await preview(alice, website)
    assert found == {
        "groups": [],
        "unmatched": {"paths": 7, "pageviews": 8, "examples": ["/b", "/a", "/c", "/d", "/e"]},
    }


@pytest.mark.parametrize(("pattern", "path", "is_member"), MATCHES)
async def test_it_matches_as_saving_does(
    alice: AsyncClient, website: str, visit: Traffic, pattern: str, path: str, is_member: bool
) -> None:
    await visit(path)
    found = await preview(alice, website, {"name": "Group", "pattern": pattern})
    assert found["groups"][0]["paths"] == is_member
    assert found["unmatched"]["paths"] == (not is_member)


@pytest.mark.usefixtures("read_pages")
async def test_nothing_is_saved(alice: AsyncClient, website: str, owner: Owner) -> None:
    before = (await alice.get("/api/v1/websites")).json()
    await preview(alice, website, BLOG)
    assert (await alice.get("/api/v1/websites")).json() == before
    assert {row["contentGroup"] for row in await owner.rows("pages")} == {None}


@pytest.mark.parametrize("website_settings", [{"excluded_ips": ["192.0.2.7"]}])
async def test_bots_excluded_addresses_and_events_that_are_no_page_view_are_left_out(
    alice: AsyncClient, website: str, visit: Traffic
) -> None:
    await visit("/bot", agent=GOOGLEBOT, status=204)
    await visit("/excluded", ip="192.0.2.7", status=204)
    await visit("signup", ip="192.0.2.8")
    assert (await preview(alice, website))["unmatched"] == EMPTY


@pytest.mark.parametrize("website_settings", [{"timezone": "Asia/Tokyo"}])
async def test_the_last_30_days_are_the_websites(
    alice: AsyncClient, website: str, visit: Traffic, clock: FakeClock
) -> None:
    clock.now = moment("2026-03-14 14:59")  # a minute before midnight
    await visit("/late")
    clock.now += 29 * DAY
    assert (await preview(alice, website))["unmatched"]["examples"] == ["/late"]
    clock.now += 61
    assert (await preview(alice, website))["unmatched"] == EMPTY


async def test_days_whose_events_are_deleted_count_by_their_totals(
    alice: AsyncClient, website: str, visit: Traffic, clock: FakeClock, db: Database
) -> None:
    await visit("/old")
    clock.now += 3 * DAY
    await roll_up_finished(db, clock.now)
    await purge_old_days(db, 1, clock.now)
    await visit("/old", "/new")
    assert (await preview(alice, website))["unmatched"] == {
        "paths": 2,
        "pageviews": 3,
        "examples": ["/old", "/new"],
    }


@pytest.mark.parametrize(
    "groups",
    [None, {}, "/blog/*", ["Blog"], [{"name": "Blog"}], [{"name": "", "pattern": "/"}]]
    + [[BLOG | {"pattern": pattern}] for pattern in ("", "^/(", "^" + "(" * 400)]
    + [[BLOG] * 101],
)
async def test_bad_patterns_are_the_400s_of_saving(alice: AsyncClient, website: str, groups: object) -> None:
    refused = await ask(alice, website, groups)
    saving = await alice.patch(f"/api/v1/websites/{website}", json={"content_groups": groups})
    assert refused.status_code == saving.status_code == 400
    assert refused.json() == saving.json()
    assert message(refused).startswith("content_groups")


async def test_the_groups_are_required(alice: AsyncClient, website: str) -> None:
    response = await alice.post(f"/api/v1/websites/{website}/content-groups/preview", json={})
    assert (response.status_code, message(response)) == (400, "content_groups is required")


async def test_a_pattern_that_takes_for_ever_is_refused(
    alice: AsyncClient, website: str, visit: Traffic
) -> None:
    await visit(LONG)
    refused = await ask(alice, website, [{"name": "Slow", "pattern": FOR_EVER}])
    saving = await alice.patch(
        f"/api/v1/websites/{website}", json={"content_groups": [{"name": "Slow", "pattern": FOR_EVER}]}
    )
    assert refused.status_code == 400
    assert refused.json() == saving.json()
    assert message(refused).startswith("content_groups: ")


async def test_so_are_patterns_that_take_for_ever_on_all_paths_together(
    alice: AsyncClient, website: str, visit: Traffic, monkeypatch: pytest.MonkeyPatch
) -> None:
    await visit("/a", "/b")
    monkeypatch.setattr(content_groups, "PATIENCE_FOR_ALL", 0.0)
    refused = await ask(alice, website, [BLOG])
    saving = await alice.patch(f"/api/v1/websites/{website}", json={"content_groups": [BLOG]})
    assert refused.status_code == 400
    assert refused.json() == saving.json()
    assert message(refused).startswith("content_groups: the patterns take too long")
    assert (await alice.get(f"/api/v1/websites/{website}")).json()["data"]["contentGroups"] == []


@pytest.mark.parametrize(
    ("website_id", "status", "error"), [("7", 400, "INVALID_PAYLOAD"), (UNKNOWN, 404, "NOT_FOUND")]
)
async def test_what_is_not_there(alice: AsyncClient, website_id: str, status: int, error: str) -> None:
    response = await ask(alice, website_id, [])
    assert (response.status_code, code(response)) == (status, error)


async def test_what_is_not_yours_answers_as_if_it_did_not_exist(
    admin: AsyncClient, bob: AsyncClient, website: str
) -> None:
    assert (await ask(admin, website, [])).status_code == 200
    theirs, nobodys = await ask(bob, website, []), await ask(bob, UNKNOWN, [])
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json() == nobodys.json()


async def test_it_needs_a_key(client: AsyncClient, website: str) -> None:
    assert (await ask(client, website, [])).status_code == 401
