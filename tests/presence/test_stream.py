"""GET /api/stats/ws, on the real server: httpx speaks no WebSocket."""

import asyncio
import gc
import json
import time
import weakref
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient
from litestar import Litestar
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.make import until_started
from tests.presence.make import beat, register
from tests.presence.test_stats import FIELDS
from tests.presence.wire import connection_to, log_of, serving, upgrade
from tests.server import Server
from tinytrail.presence.stream import Stream


def watch(server: Server) -> ClientConnection:
    return connect(server.url.replace("http", "ws") + "/api/stats/ws")


def frame(socket: ClientConnection) -> dict[str, Any]:
    text = socket.recv(timeout=20)
    assert isinstance(text, str)
    found: dict[str, Any] = json.loads(text)
    return found


def read_on(socket: ClientConnection) -> None:
    """Until it is closed, but not for ever."""
    for _ in range(10):
        frame(socket)


def arrivals(server: Server) -> list[float]:
    """When the first four frames came, in seconds."""
    begun = time.monotonic()
    with watch(server) as socket:
        times = []
        for _ in range(4):
            assert list(frame(socket)) == FIELDS
            times.append(time.monotonic() - begun)
    return times


def test_a_frame_comes_at_once_and_then_one_a_second(server: Server) -> None:
    for _ in range(5):  # a busy machine holds one up now and then
        first, second, third, fourth = arrivals(server)
        if first < 0.5 and 0.7 < third - second < 1.3 and 0.7 < fourth - third < 1.3:
            return
    pytest.fail(f"at last they came at {first}, {second}, {third} and {fourth}")


def test_what_clients_send_is_ignored_and_too_much_of_it_ends_the_connection(server: Server) -> None:
    with watch(server) as socket:
        for _ in range(50):
            socket.send("hello")
        assert frame(socket)
        assert frame(socket)
        socket.send("x" * 10_000)
        with pytest.raises(ConnectionClosed):
            read_on(socket)


def test_another_path_has_no_websocket(server: Server) -> None:
    for path in ("/api/beat", "/api/nothing", "/presence"):
        with pytest.raises(InvalidStatus), connect(server.url.replace("http", "ws") + path):
            pass


def test_a_stop_closes_them_promptly(tmp_path: Path) -> None:
    with serving(tmp_path) as server, ExitStack() as stack:
        sockets = [stack.enter_context(watch(server)) for _ in range(20)]
        for socket in sockets:
            frame(socket)
        with connection_to(server) as vanished:
            vanished.sendall(upgrade(server))
            assert vanished.recv(20).startswith(b"HTTP/1.1 101")
        begun = time.monotonic()

        assert server.stop() == 0
        assert time.monotonic() - begun < 5  # half of what a request under way is given
        for socket in sockets:
            with pytest.raises(ConnectionClosed) as closed:
                read_on(socket)
            assert closed.value.rcvd
            assert closed.value.rcvd.code == 1012
        assert "Traceback" not in log_of(server)


async def test_without_an_upgrade_it_is_a_426(client: AsyncClient) -> None:
    response = await client.get("/api/stats/ws")

    assert (response.status_code, response.text) == (426, "Upgrade Required")
    assert response.headers["upgrade"] == "websocket"
    assert (await client.post("/api/stats/ws")).status_code == 405


class Watcher:
    """A WebSocket client without a network, beside the app in one process."""

    def __init__(self, app: Litestar) -> None:
        self.frames: list[dict[str, Any]] = []
        self._sent = asyncio.Event()
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._inbox.put_nowait({"type": "websocket.connect"})
        scope: Any = {
            "type": "websocket",
            "path": "/api/stats/ws",
            "raw_path": b"/api/stats/ws",
            "root_path": "",
            "query_string": b"",
            "headers": [],
            "subprotocols": [],
            "state": {},
        }
        self.task = asyncio.create_task(app(scope, self._inbox.get, self._send))  # type: ignore[arg-type]

    async def _send(self, message: Any) -> None:
        if message["type"] == "websocket.send":
            self.frames.append(json.loads(message["text"]))
            self._sent.set()

    async def has_frames(self, count: int) -> None:
        """Wait until there are so many."""
        while len(self.frames) < count:
            self._sent.clear()
            await self._sent.wait()

    async def leave(self) -> None:
        self._inbox.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await self.task


async def test_a_hundred_watchers_cost_one_query_a_second_and_leave_nothing_behind(
    app: Litestar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sped up twentyfold."""
    monkeypatch.setattr("tinytrail.presence.stream.PERIOD", 0.05)
    reads = 0
    read = app.state.db.read

    async def counting(*args: Any) -> Any:
        nonlocal reads
        reads += 1
        return await read(*args)

    monkeypatch.setattr(app.state.db, "read", counting)
    await until_started(app)
    tasks = asyncio.all_tasks()
    watchers = [Watcher(app) for _ in range(100)]
    for watcher in watchers:
        await watcher.has_frames(1)
    seen, reads = len(watchers[0].frames), 0
    await watchers[0].has_frames(seen + 10)

    assert reads <= 11
    assert all(len(watcher.frames) >= seen + 9 for watcher in watchers)
    for watcher in watchers:
        await watcher.leave()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == tasks
    reads = 0
    await asyncio.sleep(0.2)
    assert reads == 0


async def test_watchers_that_leave_before_the_next_frame_leave_nothing_behind(
    app: Litestar, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[weakref.ref[asyncio.Future[None]]] = []
    upcoming = Stream._upcoming

    def noting(stream: Stream) -> asyncio.Future[None]:
        future = upcoming(stream)
        made.append(weakref.ref(future))
        return future

    monkeypatch.setattr(Stream, "_upcoming", noting)
    for _ in range(3):
        watcher = Watcher(app)
        await watcher.has_frames(1)
        await watcher.leave()
    gc.collect()
    assert [future() for future in made] == [None] * 3


async def test_others_are_served_amid_the_frames_of_many_watchers(
    app: Litestar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tinytrail.presence.stream.PERIOD", 0.05)
    monkeypatch.setattr("tinytrail.presence.stream.AT_ONCE", 10)
    served: list[str] = []
    send = Watcher._send

    async def telling(watcher: Watcher, message: Any) -> None:
        served.append("w")
        await send(watcher, message)

    async def serve_others() -> None:
        while True:
            served.append(" ")
            await asyncio.sleep(0)

    monkeypatch.setattr(Watcher, "_send", telling)
    watchers = [Watcher(app) for _ in range(35)]
    for watcher in watchers:
        await watcher.has_frames(1)
    others = asyncio.create_task(serve_others())
    await asyncio.sleep(0)
    served.clear()
    for watcher in watchers:
        await watcher.has_frames(len(watcher.frames) + 2)
    assert max(map(len, "".join(served).split())) == 10
    others.cancel()
    for watcher in watchers:
        await watcher.leave()


async def test_a_beat_is_in_the_next_frame(
    app: Litestar, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tinytrail.presence.stream.PERIOD", 0.05)
    device = await register(client)
    watcher = Watcher(app)
    await watcher.has_frames(1)
    assert (await beat(client, device)).status_code == 200
    seen = len(watcher.frames)
    await watcher.has_frames(seen + 2)  # the first of them may have been under way
    await watcher.leave()

    beats = [frame["total_beats"] for frame in watcher.frames]
    assert (beats[0], beats[seen + 1]) == (0, 1)


async def test_a_watcher_that_comes_back_is_served_again(app: Litestar) -> None:
    for _ in range(3):
        watcher = Watcher(app)
        await watcher.has_frames(1)
        await watcher.leave()
