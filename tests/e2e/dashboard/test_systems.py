"""The pages of the other three systems, against what was sent to them."""

import itertools
import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.e2e.dashboard.conftest import Told, add_website, sign_in
from tests.e2e.dashboard.pages import panel, read_rows, settled


@pytest.fixture(scope="module")
def sent(told: Told) -> None:
    """Two sessions, three installs of two versions, a device that beat once."""
    url = told.server.url
    start = datetime.now(UTC) - timedelta(hours=2)
    for user, minutes in (("ann", 10), ("ben", 20)):
        for event, after in (("play", 0), ("stop", minutes)):
            at = (start + timedelta(minutes=after)).isoformat()
            body = {"event": event, "user_id": user, "timestamp": at}
            assert httpx.post(f"{url}/track", json=body).status_code == 200
    for number, version in enumerate(("1.2.0", "1.2.0", "1.1.0")):
        body = {"instance_id": f"{number:08x}-0000-4000-8000-000000000000", "version": version}
        assert httpx.post(f"{url}/heartbeat", json=body).status_code == 200
    secret = {"Authorization": "presence secret"}
    made = httpx.post(f"{url}/api/devices", json={"name": "Laptop"}, headers=secret)
    httpx.post(f"{url}/api/devices", json={"name": "<b>Phone</b>"}, headers=secret)
    assert httpx.post(f"{url}/api/beat", headers={"Authorization": made.json()["token"]}).status_code == 200


@pytest.mark.usefixtures("sent")
def test_product_counts_events_and_sessions(owner: Page, told: Told) -> None:
    owner.goto(f"{told.server.url}/?view=product&period=7d")
    expect(owner.locator(".figure", has_text="Events")).to_contain_text("4")
    expect(owner.locator(".figure", has_text="Time in sessions")).to_contain_text("30m 00s")
    expect(owner.locator(".figure", has_text="Average session")).to_contain_text("15m 00s")
    assert read_rows(panel(owner, "Events").locator("table")) == [("play", "2"), ("stop", "2")]
    owner.get_by_label("User id").fill("ann")
    expect(owner.locator(".figure", has_text="Time in sessions")).to_contain_text("10m 00s")
    owner.locator("[data-key=sessionCount]").click()
    assert owner.locator(".chart svg").get_attribute("aria-label").startswith("Sessions,")  # type: ignore[union-attr]


@pytest.mark.usefixtures("sent")
def test_installs_are_counted_over_time_and_by_version(owner: Page, told: Told) -> None:
    owner.goto(f"{told.server.url}/?view=installs")
    expect(owner.locator(".lead")).to_have_text("3 active installs")
    assert read_rows(panel(owner, "Versions").locator("table")) == [("1.2.0", "2"), ("1.1.0", "1")]
    owner.get_by_role("button", name="By month").click()
    expect(owner.locator(".chart svg")).to_have_attribute(
        "aria-label", "active installs, By month. Arrow keys move along it."
    )


@pytest.mark.usefixtures("sent")
def test_the_address_of_product_and_installs_is_what_is_seen(owner: Page, told: Told) -> None:
    owner.goto(f"{told.server.url}/?view=product&period=7d")
    owner.get_by_label("User id").fill("ann")
    expect(owner.locator(".figure", has_text="Time in sessions")).to_contain_text("10m 00s")
    owner.locator("[data-key=averageDuration]").click()
    owner.reload()
    expect(owner.get_by_label("User id")).to_have_value("ann")
    expect(owner.locator('.figure[aria-pressed="true"]')).to_have_text("Average session10m 00s")
    expect(owner.locator(".chart svg")).to_have_attribute("aria-label", re.compile("^Average session,"))

    owner.get_by_role("link", name="Installs").click()
    owner.get_by_role("button", name="By month").click()
    expect(owner).to_have_url(f"{told.server.url}/?view=installs&period=7d&timeframe=monthly")
    owner.reload()
    expect(owner.get_by_role("button", name="By month")).to_have_attribute("aria-pressed", "true")
    owner.go_back()
    expect(owner.get_by_role("button", name="Last 30 days")).to_have_attribute("aria-pressed", "true")
    owner.goto(f"{told.server.url}/?view=installs&timeframe=yearly&count=nothing")
    expect(owner.get_by_role("button", name="Last 30 days")).to_have_attribute("aria-pressed", "true")


def test_a_user_who_is_being_typed_is_not_lost_to_a_click_elsewhere(owner: Page, told: Told) -> None:
    owner.clock.install()
    owner.goto(f"{told.server.url}/?view=product&period=7d")
    expect(owner.locator(".chart svg")).to_be_visible()
    owner.get_by_label("User id").fill("ann")
    owner.get_by_role("button", name="Earlier").click()
    owner.clock.fast_forward(1000)
    expect(owner.get_by_label("User id")).to_have_value("ann")
    expect(owner).to_have_url(re.compile("from=.*&user=ann"))


def test_another_period_leaves_products_figure_as_it_is(owner: Page, told: Told) -> None:
    owner.goto(f"{told.server.url}/?view=product&period=7d")
    owner.locator("[data-key=averageDuration]").click()
    owner.get_by_role("button", name="Earlier").click()
    expect(owner).to_have_url(re.compile("from="))
    assert "count=averageDuration" in owner.url


@pytest.mark.usefixtures("sent")
def test_presence_lists_devices_and_absences(owner: Page, told: Told) -> None:
    owner.goto(f"{told.server.url}/?view=presence")
    devices = panel(owner, "Devices").locator("tbody tr")
    expect(devices).to_have_count(2)
    expect(devices.first).to_contain_text("Laptop")
    expect(devices.last).to_contain_text("<b>Phone</b>")
    expect(devices.last).to_contain_text("never")
    expect(panel(owner, "Absences")).to_contain_text("Never away for an hour so far.")


def test_the_card_of_a_website_that_was_added_elsewhere_leads_to_it(owner: Page, told: Told) -> None:
    owner.clock.install()
    owner.goto(told.server.url)
    expect(owner.locator(".site-card").first).to_be_visible()
    add_website(told, "elsewhere.example", "/")
    owner.clock.fast_forward("01:01")
    owner.get_by_role("link", name="elsewhere.example").click()
    expect(panel(owner, "Pages").get_by_role("button", name="/", exact=True)).to_be_visible()


def test_all_websites_are_on_one_page_with_their_sparklines(owner: Page, told: Told) -> None:
    owner.goto(f"{told.server.url}/?period=7d")
    card = owner.locator(".site-card").first
    expect(card.get_by_role("heading")).to_have_text("garden.example")
    expect(card).to_contain_text("Page views".replace("Page v", "V"))
    expect(card.locator("dd").first).to_contain_text("6")
    expect(card.get_by_role("img")).to_have_attribute("aria-label", "Visits of garden.example, day by day")
    card.click()
    expect(owner.get_by_role("heading", level=1)).to_contain_text("garden.example")


def test_a_zone_that_the_browser_does_not_know_takes_nothing_away(owner: Page, told: Told) -> None:
    add_website(told, "far.example", "/", timezone="Asia/Tokyo")
    owner.add_init_script("""
      const known = Intl.DateTimeFormat;
      Intl.DateTimeFormat = function (locale, options) {
        if (options?.timeZone === "Asia/Tokyo") throw new RangeError();
        return new known(locale, options);
      };""")
    owner.goto(told.server.url)
    owner.get_by_role("link", name="far.example").click()
    settled(owner)


AXIS = "labels => labels.map(label => [label.textContent, label.getBBox().x >= 0])"
LENGTHS = [
    # seconds in sessions of a day, what the axis says
    (70, ["0s", "30s", "1m", "1m 30s"]),
    (1000, ["0s", "5m", "10m", "15m", "20m"]),
    (5000, ["0s", "30m", "1h", "1h 30m"]),
    (60 * 3600, ["0s", "20h", "40h", "60h"]),
    (39_000_000, ["0s", "5,000h", "10,000h", "15,000h"]),
]


@pytest.mark.parametrize(("seconds", "says"), LENGTHS, ids=[row[1][-1] for row in LENGTHS])
def test_an_axis_of_durations_has_round_steps_and_room_for_them(
    owner: Page, told: Told, seconds: int, says: list[str]
) -> None:
    today = datetime.now(UTC).date().isoformat()
    row = {"date": today, "sessionCount": 1, "totalDuration": seconds, "averageDuration": seconds}
    owner.route("**/sessions?*", lambda route: route.fulfill(json={"status": "success", "data": [row]}))
    owner.goto(f"{told.server.url}/?view=product&period=7d")
    owner.locator("[data-key=totalDuration]").click()
    labels = owner.locator(".chart .level")
    expect(labels.first).to_have_text("0s")
    assert labels.evaluate_all(AXIS) == [[label, True] for label in says]


STALE = [
    # page, what is asked for, what would lie, how another view is chosen (or how late it gets)
    ("?period=30d", "**/reports/overview?*", ".site-card", "w"),
    ("?view=product&period=30d", "**/metrics?*", ".headline .figure", "d"),
    ("?view=installs", "**/stats?*", ".chart", "By month"),
    ("?view=presence", "**/api/stats", ".headline .figure strong", "00:11"),
]


@pytest.mark.usefixtures("sent")
@pytest.mark.parametrize(("page", "asked", "figures", "by"), STALE, ids=[row[2] for row in STALE])
def test_figures_of_another_view_do_not_stand_under_this_ones_name(
    context: BrowserContext, told: Told, page: str, asked: str, figures: str, by: str
) -> None:
    sign_in(context, told, told.key)
    tab = context.new_page()
    tab.clock.install()
    tab.goto(f"{told.server.url}/{page}")
    expect(tab.locator(figures).first).to_be_visible()
    tab.clock.pause_at(tab.evaluate("Date.now() / 1000 + 5"))  # else it may try again before it is told to
    tab.route(asked, lambda route: route.abort())
    if len(by) == 1:
        tab.keyboard.press(by)
    elif by[0] == "0":
        tab.clock.fast_forward(by)
    else:
        tab.get_by_role("button", name=by).click()
    expect(tab.get_by_role("alert")).to_contain_text("cannot be reached")
    expect(tab.locator(figures).first).to_be_hidden()
    tab.unroute(asked)
    tab.get_by_role("button", name="Try again").click()
    expect(tab.locator(figures).first).to_be_visible()
    assert tab.get_by_role("alert").count() == 0


def test_an_answer_that_comes_too_late_is_not_shown(owner: Page, told: Told) -> None:
    owner.goto(f"{told.server.url}/?period=7d")
    visits = owner.locator(".site-card dd").nth(1)
    expect(visits).to_contain_text("6")
    late: list[Route] = []
    owner.route("**/reports/overview?period=30d*", lambda route: late.append(route))
    with owner.expect_request("**/reports/overview?period=30d*"):
        owner.keyboard.press("m")
    while not late:
        owner.wait_for_timeout(10)
    owner.keyboard.press("d")
    expect(visits).to_contain_text("1")
    late[0].continue_()
    for _ in range(2):  # journeys to the server and back, after which it would have come
        owner.evaluate("() => fetch('health')")
    expect(visits).to_contain_text("1")


EDGES = "ticks => ticks.map(tick => tick.getBBox()).map(box => [box.x, box.x + box.width])"


def test_an_axis_of_days_says_the_year_where_that_changes(owner: Page, told: Told) -> None:
    owner.goto(f"{told.server.url}/?view=product&from=2025-11-01&to=2026-02-28")
    ticks = owner.locator(".chart .axis:not(.level)")
    expect(ticks.first).to_have_text("1 Nov 2025")
    years = [year[0] for text in ticks.all_text_contents() if (year := re.search(r"\d{4}$", text))]
    assert years == ["2025", "2026"]
    boxes = ticks.evaluate_all(EDGES)
    assert all(end + 5 < start for (_, end), (start, _) in itertools.pairwise(boxes))
    owner.goto(f"{told.server.url}/?view=product&from=2026-01-01&to=2026-01-31")
    expect(ticks.first).to_have_text("1 Jan")


def test_an_axis_of_months_does_not_read_as_days(owner: Page, told: Told) -> None:
    history = [{"date": date, "count": 1} for date in ("2026-09", "2026-10")]
    owner.route("**/stats?*", lambda route: route.fulfill(json={"total": 1, "history": history}))
    owner.goto(f"{told.server.url}/?view=installs&timeframe=monthly")
    ticks = owner.locator(".chart .axis:not(.level)")
    expect(ticks).to_have_text(["Sept 2026", "Oct 2026"])


def test_millions_are_not_written_as_minutes(owner: Page, told: Told) -> None:
    row = {"date": datetime.now(UTC).date().isoformat(), "play": 300_000_000}
    owner.route("**/metrics?*", lambda route: route.fulfill(json={"status": "success", "data": [row]}))
    owner.goto(f"{told.server.url}/?view=product&period=7d")
    expect(owner.locator("[data-key=events] strong")).to_have_text("300M")
    expect(owner.locator(".chart .level").last).to_have_text("300M")


def test_a_sparkline_dashes_the_day_that_is_not_over(owner: Page, told: Told) -> None:
    for period, unfinished in (("7d", 1), ("yesterday", 0)):
        owner.goto(f"{told.server.url}/?period={period}")
        card = owner.locator(".site-card", has_text="garden.example")
        expect(card.locator(".sparkline .line:not(.dashed)")).to_have_count(1)
        assert card.locator(".sparkline .dashed").count() == unfinished, period


def test_an_event_of_any_name_is_counted(owner: Page, told: Told) -> None:
    today = datetime.now(UTC).date().isoformat()
    body = f'{{"status": "success", "data": [{{"date": "{today}", "constructor": 2, "__proto__": 3}}]}}'
    owner.route("**/metrics?*", lambda route: route.fulfill(body=body, content_type="application/json"))
    owner.goto(f"{told.server.url}/?view=product&period=7d")
    expect(owner.locator("[data-key=events] strong")).to_have_text("5")
    assert read_rows(panel(owner, "Events").locator("table")) == [("__proto__", "3"), ("constructor", "2")]


def test_products_chart_has_the_weeks_and_months_in_which_nothing_was(owner: Page, told: Told) -> None:
    for day in ("2025-02-05", "2025-12-05"):
        for event, at in (("play", "12:00:00"), ("stop", "12:01:00")):
            body = {"event": event, "user_id": "seldom", "timestamp": f"{day}T{at}Z"}
            assert httpx.post(f"{told.server.url}/track", json=body).status_code == 200
    reading = owner.locator(".reading.shown")
    for start, first, last in (
        ("2025-01-01", "Week of Mon, 30 Dec 2024", "Week of Mon, 29 Dec 2025"),
        ("2022-01-01", "January 2022", "January 2026"),
    ):
        shown = f"count=sessionCount&from={start}&to=2026-01-01&user=seldom"
        owner.goto(f"{told.server.url}/?view=product&{shown}")
        owner.locator(".chart svg").focus()
        for key, words in (("Home", first), ("End", last)):
            owner.keyboard.press(key)
            expect(reading.locator("p")).to_have_text([words, "0"])
    expect(owner.locator(".chart .axis:not(.level)").first).to_have_text("Jan 2022")
    assert panel(owner, "Sessions").locator("tbody th").all_inner_texts() == [
        "December 2025",
        "February 2025",
    ]


def test_products_chart_draws_no_day_that_is_still_to_come(owner: Page, told: Told) -> None:
    today = datetime.now(UTC).date()
    days = f"from={today}&to={today + timedelta(days=9)}"
    owner.goto(f"{told.server.url}/?view=product&{days}")
    chart = owner.locator(".chart svg")
    chart.focus()
    owner.keyboard.press("End")
    expect(owner.locator(".reading.shown")).to_contain_text("(so far)")
    expect(owner.locator(".reading.shown")).to_contain_text(f"{today.day} ")
    owner.goto(f"{told.server.url}/?view=product&from={today + timedelta(1)}&to={today + timedelta(9)}")
    expect(owner.locator(".chart .level").first).to_be_visible()
    assert owner.locator(".chart .dot-mark").count() == 0
