"""So many at a time, and no more waiting than will soon have their turn."""

import asyncio

from tinytrail.core.trouble import Busy


class Turns:
    def __init__(self, at_once: int, most_waiting: int) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._most_waiting = most_waiting
        self._waiting = 0

    async def __aenter__(self) -> None:
        """Wait for a turn. Raises Busy where too many do."""
        if self._waiting >= self._most_waiting:
            raise Busy("too many wait for this")
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1

    async def __aexit__(self, *_: object) -> None:
        self._free.release()
