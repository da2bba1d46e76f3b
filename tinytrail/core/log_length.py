"""The database's log (`-wal`), kept from growing for ever.

SQLite goes back to the log's beginning only where nobody reads. Where one report always overlaps another,
that is never: what is to be read then waits for once until nothing is being read.
"""

import asyncio
import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING

from tinytrail.core.connect import Tx
from tinytrail.core.files import log_of, size_of

if TYPE_CHECKING:
    from tinytrail.core.db import Connection

LONGEST = 128 * 2**20  # bytes
LOOK = 1.0  # seconds
# Once it began anew, or should have: Litestream, or who else reads it, may keep it from that.
LOOK_AGAIN = 60.0


class LogLength:
    def __init__(
        self, path: str, writer: "Connection", readers: "asyncio.LifoQueue[Connection]", count: int
    ) -> None:
        """`count`: of the readers, idle or not."""
        self._path = log_of(path)
        self._writer, self._readers, self._count = writer, readers, count
        self._loop = asyncio.get_running_loop()
        self._next_look = 0.0
        self._shortening: asyncio.Task[None] | None = None

    def look(self) -> None:
        """Call after each commit."""
        now = self._loop.time()
        if now < self._next_look or self._shortening and not self._shortening.done():
            return
        self._next_look = now + LOOK
        if size_of(self._path) > LONGEST:
            self._next_look = now + LOOK_AGAIN
            self._shortening = asyncio.create_task(self._begin_anew())

    async def _begin_anew(self) -> None:
        readers = await asyncio.gather(*(self._readers.get() for _ in range(self._count)))
        try:
            with suppress(sqlite3.Error):  # the next commit will meet with it too, and say so
                await self._writer.run(_checkpoint)
        finally:
            for reader in readers:
                self._readers.put_nowait(reader)

    async def stop(self) -> None:
        """Call once nothing is read any more."""
        if self._shortening:
            self._shortening.cancel()
            await asyncio.wait([self._shortening])


def _checkpoint(tx: Tx) -> None:
    """The next write begins the log anew, unless another process reads. `passive`: it waits for none."""
    tx.execute("pragma wal_checkpoint(passive)")
