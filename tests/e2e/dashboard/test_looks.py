"""Every page: no wider than the screen, light and dark, clean for axe; what strangers send is only text."""

import re
from collections.abc import Iterator

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.conftest import USER_AGENT
from tests.e2e.dashboard.conftest import Told, add_website, sign_in
from tests.e2e.dashboard.pages import figures, open_page, panel, rows, settled
from tests.make import BROWSER, hit

PAGES = {
    "sites": "",
    "site": "?site={id}&period=7d&f=country:DE&step=/&step=/pricing",
    "settings": "?view=settings",
    "website settings": "?view=settings&site={id}",
    "product": "?view=product",
    "installs": "?view=installs",
    "presence": "?view=presence",
}
WCAG = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}


def visit(page: Page, told: Told, name: str) -> None:
    page.goto(f"{told.server.url}/{PAGES[name].format(id=told.website_id)}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_load_state("networkidle")


def complaints(page: Page) -> list[str]:
    """What axe finds by light and in the dark."""
    said = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = Axe().run(page, options=WCAG).response["violations"]
        said += [f"{scheme}: {rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]
    return said


@pytest.fixture(scope="module")
def looks(browser: Browser, told: Told) -> Iterator[BrowserContext]:
    """One signed-in browser for all the looking."""
    context = browser.new_context(user_agent=USER_AGENT)
    sign_in(context, told, told.key)
    yield context
    context.close()


def test_axe_finds_nothing_on_any_page(looks: BrowserContext, told: Told) -> None:
    page = looks.new_page()
    page.set_viewport_size({"width": 1280, "height": 900})
    found = {}
    for name in PAGES:
        visit(page, told, name)
        found[name] = complaints(page)
    page.goto(f"{told.page}")
    settled(page)
    page.get_by_role("button", name="Last 7 days").click()
    found["the period's menu"] = complaints(page)
    page.keyboard.press("Escape")
    panel(page, "Pages").get_by_role("button", name="Details").click()
    expect(page.get_by_role("dialog").locator("tbody tr").first).to_be_visible()
    found["a dialog"] = complaints(page)
    page.close()
    assert {name: said for name, said in found.items() if said} == {}


def test_what_scrolls_is_reached_by_the_keyboard(looks: BrowserContext, told: Told) -> None:
    page = looks.new_page()
    lengths = {"sessionCount": 1, "totalDuration": 60, "averageDuration": 60}
    days = [{"date": f"2026-{month:02}-{day:02}"} | lengths for month in (1, 2) for day in range(1, 29)]
    gone = [{"began": 1_700_000_000, "ended": 1_700_010_000, "seconds": 10_000}] * 60
    page.route("**/sessions?*", lambda route: route.fulfill(json={"status": "success", "data": days}))
    page.route("**/api/absences", lambda route: route.fulfill(json=gone))
    for name, region in (("product", "Sessions"), ("presence", "Absences")):
        visit(page, told, name)
        box = page.get_by_role("group", name=region)
        assert box.evaluate("box => box.scrollHeight > box.clientHeight")
        assert complaints(page) == []
        box.focus()
        page.keyboard.press("End")
        expect(box.locator("tr").last).to_be_in_viewport()
    page.close()


def test_axe_finds_nothing_where_one_signs_in(page: Page, told: Told) -> None:
    page.goto(told.server.url)
    expect(page.get_by_label("API key")).to_be_visible()
    assert complaints(page) == []


def test_no_page_is_wider_than_the_screen_even_as_that_changes(looks: BrowserContext, told: Told) -> None:
    page = looks.new_page()
    for name in PAGES:
        page.set_viewport_size({"width": 360, "height": 800})
        visit(page, told, name)
        for width in (360, 768, 1100, 2200, 768, 360):
            page.set_viewport_size({"width": width, "height": 800})
            fits = f"() => innerWidth === {width} && document.documentElement.scrollWidth <= {width}"
            page.wait_for_function(fits)
    page.close()


def test_content_groups_and_what_they_match_fit_the_screen(looks: BrowserContext, told: Told) -> None:
    groups = [{"name": name.title(), "pattern": f"/{name}/*"} for name in ("essays", "notes")]
    paths = [f"/{name}/a-title-that-goes-on-for-long-{n}" for name in ("essays", "notes") for n in range(6)]
    website_id = add_website(told, "groups.example", *paths, content_groups=groups)
    page = looks.new_page()
    for width in (375, 600, 800, 840, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{told.server.url}/?view=settings&site={website_id}")
        expect(page.locator(".preview tr")).to_have_count(3)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        card = panel(page, "Content groups").bounding_box()
        assert card
        for one in page.locator(".row button, .preview td").all():
            box = one.bounding_box()
            assert box
            assert box["x"] + box["width"] <= card["x"] + card["width"], width
    page.close()


def test_no_events_name_is_too_long_for_the_screen(looks: BrowserContext, told: Told) -> None:
    website_id = add_website(told, "long.example")
    named = hit(website_id, event_type="n" * 200)
    httpx.post(f"{told.server.url}/api/v1/collect", json=named, headers={"User-Agent": BROWSER})
    page = looks.new_page()
    for width in (375, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{told.server.url}/?site={website_id}&period=today")
        expect(panel(page, "Now").get_by_text("n" * 200)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_no_accounts_name_is_too_long_for_the_screen(looks: BrowserContext, told: Told) -> None:
    with httpx.Client(base_url=f"{told.server.url}/api/v1", headers={"X-API-KEY": told.key}) as admin:
        account = admin.post("/accounts", json={"name": "n" * 200}).json()["data"]["id"]
        user = {"account_id": account, "role": "user", "email": f"{'e' * 180}@example.com"}
        assert admin.post("/users", json=user).status_code == 201
        page = looks.new_page()
        for width in (375, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(f"{told.server.url}/?view=settings")
            expect(page.get_by_role("row").filter(has_text="n" * 200)).to_have_count(2)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.get_by_role("row", name="nnn").last.get_by_role("button", name="Remove").click()
            assert page.get_by_role("dialog").evaluate("box => box.scrollWidth <= box.clientWidth")
        page.close()
        assert admin.delete(f"/accounts/{account}").is_success


def test_the_overview_shows_the_names_of_all_websites_in_full(looks: BrowserContext, told: Told) -> None:
    domains = ("a-garden-of-forking-paths.blog.example.com", f"{'n' * 60}.example")
    for domain in domains:
        add_website(told, domain, "/")
    page = looks.new_page()
    for width in (375, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(told.server.url)
        for domain in domains:
            name = page.get_by_role("heading", name=domain)
            expect(name).to_have_attribute("title", domain)
            assert name.evaluate("(name) => name.scrollWidth <= name.clientWidth"), (domain, width)
            drawn = name.locator("bdi").evaluate("(name) => name.getBoundingClientRect().right")
            box = name.bounding_box()
            assert box
            assert drawn <= box["x"] + box["width"] + 0.5, (domain, width)
    page.close()


def test_on_a_phone_the_navigation_is_a_row_and_figures_stand_below_their_labels(
    looks: BrowserContext, told: Told
) -> None:
    page = looks.new_page()
    page.set_viewport_size({"width": 375, "height": 800})
    visit(page, told, "presence")
    links = page.get_by_role("navigation").get_by_role("link")
    expect(links).to_have_count(5)
    tops = "(links) => new Set(links.map((link) => link.getBoundingClientRect().top)).size"
    assert links.evaluate_all(tops) == 1
    expect(page.locator(".figure")).to_have_count(4)
    gap = """(figure) => {
        const [label, value] = [...figure.children].map((child) => child.getBoundingClientRect());
        return value.top - label.bottom;
    }"""
    assert max(figure.evaluate(gap) for figure in page.locator(".figure").all()) < 5
    page.close()


def test_dark_is_dark_and_a_choice_goes_before_the_system(looks: BrowserContext, told: Told) -> None:
    page = looks.new_page()
    page.emulate_media(color_scheme="dark")

    def ground() -> int:
        """How light the page's ground is, 0 to 255."""
        color = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return max(map(int, re.findall(r"\d+", color)[:3]))

    page.goto(told.server.url)
    assert ground() < 60
    page.get_by_role("button", name="Theme: as the system").click()
    assert ground() > 200
    page.reload()
    expect(page.get_by_role("button", name="Theme: light")).to_be_visible()
    assert ground() > 200
    page.get_by_role("button", name="Theme: light").click()
    page.emulate_media(color_scheme="light")
    assert ground() < 60
    page.get_by_role("button", name="Theme: dark").click()
    assert ground() > 200
    page.close()


def sizes(page: Page, told: Told, *names: str) -> dict[str, int]:
    """What each of a few pages' requests brings, in bytes as sent, by address."""
    found: dict[str, int] = {}
    page.on(
        "requestfinished", lambda request: found.update({request.url: request.sizes()["responseBodySize"]})
    )
    for name in names:
        visit(page, told, name)
    page.close()
    return found


def test_everything_weighs_less_than_60_kilobytes(looks: BrowserContext, told: Told) -> None:
    found = sizes(looks.new_page(), told, *PAGES)
    of_the_page = {url: size for url, size in found.items() if "/static/" in url or url.endswith("/")}
    assert len(of_the_page) > 10
    assert sum(of_the_page.values()) < 60_000
    assert all(url.startswith(told.server.url) for url in found)


def test_a_websites_page_weighs_less_than_50_with_all_its_figures(looks: BrowserContext, told: Told) -> None:
    found = sizes(looks.new_page(), told, "site")
    assert sum("/api/v1/reports/batch" in url for url in found) == 1
    assert sum(found.values()) < 50_000
    assert not any(url.endswith("/settings.js") for url in found)


def test_nothing_jumps_as_a_page_fills(looks: BrowserContext, told: Told) -> None:
    page = looks.new_page()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.add_init_script("""
        window.shifted = 0;
        const add = (list) => list.getEntries().forEach((shift) => (window.shifted += shift.value));
        new PerformanceObserver(add).observe({type: "layout-shift", buffered: true});
    """)
    visit(page, told, "site")
    panel(page, "Devices").get_by_role("tab", name="Browser").click()
    settled(page)
    shifted = page.evaluate("window.shifted")
    page.close()
    assert shifted < 0.02  # Chromium's score: the share of the screen that moved, times how far


def test_ten_thousand_paths_are_paged_and_searched(owner: Page, told: Told) -> None:
    key = {"X-API-KEY": told.key}
    made = httpx.post(f"{told.server.url}/api/v1/websites", json={"domain": "many.example"}, headers=key)
    website_id = made.json()["data"]["id"]
    with httpx.Client(headers={"User-Agent": BROWSER}) as client:
        for first in range(0, 10_000, 32):
            events = [hit(website_id, f"/page/{n:05}") for n in range(first, min(first + 32, 10_000))]
            assert client.post(f"{told.server.url}/api/v1/collect", json=events).status_code == 202
    open_page(owner, f"{told.server.url}/?site={website_id}&period=today")
    assert figures(owner)["Page views"] == "10,000"
    panel(owner, "Pages").get_by_role("button", name="Details").click()
    dialog = owner.get_by_role("dialog", name="Pages · All")
    expect(dialog.locator("tbody tr")).to_have_count(100)
    dialog.get_by_role("button", name="Show more").click()
    expect(dialog.locator("tbody tr")).to_have_count(200)
    dialog.get_by_role("searchbox").fill("/page/0999")
    expect(dialog.locator("tbody tr")).to_have_count(10)
    expect(dialog.get_by_role("button", name="Show more")).to_have_count(0)


HOSTILE = (
    "/<img src=x onerror=document.title='broken'>",
    "/\"'><script>document.title='broken'</script>",
    "/\u202egnp.exe\u202c/\u200f\u05d0",
    "/${alert(1)}{{7*7}}%3Cb%3E",
    "/" + "long" * 500,
)


def test_what_visitors_send_is_shown_as_text(owner: Page, told: Told) -> None:
    key = {"X-API-KEY": told.key}
    made = httpx.post(f"{told.server.url}/api/v1/websites", json={"domain": "hostile.example"}, headers=key)
    website_id = made.json()["data"]["id"]
    for path in HOSTILE:
        events = [
            hit(
                website_id,
                path,
                url="https://hostile.example/?utm_source=<b>bold</b>&utm_campaign=%22onload%3D",
            ),
            hit(
                website_id,
                path,
                event_type="custom",
                properties={"event_name": path[:150], "<i>": '"><svg onload=x>'},
            ),
        ]
        answer = httpx.post(f"{told.server.url}/api/v1/collect", json=events, headers={"User-Agent": BROWSER})
        assert answer.status_code == 202, answer.text
    open_page(owner, f"{told.server.url}/?site={website_id}&period=today")
    assert figures(owner)["Page views"] == str(len(HOSTILE))
    assert sorted(row[0] for row in rows(owner, "Pages", "All")) == sorted(HOSTILE)
    assert [row[0] for row in rows(owner, "Sources", "Campaigns")] == ['<b>bold</b> / – / "onload=']
    assert rows(owner, "Events", "Properties")[0][0] == '<i>: "><svg onload=x>'
    for path in HOSTILE[:3]:
        panel(owner, "Pages").get_by_role("button", name=path, exact=True).click()
        settled(owner)
        assert owner.locator(".chips strong").inner_text() == path
        assert figures(owner)["Page views"] == "1"
        owner.keyboard.press("x")
        settled(owner)
    assert owner.title() == "hostile.example · TinyTrail"
    assert owner.locator("main img, main script, main b, main i, main svg:not(.chart svg)").count() == 0
    assert owner.evaluate("document.documentElement.scrollWidth") <= 1280
