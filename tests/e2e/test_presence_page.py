"""The page /presence in a real Chromium: live by the WebSocket, and through troubles of it."""

import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.presence.wire import add_device, serving
from tests.server import Server

NAME = "Robin's <i>desk</i>"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("presence"), server_name=NAME) as server:
        yield server


def beat(server: Server, token: str) -> None:
    request = urllib.request.Request(
        f"{server.url}/api/beat", method="POST", headers={"authorization": token}
    )
    urllib.request.urlopen(request).close()


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the console shows: a refused style, a script that threw, a file that is not there."""
    shown: list[str] = []
    page.on("console", lambda message: shown.append(message.text))
    page.on("pageerror", lambda error: shown.append(str(error)))
    return shown


def test_a_beat_shows_without_a_reload_and_the_ago_ticks(
    server: Server, page: Page, complaints: list[str]
) -> None:
    page.goto(f"{server.url}/presence")
    expect(page.locator("#link")).to_have_text("Live")
    expect(page.locator("#none")).to_be_visible()

    beat(server, add_device(server, "<img src=x onerror=alert(1)>"))

    expect(page.locator("#devices th")).to_have_text("<img src=x onerror=alert(1)>")
    expect(page.locator("#none")).to_be_hidden()
    expect(page.locator("#total_beats")).to_have_text("1")
    ago = page.locator("#ago")
    expect(ago).to_have_text(re.compile(r"^(just now|\d+ seconds? ago)$"))
    expect(ago).not_to_have_text(ago.inner_text())
    expect(page.locator("h1")).to_have_text(NAME)
    assert complaints == []


def test_scripts_and_server_say_the_same(server: Server, browser: Browser) -> None:
    """What differs is the zone, so both are in UTC."""
    beat(server, add_device(server, "Same"))
    texts = []
    for with_scripts in (False, True):
        context = browser.new_context(java_script_enabled=with_scripts, timezone_id="UTC")
        page = context.new_page()
        page.goto(f"{server.url}/presence")
        if with_scripts:
            expect(page.locator("#link")).to_have_text("Live")
        texts.append(
            re.sub(
                r"\d+ seconds? ago|just now|\d+ (seconds?|minutes?)|[\d,]+(?=\n)",
                "N",
                page.inner_text("main"),
            )
        )
        context.close()

    assert texts[0] == texts[1]


def test_a_lost_connection_is_said_and_made_again(page: Page, tmp_path: Path) -> None:
    page.clock.install()
    sockets: list[WebSocketRoute] = []

    def pass_on(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        socket.connect_to_server()

    page.route_web_socket("**/api/stats/ws", pass_on)
    with serving(tmp_path) as server:
        page.goto(f"{server.url}/presence")
        expect(page.locator("#link")).to_have_text("Live")
        page.clock.pause_at(page.evaluate("Date.now() / 1000 + 5"))  # else it may soon be made again

        sockets[0].close()

        expect(page.locator("#link")).to_have_text("Reconnecting…")
        expect(page.locator("#news")).to_have_text("Connection lost.")
        page.clock.fast_forward(2000)
        expect(page.locator("#link")).to_have_text("Live")
        expect(page.locator("#news")).to_have_text("Connected again.")
        assert len(sockets) == 2


def test_a_page_out_of_sight_lets_go_of_the_socket(server: Server, page: Page) -> None:
    with page.expect_websocket() as opened:
        page.goto(f"{server.url}/presence")
    expect(page.locator("#link")).to_have_text("Live")
    hide = """hidden => {
        Object.defineProperty(document, "hidden", {value: hidden, configurable: true})
        document.dispatchEvent(new Event("visibilitychange"))
    }"""

    with opened.value.expect_event("close"):
        page.evaluate(hide, True)
    with page.expect_websocket():
        page.evaluate(hide, False)
    expect(page.locator("#link")).to_have_text("Live")


def test_where_no_websocket_passes_figures_come_by_json(server: Server, page: Page) -> None:
    page.route_web_socket("**/api/stats/ws", lambda socket: socket.close())
    page.route("**/api/stats", lambda route: route.fulfill(body=FIGURES, content_type="application/json"))

    page.goto(f"{server.url}/presence")

    expect(page.locator("#total_beats")).to_have_text("120,062")
    expect(page.locator("#devices td").first).to_have_text("1 day ago")


FIGURES = """{"last_seen":1698915320,"last_seen_relative":41,"longest_absence":84898,"num_visits":1628,
"total_beats":120062,"devices":[{"id":0,"name":"Laptop","last_beat":1698825626,"num_beats":36308}],"uptime":8082297}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_can_be_read_in_either_scheme(
    server: Server, browser: Browser, scheme: str
) -> None:
    for name in ("Phone with quite a long name, as some people like them", "x" * 200):
        add_device(server, name)
    context = browser.new_context(
        viewport={"width": 360, "height": 700}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page = context.new_page()
    page.goto(f"{server.url}/presence")

    assert page.evaluate("document.documentElement.scrollWidth") == 360
    for selector in ("h1", "h2", ".ago", ".when", "dt", "dd", "tbody th", "a"):
        assert page.locator(selector).first.evaluate(CONTRAST) >= 4.5, selector
    context.close()


def test_when_a_device_was_heard_stands_on_one_line_beside_a_long_name(server: Server, page: Page) -> None:
    add_device(server, "y" * 200)
    page.route_web_socket("**/api/stats/ws", lambda socket: None)  # nothing else is written then
    page.goto(f"{server.url}/presence")
    cell = page.get_by_role("row", name="y" * 200).get_by_role("cell").first
    expect(cell).to_have_text("never")
    lines = """(cell) => {
        cell.textContent = "16 hours ago"
        const range = new Range()
        range.selectNodeContents(cell)
        return new Set([...range.getClientRects()].map((box) => box.top)).size
    }"""
    assert cell.evaluate(lines) == 1


CONTRAST = """node => {
    const channel = value => value <= 10 ? value / 3294 : ((value / 255 + 0.055) / 1.055) ** 2.4
    const light = colour => {
        const [r, g, b] = colour.match(/\\d+/g).map(Number).map(channel)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    let ground = node
    while (getComputedStyle(ground).backgroundColor === "rgba(0, 0, 0, 0)") ground = ground.parentElement
    const shades = [getComputedStyle(node).color, getComputedStyle(ground).backgroundColor].map(light).sort()
    return (Math.max(...shades) + 0.05) / (Math.min(...shades) + 0.05)
}"""


def test_below_a_path_of_a_proxy_it_works_as_well(server: Server, page: Page) -> None:
    """The proxy strips the path; the browser does not know."""
    page.route(
        "**/tiny/trail/**",
        lambda route: route.fulfill(response=page.request.get(route.request.url.replace("/tiny/trail", ""))),
    )
    asked: list[str] = []
    page.route_web_socket("**/tiny/trail/api/stats/ws", lambda socket: asked.append(socket.url))

    page.goto(f"{server.url}/tiny/trail/presence")

    expect(page.locator("body")).to_have_css("max-width", "704px")
    page.wait_for_function("document.readyState === 'complete'")
    assert asked == [server.url.replace("http", "ws") + "/tiny/trail/api/stats/ws"]
