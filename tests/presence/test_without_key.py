"""Without `secret_key` the device routes do not exist."""

from pathlib import Path

import pytest
from httpx import AsyncClient

from tests.make import alone_in
from tinytrail.config import Config


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return alone_in(tmp_path, "presence")


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize("path", ["/api/devices", "/api/devices/0/token/generate"])
@pytest.mark.parametrize("headers", [{}, {"authorization": ""}], ids=["no header", "an empty one"])
async def test_any_request_is_a_404(
    client: AsyncClient, method: str, path: str, headers: dict[str, str]
) -> None:
    response = await client.request(method, path, headers=headers, json={"name": "Laptop"})

    assert (response.status_code, response.text) == (404, "Not Found")


async def test_the_rest_is_there(client: AsyncClient) -> None:
    assert (await client.post("/api/beat")).status_code == 401
    assert (await client.get("/api/stats")).status_code == 200
