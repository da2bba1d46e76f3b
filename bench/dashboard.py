"""How soon the dashboard is on screen, and what it weighs: `python -m bench.dashboard [FOLDER]`.

FOLDER holds a database with traffic, such as `python -m docs.demo FOLDER` makes; by default one is made.
The baseline is the browser's own: an error page of the same server, painted in the same run.
"""

import asyncio
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, sync_playwright

from docs.demo import fill
from tests.server import serving

ROUNDS = 15

PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"
DRAWN = "document.querySelector('.chart .line') && document.querySelector('table.list') && performance.now()"
WEIGHT = "performance.getEntries().reduce((sum, entry) => sum + (entry.encodedBodySize ?? 0), 0)"


def once(context: BrowserContext, url: str, drawn: bool) -> tuple[float, float, float]:
    """Milliseconds until something is painted, and until the figures are; bytes. With an empty cache."""
    page = context.new_page()
    client = context.new_cdp_session(page)
    client.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.goto(url)
    until: Any = 0
    while drawn and not until:
        until = page.evaluate(DRAWN)
    page.wait_for_timeout(100)
    found = page.evaluate(PAINTED), until, page.evaluate(WEIGHT)
    page.close()
    return found


def main() -> None:
    chromium = shutil.which("chromium") or sys.exit("this needs Chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else temporary)
        if not (folder / "tinytrail.db").exists():
            asyncio.run(fill(folder))
        with serving(folder, TINYTRAIL_WEB_API_LIMIT="") as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
            )
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            context.request.post(
                f"{server.url}/api/v1/sessions",
                data={"api_key": server.api_key()},
                headers={"Origin": server.url},
            )
            [website, *_] = context.request.get(f"{server.url}/api/v1/websites").json()["data"]
            site, nothing = f"{server.url}/?site={website['id']}", f"{server.url}/nothing-is-here"
            found = [(once(context, nothing, False), once(context, site, True)) for _ in range(ROUNDS)]
            browser.close()
    blank = statistics.median(base[0] for base, _ in found)
    painted, drawn, weight = (statistics.median(row[place] for _, row in found) for place in range(3))
    print(f"first paint   {painted:6.0f} ms   {painted / blank:.2f} of an empty page's {blank:.0f} ms")
    print(f"all figures   {drawn:6.0f} ms")
    print(f"transferred   {weight / 1000:6.1f} kB, gzipped, answers of the API included")


if __name__ == "__main__":
    main()
