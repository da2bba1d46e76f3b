"""The database: one connection that writes, a few that read.

Whatever waits to be written shares one transaction and one fsync, so that under load a hundred
requests cost one commit; still, a request's `await` returns only once its own rows are on disk.

All SQL runs in plain functions `work(tx, ...)`. The server hands them to `Database.read` and
`Database.write`; the command line calls the same ones on a connection of its own.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any, Concatenate, ParamSpec, TypeVar

import aiosqlite

from tinytrail.core import slices
from tinytrail.core.connect import Tx, connect, open_connection
from tinytrail.core.group import Batch, Failed, Group, all_failed, commit_group, refuse_group
from tinytrail.core.log_length import LogLength
from tinytrail.core.trouble import Busy

Item = TypeVar("Item")
T = TypeVar("T")
P = ParamSpec("P")
log = logging.getLogger(__name__)
logging.getLogger("aiosqlite").setLevel(logging.INFO)  # its DEBUG prints arguments, keys among them

READERS = 4
REST = 2  # times as long as a slice took: others' time, if any came
GROUP = 512  # writes that share a commit at most
MOST_WAITING = 8192  # writes; past that callers are told to come back


@dataclass
class Commits:
    """What the writer has done so far."""

    count: int = 0
    writes: int = 0
    seconds: float = 0.0  # from when the writer was given a group until it was on disk, or had failed


class Connection(aiosqlite.Connection):
    """A connection on a thread of its own."""

    async def run(self, work: Callable[..., T], *args: Any) -> T:
        """Run `work(tx, *args)` there: one hop, however many statements it executes."""
        result: T = await self._execute(work, self._conn, *args)  # type: ignore[no-untyped-call]
        return result

    async def _connect(self) -> aiosqlite.Connection:
        try:
            return await super()._connect()
        except BaseException:
            self._thread.join()  # aiosqlite only has it end, by when the event loop may be closed
            raise

    def is_gone(self) -> bool:
        assert isinstance(self._conn, Tx)
        return self._conn.is_gone()


class Database:
    def __init__(self, path: str, writer: Connection, readers: list[Connection]) -> None:
        self.path = path
        self._writer = writer
        self._readers: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
        for reader in readers:
            self._readers.put_nowait(reader)
        self._log_length = LogLength(path, writer, self._readers, len(readers))
        self.commits = Commits()
        self._reads = 0  # so far
        self._loop = asyncio.get_running_loop()
        self.waiting = 0  # writes, for the next commits
        self._groups: deque[Group] = deque()  # of what waits; the last one may grow
        self._has_waiting = asyncio.Event()
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    async def read(self, work: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(tx, *args)` on a reader; all it reads is of one moment."""
        self._reads += 1
        reader = await self._readers.get()
        try:
            return await reader.run(_in_snapshot, work, args, kwargs)
        finally:
            self._readers.put_nowait(reader)

    async def read_a_slice(self, work: Callable[..., T], *args: Any) -> T:
        """The same, for a part of much that is in no hurry. Where others have come meanwhile, they have some
        time to themselves before it returns."""
        come, begun = self._reads + self.commits.writes, perf_counter()
        result = await self.read(work, *args)
        if self._reads + self.commits.writes > come + 1:
            await asyncio.sleep(REST * (perf_counter() - begun))
        return result

    async def write(self, work: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(tx, *args)` in the next group, and return its result once that is on disk.

        `work` may be run twice (see `commit_group`). Raises Busy, or whatever `work` raises.
        """
        assert not kwargs, "a write takes its arguments by position"
        done: asyncio.Future[T] = self._loop.create_future()
        self._next_group().batches.append(Batch(work, [args], [done], is_write=True))
        return await done

    async def write_in_slices(self, work: Callable[..., int], *args: Any) -> None:
        """Run `work(tx, rows, *args)`, which sees to so many rows at most and returns how many it were, until
        they are fewer than that.

        What would hold the writer for minutes so holds it for moments, and others have as long in between.
        """
        rows = slices.FIRST_SLICE
        while True:
            done, seconds = await self.write(slices.timed, work, rows, *args)
            if done < rows:
                return
            rows = slices.next_slice(rows, seconds)
            await asyncio.sleep(seconds)

    def append(self, work: Callable[[Tx, list[Item]], list[T]], item: Item) -> "asyncio.Future[T]":
        """Have `work(tx, items)` store this item and all others that wait for it, and return its result.

        For what comes thick and fast: a statement for a hundred rows costs little more than one for one.
        """
        batch = self._next_group().batch_of(work)
        done: asyncio.Future[T] = self._loop.create_future()
        batch.items.append(item)
        batch.callers.append(done)
        return done

    def _next_group(self) -> Group:
        """The group that one more write goes into. Raises Busy."""
        if self.waiting >= MOST_WAITING:
            log.error("more comes than can be written: %d wait, others must come back", MOST_WAITING)
            raise Busy("too much is waiting to be written")
        if not self.waiting:
            self._has_waiting.set()
            self._is_idle.clear()
        if not self._groups or self._groups[-1].size >= GROUP:
            self._groups.append(Group())
        group = self._groups[-1]
        group.size += 1
        self.waiting += 1
        return group

    async def commit_forever(self) -> None:
        """Commit what is waiting, group after group, until cancelled."""
        while True:
            if not self._groups:
                self._has_waiting.clear()
                self._is_idle.set()
                await self._has_waiting.wait()
            group = self._groups.popleft()
            self.waiting -= group.size
            begun = perf_counter()
            # Asked here: the writer's thread would give Python's lock away for it, and wait to get it back.
            commit = refuse_group if self._writer.is_gone() else commit_group
            try:
                results = await self._writer.run(commit, group.batches)
            except Exception as error:  # not even a rollback worked; the next group is another try
                results = all_failed(group.batches, error)
            self.commits.count += 1
            self.commits.writes += group.size
            self.commits.seconds += perf_counter() - begun
            for batch, of_batch in zip(group.batches, results, strict=True):
                for caller, result in zip(batch.callers, of_batch, strict=True):
                    if caller.done():  # its client hung up
                        continue
                    if isinstance(result, Failed):
                        caller.set_exception(result.error)
                    else:
                        caller.set_result(result)
            self._log_length.look()

    async def flush(self) -> None:
        """Wait until all that was accepted is committed."""
        await self._is_idle.wait()

    async def stop(self, committing: asyncio.Task[None]) -> None:
        """Commit what was accepted, and no more. Nothing must be read any longer."""
        await self.flush()
        committing.cancel()
        await asyncio.wait([committing])
        await self._log_length.stop()

    async def give_pages_back(self) -> None:
        """Give free pages back to the system; daily is often enough."""
        await self.write_in_slices(_give_pages_back)


def _in_snapshot(tx: Tx, work: Callable[..., T], args: Any, kwargs: Any) -> T:
    tx.execute("begin")
    try:
        return work(tx, *args, **kwargs)
    finally:
        tx.end("rollback")


def _give_pages_back(tx: Tx, pages: int) -> int:
    [(free,)] = tx.execute("pragma freelist_count")
    given_back = min(pages, int(free))
    for _ in range(given_back):
        tx.execute("pragma incremental_vacuum(1)")  # more than one would need `executescript`, which commits
    return given_back


@asynccontextmanager
async def open_database(path: str) -> AsyncIterator[Database]:
    """Open the file, create or upgrade what is missing, and keep the writer running. Raises DatabaseError."""
    connect(path).close()  # makes and checks the file before any thread holds it
    connections: list[Connection] = []
    try:
        for number in range(1 + READERS):
            connection = Connection(partial(open_connection, path, query_only=number > 0), iter_chunk_size=64)
            await connection
            connections.append(connection)
        writer, *readers = connections
        db = Database(path, writer, readers)
        committing = asyncio.create_task(db.commit_forever())
        try:
            yield db
        finally:
            await db.stop(committing)
            if writer.is_gone():  # since the last commit
                await writer.run(refuse_group, [])
    finally:
        for connection in connections:
            await connection.close()
