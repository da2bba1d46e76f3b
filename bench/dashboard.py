"""How soon the dashboard is on screen, and what it weighs: `python -m bench.dashboard [FOLDER]`.

FOLDER holds a database with traffic, such as `python -m docs.demo FOLDER` makes; by default one is made.
The baseline is the browser's own: an error page of the same server, painted in the same run. Each is a first
visit, in a context with nothing but the cookie of whoever is signed in: no cache, no connection.
"""

import argparse
import asyncio
import shutil
import statistics
import sys
import tempfile
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, StorageState, sync_playwright

from docs.demo import fill
from tests.server import serving

ROUNDS = 15

PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"
WEIGHT = "performance.getEntries().reduce((sum, entry) => sum + (entry.encodedBodySize ?? 0), 0)"
# The page itself looks, once a frame: being asked again and again would take its time.
DRAWN = """new Promise((resolve) => {
    const isDrawn = () => document.querySelector(".chart .line") && document.querySelector("table.list");
    const look = () => (isDrawn() ? resolve(performance.now()) : requestAnimationFrame(look));
    look();
})"""


def once(browser: Browser, signed_in: StorageState, url: str, drawn: bool) -> tuple[float, float, float]:
    """Milliseconds until something is painted, and until the figures are; bytes."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, storage_state=signed_in)
    page = context.new_page()
    page.goto(url)
    until = page.evaluate(DRAWN) if drawn else 0
    page.wait_for_timeout(100)
    found = page.evaluate(PAINTED), until, page.evaluate(WEIGHT)
    context.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?")
    given = parser.parse_args().folder
    chromium = shutil.which("chromium") or sys.exit("this needs Chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory() as temporary:
        folder = given or Path(temporary)
        if not (folder / "tinytrail.db").exists():
            asyncio.run(fill(folder))
        with serving(folder, TINYTRAIL_WEB_API_LIMIT="") as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
            )
            context = browser.new_context()
            context.request.post(
                f"{server.url}/api/v1/sessions",
                data={"api_key": server.api_key()},
                headers={"Origin": server.url},
            )
            [website, *_] = context.request.get(f"{server.url}/api/v1/websites").json()["data"]
            site, nothing = f"{server.url}/?site={website['id']}", f"{server.url}/nothing-is-here"
            visit = partial(once, browser, context.storage_state())
            found = [(visit(nothing, False), visit(site, True)) for _ in range(ROUNDS)]
            browser.close()
    blank = statistics.median(base[0] for base, _ in found)
    painted, drawn, weight = (statistics.median(row[place] for _, row in found) for place in range(3))
    print(f"first paint   {painted:6.0f} ms   {painted / blank:.2f} of an empty page's {blank:.0f} ms")
    print(f"all figures   {drawn:6.0f} ms")
    print(f"transferred   {weight / 1000:6.1f} kB, gzipped, answers of the API included")


if __name__ == "__main__":
    main()
