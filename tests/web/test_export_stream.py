"""An export is a stream: little memory, no reader kept from others, and an end when nobody listens."""

import asyncio
import threading
from typing import Any

import pytest
from httpx import AsyncClient

from tests.web.cast import Owner, Traffic
from tinytrail.app import App
from tinytrail.core.connect import Tx
from tinytrail.web import export, export_events

EVENTS = 60
SLICE = 5


@pytest.fixture(autouse=True)
async def sixty_events(visit: Traffic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_events, "SLICE", SLICE)
    for number in range(EVENTS):
        await visit("/", ip=f"192.0.2.{number}")


class Listener:
    """A client of the bare ASGI application, which takes what is sent when it likes."""

    def __init__(self, app: App, website: str, key: str) -> None:
        path = f"/api/v1/websites/{website}/export"
        self.scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
            "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
            "headers": [(b"x-api-key", key.encode())], "client": ("203.0.113.9", 1), "server": ("test", 80),
        }  # fmt: skip
        self.chunks: list[bytes] = []
        self.is_whole = False
        self.is_over = asyncio.Event()  # whole, or hung up
        self.takes = asyncio.Semaphore(0)  # one for each chunk it still takes
        self.first = asyncio.Event()
        self.asked = False
        self.task = asyncio.create_task(app(self.scope, self.receive, self.send))

    async def receive(self) -> dict[str, Any]:
        if not self.asked:
            self.asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.is_over.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            assert message["status"] == 200
            return
        if message["body"]:
            self.chunks.append(message["body"])
            self.first.set()
            await self.takes.acquire()
        if not message["more_body"]:
            self.is_whole = True
            self.is_over.set()

    @property
    def rows(self) -> int:
        return b"".join(self.chunks).count(b"\n")

    def take_all(self) -> None:
        for _ in range(10 * EVENTS):
            self.takes.release()


@pytest.fixture
def key(alice_user: dict[str, Any]) -> str:
    return str(alice_user["apiKey"])


async def test_it_comes_in_small_pieces(app: App, website: str, key: str) -> None:
    listener = Listener(app, website, key)
    listener.take_all()
    await listener.task
    assert (listener.rows, listener.is_whole) == (EVENTS, True)
    assert max(chunk.count(b"\n") for chunk in listener.chunks) <= 2 * SLICE


async def test_a_client_that_hangs_up_ends_it(app: App, website: str, key: str, owner: Owner) -> None:
    listener = Listener(app, website, key)
    await listener.first.wait()
    listener.is_over.set()
    await asyncio.wait_for(listener.task, 10)
    assert not listener.is_whole
    assert listener.rows <= 2 * SLICE
    assert not app.state.export_turn.locked()
    assert (await owner.metrics())["visits"] == EVENTS


async def test_clients_that_take_nothing_hold_nothing(
    app: App, website: str, key: str, owner: Owner, alice: AsyncClient, visit: Traffic
) -> None:
    slow = [Listener(app, website, key) for _ in range(8)]
    for listener in slow:
        await listener.first.wait()
    assert (await owner.metrics())["visits"] == EVENTS
    await visit("/", ip="192.0.2.99")
    whole = await alice.get(f"/api/v1/websites/{website}/export")
    assert whole.text.count("\n") == EVENTS + 1
    for listener in slow:
        listener.take_all()
        await listener.task
        assert listener.is_whole


async def test_of_many_exports_one_reads_at_a_time(
    alice: AsyncClient, website: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = threading.Semaphore(1)
    read_lines = export.Format.read_lines

    def alone(self: export.Format, tx: Tx, table: export.Table) -> bytes | None:
        assert reading.acquire(blocking=False), "another one is reading"
        try:
            return read_lines(self, tx, table)
        finally:
            reading.release()

    monkeypatch.setattr(export.Format, "read_lines", alone)
    asked = [alice.get(f"/api/v1/websites/{website}/export") for _ in range(6)]
    for response in await asyncio.gather(*asked):
        assert response.text.count("\n") == EVENTS


async def test_one_that_fails_is_not_taken_for_a_whole_one(
    app: App, website: str, key: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    listener = Listener(app, website, key)
    await listener.first.wait()

    def fail(*_: object) -> None:
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr(export.Format, "read_lines", fail)
    listener.take_all()
    with pytest.raises(Exception):  # noqa: B017,PT011 - the server then breaks the connection off
        await listener.task
    assert not listener.is_whole


async def test_it_ends_once_the_listener_is_shut_out(
    app: App, admin: AsyncClient, website: str, alice_user: dict[str, Any]
) -> None:
    """However slowly it is taken."""
    listener = Listener(app, website, alice_user["apiKey"])
    await listener.first.wait()
    await admin.post(f"/api/v1/users/{alice_user['id']}/api-key")
    listener.take_all()
    await listener.task
    assert 0 < listener.rows <= 2 * SLICE
