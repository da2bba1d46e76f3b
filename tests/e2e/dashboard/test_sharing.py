"""Share links: one site's figures, read-only, framed only if that was wished, until they are revoked."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.dashboard.conftest import DOMAIN, Told, add_website
from tests.e2e.dashboard.pages import chips, figures, open_page, panel, settled

SHARES = "/api/v1/websites/{}/shares"


def share(told: Told, name: str, *, is_embeddable: bool = False) -> dict[str, str]:
    answer = httpx.post(
        told.server.url + SHARES.format(told.website_id),
        json={"name": name, "is_embeddable": is_embeddable},
        headers={"X-API-KEY": told.key},
    )
    assert answer.status_code == 201, answer.text
    made: dict[str, str] = answer.json()["data"]
    return made


def test_a_link_is_made_copied_and_revoked_in_the_settings(owner: Page, page: Page, told: Told) -> None:
    owner.goto(f"{told.server.url}/?view=settings&site={told.website_id}")
    card = panel(owner, "Share links")
    card.get_by_label("Name").fill("For the team")
    card.get_by_role("button", name="Make a link").click()
    link = card.locator(".share-link code").first.inner_text()
    assert link.startswith(f"{told.server.url}/share/ts_")

    open_page(page, f"{link}?period=7d")
    assert page.get_by_role("heading", level=1).inner_text() == DOMAIN
    assert figures(page)["Visits"] == "6"

    card.get_by_role("button", name="Revoke").click()
    owner.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(card.locator(".share-link")).to_have_count(0)
    assert page.goto(link).status == 404  # type: ignore[union-attr]


def test_that_one_link_may_be_embedded_does_not_hold_for_the_next(owner: Page, told: Told) -> None:
    website_id = add_website(told, "links.example")
    owner.goto(f"{told.server.url}/?view=settings&site={website_id}")
    card = panel(owner, "Share links")
    card.get_by_label("Name").fill("For another page")
    card.get_by_label("May be embedded").check()
    card.get_by_role("button", name="Make a link").click()
    expect(card.get_by_role("heading", name="For another page · may be embedded")).to_be_visible()
    card.get_by_label("Name").fill("To read")
    card.get_by_role("button", name="Make a link").click()
    expect(card.get_by_role("heading", name="To read", exact=True)).to_be_visible()


def test_whoever_has_the_link_may_look_at_everything_and_change_nothing(page: Page, told: Told) -> None:
    open_page(page, f"{share(told, 'To look')['url']}?period=7d")
    panel(page, "Countries").get_by_role("button", name="Germany").click()
    settled(page)
    assert chips(page) == ["Country is Germany"]
    assert figures(page)["Visits"] == "3"
    assert "/share/" in page.url
    panel(page, "Pages").get_by_role("button", name="Details").click()
    with page.expect_download() as download:
        page.get_by_role("dialog").get_by_role("button", name="CSV").click()
    assert download.value.path().read_text().startswith("path,")
    page.keyboard.press("Escape")
    for absent in ("Settings", "Sign out", "Product"):
        assert page.get_by_text(absent, exact=True).count() == 0
    assert page.context.cookies() == []
    page.reload()
    settled(page)
    assert chips(page) == ["Country is Germany"]


@pytest.fixture
def foreign_page() -> Iterator[list[str]]:
    """A page of another origin: [its address, the address that it frames]."""
    told = ["", ""]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f'<iframe src="{told[1]}" width="900" height="700"></iframe>'.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        told[0] = f"http://localhost:{server.server_address[1]}/"
        yield told
        server.shutdown()


def test_an_embeddable_link_may_be_framed(page: Page, told: Told, foreign_page: list[str]) -> None:
    foreign_page[1] = f"{share(told, 'Embedded', is_embeddable=True)['url']}?period=7d"
    page.goto(foreign_page[0])
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", level=1)).to_have_text(DOMAIN)
    expect(frame.locator(".figure", has_text="Page views")).to_contain_text("10")


@pytest.mark.parametrize("what", ["a link that may not be embedded", "the dashboard"])
def test_nothing_else_may_be_framed(page: Page, told: Told, foreign_page: list[str], what: str) -> None:
    foreign_page[1] = told.server.url if what == "the dashboard" else share(told, "Not embedded")["url"]
    with page.expect_console_message(lambda said: "frame" in said.text.lower()):
        page.goto(foreign_page[0])
    assert page.frame_locator("iframe").locator("#main").count() == 0
