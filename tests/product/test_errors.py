"""Every error below /track, /metrics and /sessions is in this system's dialect, for any page to read."""

import logging
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from tests.make import alone_in, config_in
from tests.product.make import YEAR_2025, assert_error, event
from tinytrail.config import Config
from tinytrail.core.db import Database
from tinytrail.core.trouble import Busy

ROUTED = [
    ("GET", "/track", 405, "Method Not Allowed"),
    ("PUT", "/track", 405, "Method Not Allowed"),
    ("DELETE", "/track", 405, "Method Not Allowed"),
    ("POST", "/metrics", 405, "Method Not Allowed"),
    ("PATCH", "/sessions", 405, "Method Not Allowed"),
    ("POST", "/track/x", 404, "Not Found"),
    ("GET", "/metrics/x/y", 404, "Not Found"),
    ("OPTIONS", "/sessions/x", 404, "Not Found"),
]


@pytest.mark.parametrize(("method", "path", "status", "message"), ROUTED)
async def test_routing(client: AsyncClient, method: str, path: str, status: int, message: str) -> None:
    response = await client.request(method, path)

    assert_error(response, status, message)
    if status == 405:
        assert "OPTIONS" in response.headers["allow"]


@pytest.mark.parametrize("path", ["/track", "/metrics", "/sessions"])
async def test_preflight_lets_any_page_call(client: AsyncClient, path: str) -> None:
    response = await client.options(
        path,
        headers={
            "Origin": "https://app.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type,x-api-key",
        },
    )

    assert response.status_code == 204
    assert response.content == b""
    assert response.headers["access-control-allow-origin"] == "*"
    assert {"GET", "POST"} <= set(response.headers["access-control-allow-methods"].split(", "))
    allowed = response.headers["access-control-allow-headers"].lower()
    assert set(allowed.split(", ")) == {"content-type", "authorization", "x-api-key"}


CALLS: list[tuple[str, str, dict[str, Any], str]] = [
    ("POST", "/track", {"json": event()}, "Failed to log event"),
    ("GET", "/metrics", {"params": YEAR_2025}, "Failed to fetch metrics"),
    ("GET", "/sessions", {"params": YEAR_2025}, "Failed to fetch session metrics"),
]


@pytest.mark.parametrize(("method", "path", "call", "message"), CALLS)
async def test_what_nobody_expected(
    client: AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    method: str,
    path: str,
    call: dict[str, Any],
    message: str,
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("the cause, which stays in the log")

    monkeypatch.setattr(Database, "append", fail)
    monkeypatch.setattr(Database, "read", fail)
    with caplog.at_level(logging.ERROR):
        response = await client.request(method, path, **call)

    assert_error(response, 500, message)
    assert response.json()["message"] == message
    assert "the cause" in caplog.text


async def test_when_too_much_waits_it_says_when_to_return(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(*_: object) -> None:
        raise Busy("the queue is full")

    monkeypatch.setattr(Database, "append", busy)

    response = await client.post("/track", json=event())

    assert_error(response, 503, "cannot store this now")
    assert response.headers["retry-after"] == "1"


class TestKeys:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return alone_in(tmp_path, "track", track={"write_key": "wríte-key", "read_key": "read-key"})

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({}, 401),
            ({"Authorization": "Bearer wríte-key"}, 200),
            ({"Authorization": "bearer wríte-key"}, 200),
            ({"X-API-KEY": "wríte-key"}, 200),
            ({"Authorization": "Basic eDp5", "X-API-KEY": "wríte-key"}, 200),
            ({"Authorization": "wríte-key"}, 401),
            ({"Authorization": "Basic wríte-key"}, 401),
            ({"Authorization": "Bearer wrong"}, 401),
            ({"Authorization": "Bearer"}, 401),
            ({"Authorization": "Bearer read-key"}, 401),
            ({"X-API-KEY": "wríte-key2"}, 401),
            ({"X-API-KEY": ""}, 401),
            ({"X-API-KEY": b"\xff"}, 401),
        ],
    )
    async def test_writing(self, client: AsyncClient, headers: dict[str, str | bytes], status: int) -> None:
        encoded = [(k.encode(), v.encode() if isinstance(v, str) else v) for k, v in headers.items()]
        response = await client.post("/track", json=event(), headers=encoded)
        if status == 401:
            assert_error(response, 401, "key")
            assert response.headers["www-authenticate"] == "Bearer"
        assert response.status_code == status

    @pytest.mark.parametrize("path", ["/metrics", "/sessions"])
    async def test_reading(self, client: AsyncClient, path: str) -> None:
        given = {"Authorization": "Bearer read-key"}
        assert (await client.get(path, params=YEAR_2025, headers=given)).status_code == 200
        assert_error(await client.get(path, params=YEAR_2025), 401, "key")
        wrong = {b"X-API-KEY": "wríte-key".encode()}
        assert_error(await client.get(path, params=YEAR_2025, headers=wrong), 401, "key")

    async def test_the_key_is_judged_before_body_and_parameters(self, client: AsyncClient) -> None:
        assert_error(await client.post("/track", content=b"x" * 20_000), 401, "key")
        assert_error(await client.get("/metrics"), 401, "key")

    @pytest.mark.parametrize("path", ["/track", "/metrics", "/sessions"])
    async def test_a_preflight_needs_none(self, client: AsyncClient, path: str) -> None:
        assert (await client.options(path)).status_code == 204

    async def test_no_key_is_ever_logged(self, client: AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(0)
        for key in ("read-key", "wrong-key"):
            await client.get("/metrics", params=YEAR_2025, headers={"X-API-KEY": key})
            await client.post("/track", content=b"{", headers={"Authorization": f"Bearer {key}"})
        assert "-key" not in caplog.text


class TestSwitchedOff:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return config_in(tmp_path, track={"enabled": False})

    @pytest.mark.parametrize("path", ["/track", "/metrics", "/sessions"])
    async def test_it_has_no_routes(self, client: AsyncClient, path: str) -> None:
        assert_error(await client.get(path), 404, "Not Found")
