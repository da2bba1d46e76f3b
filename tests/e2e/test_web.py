"""The whole way, nothing acted: a page on a blog, a real Chromium, the installed server, its reports."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import USER_AGENT, Launch
from tests.e2e.recorder import DEADLINE, Recorder
from tests.e2e.test_tracker import SCROLL
from tests.server import Server, serving


class Site:
    """A website under measurement, and its owner's view of it."""

    def __init__(self, server: Server) -> None:
        self.id = server.add_website("blog.example")
        self.key = server.api_key()
        self.api = f"{server.url}/api/v1/reports"
        self.snippet = (
            f'<script defer data-id="{self.id}" '
            f'src="{server.url.replace("127.0.0.1", "stats.example")}/js/tracker.js"></script>'
        )

    def report(self, name: str, **params: str) -> dict[str, Any]:
        query = urlencode({"website_id": self.id, "period": "today"} | params)
        request = urllib.request.Request(f"{self.api}/{name}?{query}", headers={"X-API-KEY": self.key})
        with urllib.request.urlopen(request) as answer:
            data: dict[str, Any] = json.load(answer)["data"]
        return data

    def wait_for(self, condition: Callable[[dict[str, int]], bool]) -> dict[str, int]:
        """Events by type, once they satisfy the condition: the last beacon of a page is still under way."""
        deadline = monotonic() + DEADLINE
        while True:
            events = {row["eventType"]: row["count"] for row in self.report("realtime")["events_by_type"]}
            if condition(events):
                return events
            assert monotonic() < deadline, str(events)
            sleep(0.05)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with serving(tmp_path, TINYTRAIL_WEB_API_LIMIT="") as server:
        yield Site(server)


@pytest.fixture
def blog(site: Site, recorder: Recorder) -> Recorder:
    """Two pages of a blog on another origin than the server's, and one elsewhere."""
    elsewhere = recorder.url("/landing?token=secret", "other.example")
    for path in ("/", "/next"):
        recorder.pages[path] = (
            f'<!doctype html>{site.snippet}<a id="out" href="{elsewhere}">out</a>'
            '<div style="height: 4000px"></div>'
        )
    recorder.pages["/landing?token=secret"] = recorder.pages["/landing"] = "elsewhere"
    return recorder


def test_the_reports_show_what_a_reader_did(site: Site, blog: Recorder, page: Page) -> None:
    page.goto(blog.url("/?utm_source=news&utm_medium=email"))
    site.wait_for(lambda events: events.get("page_view") == 1)
    page.evaluate(SCROLL, 1)
    page.evaluate("analytics.track('signup', {plan: 'pro'})")
    page.evaluate("history.pushState({}, '', '/next')")
    site.wait_for(lambda events: events.get("page_view") == 2)
    page.click("#out")
    events = site.wait_for(lambda events: "outbound_link" in events and "close_tab" in events)
    page.close()

    assert events == {
        "page_view": 2, "custom": 1, "scroll_25": 1, "scroll_50": 1, "scroll_75": 1,
        "outbound_link": 1, "close_tab": 1,
    }  # fmt: skip
    metrics = {name: metric["value"] for name, metric in site.report("summary")["metrics"].items()}
    assert (metrics["visits"], metrics["pageviews"], metrics["bounce_rate"]) == (1, 2, 0)
    assert [(row["path"], row["pageviews"]) for row in site.report("pages")["rows"]] == [
        ("/", 1),
        ("/next", 1),
    ]
    assert site.report("sources")["rows"] == [{"channel": "Email", "visits": 1}]
    assert site.report("flow")["landing_pages"] == [{"path": "/", "entries": 1}]
    assert site.report("flow")["exit_pages"] == [{"path": "/next", "exits": 1}]
    devices = site.report("devices")
    assert devices["browsers"] == [{"browserFamily": "Chrome", "visits": 1}]
    assert devices["os_families"] == [{"osFamily": "Linux", "visits": 1}]
    assert devices["screen_resolutions"] == [{"bucket": "1025-1440", "visits": 1}]
    assert site.report("custom-events")["rows"] == [{"name": "signup", "count": 1}]


def test_an_automated_browser_counts_for_nothing(site: Site, blog: Recorder, launch: Launch) -> None:
    automated = launch()  # navigator.webdriver is true
    page = automated.new_page(user_agent=USER_AGENT)
    page.goto(blog.url("/"))
    page.evaluate("analytics.track('signup')")
    page.close()
    automated.close()

    person = launch("--disable-blink-features=AutomationControlled")
    person.new_page(user_agent=USER_AGENT).goto(blog.url("/next"))
    site.wait_for(lambda events: events.get("page_view") == 1)
    person.close()

    assert [row["path"] for row in site.report("pages")["rows"]] == ["/next"]
