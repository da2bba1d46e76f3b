"""Content groups: which paths they hold, and what a pattern can do no harm with."""

import asyncio
import time
from threading import Event, current_thread, main_thread
from typing import Any

import pytest
from httpx import AsyncClient

from tests.make import BROWSER, FakeClock, hit
from tests.web.cast import COLLECT, Owner, Traffic
from tinytrail.web import content_groups, path_groups

FOR_EVER = r"^/(.*)*(.*)*(.*)*x(.*)*y$"
LONG = "/" + "x" * 2000

MATCHES = [
    # pattern             path              is in the group
    ("/blog/*", "/blog/a", True),
    ("/blog/*", "/blog/a/b", True),
    ("/blog/*", "/blog", False),
    ("/blog/*", "/my/blog/a", False),
    ("/blog/?", "/blog/a", True),
    ("/blog/?", "/blog/ab", False),
    ("/a+b", "/a+b", True),
    ("/a+b", "/aab", False),
    ("^/docs/v\\d", "/docs/v2/intro", True),
    ("^/docs/v\\d$", "/docs/v2/intro", False),
    ("^/a|/b", "/c/b", True),  # as it is written: the second half may stand anywhere
]


async def set_group(alice: AsyncClient, website: str, pattern: str) -> Any:
    groups = [{"name": "Group", "pattern": pattern}]
    return await alice.patch(f"/api/v1/websites/{website}", json={"content_groups": groups})


@pytest.mark.parametrize("is_new", [True, False], ids=["a new path", "a known path"])
@pytest.mark.parametrize(("pattern", "path", "is_member"), MATCHES)
async def test_membership(
    alice: AsyncClient,
    website: str,
    visit: Traffic,
    owner: Owner,
    pattern: str,
    path: str,
    is_member: bool,
    is_new: bool,
) -> None:
    if not is_new:
        await visit(path)
    await set_group(alice, website, pattern)
    if is_new:
        await visit(path)
    [row] = (await owner.report("pages"))["rows"]
    assert row["contentGroup"] == ("Group" if is_member else None)


async def test_a_pattern_that_takes_for_ever_is_refused_where_it_shows(
    alice: AsyncClient, website: str, visit: Traffic
) -> None:
    await visit(LONG)
    refused = await set_group(alice, website, FOR_EVER)
    assert refused.status_code == 400
    assert refused.json()["error"]["message"].startswith("content_groups: ")


async def test_an_event_is_stored_though_a_pattern_takes_for_ever_on_its_path(
    alice: AsyncClient, website: str, visit: Traffic, owner: Owner
) -> None:
    await set_group(alice, website, FOR_EVER)
    await visit(LONG)
    [row] = (await owner.report("pages"))["rows"]
    assert (row["path"], row["pageviews"], row["contentGroup"]) == (LONG, 1, None)


async def test_slow_patterns_hold_the_writer_for_no_longer_than_is_their_accounts(
    alice: AsyncClient,
    bob: AsyncClient,
    website: str,
    client: AsyncClient,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(path_groups, "ALLOWANCE", 0.2)
    groups = [{"name": "Blog", "pattern": "/blog/*"}]
    slow = [{"name": str(n), "pattern": f"^/a*a*a*[^a]|^x{n}"} for n in range(99)]
    await alice.patch(f"/api/v1/websites/{website}", json={"content_groups": groups + slow})
    created = await bob.post("/api/v1/websites", json={"domain": "bob.example.com", "content_groups": groups})
    bobs: str = created.json()["data"]["id"]

    began = time.process_time()
    hits = [hit(website, f"/{'a' * (1800 + n)}", url="") for n in range(8)]  # 20 s, if all were judged
    answer = await client.post(COLLECT, json=hits, headers={"user-agent": BROWSER})
    assert answer.status_code == 202
    assert time.process_time() - began < 5

    async def group_of(reader: AsyncClient, site: str, path: str) -> Any:
        await Traffic(client, clock, site)(path)
        rows = (await Owner(reader, site).report("pages"))["rows"]
        return next(row["contentGroup"] for row in rows if row["path"] == path)

    other = await alice.post("/api/v1/websites", json={"domain": "other.example.com"})
    await alice.delete(f"/api/v1/websites/{other.json()['data']['id']}")  # the writer forgets much here
    assert await group_of(alice, website, "/blog/a") is None
    assert await group_of(bob, bobs, "/blog/a") == "Blog"
    monkeypatch.setattr(path_groups, "WINDOW", 0)
    assert await group_of(alice, website, "/blog/b") == "Blog"


async def test_events_are_stored_while_all_paths_are_judged_anew(
    alice: AsyncClient, website: str, visit: Traffic, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    await visit("/blog/a")
    judging, stored = Event(), Event()
    place_of = content_groups.place_of

    def slow_place_of(path: str, groups: Any) -> int | None:
        judging.set()
        assert stored.wait(30)
        return place_of(path, groups)

    monkeypatch.setattr(content_groups, "place_of", slow_place_of)
    saving = asyncio.create_task(set_group(alice, website, "/blog/*"))
    assert await asyncio.to_thread(judging.wait, 30)
    await visit("/blog/b")
    stored.set()
    assert (await saving).status_code == 200
    rows = (await owner.report("pages"))["rows"]
    assert {row["path"]: row["contentGroup"] for row in rows} == {"/blog/a": "Group", "/blog/b": "Group"}


async def test_patterns_are_checked_where_nobody_waits_for_it(
    alice: AsyncClient, website: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred of them may be made to take a second to compile."""
    checked: list[bool] = []

    def noting(pattern: str) -> Any:
        checked.append(current_thread() is main_thread())

    monkeypatch.setattr(content_groups, "compile_pattern", noting)
    new = {"domain": "another.example", "content_groups": [{"name": "Group", "pattern": "/blog/*"}]}
    address = f"/api/v1/websites/{website}"
    assert (await set_group(alice, website, "/blog/*")).status_code == 200
    assert (await alice.post("/api/v1/websites", json=new)).status_code == 201
    assert (await alice.post(f"{address}/content-groups/preview", json=new)).status_code == 200
    assert checked == [False] * 3
