"""GET /api/stats/ws: the statistics on a WebSocket, a frame at once and then one a second.

However many watch, one query a second serves them all, encoded once; while nobody does, none is made.
"""

import asyncio
import logging
import sqlite3

import msgspec
from litestar import asgi
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException, MethodNotAllowedException
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from tinytrail.core.clock import Clock
from tinytrail.core.db import Database
from tinytrail.presence.stats import read_stats

log = logging.getLogger(__name__)

PERIOD = 1.0  # seconds
AT_ONCE = 50  # watchers; a frame takes a fraction of a millisecond, in which nobody else is served


class Stream:
    """Who watches, and the ticker that runs as long as anyone does."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._watchers = 0
        self._ticker: asyncio.Task[None] | None = None
        self._waiting: list[asyncio.Future[None]] = []  # a watcher each, for the next frame
        self._frame = ""

    def handler(self) -> ASGIRouteHandler:
        @asgi("/api/stats/ws", copy_scope=False)
        async def stream(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == ScopeType.WEBSOCKET:
                await self.watch(scope["litestar_app"].state.db, receive, send)
            elif scope.get("method") == "GET":
                raise HTTPException(status_code=426, headers={"Upgrade": "websocket"})
            else:
                raise MethodNotAllowedException(headers={"Allow": "GET"})

        return stream

    async def watch(self, db: Database, receive: Receive, send: Send) -> None:
        """Serve a client until it hangs up, or the server stops; what it sends is ignored."""
        await receive()  # "websocket.connect"
        await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
        self._watchers += 1
        if self._ticker is None:
            self._ticker = asyncio.create_task(self._tick_forever(db))
        try:
            async with asyncio.TaskGroup() as tasks:
                sending = tasks.create_task(self._send_frames(db, send))
                while (await receive())["type"] != "websocket.disconnect":
                    pass
                sending.cancel()
        except* OSError:
            pass  # it hung up while a frame was under way
        finally:
            self._watchers -= 1
            if not self._watchers:
                self._ticker.cancel()
                self._ticker = None
                self._waiting.clear()

    async def _send_frames(self, db: Database, send: Send) -> None:
        upcoming = self._upcoming()  # before the first frame is read, so that no tick is missed meanwhile
        frame = await self._read_frame(db)
        while True:
            await send({"type": "websocket.send", "text": frame, "bytes": None})
            await upcoming
            upcoming, frame = self._upcoming(), self._frame

    def _upcoming(self) -> "asyncio.Future[None]":
        """What is done once there is another frame."""
        self._waiting.append(asyncio.get_running_loop().create_future())
        return self._waiting[-1]

    async def _tick_forever(self, db: Database) -> None:
        loop = asyncio.get_running_loop()
        at = loop.time()
        while True:
            at = max(at + PERIOD, loop.time())  # a late tick does not make the next ones crowd
            await asyncio.sleep(at - loop.time())
            try:
                self._frame = await self._read_frame(db)
            except sqlite3.Error as error:
                log.error("no statistics for those who watch: %s", error)
                continue
            waiting, self._waiting = self._waiting, []
            for start in range(0, len(waiting), AT_ONCE):
                await self._tell(waiting[start : start + AT_ONCE])

    async def _tell(self, watchers: list["asyncio.Future[None]"]) -> None:
        """Have these send the frame; then all others have as long for theirs, however many watch."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for watcher in watchers:
            if not watcher.done():  # it has hung up
                watcher.set_result(None)
        await asyncio.sleep(0)  # they send
        await asyncio.sleep(loop.time() - begun)

    async def _read_frame(self, db: Database) -> str:
        return msgspec.json.encode(await db.read(read_stats, self._clock())).decode()
