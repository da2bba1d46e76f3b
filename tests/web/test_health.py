"""GET /health: whether the server can read its database."""

from pathlib import Path

import pytest
from httpx import AsyncClient

from tests.web.conftest import web_alone
from tinytrail import __version__
from tinytrail.config import Config
from tinytrail.core.db import READERS, Database


async def test_health_is_ok_without_a_key_and_outside_the_envelope(client: AsyncClient) -> None:
    response = await client.get("/health")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {"status": "ok", "db": "connected", "version": __version__}


async def test_health_is_degraded_when_the_database_cannot_be_read(client: AsyncClient, db: Database) -> None:
    readers = [await db._readers.get() for _ in range(READERS)]
    for reader in readers:
        await reader.close()
        db._readers.put_nowait(reader)
    response = await client.get("/health")
    assert response.status_code == 503
    assert response.json() == {"status": "degraded", "db": "disconnected"}


class TestWithWebSwitchedOff:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return web_alone(tmp_path, web={"enabled": False})

    async def test_health_is_there_and_the_rest_is_not(self, client: AsyncClient) -> None:
        assert (await client.get("/health")).status_code == 200
        for path in ("/js/tracker.js", "/api/v1/collect", "/api/v1/websites", "/api/v1/reports/summary"):
            assert (await client.get(path)).status_code == 404
