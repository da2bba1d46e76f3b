"""The dialect: presence owns what of /api/ is nobody else's."""

import pytest
from httpx import AsyncClient

from tinytrail.core.db import Database


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/x", "/api/stats/x", "/api/beat/x", "/api/devices/0"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_unknown_path_is_the_bare_reason_phrase(client: AsyncClient, path: str, method: str) -> None:
    response = await client.request(method, path, headers={"accept": "text/html"})

    assert (response.status_code, response.text) == (404, "Not Found")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


async def test_a_defect_is_a_500_that_tells_nothing(
    client: AsyncClient, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("the secret plan")

    monkeypatch.setattr(db, "read", broken)
    response = await client.get("/api/stats")

    assert (response.status_code, response.text) == (500, "Internal Server Error")


async def test_no_preflight_is_granted(client: AsyncClient) -> None:
    headers = {"origin": "https://evil.example", "access-control-request-method": "POST"}

    for path in ("/api/beat", "/api/devices", "/api/stats"):
        response = await client.options(path, headers=headers)
        assert not [name for name in response.headers if name.startswith("access-control")]
