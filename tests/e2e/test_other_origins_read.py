"""What a page of another origin can read, in a real Chromium: what is documented, nothing of an account."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.recorder import Recorder
from tests.e2e.test_other_origins import HOSTS, SIGN_IN, ask
from tests.make import hit
from tests.server import Server, serving

WRITE_KEY, READ_KEY = "the-write-key", "the-read-key"

# The status of an answer, which a page that may not read it does not get to see; nor whether there was one.
READ = """async ([url, options]) => {
    try {
        const answer = await fetch(url, options);
        return [answer.type, answer.status, await answer.text()];
    } catch (error) {
        return [error.name, 0, ""];
    }
}"""
UNREADABLE = ["TypeError", 0, ""]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(
        tmp_path_factory.mktemp("origins"),
        TINYTRAIL_WEB_API_LIMIT="",
        TINYTRAIL_WEB_COLLECT_LIMIT="",
        TINYTRAIL_TRACK_WRITE_KEY=WRITE_KEY,
        TINYTRAIL_TRACK_READ_KEY=READ_KEY,
        TINYTRAIL_SERVER_METRICS="true",
    ) as server:
        yield server


@pytest.fixture(scope="module")
def key(server: Server) -> str:
    """The owner's; asking the command line for it takes a while."""
    return server.api_key()


@pytest.fixture(scope="module")
def website(server: Server, key: str) -> str:
    website: str = ask(server, "/websites", {"domain": "example.com"}, key)["id"]
    return website


@pytest.fixture(params=HOSTS)
def url(request: pytest.FixtureRequest, server: Server) -> str:
    """Where the browser finds the server."""
    return server.url.replace("127.0.0.1", request.param)


@pytest.fixture(params=["same site", "another site"])
def elsewhere(request: pytest.FixtureRequest, page: Page, key: str, url: str, recorder: Recorder) -> Page:
    """A page of another origin, in the browser of a signed-in owner.

    Another port of our host is the same site: from there the cookie is sent along.
    """
    page.goto(f"{url}/js/tracker.js")  # a page of ours, with no script of its own
    assert page.evaluate(SIGN_IN, key) == [201, ""]
    host = url.split(":")[1].strip("/") if request.param == "same site" else "blog.example"
    page.goto(recorder.url("/elsewhere", host))
    return page


def read(page: Page, url: str, **options: Any) -> Any:
    return page.evaluate(READ, [url, options])


def test_a_page_elsewhere_reads_nothing_of_an_account(
    elsewhere: Page, server: Server, key: str, website: str, url: str
) -> None:
    share = ask(server, f"/websites/{website}/shares", {"name": "For the board"}, key)["token"]
    for path in (
        f"/api/v1/reports/summary?website_id={website}&period=today",
        f"/api/v1/websites/{website}/export",
        "/api/v1/websites",
        "/api/v1/sessions/current",
        "/api/v1/collected",
        "/api/v1/openapi.json",
        "/stats/versions",
        "/api/absences",
        "/api/stats",
        "/-/metrics",
        "/health",
        "/",
        f"/share/{share}",
    ):
        for credentials in ("include", "omit"):
            assert read(elsewhere, url + path, credentials=credentials) == UNREADABLE, path
        assert read(elsewhere, url + path, headers={"x-api-key": key}) == UNREADABLE, path


def test_our_own_page_reads_it(elsewhere: Page, url: str) -> None:
    """So that what cannot be read there is known to be there."""
    elsewhere.goto(f"{url}/js/tracker.js")
    assert read(elsewhere, "/api/v1/websites")[:2] == ["basic", 200]
    assert read(elsewhere, "/stats/versions")[:2] == ["basic", 200]


def test_a_page_elsewhere_may_send_events_and_read_what_came_of_it(
    elsewhere: Page, server: Server, key: str, website: str, url: str
) -> None:
    def pageviews() -> int:
        summary = ask(server, f"/reports/summary?website_id={website}&period=today", key=key)
        return int(summary["metrics"]["pageviews"]["value"])

    before = pageviews()
    body = json.dumps(hit(website))
    for kind in ("text/plain", "application/json"):  # the latter asks before, by a preflight
        for credentials in ("include", "omit"):
            sent = read(
                elsewhere, f"{url}/api/v1/collect", method="POST", body=body, credentials=credentials,
                headers={"content-type": kind},
            )  # fmt: skip
            assert sent[:2] == ["cors", 202]
    refused = read(elsewhere, f"{url}/api/v1/collect", method="POST", body="{", credentials="include")
    assert refused[:2] == ["cors", 400]
    assert pageviews() == before + 4


def test_a_page_elsewhere_may_use_the_product_api_with_its_keys(elsewhere: Page, url: str) -> None:
    body = '{"event": "play", "user_id": "alice"}'
    preflighted = {"content-type": "application/json"}
    for headers, status in (
        (preflighted | {"x-api-key": WRITE_KEY}, 200),
        (preflighted | {"authorization": f"Bearer {WRITE_KEY}"}, 200),
        (preflighted | {"x-api-key": "wrong"}, 401),
        ({}, 401),
    ):
        sent = read(elsewhere, f"{url}/track", method="POST", body=body, headers=headers)
        assert sent[:2] == ["cors", status]
    for path in ("/metrics", "/sessions"):
        asked = f"{url}{path}?start_date=2026-01-01&end_date=2026-01-02"
        assert read(elsewhere, asked, headers={"authorization": f"Bearer {READ_KEY}"})[:2] == ["cors", 200]
        assert read(elsewhere, asked, headers={"x-api-key": READ_KEY})[:2] == ["cors", 200]
        assert read(elsewhere, asked)[:2] == ["cors", 401]
        # `*` is not for credentials: an admin's session is no page's elsewhere.
        assert read(elsewhere, asked, credentials="include") == UNREADABLE


def test_a_page_elsewhere_may_read_how_many_installs_there_are(elsewhere: Page, url: str) -> None:
    assert read(elsewhere, f"{url}/stats") == ["cors", 200, '{"total":0,"history":[]}']
    assert read(elsewhere, f"{url}/stats?timeframe=x")[:2] == ["cors", 400]
    assert read(elsewhere, f"{url}/stats", headers={"x-any": "header"})[:2] == ["cors", 200]
