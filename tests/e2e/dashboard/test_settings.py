"""Settings: what is changed there holds, and what is asked there is answered."""

import re

import httpx
from playwright.sync_api import Dialog, Page, Route, expect

from tests.e2e.dashboard.conftest import DOMAIN, Told, add_website, sign_in
from tests.e2e.dashboard.pages import open_settings, panel, saved, website
from tests.make import BROWSER, hit


def test_a_new_website_is_added_embedded_seen_and_deleted(owner: Page, told: Told) -> None:
    open_settings(owner, told)
    card = panel(owner, "Websites")
    card.get_by_label("Domain").fill("shop.example")
    card.get_by_label("Time zone").fill("Asia/Tokyo")
    card.get_by_role("button", name="Add").click()
    expect(owner.get_by_role("heading", level=1)).to_have_text("shop.example")
    embed = panel(owner, "The snippet")
    snippet = embed.locator("code").first.inner_text()
    found = re.fullmatch(
        r'<script defer data-id="([0-9a-f-]{36})" src="(\S+)/js/tracker\.js"></script>', snippet
    )
    assert found
    assert found[2] == told.server.url
    expect(embed).to_contain_text("Waiting for the first event")

    owner.get_by_role("link", name="Figures", exact=True).click()
    expect(owner.get_by_role("heading", name="No visit has been recorded yet")).to_be_visible()
    assert owner.locator(".waiting code").first.inner_text() == snippet
    owner.keyboard.press("w")
    expect(owner.get_by_role("button", name=re.compile(r"^Last 7 days\d"))).to_be_visible()
    expect(owner.locator(".content")).to_be_hidden()
    body = hit(found[1], "/first", screen_width=1920)
    owner.request.post(f"{told.server.url}/api/v1/collect", data=body, headers={"User-Agent": BROWSER})
    expect(panel(owner, "Pages").get_by_role("button", name="/first")).to_be_visible()

    open_settings(owner, told, found[1])
    expect(panel(owner, "The snippet")).to_contain_text("Last event")
    assert website(told, found[1])["timezone"] == "Asia/Tokyo"
    # All that the page asks by itself of a website that is going: a 404 would be taken for a failure.
    expect(owner.get_by_role("heading", name="What that matches")).to_be_visible()
    owner.route("**/status", lambda route: route.fulfill(json={}))
    owner.get_by_role("button", name="Delete this website").click()
    dialog = owner.get_by_role("dialog")
    dialog.get_by_role("button", name="Delete this website").click()
    expect(dialog.get_by_text("Type shop.example to confirm").last).to_be_visible()
    dialog.get_by_role("textbox").fill("shop.example")
    dialog.get_by_role("button", name="Delete this website").click()
    expect(panel(owner, "Websites")).to_be_visible()
    expect(panel(owner, "Websites").get_by_role("link", name="shop.example")).to_have_count(0)


def test_an_error_of_the_server_is_said_beside_the_button(page: Page, told: Told) -> None:
    sign_in(page.context, told, told.key)
    open_settings(page, told, told.website_id)
    card = panel(page, "General")
    card.get_by_label("Time zone").fill("Atlantis/Capital")
    card.get_by_role("button", name="Save").click()
    expect(card.get_by_text("Time zone: “Atlantis/Capital” is no time zone")).to_be_visible()
    groups = panel(page, "Content groups")
    groups.get_by_label("Name of the group").first.fill("")
    groups.get_by_role("button", name="Save").click()
    expect(groups.get_by_text("Content groups: must not be empty").last).to_be_visible()


def test_time_zone_and_retention_are_saved(owner: Page, told: Told) -> None:
    open_settings(owner, told, told.website_id)
    card = panel(owner, "General")
    card.get_by_label("Time zone").fill("UTC")
    card.get_by_label("Keep visits").fill("400")
    saved(card)
    assert website(told)["retentionDays"] == 400
    card.get_by_label("Keep visits").fill("")
    saved(card)
    assert website(told)["retentionDays"] is None


def test_what_is_not_saved_is_not_left_without_a_question(owner: Page, told: Told) -> None:
    asked: list[str] = []
    answer = Dialog.dismiss

    def on_dialog(dialog: Dialog) -> None:
        asked.append(f"{dialog.type}: {dialog.message}")
        answer(dialog)

    owner.on("dialog", on_dialog)
    open_settings(owner, told)
    panel(owner, "Websites").get_by_role("link", name=DOMAIN).click()
    card = panel(owner, "General")
    domain, figures = card.get_by_label("Domain"), owner.get_by_role("link", name="Figures", exact=True)
    domain.fill("other.example")
    figures.click()
    assert asked == ["confirm: What you changed here is not saved. Leave it all the same?"]
    owner.go_back()
    expect(domain).to_have_value("other.example")
    expect(owner).to_have_url(re.compile(f"site={told.website_id}"))
    with owner.expect_event("dialog"):
        owner.close(run_before_unload=True)
    assert [one.partition(":")[0] for one in asked] == ["confirm", "confirm", "beforeunload"]

    answer = Dialog.accept
    figures.click()
    expect(panel(owner, "Pages")).to_be_visible()
    assert len(asked) == 4
    assert website(told)["domain"] == DOMAIN

    open_settings(owner, told, told.website_id)
    panel(owner, "Content groups").get_by_role("button", name="Remove").last.click()
    figures.click()
    assert len(asked) == 5
    open_settings(owner, told, told.website_id)
    domain.fill(DOMAIN)
    saved(card)
    figures.click()
    expect(panel(owner, "Pages")).to_be_visible()
    assert len(asked) == 5


def test_the_fields_show_what_was_stored(owner: Page, told: Told) -> None:
    website_id = add_website(told, "fields.example")
    open_settings(owner, told, website_id)
    card = panel(owner, "General")
    card.get_by_label("Domain").fill("https://My.Fields.example/about")
    saved(card)
    expect(card.get_by_label("Domain")).to_have_value("my.fields.example")
    card = panel(owner, "Excluded addresses")
    card.get_by_label("Addresses").fill("192.0.2.1,  192.0.2.2")
    saved(card)
    expect(card.get_by_label("Addresses")).to_have_value("192.0.2.1\n192.0.2.2")


def test_what_is_typed_while_a_slow_server_saves_stays_and_is_not_called_saved(
    owner: Page, told: Told
) -> None:
    open_settings(owner, told, add_website(told, "slow.example"))
    card = panel(owner, "Excluded addresses")
    addresses = card.get_by_label("Addresses", exact=True)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route) if route.request.method == "PATCH" else route.continue_()

    owner.route("**/api/v1/websites/*", hold)
    addresses.fill("192.0.2.1")
    with owner.expect_request(lambda request: request.method == "PATCH"):
        card.get_by_role("button", name="Save").click()
    addresses.fill("192.0.2.1\n192.0.2.2")
    with owner.expect_response("**/api/v1/websites"):
        held[0].continue_()
    expect(card.get_by_role("button", name="Save")).to_be_enabled()
    expect(addresses).to_have_value("192.0.2.1\n192.0.2.2")
    expect(card.get_by_role("status")).to_have_text("")
    owner.unroute("**/api/v1/websites/*")
    saved(card)
    expect(addresses).to_have_value("192.0.2.1\n192.0.2.2")


def test_an_error_is_said_once_and_only_while_it_is_true(page: Page, told: Told) -> None:
    sign_in(page.context, told, told.key)
    open_settings(page, told, add_website(told, "errors.example"))
    card = panel(page, "Content groups")
    card.get_by_role("button", name="Add a group").click()
    card.get_by_label("Name of the group").fill("Broken")
    card.get_by_label("Pattern").fill("^(")
    problem = card.get_by_text("is no regular expression")
    expect(problem).to_have_count(1)
    card.get_by_role("button", name="Save").click()
    expect(card.get_by_role("status")).to_contain_text("is no regular expression")
    expect(problem).to_have_count(1)
    card.get_by_label("Pattern").fill("^/a")
    expect(problem).to_have_count(0)

    card = panel(page, "General")
    card.get_by_label("Time zone").fill("Atlantis/Capital")
    card.get_by_role("button", name="Save").click()
    problem = card.get_by_text("is no time zone")
    expect(problem).to_be_visible()
    card.get_by_label("Domain").evaluate("(field) => (field.value = '')")  # without a word to the form
    card.get_by_role("button", name="Save").click()  # the browser says that the domain is missing
    expect(problem).to_have_count(0)


def test_nothing_saved_in_another_tab_is_overwritten_by_an_older_page(page: Page, told: Told) -> None:
    website_id = add_website(told, "tabs.example", retention_days=30)
    sign_in(page.context, told, told.key)
    other = page.context.new_page()
    for tab in (page, other):
        open_settings(tab, told, website_id)
    panel(other, "General").get_by_label("Keep visits").fill("0")  # for good
    saved(panel(other, "General"))
    panel(other, "Excluded addresses").get_by_label("Addresses", exact=True).fill("192.0.2.9")
    saved(panel(other, "Excluded addresses"))

    panel(page, "General").get_by_label("Time zone").fill("Europe/Paris")
    saved(panel(page, "General"))
    stored = website(told, website_id)
    assert (stored["timezone"], stored["retentionDays"]) == ("Europe/Paris", 0)

    card = panel(page, "Excluded addresses")
    card.get_by_role("button", name="Exclude me").click()
    expect(card.get_by_role("status")).to_contain_text("This was changed elsewhere meanwhile.")
    assert website(told, website_id)["excludedIps"] == ["192.0.2.9"]
    open_settings(page, told, website_id)
    card.get_by_role("button", name="Exclude me").click()
    expect(card.get_by_role("status")).to_have_text("Saved.")
    assert website(told, website_id)["excludedIps"] == ["192.0.2.9", "127.0.0.1"]


def test_settings_show_what_was_saved_since_the_page_came(owner: Page, told: Told) -> None:
    website_id = add_website(told, "since.example")
    open_settings(owner, told)
    changes = {"retention_days": 90, "excluded_ips": ["192.0.2.9"]}
    path = f"{told.server.url}/api/v1/websites/{website_id}"
    assert httpx.patch(path, json=changes, headers={"X-API-KEY": told.key}).status_code == 200
    add_website(told, "added-since.example")
    panel(owner, "Websites").get_by_role("link", name="since.example", exact=True).click()
    expect(panel(owner, "General").get_by_label("Keep visits")).to_have_value("90")
    expect(panel(owner, "Excluded addresses").get_by_label("Addresses", exact=True)).to_have_value(
        "192.0.2.9"
    )
    owner.get_by_role("link", name="All settings").click()
    expect(panel(owner, "Websites").get_by_role("link", name="added-since.example")).to_be_visible()


def test_exclude_me_adds_the_readers_own_address(owner: Page, told: Told) -> None:
    open_settings(owner, told, told.website_id)
    card = panel(owner, "Excluded addresses")
    card.get_by_label("Addresses").fill("192.0.2.0/24")
    card.get_by_role("button", name="Exclude me (127.0.0.1)").click()
    expect(card.get_by_text("Saved.")).to_be_visible()
    assert website(told)["excludedIps"] == ["192.0.2.0/24", "127.0.0.1"]
    card.get_by_label("Addresses").fill("")
    saved(card)
    assert website(told)["excludedIps"] == []


def test_what_deletes_a_website_stands_in_line_with_what_saves_it(owner: Page, told: Told) -> None:
    open_settings(owner, told, told.website_id)
    left = "(button) => button.getBoundingClientRect().left"
    above = owner.get_by_role("link", name="Events, NDJSON").evaluate(left)
    assert owner.get_by_role("button", name="Delete this website").evaluate(left) == above


def test_everything_stored_can_be_taken_along(owner: Page, told: Told) -> None:
    open_settings(owner, told, told.website_id)
    for name, first in (("Events, NDJSON", '{"'), ("Events, CSV", "at,"), ("Daily totals, CSV", "date,")):
        with owner.expect_download() as download:
            owner.get_by_role("link", name=name).click()
        text = download.value.path().read_text()
        assert text.startswith(first) or first in text.splitlines()[0], text[:80]
        assert len(text.splitlines()) > 5
