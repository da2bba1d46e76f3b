"""Behind nginx and Caddy with TLS, on a host of its own and below a path of another website's."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, expect

from tests.e2e.conftest import USER_AGENT
from tests.e2e.proxy import PREFIXES, Proxied, has_ipv6, proxied
from tests.e2e.recorder import Recorder
from tests.e2e.test_web import Site
from tests.make import BROWSER, hit


@pytest.fixture(scope="module", params=PREFIXES)
def proxy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    with proxied(request.param, tmp_path_factory.mktemp("proxied")) as proxy:
        yield proxy


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """One that takes the self-made certificate. It must not complain, and all that it asks for be there."""
    context = browser.new_context(user_agent=USER_AGENT, ignore_https_errors=True)
    page = context.new_page()
    complaints: list[str] = []
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    page.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
    page.on("response", lambda response: complaints.append(response.url) if is_missing(response) else None)
    yield page
    context.close()
    assert complaints == []


REFUSED = "Failed to load resource"  # the console's word for any 4xx, a 401 before signing in among them


def is_complaint(message: ConsoleMessage) -> bool:
    return message.type in ("error", "warning") and REFUSED not in message.text


def is_missing(response: Response) -> bool:
    return response.status >= 400 and "/api/" not in response.url


def address_seen(proxy: Proxied, **options: Any) -> str:
    headers = {"x-api-key": proxy.key, **options.pop("headers", {})}
    answer = proxy.ask("GET", "/api/v1/sessions/current", headers=headers, **options)
    address: str = answer.json()["data"]["address"]
    return address


def test_the_callers_address_is_the_one_the_proxy_saw(proxy: Proxied) -> None:
    for address in ("127.0.0.2", "127.0.0.3"):
        assert address_seen(proxy, address=address) == address


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here: that the proxies listen on it was not tried")
def test_a_caller_by_ipv6_is_served_and_seen(proxy: Proxied) -> None:
    assert address_seen(proxy, address="::1") == "::1"


@pytest.mark.parametrize("claim", ["203.0.113.9", "203.0.113.9, 127.0.0.1", "127.0.0.1", "nonsense", ""])
def test_what_a_caller_claims_about_the_address_is_not_believed(proxy: Proxied, claim: str) -> None:
    claims = {"x-forwarded-for": claim, "x-real-ip": claim, "forwarded": f"for={claim}"}
    assert address_seen(proxy, address="127.0.0.2", headers=claims) == "127.0.0.2"


def test_whoever_goes_round_the_proxy_is_not_believed_either(proxy: Proxied) -> None:
    transport = httpx.HTTPTransport(local_address="127.0.0.4")
    headers = {"x-api-key": proxy.key, "x-forwarded-for": "203.0.113.9"}
    with httpx.Client(transport=transport, base_url=proxy.server.url, headers=headers) as client:
        answer = client.get("/api/v1/sessions/current").json()
    assert answer["data"]["address"] == "127.0.0.4"


def test_an_event_and_a_body_too_large_are_answered_as_without_a_proxy(proxy: Proxied) -> None:
    website = proxy.server.add_website("events.example")
    headers = {"user-agent": BROWSER, "origin": "https://blog.example"}
    stored = proxy.ask("POST", "/api/v1/collect", json=hit(website), headers=headers)
    assert (stored.status_code, stored.json()) == (202, {"status": "accepted"})
    assert stored.headers["access-control-allow-origin"] == "https://blog.example"
    large = proxy.ask("POST", "/api/v1/collect", content=b" " * 20_000, headers=headers)
    assert (large.status_code, large.json()["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")


def test_the_metrics_stay_behind_the_proxy(proxy: Proxied) -> None:
    assert httpx.get(f"{proxy.server.url}/-/metrics").status_code == 200
    for path in (
        "/-/metrics",
        "/-//metrics",
        "//-/metrics",
        "/%2d/metrics",
        "/x/../-/metrics",
        "/-%2fmetrics",
    ):
        assert b"tinytrail" not in proxy.ask("GET", path).content, path


def test_the_session_cookie_is_for_https_alone(proxy: Proxied) -> None:
    signed_in = proxy.ask("POST", "/api/v1/sessions", json={"api_key": proxy.key})
    assert signed_in.status_code == 201
    cookie = signed_in.headers["set-cookie"]
    assert {"Secure", "HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))


def test_the_proxy_keeps_no_list_of_who_came(proxy: Proxied) -> None:
    proxy.ask("GET", "/health", address="127.0.0.9")
    written = [path.read_bytes() for path in proxy.folder.glob("*log*") if path.is_file()]
    assert written
    assert all(b"127.0.0.9" not in content and b"/health" not in content for content in written)


@pytest.mark.parametrize("configuration", PREFIXES)
def test_nor_does_it_while_the_server_is_away(configuration: str, tmp_path: Path) -> None:
    with proxied(configuration, tmp_path) as proxy:
        proxy.server.stop()
        answer = proxy.ask("GET", "/share/ts_a_link?q=asked", headers={"user-agent": BROWSER})
        assert answer.status_code == 502
    written = b"".join(path.read_bytes() for path in proxy.folder.glob("*log*") if path.is_file())
    assert not any(word in written for word in (b"ts_a_link", b"q=asked", b"Mozilla", b"client: 127"))
    assert b"remote_ip" not in written


def test_the_tracker_reports_to_where_it_came_from(proxy: Proxied, recorder: Recorder, page: Page) -> None:
    site = Site(proxy.server)
    recorder.pages["/"] = (
        f'<!doctype html><link rel="icon" href="data:,"><p>A blog</p>'
        f'<script defer data-id="{site.id}" src="{proxy.url}/js/tracker.js"></script>'
    )
    with page.expect_request("**/collect") as sent:
        page.goto(recorder.url("/"))
    assert sent.value.url == f"{proxy.url}/api/v1/collect"
    site.wait_for(lambda events: events.get("page_view") == 1)
    assert site.report("sources")["rows"] == [{"channel": "Direct", "visits": 1}]


def test_the_presence_page_is_live_by_websocket_over_http_2(proxy: Proxied, page: Page) -> None:
    token = re.findall(r"token  (\w+)", proxy.server.run("device", "add", "Laptop"))[0]
    with page.expect_websocket() as opened:
        page.goto(f"{proxy.url}/presence")
    assert opened.value.url == f"{proxy.url.replace('https', 'wss')}/api/stats/ws"
    expect(page.locator("#link")).to_have_text("Live")
    assert page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol") == "h2"

    beats = page.locator("#total_beats").text_content()
    assert proxy.ask("POST", "/api/beat", headers={"authorization": token}).status_code == 200

    expect(page.locator("#total_beats")).to_have_text(str(int(beats or "") + 1))


def test_the_dashboard_is_signed_in_to_and_out_of(proxy: Proxied, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{proxy.url}/")
    page.get_by_label("API key").fill(proxy.key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Sites")).to_be_visible()
    [cookie] = page.context.cookies()
    assert cookie["name"] == "__Host-tinytrail_session"
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Strict")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.context.cookies() == []
    assert [url for url in asked if not url.startswith(f"{proxy.url}/")] == []


def test_a_share_link_shows_its_website(proxy: Proxied, page: Page) -> None:
    website = proxy.server.add_website("shared.example")
    made = proxy.ask(
        "POST",
        f"/api/v1/websites/{website}/shares",
        headers={"x-api-key": proxy.key},
        json={"name": "For the board", "is_embeddable": False},
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{proxy.url}/share/{made.json()['data']['token']}")
    expect(page.get_by_role("heading", name="shared.example")).to_be_visible()
    assert [url for url in asked if not url.startswith(f"{proxy.url}/")] == []


def test_the_path_without_its_slash_leads_to_the_dashboard(proxy: Proxied) -> None:
    answer = proxy.ask("GET", "")
    if proxy.url.endswith("/stats-app"):
        assert answer.is_redirect
        answer = proxy.ask("GET", "/" if answer.headers["location"].endswith("/stats-app/") else "/lost")
    assert "<title>" in answer.text
