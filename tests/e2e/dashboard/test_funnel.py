"""The funnel of a website's page."""

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, Route, expect

from tests.e2e.dashboard.conftest import Told, sign_in
from tests.e2e.dashboard.pages import (
    figures,
    open_page,
    panel,
)


def test_a_funnel_is_built_and_kept_in_the_address(owner: Page, told: Told) -> None:
    open_page(owner, told.page)
    funnel = panel(owner, "Funnel")
    funnel.get_by_label("Step 1", exact=True).fill("/")
    funnel.get_by_label("Step 2", exact=True).fill("/pricing")
    expect(funnel.locator(".result li")).to_have_count(2)
    funnel.get_by_role("button", name="Add a step").click()
    funnel.get_by_label("Step 3", exact=True).fill("signup")
    expect(funnel.locator(".result li")).to_have_count(3)
    expected = [("/", "3"), ("/pricing", "2"), ("signup", "1")]

    def shown(page: Page) -> list[tuple[str, str]]:
        items = panel(page, "Funnel").locator(".result li").all()
        return [(item.locator(".name").inner_text(), item.locator("strong").inner_text()) for item in items]

    assert shown(owner) == expected
    expect(funnel.locator(".result li").last).to_contain_text("50.0% of the step before · 33.3% of the first")
    again = owner.context.new_page()
    open_page(again, owner.url)
    assert shown(again) == expected
    again.get_by_role("button", name="Remove step 2").click()
    expect(panel(again, "Funnel").locator(".result li")).to_have_count(2)
    assert shown(again) == [("/", "3"), ("signup", "1")]


def test_a_step_that_is_being_typed_is_not_lost_to_a_click_elsewhere(owner: Page, told: Told) -> None:
    open_page(owner, told.page)
    owner.clock.install()
    open_page(owner, told.page)
    card = panel(owner, "Funnel")
    card.get_by_label("Step 1").fill("/")
    card.get_by_label("Step 2").fill("/pricing")
    panel(owner, "Devices").get_by_role("button", name="Desktop").click()
    owner.clock.fast_forward(1000)
    expect(card.get_by_label("Step 2")).to_have_value("/pricing")
    expect(card.locator(".result li")).to_have_count(2)
    card.get_by_label("Step 2").fill("signup")
    owner.get_by_role("link", name="Sites").click()
    owner.clock.fast_forward(1000)
    expect(owner).to_have_url(f"{told.server.url}/?period=7d")


def test_one_step_alone_is_told_that_a_funnel_needs_two(owner: Page, told: Told) -> None:
    open_page(owner, f"{told.page}&step=/")
    funnel = panel(owner, "Funnel")
    expect(funnel.get_by_role("status")).to_have_text("Give at least two steps.")
    funnel.get_by_label("Step 2", exact=True).fill("/nowhere")
    expect(funnel.locator(".result li").last).to_contain_text("0.0% of the step before · 0.0% of the first")
    expect(funnel.get_by_role("status")).to_have_text("")
    funnel.get_by_label("Step 1", exact=True).fill("/never")
    expect(funnel.locator(".result li").first).to_contain_text("/never")
    expect(funnel.locator(".result li").last).to_contain_text("0.0% of the step before · 0.0% of the first")


def refuse_funnel(route: Route) -> None:
    """Answer as the server does where the funnel is at fault."""
    asked = parse_qs(urlsplit(route.request.url).query)["reports[]"]
    at_fault = [number for number, one in enumerate(asked) if one.startswith("funnel")]
    if not at_fault:
        return route.fallback()
    message = f"reports[{at_fault[0]}]: steps[]: are too odd"
    error = {"code": "INVALID_PAYLOAD", "message": message}
    return route.fulfill(status=400, json={"status": "error", "error": error})


def test_a_funnel_that_is_refused_says_why_and_the_rest_of_the_page_stands(page: Page, told: Told) -> None:
    sign_in(page.context, told, told.key)
    page.route("**/reports/batch?*", refuse_funnel)
    open_page(page, f"{told.page}&step=/&step=/pricing")
    expect(panel(page, "Funnel").get_by_text("Funnel: are too odd")).to_be_visible()
    assert figures(page)["Visits"] == "6"
    assert page.locator(".notice").count() == 0
