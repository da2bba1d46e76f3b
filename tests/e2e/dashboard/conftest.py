"""A server with a known past, and a browser that is signed in to it.

The past is told through /api/v1/collect by a clock that can be moved; then the installed server takes over.
What the dashboard should show of it can be counted by hand in VISITS.
"""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.e2e.conftest import USER_AGENT
from tests.make import BROWSER, DAY, HOUR, MINUTE, FakeClock, calling, config_in, hit
from tests.server import Server, serving
from tests.web.cast import FIREFOX, IPHONE
from tinytrail.app import create_app
from tinytrail.first_run import make_first_admin

PROXY = "127.0.0.1"
DOMAIN = "garden.example"

GOOGLE, NEWS = "https://www.google.com/", "https://news.ycombinator.com/item?id=1"
NEWSLETTER = "?utm_source=newsletter&utm_medium=email&utm_campaign=may"


class Visit(NamedTuple):
    days_ago: int
    agent: str
    width: int
    country: str
    referrer: str
    query: str
    steps: tuple[Any, ...]  # paths, and custom events on the page before: (name, properties)


PRO, FREE = ("signup", {"plan": "pro"}), ("signup", {"plan": "free"})
VISITS = (
    Visit(1, BROWSER, 1920, "DE", GOOGLE, "", ("/", "/pricing", PRO)),
    Visit(1, IPHONE, 390, "US", "", "", ("/blog/a",)),
    Visit(1, FIREFOX, 1680, "DE", NEWS, "", ("/blog/a", "/pricing", FREE)),
    Visit(2, BROWSER, 1920, "FR", GOOGLE, NEWSLETTER, ("/", "/blog/a", "/pricing")),
    Visit(2, BROWSER, 1280, "DE", "", "", ("/",)),
    Visit(9, BROWSER, 1280, "DE", "", "", ("/",)),
    Visit(0, FIREFOX, 1680, "", "", "", ("/blog/b",)),
)


class Told(NamedTuple):
    """A server, and what its past left."""

    server: Server
    key: str  # the admin's
    website_id: str
    user_key: str  # of somebody in another account
    # The visits of the last seven days are all of VISITS but the one nine days ago.

    @property
    def page(self) -> str:
        """The address of the website's page, over the last seven days."""
        return f"{self.server.url}/?site={self.website_id}&period=7d"


def at(visit: Visit, number: int, now: float) -> float:
    """When it began: noon of its day; today's a moment ago."""
    midnight = now // DAY * DAY
    return (
        max(midnight, now - MINUTE)
        if visit.days_ago == 0
        else midnight - visit.days_ago * DAY + 12 * HOUR + number
    )


async def tell(folder: Path, now: float) -> tuple[str, str, str]:
    """Make the database. The admin's key, the website's id, and a stranger's key."""
    clock = FakeClock(now - 30 * DAY)
    config = config_in(
        folder, server={"trusted_proxies": [PROXY]}, geo={"header": "CF-IPCountry"}, web={"collect_limit": ""}
    )
    app = create_app(config, clock)
    async with app.lifespan():
        key: str | None = await app.state.db.write(make_first_admin, app.state.secret, clock.now)
        assert key
        async with calling(app, PROXY, x_api_key=key) as client:
            groups = [{"name": "Blog", "pattern": "/blog/*"}]
            made = await client.post("/api/v1/websites", json={"domain": DOMAIN, "content_groups": groups})
            website_id: str = made.json()["data"]["id"]
            account = await client.post("/api/v1/accounts", json={"name": "Strangers"})
            body = {"account_id": account.json()["data"]["id"], "role": "user", "email": "bob@example.net"}
            stranger: str = (await client.post("/api/v1/users", json=body)).json()["data"]["apiKey"]
            for number, visit in sorted(enumerate(VISITS), key=lambda pair: -pair[1].days_ago):
                clock.now = at(visit, number, now)
                headers = {
                    "user-agent": visit.agent,
                    "cf-ipcountry": visit.country,
                    "x-forwarded-for": f"198.51.100.{number}",
                }
                path = "/"
                for step in visit.steps:
                    fields: dict[str, Any] = {"referrer": visit.referrer, "screen_width": visit.width}
                    if isinstance(step, str):
                        path = step
                    else:
                        name, properties = step
                        fields |= {"event_type": "custom", "properties": {"event_name": name} | properties}
                    fields["url"] = f"https://{DOMAIN}{path}{visit.query}"
                    answer = await client.post(
                        "/api/v1/collect", json=hit(website_id, path, **fields), headers=headers
                    )
                    assert answer.status_code == 202, answer.text
                    clock.now += 10
    return key, website_id, stranger


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("told")
    with ThreadPoolExecutor(1) as aside:  # Playwright's event loop runs in this thread
        key, website_id, stranger = aside.submit(asyncio.run, tell(folder, time.time())).result()
    environment = {
        "TINYTRAIL_WEB_COLLECT_LIMIT": "",
        "TINYTRAIL_WEB_API_LIMIT": "",
        "TINYTRAIL_GEO_HEADER": "CF-IPCountry",
        "TINYTRAIL_PRESENCE_SECRET_KEY": "presence secret",
    }
    with serving(folder, **environment) as server:
        yield Told(server, key, website_id, stranger)


def add_website(told: Told, domain: str, *paths: str, **fields: Any) -> str:
    """The id of another website, each of these paths of it just seen."""
    made = httpx.post(
        f"{told.server.url}/api/v1/websites",
        json={"domain": domain, **fields},
        headers={"X-API-KEY": told.key},
    )
    assert made.status_code == 201, made.text
    website_id: str = made.json()["data"]["id"]
    if paths:
        answer = httpx.post(
            f"{told.server.url}/api/v1/collect",
            json=[hit(website_id, path) for path in paths],
            headers={"User-Agent": BROWSER},
        )
        assert answer.status_code == 202, answer.text
    return website_id


def sign_in(context: BrowserContext, told: Told, key: str) -> None:
    """As the sign-in page does it, without the page."""
    answer = context.request.post(
        f"{told.server.url}/api/v1/sessions", data={"api_key": key}, headers={"Origin": told.server.url}
    )
    assert answer.status == 201, answer.text()


def look_at_requests(context: BrowserContext) -> None:
    """Have Chromium ask about each request of these pages from the first on. One that has loaded is told of a
    route a moment later, and what it asks for in that moment passes by."""
    context.route("**/nothing-of-ours", lambda route: route.abort())


@pytest.fixture
def context(context: BrowserContext) -> BrowserContext:
    look_at_requests(context)
    return context


@pytest.fixture
def owner(browser: Browser, told: Told) -> Iterator[Page]:
    """A page of a browser in which the admin is signed in. Nothing there may throw or be refused."""
    context = browser.new_context(user_agent=USER_AGENT, viewport={"width": 1280, "height": 900})
    thrown: list[str] = []
    context.on("weberror", lambda error: thrown.append(str(error.error)))

    def heard(said: ConsoleMessage) -> None:
        if said.type == "error":
            thrown.append(f"{said.text}: {said.location['url']}")

    context.on("console", heard)
    look_at_requests(context)
    sign_in(context, told, told.key)
    yield context.new_page()
    context.close()
    assert thrown == []
