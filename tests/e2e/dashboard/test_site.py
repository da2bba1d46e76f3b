"""A website's page: what its headline, chart and panels say of VISITS, and how to ask for less."""

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.dashboard.conftest import DOMAIN, Told, add_website, sign_in
from tests.e2e.dashboard.pages import (
    chips,
    figures,
    open_page,
    panel,
    read_rows,
    rows,
    search_everything,
    settled,
)
from tests.make import BROWSER, hit

# What the panels say of the last seven days.
PANELS = [
    # panel, tab, rows
    ("Pages", "All", [("/", "3", "3"), ("/blog/a", "3", "3"), ("/pricing", "3", "3"), ("/blog/b", "1", "1")]),
    ("Pages", "Landing", [("/", "3"), ("/blog/a", "2"), ("/blog/b", "1")]),
    ("Pages", "Exit", [("/pricing", "3"), ("/", "1"), ("/blog/a", "1"), ("/blog/b", "1")]),
    ("Sources", "Channels", [("Direct", "3"), ("Email", "1"), ("Organic Search", "1"), ("Social", "1")]),
    ("Sources", "Referrers", [("google.com", "2"), ("news.ycombinator.com", "1")]),
    ("Sources", "Campaigns", [("newsletter / email / may", "1")]),
    ("Devices", "Type", [("Desktop", "5"), ("Phone", "1")]),
    ("Devices", "Browser", [("Chrome", "3"), ("Firefox", "2"), ("Safari", "1")]),
    ("Devices", "System", [("Windows", "3"), ("Linux", "2"), ("iOS", "1")]),
    ("Devices", "Screen", [("1441 px and more", "4"), ("1025–1440 px", "1"), ("376–768 px", "1")]),
    ("Countries", None, [("Germany", "3"), ("France", "1"), ("United States", "1")]),
    ("Events", "Events", [("signup", "2")]),
    ("Events", "Properties", [("plan: free", "1"), ("plan: pro", "1")]),
]


def test_each_panel_says_what_was_collected(owner: Page, told: Told) -> None:
    open_page(owner, told.page)
    for title, tab, expected in PANELS:
        assert rows(owner, title, tab) == expected, f"{title}, {tab}"


def test_the_headline_is_compared_with_the_seven_days_before(owner: Page, told: Told) -> None:
    open_page(owner, told.page)
    assert figures(owner) == {
        "Unique visitors": "6",
        "Visits": "6",
        "Page views": "10",
        "Bounce rate": "50%",
        "Visit duration": "10s",
    }
    change = owner.locator(".figure", has_text="Visits").last.locator(".change")
    assert " ".join(change.inner_text().split()) == "↑ up 500%"
    assert owner.title() == f"{DOMAIN} · TinyTrail"
    assert owner.get_by_role("heading", level=1).inner_text().startswith(DOMAIN)


def test_everything_on_the_page_comes_in_one_request(owner: Page, told: Told) -> None:
    asked: list[str] = []
    owner.on("request", lambda request: asked.append(request.url) if "/reports/" in request.url else None)
    open_page(owner, told.page)
    assert len(asked) == 1


def test_the_address_is_the_view_and_back_leads_back(owner: Page, told: Told) -> None:
    open_page(owner, told.page)
    panel(owner, "Sources").get_by_role("tab", name="Referrers").click()
    owner.locator(".figure", has_text="Page views").click()
    settled(owner)
    panel(owner, "Sources").get_by_role("button", name="google.com").click()
    settled(owner)
    address = owner.url

    other = owner.context.new_page()
    open_page(other, address)
    assert chips(other) == ["Referrer is google.com"]
    assert figures(other)["Page views"] == "5"
    assert other.locator('.figure[aria-pressed="true"] .label').inner_text() == "Page views"
    assert rows(other, "Sources") == [("google.com", "2")]

    panel(owner, "Pages").get_by_role("button", name="Details").click()
    owner.go_back()
    settled(owner)
    assert chips(owner) == []
    assert figures(owner)["Page views"] == "10"
    expect(owner.get_by_role("dialog")).to_have_count(0)  # it was about the page before


STRANGE_DAYS = (
    "from=2026-13-01&to=2026-12-01",
    "from=2026-01-00&to=2026-01-31",
    "from=2026-02-30&to=2026-03-01",
    "from=0001-01-01&to=2026-01-01",
    "from=2026-01-01&to=9999-12-31",
    "from=2026-01-01",
)
STRANGE = (
    *STRANGE_DAYS,
    "f=property:plan",
    "f=property:=pro",
    "f=page:",
    "f=:",
    "f=constructor:1",
    "period=constructor",
    "bots=maybe",
    "page=-1",
    "step=&step=",
    "tab-pages=nothing",
)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("?site={id}&period=soon&f=bogus:1&f=path&metric=x&compare=y", "Last 30 days"),
        ("?site={id}&from=2026-03-02&to=2026-03-01", " Mar 2026"),
        ("?view=settings&site=nobody", "There is no such website, or it is not yours."),
        ("?view=nonsense", "Last 30 days"),
        *((f"?site={{id}}&{strange}", "Last 30 days") for strange in STRANGE),
        *((f"?view=product&{strange}", "Last 30 days") for strange in STRANGE_DAYS[:3]),
        *((f"?{strange}", "Last 30 days") for strange in STRANGE_DAYS[:3]),
    ],
)
def test_an_address_that_means_nothing_falls_back_or_says_so(
    owner: Page, told: Told, address: str, shown: str
) -> None:
    owner.goto(f"{told.server.url}/{address.format(id=told.website_id)}")
    expect(owner.get_by_text(shown).first).to_be_visible()
    owner.wait_for_load_state("networkidle")
    assert owner.locator(".notice.problem").count() == 0


def test_of_too_many_filters_and_steps_the_address_means_the_first(owner: Page, told: Told) -> None:
    many = "".join(f"&f=page:/{n}&step=/{n}" for n in range(30))
    open_page(owner, f"{told.page}&f=country:DE&f=country:DE&f=constructor:1&step=&step=%20{many}")
    assert len(chips(owner)) == 20
    assert chips(owner)[:2] == ["Country is Germany", "Page is /0"]
    steps = panel(owner, "Funnel").locator(".steps input")
    assert [steps.nth(n).input_value() for n in (0, 19)] == ["/0", "/19"]
    assert steps.count() == 20


def test_a_website_that_is_not_yours_is_not_there(context: BrowserContext, told: Told) -> None:
    sign_in(context, told, told.key)
    page = context.new_page()
    page.goto(f"{told.server.url}/?site=00000000-0000-4000-8000-000000000000")
    expect(page.get_by_text("There is no such website, or it is not yours.")).to_be_visible()
    assert page.locator(".site").count() == 0


def test_keys_typed_into_a_field_are_text(owner: Page, told: Told) -> None:
    open_page(owner, told.page)
    owner.get_by_label("Step 1", exact=True).press_sequentially("dwmy?")
    expect(owner).to_have_url(f"{told.page}&step=dwmy%3F")  # the funnel's, and no other period
    assert owner.get_by_label("Step 1", exact=True).input_value() == "dwmy?"
    assert owner.locator("dialog").count() == 0


def test_the_chart_is_read_by_pointer_and_by_keyboard(owner: Page, told: Told) -> None:
    open_page(owner, told.page)
    chart = owner.locator(".chart svg")
    assert "Unique visitors" in (chart.get_attribute("aria-label") or "")
    assert owner.locator(".chart .ghost").count() == 1
    assert owner.locator(".chart .dashed").count() == 1  # today is not over
    chart.focus()
    owner.keyboard.press("End")
    reading = owner.locator(".reading.shown")
    expect(reading).to_contain_text("(so far)")
    owner.keyboard.press("ArrowLeft")
    expect(reading.locator(".now")).to_have_text("3")
    owner.keyboard.press("Home")
    expect(reading.locator(".now")).to_have_text("0")
    box = chart.bounding_box()
    assert box
    chart.hover(position={"x": box["width"] - 14, "y": 50})
    expect(reading).to_contain_text("(so far)")
    assert owner.url == told.page  # the arrow keys moved the reading, not the period


def test_all_rows_are_in_a_dialog_with_search_and_csv(owner: Page, told: Told) -> None:
    open_page(owner, told.page)
    panel(owner, "Pages").get_by_role("button", name="Details").click()
    dialog = owner.get_by_role("dialog", name="Pages · All")
    expect(dialog.locator("tbody tr")).to_have_count(4)
    dialog.get_by_role("searchbox").fill("BLOG")
    expect(dialog.locator("tbody tr")).to_have_count(2)
    assert read_rows(dialog.locator("table")) == [("/blog/a", "3", "3"), ("/blog/b", "1", "1")]
    with owner.expect_download() as download:
        dialog.get_by_role("button", name="CSV").click()
    assert download.value.suggested_filename.startswith(f"{DOMAIN}-pages-")
    lines = download.value.path().read_text().splitlines()
    assert lines == ["path,contentGroup,pageviews,uniquePageviews", "/blog/a,Blog,3,3", "/blog/b,Blog,1,1"]
    dialog.get_by_role("button", name="/blog/b").click()
    settled(owner)
    assert owner.get_by_role("dialog").count() == 0
    assert chips(owner) == ["Page is /blog/b"]


CSV = [
    ("Pages", "Exit", "path,exits"),
    ("Sources", "Campaigns", "utmSource,utmMedium,utmCampaign,visits"),
    ("Devices", "Browser", "browserFamily,visits"),
    ("Events", "Properties", "property,value,count"),
]


@pytest.mark.parametrize(("title", "tab", "head"), CSV, ids=[row[1] for row in CSV])
def test_the_csv_is_of_the_list_on_screen(owner: Page, told: Told, title: str, tab: str, head: str) -> None:
    open_page(owner, told.page)
    card = panel(owner, title)
    card.get_by_role("tab", name=tab).click()
    card.get_by_role("button", name="Details").click()
    with owner.expect_download() as download:
        owner.get_by_role("dialog").get_by_role("button", name="CSV").click()
    assert download.value.path().read_text().splitlines()[0] == head


def test_who_is_here_now_and_a_funnel_are_to_be_had_as_csv_too(owner: Page, told: Told) -> None:
    open_page(owner, f"{told.page}&step=/&step=/pricing")
    for title, lines in (
        ("Now", ["path,visitors", "/blog/b,1"]),
        ("Funnel", ["step,sessions,conversion_rate", "/,3,100.0", "/pricing,2,66.67"]),
    ):
        with owner.expect_download() as download:
            panel(owner, title).get_by_role("button", name="CSV").click()
        assert download.value.path().read_text().splitlines() == lines


def test_slash_searches_all_lists_at_once(owner: Page, told: Told) -> None:
    open_page(owner, told.page)
    dialog = search_everything(owner, "new")
    expect(dialog.get_by_role("button", name="news.ycombinator.com")).to_be_visible()
    dialog.get_by_role("button", name="newsletter / email / may").click()
    settled(owner)
    assert figures(owner)["Visits"] == "1"


def test_a_website_that_waits_for_its_first_visit_shows_no_figures_as_it_looks_again(
    owner: Page, told: Told
) -> None:
    website_id = add_website(told, "quiet.example")
    owner.clock.install()
    owner.goto(f"{told.server.url}/?site={website_id}")
    expect(owner.get_by_role("heading", name="No visit has been recorded yet")).to_be_visible()
    with owner.expect_response("**/reports/batch?*"):
        owner.clock.fast_forward("01:01")
    expect(owner.locator(".site[aria-busy]")).to_have_count(0)
    expect(owner.locator(".figure").first).to_be_hidden()


def test_where_events_come_without_page_views_now_has_no_table_without_rows(owner: Page, told: Told) -> None:
    website_id = add_website(told, "events.example")
    body = hit(website_id, event_type="signup")
    url = f"{told.server.url}/api/v1/collect"
    assert httpx.post(url, json=body, headers={"User-Agent": BROWSER}).status_code == 202
    open_page(owner, f"{told.server.url}/?site={website_id}&period=today")
    expect(panel(owner, "Now")).to_contain_text("1 signup")
    expect(panel(owner, "Now")).to_contain_text("No page views")
    expect(panel(owner, "Now").get_by_role("table")).to_have_count(0)


def test_somebody_who_comes_now_shows_without_a_reload(owner: Page, told: Told) -> None:
    open_page(owner, told.page)
    owner.clock.install()
    open_page(owner, told.page)
    body = hit(told.website_id, "/just/now", screen_width=1920)
    answer = owner.request.post(
        f"{told.server.url}/api/v1/collect", data=body, headers={"User-Agent": BROWSER}
    )
    assert answer.status == 202
    owner.clock.fast_forward("00:16")
    expect(panel(owner, "Now").get_by_role("button", name="/just/now")).to_be_visible()
    expect(owner.locator(".toolbar .now")).to_have_text("2 visitors in 30 minutes")
