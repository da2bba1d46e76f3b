"""The period of a website's page: how it is chosen, what stays as it changes, and its end."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.dashboard.conftest import Told
from tests.e2e.dashboard.pages import (
    figures,
    open_page,
    panel,
    settled,
)


@pytest.mark.parametrize("choice", ["Earlier", "Last 30 days", "Compare with"])
def test_another_period_leaves_the_tabs_as_they_are(owner: Page, told: Told, choice: str) -> None:
    open_page(owner, told.page)
    panel(owner, "Sources").get_by_role("tab", name="Referrers").click()
    if choice != "Earlier":
        owner.get_by_role("button", name="Last 7 days").click()
    if choice == "Compare with":
        owner.get_by_label(choice).select_option("none")
    else:
        owner.get_by_role("button", name=choice).click()
    settled(owner)
    expect(panel(owner, "Sources").get_by_role("tab", selected=True)).to_have_text("Referrers")
    assert "tab-sources=referrers" in owner.url


def test_a_period_is_chosen_by_preset_range_arrows_and_keys(owner: Page, told: Told) -> None:
    open_page(owner, told.page)
    owner.keyboard.press("ArrowLeft")
    settled(owner)
    assert figures(owner)["Visits"] == "1"  # the visit nine days ago
    owner.keyboard.press("ArrowRight")
    settled(owner)
    assert figures(owner)["Visits"] == "6"
    assert owner.get_by_role("button", name="Later").is_disabled()
    for key, visits in (("d", "1"), ("m", "7"), ("y", "7"), ("w", "6")):
        owner.keyboard.press(key)
        settled(owner)
        assert figures(owner)["Visits"] == visits, key

    owner.get_by_role("button", name="Last 7 days").click()
    owner.get_by_role("button", name="Yesterday").click()
    settled(owner)
    assert figures(owner)["Visits"] == "3"
    owner.get_by_role("button", name="Yesterday").click()
    owner.get_by_label("Compare with").select_option("none")
    settled(owner)
    assert figures(owner)["Visits"] == "3"  # still of yesterday
    assert owner.locator(".change").all_inner_texts() == [""] * 5
    assert owner.locator(".ghost").count() == 0


def test_the_controls_say_what_came_while_their_menu_was_open(owner: Page, told: Told) -> None:
    held: list[Route] = []
    owner.route("**/reports/batch*", lambda route: held.append(route))
    owner.goto(told.page)
    opener = owner.locator(".opener")
    opener.click()
    held[0].continue_()
    owner.unroute("**/reports/batch*")
    expect(owner.locator(".figure").first).to_be_visible()
    owner.keyboard.press("Escape")
    expect(opener).to_have_text(re.compile(r"^Last 7 days\d"))
    expect(owner.get_by_role("button", name="Earlier")).to_be_enabled()
    expect(opener).to_be_focused()
    opener.click()
    owner.keyboard.press("m")
    owner.keyboard.press("Escape")
    expect(opener).to_have_text(re.compile(r"^Last 30 days\d"))


def test_hours_that_are_no_longer_kept_are_not_drawn_as_nothing(owner: Page, told: Told) -> None:
    def purged(route: Route) -> None:
        answer = route.fetch()
        said = answer.json()
        for point in said["data"]["reports"][1]["series"]:
            point["value"] = 0
        route.fulfill(response=answer, json=said)

    owner.route("**/reports/batch*", purged)
    open_page(owner, f"{told.server.url}/?site={told.website_id}&period=yesterday")
    assert figures(owner)["Visits"] == "3"
    expect(owner.locator(".graph")).to_have_text(re.compile("^The visits of this day are no longer kept"))
    owner.unroute("**/reports/batch*")
    owner.keyboard.press("w")
    expect(owner.locator(".graph svg")).to_be_visible()


RUSH = """() => {
  for (let times = 0; times < 8; times += 1)
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true }));
}"""


def test_a_rush_of_keys_is_not_a_rush_of_requests(owner: Page, told: Told) -> None:
    open_page(owner, told.page)
    asked: list[str] = []
    owner.on("request", lambda request: asked.append(request.url) if "/api/" in request.url else None)
    owner.evaluate(RUSH)  # by Playwright's keyboard they would come as slowly as the machine is busy
    settled(owner)
    assert 1 <= len(asked) <= 3
    assert "from=" in owner.url


def test_a_page_left_open_over_midnight_moves_on_to_the_new_day(owner: Page, told: Told) -> None:
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    owner.clock.install(time=midnight - timedelta(seconds=50))
    open_page(owner, f"{told.server.url}/?site={told.website_id}&period=today")
    with owner.expect_request(lambda request: "/reports/batch" in request.url):
        owner.clock.fast_forward("01:01")  # the server's own clock has not got there, but is asked
