"""Content groups: which paths they hold, and what a pattern can do no harm with."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.web.cast import Owner, Traffic

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
