"""A failure's line in the log names the route, and nothing of what the request held."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient

from tests.everything import READ_KEY, SECRET_KEY, WRITE_KEY, everything_in, methods_by_path
from tests.make import hit
from tinytrail.app import App
from tinytrail.config import Config
from tinytrail.core.db import Database

# What a stranger may write into a path; an id of a device must be a number to get anywhere.
WORD, NUMBER = "somebodys-word-4711", "471147114711"
ADDRESS = "198.51.100.77"
WORDS = [WORD, NUMBER, "jane.doe", ADDRESS, SECRET_KEY, WRITE_KEY, READ_KEY]
NAMES = {"token": WORD, "version": WORD, "file": f"{WORD}.js", "device_id": NUMBER}
QUERY = "?email=jane.doe%40example.com&start_date=2026-03-01&end_date=2026-03-14"
BODY = hit(WORD) | {"event": WORD, "user_id": WORD, "version": WORD, "name": WORD, "api_key": WORD}
BODY |= {"instance_id": "b316815f-5f81-488f-89f8-12b62013dfa4"}
HEADERS: list[dict[str, str]] = [
    {"x-api-key": f"tt_{WORD}", "authorization": SECRET_KEY},  # a key must be looked up to be found wrong
    {"x-api-key": WRITE_KEY, "authorization": f"Bearer {READ_KEY}"},
    {"x-api-key": f"ts_{WORD}", "authorization": WORD},
]
NEED_NOTHING_THAT_FAILS = {
    "/-/metrics",
    "/api/v1/openapi.json",
    "/js/tracker.js",
    "/static/presence.css",
    "/static/presence.js",
    "/static/presence.svg",
    "/api/stats/ws",  # not without a WebSocket
}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return everything_in(tmp_path)


@pytest.fixture
async def stranger(app: App, db: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncClient:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    for name in ("read", "write", "append"):
        monkeypatch.setattr(db, name, fail)
    app.state.dashboard = None  # asking it for a page fails too
    transport = ASGITransport(app, raise_app_exceptions=False, client=(ADDRESS, 1234))
    return AsyncClient(transport=transport, base_url="http://test")


async def test_the_line_has_the_routes_template_and_no_word_of_the_request(
    app: App, stranger: AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    failed = set()
    for template, methods in methods_by_path(app).items():
        path = template.format_map(defaultdict(lambda: WORD, NAMES)) + QUERY
        for method in methods:
            for headers in HEADERS:
                caplog.clear()
                body: Any = BODY if method in ("POST", "PATCH") else None
                answer = await stranger.request(method, path, json=body, headers=headers)
                told = [record.getMessage() for record in caplog.records if record.name == "tinytrail"]
                if answer.status_code == 500:
                    failed.add(template)
                    assert told == [f"{method} {template} failed"]
                    assert "Traceback" in caplog.text
                else:
                    assert told == []
                assert [word for word in WORDS if word in caplog.text] == []
    assert failed == methods_by_path(app).keys() - NEED_NOTHING_THAT_FAILS
    assert {"/share/{token}", "/static/{version}/{file}"} < failed
