"""GET /reports/pages."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.web.cast import Owner, Traffic

GROUPS = [
    {"name": "Blog", "pattern": "/blog/*"},
    {"name": "All else", "pattern": "^/(docs|blog)"},
]


@pytest.fixture
def website_settings() -> dict[str, Any]:
    return {"content_groups": GROUPS}


def row(path: str, group: str | None, pageviews: int, unique: int) -> dict[str, Any]:
    return {"path": path, "contentGroup": group, "pageviews": pageviews, "uniquePageviews": unique}


async def test_pages_are_listed_by_their_views(visit: Traffic, owner: Owner) -> None:
    await visit("/", "/blog/a", "/", "/blog/a", "/blog/a", "scroll_25", "signup", ip="192.0.2.1")
    await visit("/blog/a", "/docs", ip="192.0.2.2")
    assert await owner.report("pages") == {
        "period": {"start": "2026-03-08", "end": "2026-03-14"},
        "page": 1,
        "per_page": 50,
        "rows": [row("/blog/a", "Blog", 4, 2), row("/", None, 2, 1), row("/docs", "All else", 1, 1)],
    }


async def test_a_path_without_a_page_view_is_no_page(visit: Traffic, owner: Owner) -> None:
    await visit("scroll_25", "signup")
    assert await owner.rows("pages") == []


async def test_who_returns_on_the_same_day_is_one_unique_page_view(visit: Traffic, owner: Owner) -> None:
    await visit("/", "/", every=7200)
    assert await owner.rows("pages") == [row("/", None, 2, 1)]


PATTERNS = [
    # pattern         path                matches
    ("/blog/*", "/blog/a", True),
    ("/blog/*", "/blog/a/b/c", True),  # a star crosses slashes
    ("/blog/*", "/blog/", True),
    ("/blog/*", "/blog", False),
    ("/blog/*", "/en/blog/a", False),
    ("/*/a", "/x/y/a", True),
    ("/*/a", "/x/ab", False),
    ("/p?", "/p1", True),
    ("/p?", "/p12", False),
    ("/p.", "/px", False),  # a dot is a dot
    ("/Blog/*", "/blog/a", False),
    ("^/blog", "/blog/a", True),
    ("^/blog$", "/blog/a", False),
    ("^/v\\d+/", "/v12/x", True),
    ("^/v\\d+/", "/en/v12/x", False),
    ("^/(?i:BLOG)", "/blog", True),
]


@pytest.mark.parametrize(
    ("website_settings", "path", "matches"),
    [({"content_groups": [{"name": "It", "pattern": pattern}]}, path, m) for pattern, path, m in PATTERNS],
    ids=[f"{pattern} {path}" for pattern, path, _ in PATTERNS],
)
async def test_pattern(visit: Traffic, owner: Owner, path: str, matches: bool) -> None:
    await visit(path)
    assert await owner.rows("pages") == [row(path, "It" if matches else None, 1, 1)]


async def test_new_groups_hold_for_old_pages_too(
    visit: Traffic, owner: Owner, alice: AsyncClient, admin: AsyncClient, website: str
) -> None:
    await visit("/blog/a", "/news/b")
    await admin.post("/api/v1/admin/aggregate", json={"date": "2026-03-14"})
    groups = [{"name": "News", "pattern": "/news/*"}]
    await alice.patch(f"/api/v1/websites/{website}", json={"content_groups": groups})
    await visit("/news/c", ip="192.0.2.2")
    found = {page["path"]: page["contentGroup"] for page in await owner.rows("pages")}
    assert found == {"/blog/a": None, "/news/b": "News", "/news/c": "News"}
    assert {page["path"] for page in await owner.rows("pages", content_group="News")} == {
        "/news/b",
        "/news/c",
    }


async def test_csv(visit: Traffic, owner: Owner) -> None:
    await visit("/", "/blog/a", "/")
    assert await owner.csv("pages") == [
        ["path", "contentGroup", "pageviews", "uniquePageviews"],
        ["/", "", "2", "1"],
        ["/blog/a", "Blog", "1", "1"],
    ]
