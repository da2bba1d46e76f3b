"""Signing in and out: the key goes to the server once, and is nowhere in the page."""

from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.e2e.dashboard.conftest import DOMAIN, Told, sign_in
from tests.e2e.dashboard.pages import chips, figures, open_page, settled


def enter(page: Page, key: str) -> None:
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()


def test_the_key_is_exchanged_for_a_cookie_that_scripts_cannot_read(page: Page, told: Told) -> None:
    page.goto(told.server.url)
    enter(page, told.key)
    expect(page.get_by_role("heading", name="Sites")).to_be_visible()
    [cookie] = page.context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == ("tinytrail_session", True, "Strict")
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert told.key not in kept + page.content() + page.url
    assert cookie["value"] not in kept + page.content()


def test_a_wrong_key_is_told_and_the_right_one_then_works(page: Page, told: Told) -> None:
    page.goto(told.server.url)
    enter(page, "tt_wrong")
    expect(page.get_by_role("alert")).not_to_be_empty()
    enter(page, told.key)
    expect(page.get_by_role("heading", name="Sites")).to_be_visible()


def test_signing_in_leads_to_the_view_that_was_asked_for(page: Page, told: Told) -> None:
    page.goto(f"{told.page}&f=country:DE")
    enter(page, told.key)
    expect(page.locator(".chips")).to_contain_text("Germany")
    expect(page.get_by_role("heading", level=1)).to_contain_text(DOMAIN)


def test_signing_out_ends_the_session_on_the_server(page: Page, told: Told) -> None:
    sign_in(page.context, told, told.key)
    cookies = page.context.cookies()
    page.goto(told.server.url)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("API key")).to_be_visible()
    assert page.context.cookies() == []
    page.context.add_cookies(cookies)  # type: ignore[arg-type]
    page.goto(told.server.url)
    expect(page.get_by_label("API key")).to_be_visible()


def test_whoever_stays_with_what_they_typed_stays_signed_in(page: Page, told: Told) -> None:
    sign_in(page.context, told, told.key)
    page.goto(f"{told.server.url}/?view=settings&site={told.website_id}")
    domain = page.get_by_label("Domain")
    domain.fill("half.exam")
    asked: list[str] = []
    answer = Dialog.dismiss

    def on_dialog(dialog: Dialog) -> None:
        asked.append(dialog.type)
        answer(dialog)

    page.on("dialog", on_dialog)
    page.get_by_role("button", name="Sign out").click()
    assert page.context.request.get(f"{told.server.url}/api/v1/sessions/current").status == 200
    expect(domain).to_have_value("half.exam")
    answer = Dialog.accept
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert asked == ["confirm", "confirm"]


def test_a_session_that_ends_elsewhere_leaves_no_figures_and_asks_for_the_key(page: Page, told: Told) -> None:
    sign_in(page.context, told, told.key)
    open_page(page, f"{told.page}&f=country:DE")
    session = f"{told.server.url}/api/v1/sessions/current"
    assert page.request.delete(session, headers={"Origin": told.server.url}).ok
    page.keyboard.press("d")
    expect(page.get_by_text("You have been signed out")).to_be_visible()
    assert DOMAIN not in page.locator("body").inner_text()
    enter(page, told.key)
    settled(page)
    assert chips(page) == ["Country is Germany"]


@pytest.mark.parametrize(
    ("seconds", "wait"), [("1", "1 second"), ("90", "90 seconds"), ("593", "10 minutes")]
)
def test_a_long_wait_is_told_in_minutes(page: Page, told: Told, seconds: str, wait: str) -> None:
    error = {"code": "RATE_LIMITED", "message": "Too many wrong keys from this address"}
    headers, answer = {"Retry-After": seconds}, {"status": "error", "error": error}
    page.route("**/api/v1/sessions", lambda route: route.fulfill(status=429, headers=headers, json=answer))
    page.goto(told.server.url)
    enter(page, "tt_wrong")
    said = f"Too many wrong keys from this address. Try again in {wait}."
    expect(page.get_by_role("alert")).to_have_text(said)


def lose_the_server(page: Page, told: Told) -> None:
    """Of a page that is open; its clock can be moved then."""
    sign_in(page.context, told, told.key)
    open_page(page, told.page)
    page.clock.install()
    page.context.set_offline(True)


def test_a_server_that_is_away_is_told_and_its_return_is_noticed(page: Page, told: Told) -> None:
    lose_the_server(page, told)
    page.keyboard.press("m")
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    expect(page.locator(".figure").first).to_be_hidden()  # not last week's, under the month's name
    page.context.set_offline(False)
    page.clock.fast_forward("00:05")
    expect(page.locator(".figure").first).to_be_visible()
    assert figures(page)["Visits"] == "7"
    assert page.get_by_role("alert").count() == 0


def test_a_server_that_is_away_is_said_once(page: Page, told: Told) -> None:
    lose_the_server(page, told)
    page.keyboard.press("m")
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    page.get_by_role("button", name="Try again").focus()
    page.clock.fast_forward("00:05")
    expect(page.locator(".problem").first).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)  # another one would be read out as well
    expect(page.get_by_role("button", name="Try again")).to_be_focused()


def test_a_page_that_cannot_be_brought_is_brought_later(page: Page, told: Told) -> None:
    lose_the_server(page, told)
    page.get_by_role("link", name="Installs").click()
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    page.context.set_offline(False)
    page.clock.fast_forward("00:05")
    expect(page.get_by_role("heading", name="Installs", exact=True)).to_be_visible()


def test_a_page_of_another_version_comes_anew(page: Page, told: Told) -> None:
    sign_in(page.context, told, told.key)
    open_page(page, told.page)
    page.route("**/installs.js", lambda route: route.fulfill(status=404), times=1)
    page.get_by_role("link", name="Installs").click()
    expect(page.get_by_role("heading", name="Installs", exact=True)).to_be_visible()


def test_whoever_could_not_be_signed_out_is_told(page: Page, told: Told) -> None:
    lose_the_server(page, told)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("dialog", name="Sign out")).to_contain_text("cannot be reached")


BUSY = {"status": "error", "error": {"code": "UNAVAILABLE", "message": "Busy just now"}}
FAILURES = [
    # what stands in for an answer, what is said of it
    ({"status": 502, "content_type": "text/html", "body": "<h1>502 Bad Gateway</h1>"}, "cannot be reached"),
    ({"status": 502, "body": ""}, "cannot be reached"),
    ({"status": 504, "content_type": "text/plain", "body": "Gateway Timeout"}, "cannot be reached"),
    ({"status": 503, "content_type": "text/html", "body": "<h1>503</h1>"}, "cannot be reached"),
    ({"status": 503, "json": BUSY, "headers": {"Retry-After": "1"}}, "Busy just now. Try again in 1 second."),
]


@pytest.mark.parametrize(("answer", "said"), FAILURES)
def test_a_proxy_whose_server_is_away_is_not_quoted_and_its_return_is_noticed(
    page: Page, told: Told, answer: dict[str, Any], said: str
) -> None:
    sign_in(page.context, told, told.key)
    open_page(page, told.page)
    page.clock.install()
    page.route("**/reports/batch*", lambda route: route.fulfill(**answer))
    page.keyboard.press("m")
    notice = page.locator(".problem p").first
    expect(notice).to_contain_text(said)
    assert "<h1>" not in notice.inner_text()
    page.unroute("**/reports/batch*")
    page.clock.fast_forward("00:05")
    expect(page.locator(".figure").first).to_be_visible()
    assert figures(page)["Visits"] == "7"


@pytest.mark.parametrize("address", ["?view=settings", "?view=product", "?site=unknown", "?view=nonsense"])
def test_a_user_of_another_account_sees_nothing_of_this_one(page: Page, told: Told, address: str) -> None:
    sign_in(page.context, told, told.user_key)
    page.goto(f"{told.server.url}/{address}")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert DOMAIN not in page.content()
    for admins in ("Users", "Accounts", "Product", "Installs"):
        assert page.get_by_role("heading", name=admins, exact=True).count() == 0
