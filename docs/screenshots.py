"""README's pictures, of the demonstration's data: `make screenshots`. It takes a minute or two."""

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Page, sync_playwright

from docs.demo import fill, settings
from tests.server import Server, serving

IMAGES = Path(__file__).parent / "images"


class Picture(NamedTuple):
    file: str
    address: str  # {site} stands for the first website
    width: int
    height: int
    scheme: str


PICTURES = (
    Picture("dashboard.png", "?site={site}", 1280, 1270, "light"),
    Picture("dashboard-dark.png", "?site={site}&f=country:DE", 1280, 900, "dark"),
    Picture("overview.png", "", 1280, 330, "light"),
    Picture("phone.png", "?site={site}", 390, 844, "light"),
    Picture("presence.png", "presence", 1100, 800, "light"),
    Picture("presence-dark.png", "presence", 1100, 800, "dark"),
)


def environment() -> dict[str, str]:
    """The demonstration's settings, as the server reads them from its environment."""
    sections = settings()
    return {
        "TINYTRAIL_PRESENCE_SECRET_KEY": sections["presence"]["secret_key"],
        "TINYTRAIL_PRESENCE_SERVER_NAME": sections["presence"]["server_name"],
        "TINYTRAIL_GEO_HEADER": sections["geo"]["header"],
    }


def take(page: Page, server: Server, picture: Picture, site: str) -> None:
    scheme: Any = picture.scheme
    page.set_viewport_size({"width": picture.width, "height": picture.height})
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{server.url}/{picture.address.format(site=site)}")
    if picture.address == "presence":
        page.get_by_text("Live", exact=True).wait_for()
    else:
        page.locator(".card").first.wait_for()
        page.wait_for_timeout(1000)  # until every panel is drawn
    page.screenshot(path=IMAGES / picture.file)


def main() -> None:
    chromium = shutil.which("chromium") or sys.exit("the pictures need Chromium: apt-get install chromium")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        key = asyncio.run(fill(Path(folder)))
        with serving(Path(folder), **environment()) as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
            )
            context = browser.new_context()
            signed_in = context.request.post(
                f"{server.url}/api/v1/sessions", data={"api_key": key}, headers={"Origin": server.url}
            )
            assert signed_in.ok, signed_in.text()
            [first, *_] = context.request.get(f"{server.url}/api/v1/websites").json()["data"]
            page = context.new_page()
            for picture in PICTURES:
                take(page, server, picture, first["id"])
            browser.close()


if __name__ == "__main__":
    main()
