"""A real Chromium that does not look automated, and the errors its pages throw.

The browser lives for one test module, not for the session: Playwright's sync API keeps an event loop
running in this thread as long as it is open, and no async test elsewhere could then start its own.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from tests.e2e.recorder import DEADLINE, Recorder, recording

expect.set_options(timeout=1000 * DEADLINE)

USER_AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
# Hosts with real-looking names, so that the tracker does not take them for somebody's own machine.
HOSTS = ("blog.example", "stats.example", "other.example")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--user-agent={USER_AGENT}",  # Playwright's own way of setting it is lost on a page that is being left
    "--host-resolver-rules=" + ", ".join(f"MAP {host} 127.0.0.1" for host in HOSTS),
]
NOT_AUTOMATED = "--disable-blink-features=AutomationControlled"

Launch = Callable[..., Browser]
OpenUnautomated = Callable[[str], AbstractContextManager[None]]


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is. A machine without it fails here, in words, rather than skipping in silence."""
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("no Chromium for the browser tests; install it: sudo apt-get install -y chromium")
    return path


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def launch(playwright: Playwright, chromium: str) -> Launch:
    def launch(*flags: str, without: list[str] | None = None) -> Browser:
        """Start Chromium with more flags, and without some that Playwright gives it by itself."""
        return playwright.chromium.launch(
            executable_path=chromium, args=[*FLAGS, *flags], ignore_default_args=without
        )

    return launch


@pytest.fixture(scope="module")
def browser(launch: Launch) -> Iterator[Browser]:
    browser = launch(NOT_AUTOMATED)
    yield browser
    browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A visitor of their own: no cookie and no storage of the test before. No page of theirs may throw."""
    context = browser.new_context(user_agent=USER_AGENT)
    thrown: list[str] = []
    context.on("weberror", lambda error: thrown.append(str(error.error)))
    yield context
    context.close()
    assert thrown == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def open_unautomated(chromium: str, tmp_path: Path) -> OpenUnautomated:
    """Chromium without Playwright, which makes every page believe that it is visible."""

    @contextmanager
    def open_unautomated(url: str) -> Iterator[None]:
        flags = ["--headless=new", "--disable-popup-blocking", f"--user-data-dir={tmp_path / 'profile'}"]
        process = subprocess.Popen(
            [chromium, *FLAGS, *flags, url],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    return open_unautomated


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with recording() as recorder:
        yield recorder
