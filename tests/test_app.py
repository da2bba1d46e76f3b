"""One process, four dialects: an error reads as its path wants it, the framework's own errors too."""

import re
from pathlib import Path
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from litestar.routes import HTTPRoute

from tests.dialects import dialect_of, must_speak
from tests.make import FakeClock, config_in
from tinytrail.app import App, create_app
from tinytrail.config import Config
from tinytrail.core.db import Database
from tinytrail.first_run import make_first_admin

RANGE = "?start_date=2026-03-01&end_date=2026-03-14"
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
UNKNOWN_PATHS = [
    ("/nope", "plain"),
    ("/%ff%00", "plain"),
    ("/trackers", "plain"),
    ("/healthy", "plain"),
    ("/apis", "plain"),
    ("/js", "plain"),
    ("/api/v1", "envelope"),
    ("/api/v1/nope", "envelope"),
    ("/api/v1/reports/nope", "envelope"),
    ("/health/nope", "envelope"),
    ("/track/nope", "message"),
    ("/metrics/nope", "message"),
    ("/sessions/nope", "message"),
    ("/heartbeat/nope", "line"),
    ("/stats/nope", "line"),
    ("/api", "phrase"),
    ("/api/v2/nope", "phrase"),
    ("/api/devices/nope/nope", "phrase"),
    ("/api/beat/nope", "phrase"),
]


def routed(config: Config) -> dict[str, set[str]]:
    """What is served: paths, an id for every parameter, and their methods."""
    return {
        re.sub(r"\{[^}]*\}", "7", route.path_format): set(route.methods)
        for route in create_app(config).routes
        if isinstance(route, HTTPRoute)
    }


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return config_in(tmp_path, presence={"secret_key": "geheim"})


async def test_an_unknown_path(client: AsyncClient) -> None:
    for path, dialect in UNKNOWN_PATHS:
        for method in sorted(METHODS):
            must_speak(dialect, 404, await client.request(method, path))


async def test_a_wrong_method_on_any_path(client: AsyncClient, config: Config) -> None:
    paths = routed(config)
    assert len(paths) > 20
    asked = 0
    for path, methods in paths.items():
        for method in sorted(METHODS - methods) + ["PROPFIND"]:
            response = await client.request(method, path)
            must_speak(dialect_of(path), 405, response)
            allowed = set(response.headers["allow"].split(", "))
            assert not {method, "PROPFIND"} & allowed
            assert ("HEAD" in allowed) == ("GET" in allowed)
            asked += 1
    assert asked > 60


@pytest.mark.parametrize("path", ["/api/v1/collect", "/track", "/heartbeat", "/api/beat"])
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "PROPFIND"])
async def test_a_wrong_method_where_events_come_in(client: AsyncClient, path: str, method: str) -> None:
    response = await client.request(method, path)
    must_speak(dialect_of(path), 405, response)
    assert "POST" in response.headers["allow"]


async def test_options_lists_the_methods_of_what_can_be_got(client: AsyncClient, config: Config) -> None:
    for path, methods in routed(config).items():
        if "GET" in methods and path.startswith("/api/v1") and path != "/api/v1/openapi.json":
            must_speak("envelope", 401, await client.options(path))  # as all that needs a key
        elif "GET" in methods:
            response = await client.options(path)
            assert response.status_code == 204, path
            assert response.content == b""


async def test_allow_says_the_same_of_a_path_whoever_asks_and_is_true(
    admin: AsyncClient, config: Config
) -> None:
    by_path: dict[str, set[str]] = {}
    for path, methods in routed(config).items():
        by_path.setdefault(path, set()).update(methods)
    for path, methods in by_path.items():
        refused = await admin.request("PUT", path)
        said = set(refused.headers["allow"].split(", "))
        assert (refused.status_code, said - {"HEAD", "OPTIONS"}) == (405, methods - {"HEAD", "OPTIONS"}), path
        options = await admin.options(path)
        assert options.status_code == (204 if "OPTIONS" in said else 405), path
        if "access-control-allow-methods" not in options.headers:  # a preflight's answer says it by that
            assert set(options.headers["allow"].split(", ")) == said, path


@pytest.mark.parametrize(
    "path", ["/", "/health", "/js/tracker.js", "/stats", "/metrics", "/api/stats", "/nope"]
)
async def test_head_is_answered_as_get_is(client: AsyncClient, path: str) -> None:
    got, asked = await client.get(path), await client.head(path)
    assert asked.status_code == got.status_code
    assert asked.headers["content-type"] == got.headers["content-type"]


@pytest.mark.parametrize("accept", ["text/html", "text/html,application/xhtml+xml,*/*;q=0.8"])
async def test_a_browser_is_shown_a_small_page(client: AsyncClient, accept: str) -> None:
    response = await client.get("/nope", headers={"accept": accept})
    assert response.status_code == 404
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>404 Not Found</title>" in response.text
    assert "<main><h1>Not Found</h1><p>TinyTrail has no page at this address.</main>" in response.text

    response = await client.post("/js/tracker.js", headers={"accept": accept})
    assert response.status_code == 405
    assert "<title>405 Method Not Allowed</title>" in response.text
    assert "no page" not in response.text


@pytest.mark.parametrize("path", ["/api/v1/nope", "/health/nope", "/api/nope", "/track/nope"])
async def test_a_path_that_is_a_systems_shows_no_page(client: AsyncClient, path: str) -> None:
    response = await client.get(path, headers={"accept": "text/html"})
    must_speak(dialect_of(path), 404, response)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b"[" * 60_000, 400),
        (b"{}", 400),
        (b"[]", 400),
        (b'{"name": 7}', 400),
        (b'{"name": "' + b"x" * 65_536 + b'"}', 413),
    ],
    ids=["empty", "cut off", "not UTF-8", "deep", "no field", "a list", "a wrong type", "too large"],
)
async def test_a_body_that_cannot_be_used(
    app: App, db: Database, client: AsyncClient, body: bytes, status: int
) -> None:
    key = await db.write(make_first_admin, app.state.secret, 0)
    response = await client.post("/api/v1/accounts", content=body, headers={"x-api-key": key or ""})
    must_speak("envelope", status, response)


async def test_a_request_that_breaks_off_is_no_error_of_the_server(
    app: App, db: Database, client: AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    key = await db.write(make_first_admin, app.state.secret, 0)
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/accounts",
        "query_string": b"",
        "headers": [(b"x-api-key", (key or "").encode())],
        "client": ("203.0.113.9", 1),
    }
    answers: list[Any] = []

    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        answers.append(message)

    await app(scope, receive, send)
    assert answers[0]["status"] == 400
    assert caplog.records == []


@pytest.mark.parametrize(
    "path", ["/api/v1/websites", "/health", f"/metrics{RANGE}", f"/sessions{RANGE}", "/stats", "/api/stats"]
)
async def test_an_unexpected_error_is_logged_whole_and_told_to_nobody(
    app: App,
    db: Database,
    path: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def break_down(*_: object, **__: object) -> None:
        raise RuntimeError("the secret is 4711")

    monkeypatch.setattr(db, "read", break_down)
    monkeypatch.setattr(db, "write", break_down)
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        response = await client.get(path, headers={"x-api-key": "tt_any"})
    must_speak(dialect_of(path.partition("?")[0]), 500, response)
    assert "4711" not in response.text
    [logged] = [record for record in caplog.records if record.name == "tinytrail"]
    assert logged.getMessage() == f"GET {path.partition('?')[0]} failed"
    assert "RuntimeError: the secret is 4711" in caplog.text
    assert "tt_any" not in caplog.text


OF_SYSTEM = {
    "web": ["/api/v1/collect", "/api/v1/websites", "/api/v1/reports/summary", "/js/tracker.js", "/"],
    "track": ["/track", "/metrics", "/sessions"],
    "installs": ["/heartbeat", "/stats"],
    "presence": ["/api/beat", "/api/devices", "/api/stats", "/presence"],
}


@pytest.mark.parametrize("off", OF_SYSTEM)
async def test_a_system_that_is_off_has_no_routes_and_the_others_stay(
    off: str, tmp_path: Path, clock: FakeClock
) -> None:
    switched = {system: {"enabled": system != off} for system in OF_SYSTEM}
    switched["presence"]["secret_key"] = "geheim"  # type: ignore[assignment]
    app = create_app(config_in(tmp_path, **switched), clock)
    async with app.lifespan(), AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
        for system, paths in OF_SYSTEM.items():
            for path in paths:
                for method in ("GET", "POST"):
                    response = await client.request(method, path)
                    assert (response.status_code == 404) == (system == off), (method, path)
                    if system == off:
                        must_speak(dialect_of(path), 404, response)
        assert (await client.get("/health")).json()["status"] == "ok"
        assert (await client.get("/api/v1/openapi.json")).status_code == 200
