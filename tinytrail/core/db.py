"""The database: one connection that writes, a few that read.

Whatever waits to be written shares one transaction and one fsync, so that under load a hundred
requests cost one commit; still, a request's `await` returns only once its own rows are on disk.

All SQL runs in plain functions `work(tx, ...)`. The server hands them to `Database.read` and
`Database.write`; the command line calls the same ones on a connection of its own.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

import aiosqlite

from tinytrail.core.connect import Tx, connect, open_connection
from tinytrail.core.trouble import GONE, UNWRITABLE, code_of, keep_what_is_gone

Item = TypeVar("Item")
T = TypeVar("T")
P = ParamSpec("P")
log = logging.getLogger(__name__)
logging.getLogger("aiosqlite").setLevel(logging.INFO)  # its DEBUG prints arguments, keys among them

READERS = 4
GROUP = 512  # writes that share a commit at most
MOST_WAITING = 8192  # writes; past that callers are told to come back
MOST_REMEMBERED = 100_000


class Busy(Exception):
    """The database cannot take this now: the queue is full, or the disk is, or it is locked."""


class Write(NamedTuple):
    work: Callable[..., Any]
    args: tuple[Any, ...]
    done: asyncio.Future[Any]
    is_item: bool = False  # `args` is one item, for `work` to take with all others of the group


class Failed(NamedTuple):
    error: Exception


@dataclass
class Commits:
    """What the writer has done so far."""

    count: int = 0
    writes: int = 0
    seconds: float = 0.0  # from when the writer was given a group until it was on disk, or had failed


def commit_group(tx: Tx, group: list[Write]) -> list[Any]:
    """Run a group in one transaction. If it fails each write is run again by itself, so that a bad one
    harms nobody else; hence a write's function may run twice, and must touch nothing but `tx`."""
    if tx.is_gone():
        keep_what_is_gone(tx)
        return [Failed(Busy(GONE)) for _ in group]
    try:
        tx.execute("begin immediate")
        results = _run_all(tx, group)
        tx.execute("commit")
        return results
    except Exception as error:
        tx.memo.clear()
        if tx.in_transaction:
            tx.execute("rollback")
        if code_of(error) in UNWRITABLE:  # no better one by one
            log.error("nothing can be written: %s", error)
            return [Failed(Busy(str(error))) for _ in group]
        if len(group) == 1:
            return [Failed(error)]
        return [commit_group(tx, [write])[0] for write in group]
    finally:
        if len(tx.memo) > MOST_REMEMBERED:
            tx.memo.clear()


def _run_all(tx: Tx, group: list[Write]) -> list[Any]:
    results: list[Any] = [None] * len(group)
    items: dict[Callable[..., Any], list[int]] = {}
    for number, write in enumerate(group):
        if write.is_item:
            items.setdefault(write.work, []).append(number)
        else:
            results[number] = write.work(tx, *write.args)
    for work, numbers in items.items():
        stored = work(tx, [group[number].args[0] for number in numbers])
        for number, result in zip(numbers, stored, strict=True):
            results[number] = result
    return results


class Connection(aiosqlite.Connection):
    """A connection on a thread of its own."""

    async def run(self, work: Callable[..., T], *args: Any) -> T:
        """Run `work(tx, *args)` there: one hop, however many statements it executes."""
        result: T = await self._execute(work, self._conn, *args)  # type: ignore[no-untyped-call]
        return result


class Database:
    def __init__(self, path: str, writer: Connection, readers: list[Connection]) -> None:
        self.path = path
        self._writer = writer
        self._readers: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
        for reader in readers:
            self._readers.put_nowait(reader)
        self.commits = Commits()
        self._waiting: list[Write] = []
        self._has_waiting = asyncio.Event()
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    @property
    def waiting(self) -> int:
        """How many writes wait for the next commit."""
        return len(self._waiting)

    async def read(self, work: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(tx, *args)` on a reader; all it reads is of one moment."""
        reader = await self._readers.get()
        try:
            return await reader.run(_in_snapshot, work, args, kwargs)
        finally:
            self._readers.put_nowait(reader)

    async def write(self, work: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(tx, *args)` in the next group, and return its result once that is on disk.

        `work` may be run twice (see `commit_group`). Raises Busy, or whatever `work` raises.
        """
        assert not kwargs, "a write takes its arguments by position"
        result: T = await self._accept(work, args, is_item=False)
        return result

    async def append(self, work: Callable[[Tx, list[Item]], list[T]], item: Item) -> T:
        """Have `work(tx, items)` store this item and all others that wait for it, and return its result.

        For what comes thick and fast: a statement for a hundred rows costs little more than one for one.
        """
        result: T = await self._accept(work, (item,), is_item=True)
        return result

    async def _accept(self, work: Callable[..., Any], args: tuple[Any, ...], is_item: bool) -> Any:
        if len(self._waiting) >= MOST_WAITING:
            log.error("more comes than can be written: %d wait, others must come back", MOST_WAITING)
            raise Busy("too much is waiting to be written")
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(Write(work, args, done, is_item))
        self._has_waiting.set()
        self._is_idle.clear()
        return await done

    async def commit_forever(self) -> None:
        """Commit what is waiting, group after group, until cancelled."""
        while True:
            if not self._waiting:
                self._has_waiting.clear()
                self._is_idle.set()
                await self._has_waiting.wait()
            group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
            begun = perf_counter()
            try:
                results = await self._writer.run(commit_group, group)
            except Exception as error:  # not even a rollback worked; the next group is another try
                results = [Failed(error)] * len(group)
            self.commits.count += 1
            self.commits.writes += len(group)
            self.commits.seconds += perf_counter() - begun
            for write, result in zip(group, results, strict=True):
                if write.done.done():  # its client hung up
                    continue
                if isinstance(result, Failed):
                    write.done.set_exception(result.error)
                else:
                    write.done.set_result(result)

    async def flush(self) -> None:
        """Wait until all that was accepted is committed."""
        await self._is_idle.wait()

    async def optimize(self) -> None:
        """Refresh the planner's statistics and give free pages back; daily is often enough."""
        await self._writer.run(_optimize)


def _in_snapshot(tx: Tx, work: Callable[..., T], args: Any, kwargs: Any) -> T:
    tx.execute("begin")
    try:
        return work(tx, *args, **kwargs)
    finally:
        tx.execute("rollback")


def _optimize(tx: Tx) -> None:
    tx.execute("pragma optimize")
    tx.executescript("pragma incremental_vacuum(20000)")  # by `execute` it would give back a single page


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
            await db.flush()
            committing.cancel()
            await asyncio.wait([committing])
            await writer.run(commit_group, [])  # would notice, the last time, that the file is gone
    finally:
        for connection in connections:
            await connection.close()
