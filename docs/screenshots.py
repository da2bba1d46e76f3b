"""README's pictures, from seeded data: `make screenshots`."""

import shutil
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.server import serving

IMAGES = Path(__file__).parent / "images"
PRESENCE = {"TINYTRAIL_PRESENCE_SERVER_NAME": "Robin", "TINYTRAIL_PRESENCE_SECRET_KEY": "secret"}

DEVICES = (
    # name, seconds since its last beat, beats
    ("Laptop", 100_000, 36_308),
    ("Phone", 160, 83_115),
    ("Workstation", 7200, 639),
)


def seed(database: Path, now: int) -> None:
    """Give the devices a past."""
    with closing(sqlite3.connect(database)) as tx, tx:
        for name, ago, beats in DEVICES:
            tx.execute(
                "update devices set last_beat = ?, num_beats = ? where name = ?", (now - ago, beats, name)
            )
        tx.execute(
            "update presence set first_start = ?, last_seen = ?, longest_absence = ?, total_beats = ?",
            (now - 8_082_297, now - 160, 84_898, 120_062),
        )


def main() -> None:
    chromium = shutil.which("chromium") or sys.exit("the pictures need Chromium: apt-get install chromium")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), **PRESENCE) as server:
        for name, _, _ in DEVICES:
            server.run("device", "add", name)
        seed(server.folder / "tinytrail.db", int(time.time()))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
            )
            for is_dark, file in ((False, "presence.png"), (True, "presence-dark.png")):
                page = browser.new_page(viewport={"width": 1100, "height": 800})
                page.emulate_media(color_scheme="dark" if is_dark else "light")
                page.goto(f"{server.url}/presence")
                page.get_by_text("Live", exact=True).wait_for()
                page.screenshot(path=IMAGES / file)
            browser.close()


if __name__ == "__main__":
    main()
