"""What an answer says to a page of another origin: which paths let it read, and that no other does."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response

from tests.everything import READ_KEY, SECRET_KEY, WRITE_KEY, everything_in, methods_by_path
from tests.make import calling, hit
from tests.web.cast import UNKNOWN
from tinytrail.app import App, create_app
from tinytrail.config import Config
from tinytrail.core.db import Database

ELSEWHERE = "https://evil.example"
ECHO = {"access-control-allow-origin": ELSEWHERE, "access-control-allow-credentials": "true"}
ANY = {"access-control-allow-origin": "*"}
NONE: dict[str, str] = {}

# As SECURITY.md and docs/api/ have it; a system's word holds below its paths too, where nothing is.
READABLE = {
    "/api/v1/collect": ECHO,
    "/track": ANY,
    "/metrics": ANY,
    "/sessions": ANY,
    "/stats": ANY,
    "/api/v1/collect/nope": ECHO,
    "/track/nope": ANY,
    "/metrics/nope": ANY,
    "/sessions/nope": ANY,
    "/stats/nope": ANY,
}
NOT_ROUTED = [
    *(path for path in READABLE if path.endswith("/nope")),
    "/nope",
    "/api/v1/nope",
    "/api/v1/collected",
    "/api/v1/reports",
    "/api/nope",
    "/tracks",
    "/metric",
    "/statsx",
    "/stats/versions/nope",
    "/heartbeat/nope",
    "/share/nope",
    "/static/0/nope",
]
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")  # the last ones change what is there
BODY = hit(UNKNOWN) | {"event": "play", "user_id": "alice", "name": "Laptop", "version": "1"}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return everything_in(tmp_path)


@pytest.fixture
async def names(admin: AsyncClient) -> dict[str, str]:
    """What stands in paths, so that what can be got is got."""
    made = await admin.post("/api/v1/websites", json={"domain": "example.com"})
    website = made.json()["data"]["id"]
    made = await admin.post(f"/api/v1/websites/{website}/shares", json={"name": "For the board"})
    token = made.json()["data"]["token"]
    return {"website_id": website, "token": token, "version": "0", "file": "api.js", "device_id": "0"}


@pytest.fixture
def paths(tmp_path: Path, names: dict[str, str]) -> list[str]:
    """All that the app serves, and some that it does not."""
    found = defaultdict(lambda: UNKNOWN, names)  # any other is the id of nothing
    served = [path.format_map(found) for path in methods_by_path(create_app(everything_in(tmp_path)))]
    assert len(served) > 50
    return served + NOT_ROUTED


@pytest.fixture
async def callers(app: App, admin_key: str) -> list[dict[str, str]]:
    """Nobody, then whoever has something that opens anything."""
    async with calling(app, origin="http://test") as browser:
        await browser.post("/api/v1/sessions", json={"api_key": admin_key})
        cookie = f"tinytrail_session={browser.cookies['tinytrail_session']}"
    return [
        {},
        {"x-api-key": admin_key},
        {"cookie": cookie},
        {"x-api-key": READ_KEY, "authorization": SECRET_KEY},
        {"x-api-key": WRITE_KEY, "authorization": "a-wrong-token"},
    ]


def told(response: Response) -> dict[str, str]:
    """What of the answer lets a page read it."""
    return {name: value for name, value in response.headers.items() if name in ECHO}


async def ask(
    client: AsyncClient, method: str, path: str, headers: dict[str, str], website: str = UNKNOWN
) -> Response:
    headers = headers | {"origin": ELSEWHERE}
    if method == "OPTIONS":
        headers |= {"access-control-request-method": "GET", "access-control-request-headers": "x-api-key"}
    body: Any = BODY if method in ("POST", "PUT", "PATCH") else None
    params = {"start_date": "2026-03-01", "end_date": "2026-03-14", "website_id": website}
    return await client.request(method, path, params=params, json=body, headers=headers)


async def test_only_the_documented_paths_may_be_read_whatever_they_answer(
    client: AsyncClient, callers: list[dict[str, str]], names: dict[str, str], paths: list[str]
) -> None:
    statuses, wrong = set(), []
    for method in METHODS:
        for path in paths:
            for headers in callers:
                response = await ask(client, method, path, headers, names["website_id"])
                statuses.add(response.status_code)
                if told(response) != READABLE.get(path, NONE):
                    wrong.append((method, path, response.status_code, told(response)))
    assert wrong == []
    assert {200, 201, 204, 401, 403, 404, 405} <= statuses


async def test_nor_any_other_when_the_server_fails(
    app: App, db: Database, admin_key: str, paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    for name in ("read", "write", "append"):
        monkeypatch.setattr(db, name, fail)
    transport = ASGITransport(app, raise_app_exceptions=False)
    statuses, wrong = set(), []
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        for path in paths:
            response = await ask(client, "GET", path, {"x-api-key": admin_key})
            statuses.add(response.status_code)
            if told(response) != READABLE.get(path, NONE):
                wrong.append((path, response.status_code, told(response)))
    assert wrong == []
    assert 500 in statuses


@pytest.mark.parametrize("path", ["/api/v1/collect", "/track", "/metrics", "/sessions", "/stats"])
async def test_a_preflight_needs_no_key(client: AsyncClient, path: str) -> None:
    """A browser sends none with it."""
    response = await ask(client, "OPTIONS", path, {})
    assert response.status_code == 204
    assert "access-control-allow-methods" in response.headers
