"""Pages that stay open: what comes is shown, and who reads is not disturbed."""

import re
from datetime import UTC, datetime, timedelta

import httpx
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.e2e.dashboard.conftest import Told, add_website, sign_in
from tests.e2e.dashboard.pages import chips, open_page, panel, settled


def test_product_shows_what_comes_while_it_is_open(owner: Page, told: Told) -> None:
    owner.clock.install()
    owner.goto(f"{told.server.url}/?view=product&period=7d&user=cleo")
    expect(panel(owner, "Events")).to_contain_text("No events in this period.")
    answer = httpx.post(f"{told.server.url}/track", json={"event": "late", "user_id": "cleo"})
    assert answer.status_code == 200
    owner.clock.fast_forward("01:01")
    expect(panel(owner, "Events").get_by_role("row", name="late")).to_be_visible()


def test_installs_show_what_comes_while_they_are_open(owner: Page, told: Told) -> None:
    owner.clock.install()
    owner.goto(f"{told.server.url}/?view=installs")
    expect(owner.locator(".lead")).to_have_text("0 active installs")
    body = {"instance_id": "10000000-0000-4000-8000-000000000000", "version": "1.0.0"}
    assert httpx.post(f"{told.server.url}/heartbeat", json=body).status_code == 200
    owner.clock.fast_forward("01:01")
    expect(owner.locator(".lead")).to_have_text("1 active install")
    expect(panel(owner, "Versions").get_by_role("row", name="1.0.0")).to_be_visible()


def test_a_chart_that_is_being_read_is_not_drawn_anew(owner: Page, told: Told) -> None:
    asked: list[str] = []
    owner.on("request", lambda request: asked.append(request.url) if "/metrics?" in request.url else None)
    owner.clock.install()
    owner.goto(f"{told.server.url}/?view=product&period=7d")
    owner.locator(".chart svg").focus()
    owner.keyboard.press("Home")
    reading = owner.locator(".reading.shown")
    expect(reading).to_be_visible()
    said = reading.inner_text()
    owner.clock.fast_forward("01:01")
    assert (reading.inner_text(), len(asked)) == (said, 1)
    owner.keyboard.press("Tab")
    with owner.expect_request("**/metrics?*"):
        owner.clock.fast_forward("01:01")


def test_a_list_stays_scrolled_and_focused_as_it_is_filled_anew(owner: Page, told: Told) -> None:
    gone = [{"began": 1_700_000_000, "ended": 1_700_010_000, "seconds": 10_000}] * 60
    owner.route("**/api/absences", lambda route: route.fulfill(json=gone))
    owner.clock.install()
    owner.goto(f"{told.server.url}/?view=presence")
    box = owner.get_by_role("group", name="Absences")
    box.focus()
    owner.keyboard.press("End")
    expect(box.get_by_role("row").last).to_be_in_viewport()
    gone.append({"began": 1_600_000_000, "ended": 1_600_200_000, "seconds": 200_000})
    owner.clock.fast_forward("00:11")
    expect(box.get_by_role("row").last).to_contain_text("2d 7h")
    expect(box.get_by_role("row", name="2h 46m").last).to_be_in_viewport()
    expect(box).to_be_focused()


def test_when_a_device_was_heard_is_told_by_the_servers_clock(owner: Page, told: Told) -> None:
    secret = {"Authorization": "presence secret"}
    made = httpx.post(f"{told.server.url}/api/devices", json={"name": "Laptop"}, headers=secret)
    token = made.json()["token"]
    assert httpx.post(f"{told.server.url}/api/beat", headers={"Authorization": token}).status_code == 200
    owner.clock.set_system_time(datetime.now(UTC) + timedelta(hours=5))
    owner.goto(f"{told.server.url}/?view=presence")
    row = panel(owner, "Devices").get_by_role("row", name="Laptop")
    expect(row).to_contain_text(re.compile("now|seconds? ago|minutes? ago"))


def test_a_website_that_is_deleted_elsewhere_is_said_to_be_gone(context: BrowserContext, told: Told) -> None:
    website_id = add_website(told, "gone.example", "/")
    sign_in(context, told, told.key)
    tab = context.new_page()
    tab.clock.install()
    open_page(tab, f"{told.server.url}/?site={website_id}&period=today")
    url = f"{told.server.url}/api/v1/websites/{website_id}"
    assert httpx.delete(url, headers={"X-API-KEY": told.key}).is_success
    tab.clock.fast_forward("01:01")
    expect(tab.get_by_text("There is no such website")).to_be_visible()
    tab.get_by_role("link", name="Sites", exact=True).click()
    expect(tab.get_by_role("link", name="garden.example")).to_be_visible()
    expect(tab.get_by_role("link", name="gone.example")).to_have_count(0)


def test_the_last_half_hour_is_not_shown_by_filters_that_hold_no_more(owner: Page, told: Told) -> None:
    looks: list[Route] = []
    owner.route("**/reports/realtime?*", lambda route: looks.append(route))
    owner.clock.install()
    open_page(owner, told.page)
    with owner.expect_request("**/reports/realtime?*"):
        owner.clock.fast_forward("00:16")
    panel(owner, "Devices").get_by_role("button", name="Phone").click()
    owner.clock.fast_forward("00:01")
    expect(owner.locator(".chips li")).to_have_count(1)
    settled(owner)
    assert chips(owner) == ["Device is Phone"]
    seen = panel(owner, "Now").inner_text()
    with owner.expect_response("**/reports/realtime?*"):
        late = {"active_visitors": 77, "top_pages": [], "events_by_type": []}
        looks[0].fulfill(json={"status": "success", "data": late})
    owner.clock.fast_forward("00:01")
    assert panel(owner, "Now").inner_text() == seen
