"""A connection to the file: made, upgraded, or refused, and then left as it was."""

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.faults.wire import resident
from tinytrail.core import connect as module
from tinytrail.core.connect import (
    Tx,
    connect,
    open_connection,
    schema_version,
    temporary_files_in,
    transaction,
)
from tinytrail.core.obstacles import DatabaseError

PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,  # full
    "foreign_keys": 1,
    "auto_vacuum": 2,  # incremental
    "secure_delete": 1,
    "busy_timeout": 5000,
    "journal_size_limit": 64 * 1024 * 1024,
}


@pytest.fixture(autouse=True)
def _without_fsync() -> None:
    """Not here: what is set is what is installed."""


@pytest.fixture(autouse=True)
def _no_migrations_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests here bring their own; the real ones are test_migrations.py's."""
    monkeypatch.setattr(module, "MIGRATIONS", [])


@pytest.fixture
def path(tmp_path: Path) -> str:
    return f"{tmp_path}/tinytrail.db"


@pytest.fixture
def tx(path: str) -> Iterator[Tx]:
    with closing(connect(path)) as tx:
        yield tx


def tables(path: str) -> set[str]:
    with closing(sqlite3.connect(path)) as tx:
        return {name for (name,) in tx.execute("select name from sqlite_master where type = 'table'")}


def add_table(tx: sqlite3.Connection) -> None:
    tx.execute("create table one (id integer)")


def add_table_and_fail(tx: sqlite3.Connection) -> None:
    tx.execute("create table two (id integer)")
    tx.execute("insert into nowhere values (1)")


@pytest.mark.parametrize(("pragma", "value"), PRAGMAS.items())
@pytest.mark.parametrize("query_only", [False, True])
def test_every_connection_is_set_up(tx: Tx, path: str, pragma: str, value: object, query_only: bool) -> None:
    with closing(open_connection(path, query_only=query_only)) as other:
        for connection in (tx, other):
            assert connection.execute(f"pragma {pragma}").fetchone() == (value,)


def test_the_file_and_what_lies_beside_it_are_their_owners_alone(tx: Tx, path: str) -> None:
    add_table(tx)
    for suffix in ("", "-wal", "-shm"):
        assert stat.S_IMODE(Path(path + suffix).stat().st_mode) == 0o600


def test_all_tables_are_strict(tx: Tx) -> None:
    lax = [row[1] for row in tx.execute("pragma table_list") if not row[5] and "sqlite_" not in row[1]]
    assert lax == []


def test_opening_twice_changes_nothing(tx: Tx, path: str) -> None:
    before = list(tx.iterdump())
    connect(path).close()
    assert list(tx.iterdump()) == before


def test_statistics_that_somebody_had_made_are_gone_once_it_is_opened(tx: Tx, path: str) -> None:
    tx.execute("insert into product_strings (value) values ('signup')")
    tx.execute("analyze")
    assert "sqlite_stat1" in tables(path)
    connect(path).close()
    assert not [table for table in tables(path) if table.startswith("sqlite_stat")]


def test_an_empty_file_becomes_a_database(path: str) -> None:
    Path(path).touch()
    connect(path).close()
    assert "visits" in tables(path)


def test_migrations_run_once_each_and_in_order(tx: Tx, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    migrations = [lambda _: ran.append("first"), lambda _: ran.append("second")]
    for known in (1, 2, 2):
        monkeypatch.setattr(module, "MIGRATIONS", migrations[:known])
        connect(path).close()
        assert schema_version(tx) == known
    assert ran == ["first", "second"]


def test_a_new_file_needs_no_migration(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MIGRATIONS", [add_table_and_fail])
    with closing(connect(path)) as tx:
        assert schema_version(tx) == 1


@pytest.mark.parametrize("ends_well", [[], [lambda tx: tx.execute("drop table visits")]])
def test_an_upgrade_that_fails_leaves_the_file_as_it_was(
    tx: Tx, path: str, monkeypatch: pytest.MonkeyPatch, ends_well: list[Callable[[Tx], object]]
) -> None:
    before = list(tx.iterdump())
    monkeypatch.setattr(module, "MIGRATIONS", [add_table, *ends_well, add_table_and_fail])
    with pytest.raises(DatabaseError, match=f"cannot use the database {path}: no such table: nowhere"):
        connect(path)
    assert schema_version(tx) == 0
    assert list(tx.iterdump()) == before

    monkeypatch.setattr(module, "MIGRATIONS", [])  # the version before takes it up again
    connect(path).close()


def test_a_table_that_cannot_be_made_leaves_the_file_as_it_was(
    tx: Tx, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tx.executescript("drop index visits_day; create table visits_day (id integer)")
    before = list(tx.iterdump())
    monkeypatch.setattr(module, "MIGRATIONS", [add_table])
    with pytest.raises(DatabaseError, match="there is already a table named visits_day"):
        connect(path)
    assert schema_version(tx) == 0
    assert list(tx.iterdump()) == before


def test_without_upgrade_an_older_file_stays_as_it_is(
    tx: Tx, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MIGRATIONS", [add_table])
    connect(path, upgrade=False).close()
    assert schema_version(tx) == 0
    assert "one" not in tables(path)


def test_a_newer_file_is_refused_and_left_as_it_is(tx: Tx, path: str) -> None:
    tx.execute("pragma user_version = 7")
    with pytest.raises(
        DatabaseError, match=r"was written by a newer TinyTrail \(schema 7, this one knows 0\)"
    ):
        connect(path)
    assert schema_version(tx) == 7


def test_another_programs_file_is_refused_and_left_as_it_is(path: str) -> None:
    with closing(sqlite3.connect(path)) as other:
        add_table(other)
    before = Path(path).read_bytes()
    with pytest.raises(DatabaseError, match="is the database of another program"):
        connect(path)
    assert Path(path).read_bytes() == before
    assert not Path(path + "-wal").exists()


@pytest.mark.parametrize("content", [b"This is no database. " * 100, b"SQLite format 3\0" + b"\xff" * 2000])
def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(path: str, content: bytes) -> None:
    Path(path).write_bytes(content)
    with pytest.raises(DatabaseError, match=f"database {path}: file is not a database"):
        connect(path)
    assert Path(path).read_bytes() == content


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match=f"{tmp_path}/no/tinytrail.db: No such file or directory"):
        connect(f"{tmp_path}/no/tinytrail.db")


def test_a_transaction_is_all_or_nothing(tx: Tx) -> None:
    add_table(tx)

    def break_off() -> None:
        with transaction(tx):
            tx.execute("insert into one values (1)")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert tx.execute("select * from one").fetchall() == []
    with transaction(tx):
        tx.execute("insert into one values (2)")
    assert tx.execute("select * from one").fetchall() == [(2,)]


@pytest.fixture
def _temporary_files_as_before() -> Iterator[None]:
    yield
    temporary_files_in("")


def temporary_folder() -> str | None:
    with closing(sqlite3.connect(":memory:")) as tx:
        found = tx.execute("pragma temp_store_directory").fetchone()
    return str(found[0]) if found else None


@pytest.mark.usefixtures("_temporary_files_as_before")
def test_what_a_reader_puts_aside_goes_to_a_nameless_file_in_the_folder_of_the_database(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "it's here"
    folder.mkdir()
    temporary_files_in(str(folder))
    connect(f"{folder}/tinytrail.db").close()
    with closing(open_connection(f"{folder}/tinytrail.db", query_only=True)) as tx:
        tx.execute("pragma query_only = off")
        tx.execute("create temp table kept (text)")
        tx.execute(
            """with recursive rows (n) as (select 1 union all select n + 1 from rows where n < 30000)
               insert into kept select randomblob(1000) from rows"""
        )
        files = [os.path.realpath(file) for file in Path("/proc/self/fd").iterdir()]
        assert any(file.startswith(f"{folder}/etilqs_") and file.endswith("(deleted)") for file in files)
        assert not any(file.startswith("etilqs_") for file in os.listdir(folder))


def test_readers_keep_little_of_a_file_that_they_have_read_whole(tx: Tx, path: str) -> None:
    tx.execute("create table large (text)")
    tx.execute(
        """with recursive rows (n) as (select 1 union all select n + 1 from rows where n < 10000)
           insert into large select randomblob(1000) from rows"""
    )
    with ExitStack() as stack:
        readers = [stack.enter_context(closing(open_connection(path, query_only=True))) for _ in range(8)]
        before = resident()
        for reader in readers:
            assert reader.execute("select sum(length(text)) from large").fetchone() == (10_000_000,)
        assert resident() - before < len(readers) * 2  # MB


@pytest.mark.usefixtures("_temporary_files_as_before")
def test_whoever_names_a_folder_for_temporary_files_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = temporary_folder()
    monkeypatch.setenv("SQLITE_TMPDIR", "/elsewhere")
    temporary_files_in(str(tmp_path))
    assert temporary_folder() == before


@pytest.mark.usefixtures("_temporary_files_as_before")
def test_a_folder_that_cannot_hold_temporary_files_is_passed_over(tmp_path: Path) -> None:
    before = temporary_folder()
    temporary_files_in(f"{tmp_path}/missing")
    assert temporary_folder() == before
