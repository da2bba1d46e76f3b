"""Who looks at it otherwise: in the dark, in colours of their own, by the keyboard, printed, on a phone."""

from datetime import UTC, datetime

from playwright.sync_api import Locator, Page, expect

from tests.e2e.dashboard.conftest import Told
from tests.e2e.dashboard.pages import open_page, panel

# Of the text, or of a pseudo-element's, to the ground of the element itself.
CONTRAST = """(node, pseudo) => {
    const pen = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d")
    const light = (colour) => {
        pen.fillStyle = colour
        pen.fillRect(0, 0, 1, 1)
        const linear = (value) => value <= 10 ? value / 3294 : ((value / 255 + 0.055) / 1.055) ** 2.4
        const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map(linear)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const shades = [getComputedStyle(node, pseudo).color, getComputedStyle(node).backgroundColor].map(light)
    return (Math.max(...shades) + 0.05) / (Math.min(...shades) + 0.05)
}"""


def test_what_a_field_is_for_can_be_read_in_the_dark(owner: Page, told: Told) -> None:
    for scheme in ("dark", "light"):
        owner.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        owner.goto(f"{told.server.url}/?view=product")
        assert owner.get_by_label("User id").evaluate(CONTRAST, "::placeholder") >= 4.5, scheme


def underline(element: Locator) -> tuple[str, str]:
    style = "(element, name) => getComputedStyle(element)[name]"
    return element.evaluate(style, "borderBottomColor"), element.evaluate(style, "textDecorationLine")


def test_what_is_chosen_differs_where_the_reader_sets_the_colours(owner: Page, told: Told) -> None:
    owner.emulate_media(forced_colors="active")
    open_page(owner, told.page)
    for chosen, other in (
        ('.figure[aria-pressed="true"]', '.figure[aria-pressed="false"]'),
        ('[role=tab][aria-selected="true"]', '[role=tab][aria-selected="false"]'),
        ("nav [aria-current]", "nav a:not([aria-current])"),
    ):
        assert underline(owner.locator(chosen).first) != underline(owner.locator(other).first), chosen


def test_what_is_focused_backwards_is_not_behind_the_toolbar(owner: Page, told: Told) -> None:
    owner.set_viewport_size({"width": 1280, "height": 600})
    open_page(owner, told.page)
    owner.get_by_role("button", name="Add a step").focus()
    focused = owner.locator(":focus")
    passed = 0
    while True:
        owner.keyboard.press("Shift+Tab")
        if focused.evaluate("(element) => Boolean(element.closest('.toolbar'))"):
            break
        passed += 1
        top, name = focused.evaluate("(element) => [element.getBoundingClientRect().top, element.outerHTML]")
        bar = owner.locator(".toolbar").bounding_box()
        assert bar
        assert top >= bar["y"] + bar["height"], name
    assert passed > 20


def test_what_is_printed_is_dark_on_paper_and_the_chart_fits_its_card(owner: Page, told: Told) -> None:
    owner.context.add_cookies([{"name": "tinytrail_theme", "value": "dark", "url": told.server.url}])
    open_page(owner, told.page)
    svg = owner.locator(".chart svg")
    expect(svg).to_be_visible()
    owner.emulate_media(media="print")
    assert max(owner.evaluate("getComputedStyle(document.body).color.match(/\\d+/g).map(Number)")) < 100
    # Paper is narrower than the screen, and no script draws anew for it.
    owner.evaluate("document.querySelector('.graph').style.height = '100px'")
    chart, card = svg.bounding_box(), owner.locator(".card.headline").bounding_box()
    assert chart
    assert card
    assert chart["y"] + chart["height"] <= card["y"] + card["height"]


def test_dates_are_not_broken_within_their_words_on_a_phone(owner: Page, told: Told) -> None:
    today = datetime.now(UTC).date().isoformat()
    lengths = {"sessionCount": 1, "totalDuration": 2_000_000, "averageDuration": 2_000_000}
    days = {"status": "success", "data": [{"date": today} | lengths]}
    gone = [{"began": 1_700_000_000, "ended": 1_700_010_000, "seconds": 10_000}]
    owner.route("**/sessions?*", lambda route: route.fulfill(json=days))
    owner.route("**/api/absences", lambda route: route.fulfill(json=gone))
    owner.set_viewport_size({"width": 320, "height": 800})
    for view, title in (("product", "Sessions"), ("presence", "Absences")):
        owner.goto(f"{told.server.url}/?view={view}")
        date = panel(owner, title).locator("tbody th")
        text = date.inner_text()
        height = (
            "(date) => date.getBoundingClientRect().height / parseFloat(getComputedStyle(date).lineHeight)"
        )
        assert date.evaluate(height) < len(text.split()) + 1, text
        assert owner.evaluate("document.documentElement.scrollWidth") == 320
