"""Content groups in a website's settings, and the preview of what they match."""

import re

from playwright.sync_api import Page, Route, expect

from tests.e2e.dashboard.conftest import Told
from tests.e2e.dashboard.pages import open_settings, panel, saved, website


def test_content_groups_show_what_they_match_before_they_are_saved(owner: Page, told: Told) -> None:
    open_settings(owner, told, told.website_id)
    card = panel(owner, "Content groups")
    preview = card.locator(".preview tr")
    expect(preview.nth(0)).to_contain_text("Blog")
    expect(preview.nth(0)).to_contain_text("2 paths")
    card.get_by_role("button", name="Add a group").click()
    card.get_by_label("Name of the group").last.fill("Prices")
    card.get_by_label("Pattern").last.fill("^/pric")
    expect(preview.nth(1)).to_have_text(re.compile("^Prices.*/pricing$"))
    assert website(told)["contentGroups"] == [{"name": "Blog", "pattern": "/blog/*"}]
    saved(card)
    assert website(told)["contentGroups"] == [
        {"name": "Blog", "pattern": "/blog/*"},
        {"name": "Prices", "pattern": "^/pric"},
    ]
    card.get_by_role("button", name="Remove").last.click()
    saved(card)
    assert website(told)["contentGroups"] == [{"name": "Blog", "pattern": "/blog/*"}]


def test_a_group_half_written_is_not_called_wrong(owner: Page, told: Told) -> None:
    open_settings(owner, told, told.website_id)
    card = panel(owner, "Content groups")
    preview = card.locator(".preview tr")
    expect(preview).to_have_count(2)  # Blog, and all else
    card.get_by_role("button", name="Add a group").click()
    for label, text, rows in (("Name of the group", "Prices", 2), ("Pattern", "/pric*", 3)):
        with owner.expect_response("**/content-groups/preview") as answered:
            card.get_by_label(label).last.fill(text)
        assert answered.value.status == 200
        expect(preview).to_have_count(rows)


def test_a_preview_that_comes_too_late_is_not_shown(owner: Page, told: Told) -> None:
    open_settings(owner, told, told.website_id)
    card = panel(owner, "Content groups")
    preview = card.locator(".preview tr")
    expect(preview).to_have_count(2)
    late: list[Route] = []
    owner.route("**/content-groups/preview", lambda route: route.continue_() if late else late.append(route))
    pattern = card.get_by_label("Pattern").first
    with owner.expect_request("**/content-groups/preview"):
        pattern.fill("/blog/a")
    while not late:
        owner.wait_for_timeout(10)
    pattern.fill("/nowhere/*")
    expect(preview.first).to_contain_text("0 paths")
    late[0].continue_()
    for _ in range(2):  # journeys to the server and back, after which it would have come
        owner.evaluate("() => fetch('health')")
    expect(preview.first).to_contain_text("0 paths")


def test_a_pattern_that_no_path_can_match_is_warned_of(owner: Page, told: Told) -> None:
    open_settings(owner, told, told.website_id)
    card = panel(owner, "Content groups")
    card.get_by_role("button", name="Add a group").click()
    card.get_by_label("Name of the group").last.fill("Lost")
    for pattern, is_lost in (("nostart", True), ("*start", False), ("blog/*", True), ("^/x", False)):
        card.get_by_label("Pattern").last.fill(pattern)
        warning = card.locator(".preview").get_by_text("Matches nothing: every path begins with /.")
        expect(warning).to_have_count(int(is_lost))
