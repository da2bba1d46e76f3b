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


class Stream:
    """Who watches, and the ticker that runs as long as anyone does."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._watchers = 0
        self._ticker: asyncio.Task[None] | None = None
        self._next = asyncio.Event()  # set when there is a new frame; each tick has an event of its own
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

    async def _send_frames(self, db: Database, send: Send) -> None:
        upcoming = self._next  # before the first frame is read, so that no tick is missed meanwhile
        frame = await self._read_frame(db)
        while True:
            await send({"type": "websocket.send", "text": frame, "bytes": None})
            await upcoming.wait()
            upcoming, frame = self._next, self._frame

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
            ticked, self._next = self._next, asyncio.Event()
            ticked.set()

    async def _read_frame(self, db: Database) -> str:
        return msgspec.json.encode(await db.read(read_stats, self._clock())).decode()
