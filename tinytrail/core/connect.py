"""A connection to the file: opening one, copying all there is, and making an older file this version's."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from enum import Enum
from pathlib import Path
from typing import Any, Literal, TypeVar

from tinytrail.core.files import Identity, file_at, log_of, without_link, written_whole
from tinytrail.core.memo import Memo
from tinytrail.core.migrations import MIGRATIONS, schema
from tinytrail.core.obstacles import DatabaseError, make_log_writable, refusing

T = TypeVar("T")

STATEMENTS = 32  # prepared ones that a connection keeps, 20 KB each; reports have a text of their own each
PAGES_AT_ONCE = 256  # of a copy: 1 MB
APPLICATION_ID = 0x54546C31  # "TTl1": tells our files from other people's

PRAGMAS = """
    pragma busy_timeout = 5000;
    pragma foreign_keys = on;
    pragma synchronous = full;
    pragma secure_delete = on;
    pragma journal_size_limit = 67108864;
    pragma cache_size = -4096;
    pragma temp_store = file;
"""

# With statistics, whoever had them made, SQLite goes about a report as its traffic happens to be. It may read
# all of a table, for a Bloom filter, to be spared looking up a few rows of it.
WITHOUT_STATISTICS = ("drop table if exists sqlite_stat1", "drop table if exists sqlite_stat4")

# Small caches, in KiB: what the system keeps of the file serves a report as well. A reader keeps a full one
# for good, and what it gave back of it, in pieces between others, glibc could not. What a filter keeps of a
# year can be 60 MB: past its cache it goes to a file without a name (`temporary_files_in`).
FOR_READERS = """
    pragma query_only = on;
    pragma cache_size = -1024;
    pragma temp.cache_size = -2048;
"""


class State(Enum):
    """What a connection does before a statement."""

    READY = "nothing"
    LATE = "begins the transaction"
    ENDED = "refuses it"


class Tx(sqlite3.Connection):
    """A connection within a transaction: what every function that runs SQL is given."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.memo = Memo()
        """What writes remember of rows they have stored (an id for a string). Forgotten whenever a group
        fails, since those rows may then not exist. A reader's has an answer it has just found."""
        self.spent: dict[str, tuple[float, float]] = {}
        """What accounts have spent of the writer's time, and since when. Not forgotten with the memo: whoever
        brought that about, by deleting a website for one, could spend as much again."""
        self._state = State.READY
        self.path = ""
        self.file: Identity | None = None
        self.log_path = ""
        self.log: Identity | None = None  # once there is one
        self.kept_at = ""  # where a copy went once the file was gone

    def begin(self, *, late: bool) -> None:
        """Begin a transaction that writes: now, or with its first statement."""
        self._state = State.LATE
        if not late:
            self._begin_if_late()

    def end(self, how: Literal["commit", "rollback"]) -> None:
        """End the transaction, unless SQLite has: it does so by itself where the disk is full, for one."""
        self._state = State.READY
        if self.in_transaction:
            super().execute(how)

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        self._begin_if_late()
        return super().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        self._begin_if_late()
        return super().executemany(sql, parameters)

    def execute_last(self, sql: str, parameters: Any = (), /) -> None:
        """Run the statement that ends a write. Where it is the only one it makes a transaction by itself,
        which spares the two that would begin and commit one."""
        super().execute(sql, parameters)
        if self._state is State.LATE:
            self._state = State.ENDED

    def _begin_if_late(self) -> None:
        assert self._state is not State.ENDED, "nothing follows a write's last statement"
        if self._state is State.LATE:
            self._state = State.READY
            super().execute("begin immediate")

    def is_gone(self) -> bool:
        """Whether the file or its log has been deleted, moved or replaced. SQLite would not notice: it goes
        on writing to one that has no name any more, and that ends with the process."""
        log = file_at(self.log_path)
        self.log = self.log or log
        return log != self.log or self.has_moved()

    def has_moved(self) -> bool:
        return file_at(self.path) != self.file


def rows(tx: sqlite3.Connection, row_type: Callable[..., T], sql: str, **values: Any) -> list[T]:
    """Run a query; each record becomes a `row_type`, columns going to the fields of the same name."""
    cursor = tx.execute(sql, values)
    names = [column[0] for column in cursor.description]
    return [row_type(**dict(zip(names, record, strict=True))) for record in cursor]


def open_connection(path: str, *, query_only: bool = False) -> Tx:
    """A connection to a file that `connect` has made. Raises DatabaseError."""
    with refusing("open", path):
        tx = sqlite3.connect(path, isolation_level=None, factory=Tx, cached_statements=STATEMENTS)
        try:
            tx.executescript(PRAGMAS + (FOR_READERS if query_only else ""))
        except sqlite3.Error:
            tx.close()
            raise
    tx.path, tx.file, tx.log_path = path, file_at(path), log_of(path)
    return tx


def temporary_files_in(folder: str) -> None:
    """Where SQLite is to put them, unless the environment says otherwise: /var/tmp may be read-only, as it is
    in our container. Before any connection is made; a folder that cannot be written changes nothing."""
    if "SQLITE_TMPDIR" not in os.environ:
        quoted = folder.replace("'", "''")
        with closing(sqlite3.connect(":memory:")) as tx, suppress(sqlite3.OperationalError):
            tx.execute(f"pragma temp_store_directory = '{quoted}'")


def write_copy(tx: Tx, path: str) -> None:
    """Write a consistent copy of the database to a new file: whole, or not at all.

    What is written goes to the disk bit by bit, and others have that to themselves half of the time: a server
    that waits for a commit of its own would else wait for all of the copy.

    Raises FileExistsError, OSError and sqlite3.Error.
    """
    with (
        written_whole(path) as unfinished,
        closing(sqlite3.connect(unfinished)) as copy,
        open(unfinished, "rb") as written,
    ):
        begun = time.perf_counter()

        def rest(*_: int) -> None:
            nonlocal begun
            os.fsync(written.fileno())
            time.sleep(time.perf_counter() - begun)
            begun = time.perf_counter()

        tx.execute("begin")  # all of one moment; else whatever a server stores would have it begin anew
        try:
            tx.execute("select 1 from sqlite_master").fetchall()
            tx.backup(copy, pages=PAGES_AT_ONCE, progress=rest)
        finally:
            tx.end("rollback")


def connect(path: str, *, upgrade: bool = True) -> Tx:
    """A connection of one's own, to a file made or upgraded first if need be. Raises DatabaseError.

    Without `upgrade` an older file is left as it is: it can be copied and checked, and that is all.
    """
    with refusing("open", path):
        file = Path(path)
        if not file.exists():  # before SQLite does, so that only its owner can read it; -wal and -shm follow
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        make_log_writable(without_link(path))
    tx = open_connection(path)
    try:
        with refusing("use", path):
            is_new = not tx.execute("select 1 from sqlite_master limit 1").fetchone()
            if not is_new:
                _must_be_ours(tx, path)
            if upgrade:
                tx.execute("pragma auto_vacuum = incremental")  # heeded while the file is still empty
                tx.execute("pragma journal_mode = wal")
                _upgrade(tx, is_new)
    except BaseException:
        tx.close()
        raise
    return tx


def schema_version(tx: sqlite3.Connection) -> int:
    [version] = tx.execute("pragma user_version").fetchone()
    return int(version)


def _must_be_ours(tx: Tx, path: str) -> None:
    """Raises DatabaseError. Comes before anything is written: another program's file stays as it is."""
    if tx.execute("pragma application_id").fetchone() != (APPLICATION_ID,):
        raise DatabaseError(f"{path} is the database of another program")
    version = schema_version(tx)
    if version > len(MIGRATIONS):
        raise DatabaseError(
            f"{path} was written by a newer TinyTrail (schema {version}, this one knows {len(MIGRATIONS)}); "
            "upgrade, or restore a backup"
        )


def _upgrade(tx: Tx, is_new: bool) -> None:
    """Bring the file to this version's schema, or leave it as it is."""
    with transaction(tx):
        version = len(MIGRATIONS) if is_new else schema_version(tx)
        for migrate in MIGRATIONS[version:]:
            migrate(tx)
        for statement in (*schema(), *WITHOUT_STATISTICS):
            tx.execute(statement)
        if is_new:
            tx.execute(f"pragma application_id = {APPLICATION_ID}")
        if is_new or version < len(MIGRATIONS):
            tx.execute(f"pragma user_version = {len(MIGRATIONS)}")


@contextmanager
def transaction(tx: Tx) -> Iterator[Tx]:
    """All or nothing, for whoever has a connection to himself: the command line, a migration."""
    tx.execute("begin immediate")
    try:
        yield tx
        tx.execute("commit")
    except BaseException:
        tx.end("rollback")
        raise
