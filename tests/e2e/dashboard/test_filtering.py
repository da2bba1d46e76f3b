"""Rows of a website's page as filters: each alone, several at once, and what takes them off."""

import httpx
from playwright.sync_api import Page, Route, expect

from tests.e2e.dashboard.conftest import Told, add_website
from tests.e2e.dashboard.pages import chips, figures, open_page, panel, read_rows, rows, settled
from tests.make import BROWSER, hit


def test_rows_filter_everything_several_at_once_and_chips_take_them_off(owner: Page, told: Told) -> None:
    open_page(owner, told.page)
    panel(owner, "Countries").get_by_role("button", name="Germany").click()
    settled(owner)
    assert chips(owner) == ["Country is Germany"]
    assert figures(owner)["Visits"] == "3"
    panel(owner, "Pages").get_by_role("button", name="/pricing", exact=True).click()
    settled(owner)
    assert chips(owner) == ["Country is Germany", "Page is /pricing"]
    assert figures(owner)["Visits"] == "2"
    assert rows(owner, "Events") == [("signup", "2")]
    assert rows(owner, "Pages", "All") == [("/pricing", "2", "2")]

    owner.get_by_role("button", name="Remove filter: Country Germany").click()
    settled(owner)
    assert figures(owner)["Visits"] == "3"
    owner.get_by_role("button", name="Clear all").click()
    settled(owner)
    assert chips(owner) == []
    assert figures(owner)["Visits"] == "6"


def test_bots_that_are_counted_leave_a_chip_that_takes_them_out_again(owner: Page, told: Told) -> None:
    open_page(owner, f"{told.page}&f=country:DE")
    owner.get_by_role("button", name="Last 7 days").click()
    owner.get_by_label("Include bots").check()
    settled(owner)
    assert chips(owner) == ["Country is Germany", "Bots included"]
    owner.get_by_role("button", name="Leave out bots").click()
    settled(owner)
    assert chips(owner) == ["Country is Germany"]
    assert owner.url == f"{told.page}&f=country:DE"
    for clear in ("x", "Clear all"):
        open_page(owner, f"{told.page}&bots=1")
        if clear == "x":
            owner.keyboard.press("x")
        else:
            owner.get_by_role("button", name=clear).click()
        settled(owner)
        assert chips(owner) == []
        assert owner.url == told.page

    owner.goto(f"{told.server.url}/?bots=1")
    expect(owner.locator(".chips")).to_contain_text("Bots included")
    owner.get_by_role("button", name="Leave out bots").click()
    expect(owner.locator(".chips li")).to_have_count(0)
    expect(owner).to_have_url(f"{told.server.url}/")


def test_an_empty_list_is_laid_to_the_filter_where_there_is_one(owner: Page, told: Told) -> None:
    open_page(owner, f"{told.page}&f=country:FR")
    for title in ("Events", "Now"):
        expect(panel(owner, title)).to_contain_text("Nothing matches the filters.")
    open_page(owner, f"{told.server.url}/?site={told.website_id}&period=today")
    expect(panel(owner, "Events")).to_contain_text("No custom events in this period.")


CAMPAIGN = ["Campaign is may", "Medium is email", "Source is newsletter"]
FILTERS = [
    # panel, tab, row, chips, visits left
    ("Pages", "Landing", "/blog/a", ["Landing page is /blog/a"], "2"),
    ("Pages", "Exit", "/pricing", ["Exit page is /pricing"], "3"),
    ("Sources", "Channels", "Direct", ["Channel is Direct"], "3"),
    ("Sources", "Referrers", "google.com", ["Referrer is google.com"], "2"),
    ("Sources", "Campaigns", "newsletter / email / may", CAMPAIGN, "1"),
    ("Devices", "Type", "Phone", ["Device is Phone"], "1"),
    ("Devices", "Browser", "Firefox", ["Browser is Firefox"], "2"),
    ("Devices", "System", "Linux", ["System is Linux"], "2"),
    ("Devices", "Screen", "376–768 px", ["Screen is 376–768 px"], "1"),
    ("Events", "Events", "signup", ["Event is signup"], "2"),
    ("Events", "Properties", "plan: pro", ["Property is plan=pro"], "1"),
    ("Pages", "All", "Blog", ["Content group is Blog"], "4"),
]  # fmt: skip


def test_every_list_filters(owner: Page, told: Told) -> None:
    open_page(owner, told.page)
    for title, tab, row, expected, visits in FILTERS:
        card = panel(owner, title)
        card.get_by_role("tab", name=tab, exact=True).click()
        card.get_by_role("button", name=row, exact=True).first.click()
        settled(owner)
        assert (sorted(chips(owner)), figures(owner)["Visits"]) == (expected, visits), row
        owner.keyboard.press("x")  # takes all of them off
        settled(owner)
        assert chips(owner) == []


def test_a_property_that_no_filter_can_name_is_no_button(owner: Page, told: Told) -> None:
    website_id = add_website(told, "properties.example")
    body = hit(website_id, event_type="custom", properties={"name": "n", "a=b": "c", "": "d", "plan": "a=b"})
    answer = httpx.post(f"{told.server.url}/api/v1/collect", json=body, headers={"User-Agent": BROWSER})
    assert answer.status_code == 202
    open_page(owner, f"{told.server.url}/?site={website_id}&period=7d&tab-events=properties")
    card = panel(owner, "Events")
    assert sorted(read_rows(card.locator("table"))) == [(": d", "1"), ("a=b: c", "1"), ("plan: a=b", "1")]
    assert card.locator("tbody button").all_inner_texts() == ["plan: a=b"]
    card.locator("tbody button").click()
    settled(owner)
    assert figures(owner)["Visits"] == "1"


def test_a_filter_says_where_it_cannot_reach_back_to(owner: Page, told: Told) -> None:
    def purged(route: Route) -> None:
        answer = route.fetch()
        said = answer.json()
        assert said["data"]["reports"][0]["kept_from"] is None
        said["data"]["reports"][0]["kept_from"] = "2026-03-13"
        route.fulfill(response=answer, json=said)

    note = owner.get_by_text("Visits before Fri, 13 Mar 2026 are no longer kept")
    open_page(owner, f"{told.page}&f=country:DE")
    expect(note).to_have_count(0)
    owner.route("**/reports/batch*", purged)
    owner.keyboard.press("m")
    expect(note).to_be_visible()
    owner.unroute("**/reports/batch*")
    owner.keyboard.press("w")
    expect(note).to_have_count(0)
