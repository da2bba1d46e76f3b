"""The writer commits in groups, the readers read; a bad write harms only itself."""

import asyncio
import json
import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tinytrail.core import db as module
from tinytrail.core import log_length, slices
from tinytrail.core.connect import Tx, connect
from tinytrail.core.db import Database, open_database
from tinytrail.core.trouble import Busy

CREATE = "create table notes (id integer primary key, text text not null) strict"
SECONDS = 10  # that anything may take here before a test fails


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(f"{tmp_path}/tinytrail.db") as db:
        await db.write(execute, CREATE)
        yield db


def execute(tx: Tx, sql: str) -> None:
    tx.execute(sql)


def note(tx: Tx, text: str | None) -> int:
    """Store a note; IntegrityError for None."""
    return tx.execute("insert into notes (text) values (?) returning id", [text]).fetchall()[0][0]  # type: ignore[no-any-return]


def store_notes(tx: Tx, texts: list[Any]) -> list[str]:
    """One call for all that came: each is told how many came with it."""
    for text in texts:
        note(tx, text)
    return [f"{text} of {len(texts)}" for text in texts]


def notes(tx: Tx) -> list[str]:
    return [text for (text,) in tx.execute("select text from notes order by id")]


def pages(tx: Tx) -> int:
    return int(tx.execute("pragma page_count").fetchone()[0])


def seen_from_outside(db: Database) -> list[str]:
    with closing(sqlite3.connect(db.path, factory=Tx)) as other:
        return notes(other)


class Gate:
    """A write that holds the writer until it is let go, so that others gather behind it."""

    def __init__(self) -> None:
        self.entered, self.open = threading.Event(), threading.Event()

    def pass_through(self, tx: Tx) -> None:
        self.entered.set()
        assert self.open.wait(SECONDS)

    async def closed(self, db: Database) -> asyncio.Task[None]:
        waiting = asyncio.create_task(db.write(self.pass_through))
        await asyncio.to_thread(self.entered.wait, SECONDS)
        return waiting


@contextmanager
def locked_by_another_process(db: Database) -> Iterator[None]:
    with closing(sqlite3.connect(db.path, isolation_level=None)) as other:
        other.execute("begin immediate")
        yield
        other.execute("rollback")


async def test_a_write_returns_its_result_once_others_can_see_it(db: Database) -> None:
    assert await db.write(note, "first") == 1
    assert seen_from_outside(db) == ["first"]


async def test_what_waits_shares_a_commit(db: Database) -> None:
    commits: list[str] = []
    await db.write(lambda tx: tx.set_trace_callback(commits.append))
    gate = Gate()
    held = await gate.closed(db)
    writes = [asyncio.create_task(db.write(note, str(number))) for number in range(100)]
    await asyncio.sleep(0)  # each is in the queue
    commits.clear()
    gate.open.set()
    assert await asyncio.gather(*writes) == list(range(1, 101))
    await held
    assert [sql for sql in commits if sql.lower() == "commit"] == ["commit"] * 2  # the gate's and theirs


async def test_a_bad_write_harms_only_itself(db: Database) -> None:
    gate = Gate()
    held = await gate.closed(db)
    texts = ["a", None, "b", "c", None]
    writes = [asyncio.create_task(db.write(note, text)) for text in texts]
    misspelt = asyncio.create_task(db.write(execute, "insert into nots values (1)"))
    await asyncio.sleep(0)
    gate.open.set()
    results = await asyncio.gather(*writes, misspelt, return_exceptions=True)
    await held
    kinds = [type(result) for result in results]
    assert kinds == [int, sqlite3.IntegrityError, int, int, sqlite3.IntegrityError, sqlite3.OperationalError]
    assert seen_from_outside(db) == ["a", "b", "c"]


async def test_items_that_wait_are_stored_by_one_call(db: Database) -> None:
    gate = Gate()
    held = await gate.closed(db)
    stored = [db.append(store_notes, text) for text in ("a", "b", "c")]
    await asyncio.sleep(0)
    gate.open.set()
    assert await asyncio.gather(*stored) == ["a of 3", "b of 3", "c of 3"]
    await held


async def test_a_bad_item_harms_only_itself(db: Database) -> None:
    gate = Gate()
    held = await gate.closed(db)
    stored = [db.append(store_notes, text) for text in ("a", None, "c")]
    await asyncio.sleep(0)
    gate.open.set()
    results = await asyncio.gather(*stored, return_exceptions=True)
    await held
    assert [type(result) for result in results] == [str, sqlite3.IntegrityError, str]
    assert seen_from_outside(db) == ["a", "c"]


def store_at_once(tx: Tx, texts: list[Any]) -> list[None]:
    """By a single statement, and one before it for what is new."""
    if "new" in texts:
        note(tx, "something new")
    tx.execute_last("insert into notes (text) select value from json_each(?)", [json.dumps(texts)])
    return [None] * len(texts)


@pytest.mark.parametrize(
    ("first", "second", "stored", "statements"),
    [
        ("a", "b", ["a", "b"], ["insert"]),
        ("a", "new", ["something new", "a", "new"], ["begin", "insert", "insert", "commit"]),
        ("a", None, ["a"], ["insert", "insert", "insert"]),  # together, then each by itself
        ("new", None, ["something new", "new"], None),
    ],
)
async def test_items_that_a_single_statement_stores_need_no_other(
    db: Database, first: str, second: str | None, stored: list[str], statements: list[str] | None
) -> None:
    ran: list[str] = []
    await db.write(lambda tx: tx.set_trace_callback(lambda sql: ran.append(sql.split()[0])))
    gate = Gate()
    held = await gate.closed(db)
    waiting = [db.append(store_at_once, first), db.append(store_at_once, second)]
    ran.clear()
    gate.open.set()
    await asyncio.gather(*waiting, return_exceptions=True)
    await held
    assert seen_from_outside(db) == stored
    assert statements is None or ran == ["commit", *statements]  # that of the gate first


async def test_nothing_may_follow_a_write_s_last_statement(db: Database) -> None:
    def store_too_late(tx: Tx, texts: list[Any]) -> list[None]:
        store_at_once(tx, texts)
        note(tx, "too late")
        return [None]

    with pytest.raises(AssertionError, match="last statement"):
        await db.append(store_too_late, "a")
    assert await db.write(note, "b") == 2  # and the writer goes on
    assert seen_from_outside(db) == ["a", "b"]


async def test_what_a_failed_group_remembered_is_forgotten(db: Database) -> None:
    def remember(tx: Tx, text: str) -> None:
        tx.memo[text] = note(tx, text)

    def recall(tx: Tx) -> dict[str, int]:
        return dict(tx.memo)

    await db.write(remember, "kept")
    assert await db.write(recall) == {"kept": 1}
    with pytest.raises(sqlite3.IntegrityError):
        await db.write(note, None)
    assert await db.write(recall) == {}


async def test_a_write_whose_caller_has_gone_is_stored_all_the_same(db: Database) -> None:
    gate = Gate()
    held = await gate.closed(db)
    gone = asyncio.create_task(db.write(note, "orphan"))
    await asyncio.sleep(0)
    gone.cancel()
    gate.open.set()
    await held
    assert await db.write(note, "next") == 2
    assert seen_from_outside(db) == ["orphan", "next"]


async def test_a_full_queue_is_busy_and_empties_again(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinytrail.core.db.MOST_WAITING", 2)
    gate = Gate()
    held = await gate.closed(db)
    first = [asyncio.create_task(db.write(note, text)) for text in ("a", "b")]
    await asyncio.sleep(0)
    with pytest.raises(Busy, match="too much is waiting"):
        await db.write(note, "c")
    gate.open.set()
    await held
    assert await asyncio.gather(*first) == [1, 2]
    assert await db.write(note, "d") == 3


async def test_a_file_locked_by_another_process_is_busy_for_all_and_said_once(
    db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await db.write(execute, "pragma busy_timeout = 10")
    gate = Gate()
    held = await gate.closed(db)
    writes = [asyncio.create_task(db.write(note, "never")) for _ in range(5)]
    await asyncio.sleep(0)
    gate.open.set()
    await held
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert results == [1, 2, 3, 4, 5]

    with locked_by_another_process(db):
        results = await asyncio.gather(*(db.write(note, "x") for _ in range(5)), return_exceptions=True)
        assert [type(result) for result in results] == [Busy] * 5
        assert await db.read(notes) == ["never"] * 5  # reading goes on

    assert [record.getMessage() for record in caplog.records] == [
        "nothing can be written: database is locked"
    ]
    assert await db.write(note, "recovered") == 6


async def test_the_writer_outlives_a_failure_of_its_own(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(tx: Tx, group: list[object]) -> list[object]:
        raise sqlite3.OperationalError("cannot roll back")

    with monkeypatch.context() as patch:
        patch.setattr(module, "commit_group", break_down)
        with pytest.raises(sqlite3.OperationalError, match="cannot roll back"):
            await asyncio.wait_for(db.write(note, "lost"), SECONDS)
    assert await asyncio.wait_for(db.write(note, "stored"), SECONDS) == 1


async def test_a_full_disk_is_busy_and_recovers(db: Database) -> None:
    await db.write(execute, f"pragma max_page_count = {await db.read(pages)}")
    with pytest.raises(Busy, match="database or disk is full"):
        await db.write(note, "x" * 1_000_000)
    await db.write(execute, "pragma max_page_count = 1000000")
    assert await db.write(note, "x" * 1_000_000) == 1


async def test_all_that_a_read_sees_is_of_one_moment(db: Database) -> None:
    entered, written = threading.Event(), threading.Event()

    def read_twice(tx: Tx) -> tuple[list[str], list[str]]:
        first = notes(tx)
        entered.set()
        assert written.wait(SECONDS)
        return first, notes(tx)

    reading = asyncio.create_task(db.read(read_twice))
    await asyncio.to_thread(entered.wait, SECONDS)
    await db.write(note, "meanwhile")
    written.set()
    assert await reading == ([], [])
    assert await db.read(notes) == ["meanwhile"]


async def test_a_reader_cannot_write(db: Database) -> None:
    for _ in range(module.READERS):
        with pytest.raises(sqlite3.OperationalError, match="attempt to write a readonly database"):
            await db.read(note, "x")
    assert await db.read(notes) == []


async def test_a_read_that_finds_the_disk_full_says_so(db: Database) -> None:
    """SQLite then ends its transaction by itself, and there is none to roll back."""

    def put_aside(tx: Tx) -> None:
        tx.execute("pragma query_only = off")
        tx.execute("create temp table aside (text text)")
        tx.execute("pragma temp.max_page_count = 2")
        tx.execute("insert or ignore into aside select value from json_each(?)", [json.dumps(["x" * 10_000])])

    with pytest.raises(sqlite3.OperationalError, match="database or disk is full"):
        await db.read(put_aside)
    assert await db.read(notes) == []


async def test_a_read_that_fails_or_is_given_up_leaves_its_reader_to_others(db: Database) -> None:
    for _ in range(module.READERS + 1):
        with pytest.raises(sqlite3.OperationalError):
            await db.read(execute, "select nonsense")
        given_up = asyncio.create_task(db.read(notes))
        await asyncio.sleep(0)
        given_up.cancel()
    assert await db.read(notes) == []


@pytest.mark.parametrize(
    ("meanwhile", "rests"),
    [(None, 0), (lambda db: db.read(notes), 1), (lambda db: db.write(note, "a"), 1)],
    ids=["nobody", "a read", "a write"],
)
async def test_a_slice_gives_whoever_came_meanwhile_time_of_their_own(
    db: Database, monkeypatch: pytest.MonkeyPatch, meanwhile: Any, rests: int
) -> None:
    may_end = threading.Event()
    rested: list[float] = []

    async def rest(seconds: float) -> None:
        rested.append(seconds)

    reading = asyncio.create_task(db.read_a_slice(lambda tx: may_end.wait(SECONDS)))
    await asyncio.sleep(0)
    if meanwhile:
        await meanwhile(db)
    monkeypatch.setattr(asyncio, "sleep", rest)
    may_end.set()
    assert await reading
    assert len(rested) == rests
    assert all(seconds > 0 for seconds in rested)


async def test_deleted_rows_give_their_pages_back(db: Database) -> None:
    for _ in range(200):
        await db.write(note, "x" * 10_000)
    await db.give_pages_back()
    before = await db.read(pages)
    await db.write(execute, "delete from notes")
    assert await db.read(pages) == before > 200
    await db.give_pages_back()
    assert await db.read(pages) < before - 200


async def test_closing_waits_for_what_was_accepted(tmp_path: Path) -> None:
    async with open_database(f"{tmp_path}/tinytrail.db") as db:
        await db.write(execute, "create table notes (id integer primary key, text text not null) strict")
        writes = [asyncio.create_task(db.write(note, str(number))) for number in range(1000)]
        await asyncio.sleep(0)
    async with asyncio.timeout(SECONDS):
        assert sorted(await asyncio.gather(*writes)) == list(range(1, 1001))
    assert len(seen_from_outside(db)) == 1000
    assert os.listdir(tmp_path) == ["tinytrail.db"]  # its log is checkpointed


def forget_some(tx: Tx, rows: int) -> int:
    return tx.execute("delete from notes where id in (select id from notes limit ?)", [rows]).rowcount


async def test_what_goes_in_slices_goes_on_to_the_end_and_others_write_in_between(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "FIRST_SLICE", 1)
    monkeypatch.setattr(slices, "SLICE_SECONDS", 0)  # so that no slice grows
    for number in range(20):
        await db.write(note, f"old {number}")
    written: list[str] = []

    def forget(tx: Tx, rows: int) -> int:
        written.append("slice")
        return forget_some(tx, rows)

    forgetting = asyncio.create_task(db.write_in_slices(forget))
    async with asyncio.timeout(SECONDS):
        while len(written) < 5:  # noqa: ASYNC110 - nothing tells when a slice is through
            await asyncio.sleep(0)
    await db.write(lambda tx: written.append("another"))
    await forgetting
    assert await db.read(notes) == []
    assert written.index("another") < len(written) - 1


async def test_slices_grow_while_they_are_short(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "FIRST_SLICE", 3)
    monkeypatch.setattr(slices, "SLICE_SECONDS", 60)
    asked: list[int] = []

    def some(tx: Tx, rows: int, least: int) -> int:
        asked.append(rows)
        return rows if rows < least else rows - 1

    await db.write_in_slices(some, 20)
    assert asked == [3, 6, 12, 24]


class Reading:
    """A read that is under way until it is let go."""

    def __init__(self, db: Database) -> None:
        self.entered, self.over = threading.Event(), threading.Event()
        self.task = asyncio.create_task(db.read(self.last))

    def last(self, tx: Tx) -> None:
        assert notes(tx)
        self.entered.set()
        assert self.over.wait(SECONDS)

    async def has_begun(self) -> None:
        assert await asyncio.to_thread(self.entered.wait, SECONDS)

    async def end(self) -> None:
        self.over.set()
        await self.task


@pytest.mark.parametrize("is_linked", [False, True])
async def test_the_log_begins_anew_however_reads_overlap(
    tmp_path: Path, is_linked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = path = tmp_path / "tinytrail.db"
    connect(str(file)).close()
    if is_linked:
        path = tmp_path / "link.db"
        path.symlink_to(file)

    def beginning() -> bytes:
        return Path(f"{file}-wal").read_bytes()[:32]  # its salts are new whenever it begins anew

    monkeypatch.setattr(log_length, "LONGEST", 0)
    monkeypatch.setattr(log_length, "LOOK", 0)
    async with open_database(str(path)) as db:
        await db.write(execute, CREATE)
        await db.write(note, "first")
        first = beginning()
        db._log_length._next_look = 0
        reading = Reading(db)
        await reading.has_begun()
        await db.write(note, "second")
        for _ in range(5):
            await asyncio.sleep(0)  # until what is to begin anew waits for the reading
        following = Reading(db)
        await reading.end()
        await following.has_begun()
        await db.write(note, "third")
        assert beginning() != first
        await following.end()
