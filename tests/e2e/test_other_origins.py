"""What pages of other origins can do with a session, in a real Chromium: nothing.

What they can read is in test_other_origins_read.py.
"""

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.recorder import Recorder
from tests.server import Server, serving

# By its address, Chromium takes plain http for safe enough to send Sec-Fetch-Site; by its name it does not,
# and Origin must do.
HOSTS = ["127.0.0.1", "stats.example"]

SIGN_IN = """async key => {
    const answer = await fetch("/api/v1/sessions", {method: "POST", body: JSON.stringify({api_key: key})});
    return [answer.status, document.cookie];
}"""
ASK = "async path => (await fetch(path)).status"
ADD_WEBSITE = """async ([url, domain]) => {
    const body = JSON.stringify({domain});
    await fetch(url, {method: "POST", mode: "no-cors", credentials: "include", body});
}"""
FORM = """<!doctype html><form method="post" action="{url}/api/v1/sessions" enctype="text/plain">
<input name='{{"api_key": "{key}", "rest": "' value='"}}'></form>"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("origins"), TINYTRAIL_WEB_API_LIMIT="") as server:
        yield server


def ask(server: Server, path: str, body: dict[str, Any] | None = None, key: str = "") -> Any:
    """The `data` of an answer to the admin's key."""
    request = urllib.request.Request(
        f"{server.url}/api/v1{path}",
        data=json.dumps(body).encode() if body else None,
        headers={"x-api-key": key or server.api_key()},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["data"]


def domains(server: Server) -> set[str]:
    return {website["domain"] for website in ask(server, "/websites")}


@pytest.fixture(params=HOSTS)
def url(request: pytest.FixtureRequest, server: Server) -> str:
    """Where the browser finds the server."""
    return server.url.replace("127.0.0.1", request.param)


@pytest.fixture
def signed_in(page: Page, server: Server, url: str) -> Page:
    page.goto(f"{url}/js/tracker.js")  # a page of ours, with no script of its own
    assert page.evaluate(SIGN_IN, server.api_key()) == [201, ""]
    return page


def test_our_own_pages_may_read_and_change(signed_in: Page, server: Server, url: str) -> None:
    assert signed_in.evaluate(ASK, "/api/v1/websites") == 200
    domain = f"ours-{url.count('.')}.example"
    signed_in.evaluate(ADD_WEBSITE, [f"{url}/api/v1/websites", domain])
    assert domain in domains(server)


@pytest.mark.parametrize("host", ["same", "blog.example"])
def test_a_page_elsewhere_changes_nothing_though_it_be_of_the_same_site(
    signed_in: Page, server: Server, url: str, recorder: Recorder, host: str
) -> None:
    """Another port of the same host is the same site: the cookie is sent, and only the rule is in the way."""
    before = domains(server)
    host = url.split(":")[1].strip("/") if host == "same" else host
    signed_in.goto(recorder.url("/elsewhere", host))
    signed_in.evaluate(ADD_WEBSITE, [f"{url}/api/v1/websites", f"evil-{recorder.port}.example"])
    assert domains(server) == before


def test_a_page_elsewhere_signs_nobody_in(page: Page, server: Server, url: str, recorder: Recorder) -> None:
    """A form needs no permission to be sent, and its cookie would be a first party's."""
    recorder.pages["/form"] = FORM.format(url=url, key=server.api_key())
    page.goto(recorder.url("/form"))
    with page.expect_navigation() as answered:
        page.evaluate("document.forms[0].submit()")
    assert answered.value.status == 403
    page.goto(f"{url}/js/tracker.js")
    assert page.evaluate(ASK, "/api/v1/websites") == 401


@pytest.mark.parametrize("is_embeddable", [True, False])
def test_only_an_embeddable_share_is_shown_in_a_frame(
    page: Page, server: Server, url: str, recorder: Recorder, is_embeddable: bool
) -> None:
    website = ask(server, "/websites", {"domain": f"{url.count('.')}-{is_embeddable}.example"})
    share = {"name": "In a frame", "is_embeddable": is_embeddable}
    token = ask(server, f"/websites/{website['id']}/shares", share)["token"]
    recorder.pages["/framed"] = f'<!doctype html><iframe src="{url}/share/{token}"></iframe>'
    with page.expect_response(f"**/share/{token}") as answered:
        page.goto(recorder.url("/framed"))
    assert answered.value.status == 200
    page.wait_for_load_state("load")
    frame = page.frames[1]
    assert ("TinyTrail" in frame.title()) == is_embeddable
