"""Whoever has no mouse: the focus stays where it was, or near it, as things come and go."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.dashboard.conftest import Told, add_website
from tests.e2e.dashboard.pages import chips, open_page, open_settings, panel, settled


def press(page: Page, name: str, role: str = "button") -> None:
    page.get_by_role(role, name=name, exact=True).first.press("Enter")  # type: ignore[arg-type]


def test_the_focus_goes_to_the_next_filter_as_one_is_removed(owner: Page, told: Told) -> None:
    open_page(owner, f"{told.page}&f=country:DE&f=page:/pricing")
    press(owner, "Remove filter: Country Germany")
    settled(owner)
    rest = owner.get_by_role("button", name="Remove filter: Page /pricing")
    expect(rest).to_be_focused()
    rest.press("Enter")
    settled(owner)
    assert chips(owner) == []
    owner.keyboard.press("Tab")
    expect(owner.get_by_role("button", name="Unique visitors")).to_be_focused()


def test_the_focus_stays_in_the_bar_as_there_is_no_later_period(owner: Page, told: Told) -> None:
    open_page(owner, told.page)
    press(owner, "Earlier")
    press(owner, "Later")
    expect(owner.get_by_role("button", name="Later")).to_be_disabled()
    expect(owner.locator(".opener")).to_be_focused()


def test_the_focus_stays_in_the_chart_as_another_is_drawn(owner: Page, told: Told) -> None:
    open_page(owner, told.page)
    owner.locator(".chart svg").focus()
    owner.keyboard.press("m")
    settled(owner)
    expect(owner.get_by_role("img", name="Arrow keys move along it")).to_be_focused()


def test_the_focus_stays_in_the_funnel_as_a_step_is_removed(owner: Page, told: Told) -> None:
    open_page(owner, f"{told.page}&step=/&step=/pricing&step=signup")
    press(owner, "Remove step 3")
    expect(owner.get_by_role("button", name="Add a step")).to_be_focused()


def test_the_focus_is_on_the_page_that_a_link_leads_to(owner: Page, told: Told) -> None:
    add_website(told, "another.example")
    open_page(owner, told.page)
    press(owner, "Presence", "link")
    expect(owner.get_by_role("heading", name="Presence", exact=True)).to_be_visible()
    expect(owner.get_by_role("link", name="Presence")).to_be_focused()
    open_page(owner, told.page)
    owner.locator(".switcher").press("Enter")
    press(owner, "another.example", "link")
    expect(owner.get_by_role("main")).to_be_focused()


@pytest.mark.parametrize("opener", ["Search", "Details"])
def test_enter_chooses_the_first_row_and_does_nothing_else(owner: Page, told: Told, opener: str) -> None:
    open_page(owner, told.page)
    press(owner, opener)
    expect(owner.get_by_role("dialog").get_by_role("button", name="/pricing")).to_be_visible()
    owner.keyboard.press("Enter")
    settled(owner)
    assert len(chips(owner)) == 1
    expect(owner.get_by_role("dialog")).to_have_count(0)
    expect(owner.get_by_role("button", name=opener, exact=True).first).to_be_focused()


def test_the_focus_stays_where_something_was_removed_in_the_settings(owner: Page, told: Told) -> None:
    website_id = add_website(told, "links.example", content_groups=[{"name": "All", "pattern": "/*"}])
    open_settings(owner, told, website_id)
    panel(owner, "Content groups").get_by_role("button", name="Remove").press("Enter")
    expect(owner.get_by_role("button", name="Add a group")).to_be_focused()
    card = panel(owner, "Share links")
    card.get_by_label("Name").fill("For a while")
    card.get_by_label("Name").press("Enter")
    card.get_by_role("button", name="Revoke").press("Enter")
    owner.get_by_role("dialog").get_by_role("button", name="Revoke").press("Enter")
    expect(card.get_by_role("button", name="Revoke")).to_have_count(0)
    expect(card).to_be_focused()


def test_the_focus_goes_back_to_who_got_a_new_key(owner: Page, told: Told) -> None:
    open_settings(owner, told)
    new = owner.get_by_role("row", name="bob@example.net").get_by_role("button", name="New key")
    new.press("Enter")
    owner.get_by_role("dialog").get_by_role("button", name="New key").press("Enter")
    expect(owner.get_by_role("dialog", name="API key: bob@example.net")).to_be_visible()
    owner.keyboard.press("Escape")
    expect(new).to_be_focused()


def test_a_snippet_wider_than_the_screen_is_scrolled_by_arrow_keys(owner: Page, told: Told) -> None:
    website_id = add_website(told, "narrow.example")
    owner.set_viewport_size({"width": 375, "height": 800})
    owner.goto(f"{told.server.url}/?site={website_id}")
    code = owner.get_by_label("The snippet")
    code.focus()
    owner.keyboard.press("ArrowLeft")
    assert "from=" not in owner.url  # the period before


def test_keys_that_change_nothing_are_no_steps_back(owner: Page, told: Told) -> None:
    open_page(owner, told.page)
    steps = owner.evaluate("history.length")
    for key in ("x", "w", "m"):
        owner.keyboard.press(key)
        settled(owner)
    assert owner.evaluate("history.length") == steps + 1
