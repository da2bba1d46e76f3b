"""People in the settings: accounts, users, their keys and browsers."""

import httpx
from playwright.sync_api import Page, expect

from tests.e2e.dashboard.conftest import Told, sign_in
from tests.e2e.dashboard.pages import open_settings, panel


def test_a_user_is_added_given_a_new_key_and_removed(owner: Page, told: Told) -> None:
    open_settings(owner, told)
    card = panel(owner, "Users")
    card.get_by_label("Label").fill("carol@example.org")
    card.get_by_role("button", name="Add").click()
    shown = owner.get_by_role("dialog", name="API key: carol@example.org")
    key = shown.locator("code").inner_text()
    shown.get_by_role("button", name="Close").click()
    accounts = f"{told.server.url}/api/v1/websites"
    assert httpx.get(accounts, headers={"X-API-KEY": key}).status_code == 200

    row = card.get_by_role("row", name="carol@example.org")
    row.get_by_role("button", name="Show key").click()
    expect(shown.locator("code")).to_have_text(key)
    shown.get_by_role("button", name="Close").click()
    row.get_by_role("button", name="New key").click()
    owner.get_by_role("dialog", name="New key").get_by_role("button", name="New key").click()
    expect(shown.locator("code")).not_to_have_text(key)
    assert httpx.get(accounts, headers={"X-API-KEY": key}).status_code == 401
    shown.get_by_role("button", name="Close").click()

    row.get_by_role("button", name="Remove").click()
    owner.get_by_role("dialog", name="Remove").get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)


def test_what_is_typed_into_one_card_stays_as_another_is_saved(owner: Page, told: Told) -> None:
    open_settings(owner, told)
    name = panel(owner, "Accounts").get_by_label("Name")
    name.fill("Half of a na")
    users = panel(owner, "Users")
    users.get_by_label("Label").fill("cleo@example.net")
    users.get_by_label("Role").select_option("admin")
    users.get_by_role("button", name="Add").click()
    owner.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(name).to_have_value("Half of a na")
    expect(users.get_by_label("Label")).to_have_value("")
    expect(users.get_by_label("Role")).to_have_value("user")
    panel(owner, "Accounts").get_by_role("button", name="Add").click()
    expect(panel(owner, "Accounts").get_by_role("row", name="Half of a na")).to_be_visible()
    expect(users.get_by_label("Account").get_by_role("option", name="Half of a na")).to_have_count(1)
    expect(name).to_have_value("")


def test_another_browser_is_signed_out_from_here(owner: Page, page: Page, told: Told) -> None:
    sign_in(page.context, told, told.key)
    open_settings(owner, told)
    card = panel(owner, "Signed-in browsers")
    expect(card.get_by_text("this one")).to_be_visible()
    others = card.get_by_role("button", name="Sign out")
    before = others.count()
    assert before >= 1
    while others.count():
        left = others.count()
        others.first.click()
        expect(others).to_have_count(left - 1)
    page.goto(told.server.url)
    expect(page.get_by_label("API key")).to_be_visible()
