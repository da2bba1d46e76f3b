"""What befalls the database while it is served: a sentence to the operator, no acknowledged event lost."""

import contextlib
import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from httpx import AsyncClient

from tests.faults.load import UNLIMITED, Ledger, Load, audit, open_ledger, stored, wait_for
from tests.faults.wire import SECONDS, serving_with
from tests.make import hit
from tests.server import COMMAND, Server, serving
from tinytrail.core.connect import Tx
from tinytrail.core.db import Database

IMPATIENT = "from tinytrail.core import connect; connect.PRAGMAS = connect.PRAGMAS.replace('5000', '200')"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes, in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder))
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def mount(*arguments: str) -> None:
    assert os.geteuid() == 0, "only root may mount the small disk that this test fills"
    subprocess.run(["mount", *arguments], check=True)


def told(folder: Path) -> list[str]:
    """What the log says, without its times."""
    lines = (folder / "log").read_text().splitlines()
    return [line.partition(": ")[2] for line in lines]


def health(server: Server) -> int:
    return httpx.get(f"{server.url}/health", timeout=20).status_code


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    with closing(sqlite3.connect(folder / "tinytrail.db", isolation_level=None, timeout=20)) as other:
        other.execute("begin immediate")
        yield
        other.execute("rollback")


@contextmanager
def failing_disk(server: Server) -> Iterator[None]:
    """No write past the first 8 KiB of a file succeeds: SQLite takes that for a disk that fails."""
    limit = ["prlimit", "--pid", str(server.process.pid)]
    subprocess.run([*limit, "--fsize=8192:unlimited"], check=True)
    yield
    subprocess.run([*limit, "--fsize=unlimited"], check=True)


def refused(ledger: Ledger) -> int:
    return ledger.answers[503]


def test_a_full_disk(disk: Path, tmp_path: Path) -> None:
    ledger = open_ledger(disk)
    with serving(disk, log=f"{tmp_path}/log", **UNLIMITED) as server:
        load = Load(server, ledger)
        wait_for(lambda: refused(ledger) > 100)
        assert health(server) == 200  # reading goes on
        before = ledger.total()
        mount("-o", "remount,size=20m", str(disk))
        wait_for(lambda: ledger.total() > before + 200)
        load.stop()
        assert server.stop() == 0
    assert told(tmp_path) == ["nothing can be written: database or disk is full"]
    assert ledger.answers.keys() == {200, 202, 503}
    audit(disk, ledger)


def test_a_stop_and_a_start_on_a_full_disk(disk: Path, tmp_path: Path) -> None:
    ledger = open_ledger(disk)
    with serving(disk, **UNLIMITED) as server:
        load = Load(server, ledger)
        wait_for(lambda: refused(ledger) > 100)
        assert server.stop() == 0
        load.wait()
    audit(disk, ledger)
    with (disk / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
        while filler.write(b"x" * 512):
            pass
    command = [*COMMAND, "serve", "--port", "0"]
    start = subprocess.run(command, cwd=disk, capture_output=True, text=True, check=False, timeout=SECONDS)
    assert (start.returncode, start.stdout) == (2, "")
    assert start.stderr.startswith("Error: cannot ")  # open it, or use it
    assert start.stderr.endswith("the database tinytrail.db: database or disk is full\n")
    assert start.stderr.count("\n") == 1
    mount("-o", "remount,size=20m", str(disk))
    with serving(disk, **UNLIMITED) as server:
        assert health(server) == 200
    audit(disk, ledger)


def test_a_start_on_a_read_only_disk(disk: Path) -> None:
    ledger = open_ledger(disk)
    mount("-o", "remount,ro", str(disk))
    command = [*COMMAND, "serve", "--port", "0"]
    start = subprocess.run(command, cwd=disk, capture_output=True, text=True, check=False, timeout=SECONDS)
    assert (start.returncode, start.stdout) == (2, "")
    reason = "its folder cannot be written, where SQLite keeps a log beside it"
    assert start.stderr == f"Error: cannot open the database tinytrail.db: {reason}\n"
    mount("-o", "remount,rw", str(disk))
    with serving(disk, **UNLIMITED) as server:
        assert health(server) == 200
    audit(disk, ledger)


def test_a_disk_that_fails_for_a_while(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    with serving(tmp_path, log=f"{tmp_path}/log", **UNLIMITED) as server:
        load = Load(server, ledger)
        wait_for(lambda: ledger.total() > 100)
        with failing_disk(server):
            wait_for(lambda: refused(ledger) > 50)
            assert health(server) == 200
            before = ledger.total()
        wait_for(lambda: ledger.total() > before + 100)
        load.stop()
    assert told(tmp_path) == ["nothing can be written: disk I/O error"]
    assert ledger.answers.keys() == {200, 202, 503}
    audit(tmp_path, ledger)


def pragma(tx: Tx, sql: str) -> None:
    tx.execute(f"pragma {sql}")


async def test_a_file_that_becomes_read_only(
    client: AsyncClient, db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async def post() -> int:
        return (await client.post("/track", json={"event": "play", "user_id": "alice"})).status_code

    assert await post() == 200
    await db._writer.run(pragma, "query_only = on")
    assert [await post() for _ in range(3)] == [503] * 3
    assert (await client.get("/health")).status_code == 200
    await db._writer.run(pragma, "query_only = off")
    assert await post() == 200
    said = {record.getMessage() for record in caplog.records if record.name == "tinytrail.core.group"}
    assert said == {"nothing can be written: attempt to write a readonly database"}
    assert not any(record.exc_info for record in caplog.records)
    assert await db.read(lambda tx: tx.execute("select count(*) from product_events").fetchone()) == (2,)


@pytest.mark.parametrize(
    ("change", "seconds"),
    [pytest.param(IMPATIENT, 1, id="1"), pytest.param("", 20, id="20", marks=pytest.mark.long)],
)
def test_a_file_that_another_process_keeps_locked(tmp_path: Path, change: str, seconds: float) -> None:
    ledger = open_ledger(tmp_path)
    with serving_with(change, tmp_path, **UNLIMITED) as server:
        load = Load(server, ledger)
        wait_for(lambda: ledger.total() > 50)
        with locked(tmp_path):
            time.sleep(seconds)
            wait_for(lambda: refused(ledger) > 5)
            assert health(server) == 200
            before = ledger.total()
        wait_for(lambda: ledger.total() > before + 100)
        load.stop()
    assert told(tmp_path) == ["nothing can be written: database is locked"]
    audit(tmp_path, ledger)


def test_a_file_that_is_locked_for_a_moment_delays_but_refuses_nothing(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    with serving(tmp_path, log=f"{tmp_path}/log", **UNLIMITED) as server:
        load = Load(server, ledger)
        for _ in range(3):
            with locked(tmp_path):
                time.sleep(0.3)
            time.sleep(0.1)
        load.stop()
    assert ledger.answers.keys() == {200, 202}
    assert told(tmp_path) == []
    audit(tmp_path, ledger)


def test_a_file_that_is_deleted_is_written_back_with_all_that_was_acknowledged(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    with serving(tmp_path, log=f"{tmp_path}/log", **UNLIMITED) as server:
        load = Load(server, ledger)
        wait_for(lambda: ledger.total() > 200)
        for file in tmp_path.glob("tinytrail.db*"):  # at the stop below its WAL stays where it is
            file.unlink()
        wait_for(lambda: refused(ledger) > 20)
        assert health(server) == 503
        load.stop()
        assert server.stop() == 0
    assert told(tmp_path) == [
        "tinytrail.db was deleted or replaced while it was served, so nothing more is stored; all that it "
        "held was written to tinytrail.db. Restart the server once the right file is in its place"
    ]
    with serving(tmp_path, **UNLIMITED) as server:
        load, before = Load(server, ledger), ledger.total()
        wait_for(lambda: ledger.total() > before + 100)
        load.stop()
    audit(tmp_path, ledger)


def test_a_file_that_is_deleted_with_no_request_after_is_written_back_at_the_stop(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    with serving(tmp_path, log=f"{tmp_path}/log", **UNLIMITED) as server:
        load = Load(server, ledger)
        wait_for(lambda: ledger.total() > 100)
        load.stop()
        (tmp_path / "tinytrail.db").unlink()
        assert server.stop() == 0
    assert len(told(tmp_path)) == 1
    audit(tmp_path, ledger)


def test_a_file_that_takes_the_place_of_the_one_served_stays_as_it_is(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    with serving(tmp_path, log=f"{tmp_path}/log", **UNLIMITED) as server:
        server.run("backup", "other.db")
        other = (tmp_path / "other.db").read_bytes()
        load = Load(server, ledger)
        wait_for(lambda: ledger.total() > 100)
        (tmp_path / "other.db").rename(tmp_path / "tinytrail.db")
        wait_for(lambda: refused(ledger) > 20)
        load.stop()
        assert (tmp_path / "tinytrail.db").read_bytes() == other
        [kept] = tmp_path.glob("tinytrail.db.*")
        assert f"all that it held was written to {kept.name}. Restart" in told(tmp_path)[0]
        assert server.stop() == 0
    assert "database  ok" in subprocess.check_output([*COMMAND, "check"], cwd=tmp_path, text=True)
    (tmp_path / "other.db").write_bytes(other)
    assert contents(tmp_path / "tinytrail.db") == contents(tmp_path / "other.db")
    kept.rename(tmp_path / "tinytrail.db")
    audit(tmp_path, ledger)


def test_a_file_that_is_moved_away_has_all_that_was_acknowledged(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    with serving(tmp_path, **UNLIMITED) as server:
        load = Load(server, ledger)
        wait_for(lambda: ledger.total() > 100)
        (tmp_path / "moved").mkdir()
        (tmp_path / "tinytrail.db").rename(tmp_path / "moved/tinytrail.db")
        wait_for(lambda: refused(ledger) > 20)
        load.stop()
        assert server.stop() == 0
    audit(tmp_path / "moved", ledger)


@pytest.mark.parametrize("behind_a_link", [False, True])
def test_a_log_that_is_deleted_costs_nothing_that_was_acknowledged_not_even_by_a_kill(
    tmp_path: Path, behind_a_link: bool
) -> None:
    disk = tmp_path / "disk" if behind_a_link else tmp_path
    if behind_a_link:
        disk.mkdir()
        (disk / "tinytrail.db").touch()
        (tmp_path / "tinytrail.db").symlink_to(disk / "tinytrail.db")
    ledger = open_ledger(tmp_path)
    with serving(tmp_path, log=f"{tmp_path}/log", **UNLIMITED) as server:
        load = Load(server, ledger)
        wait_for(lambda: ledger.total() > 100)
        for suffix in ("-wal", "-shm"):
            (disk / f"tinytrail.db{suffix}").unlink()
        wait_for(lambda: refused(ledger) > 20)
        load.stop()
        server.process.kill()
    log = disk / "tinytrail.db-wal" if behind_a_link else "tinytrail.db-wal"
    assert told(tmp_path)[0].startswith(f"{log} was deleted or replaced while it was served, so nothing")
    audit(tmp_path, ledger)


def contents(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as tx:
        return list(tx.iterdump())


def damage(folder: Path, table: str) -> None:
    """Overwrite the first page of a table or index."""
    with closing(sqlite3.connect(folder / "tinytrail.db")) as tx:
        [(page,)] = tx.execute("select rootpage from sqlite_master where name = ?", [table])
        [(size,)] = tx.execute("pragma page_size")
    with (folder / "tinytrail.db").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(os.urandom(size))


def test_a_damaged_page_stops_what_needs_it_and_nothing_else(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    with serving(tmp_path, **UNLIMITED) as server:
        load = Load(server, ledger)
        wait_for(lambda: ledger.total() > 200)
        load.stop()
    damage(tmp_path, "sqlite_autoindex_paths_1")

    of_web = ledger.acknowledged["web"].total()
    with serving(tmp_path, log=f"{tmp_path}/log", **UNLIMITED) as server:
        load, before = Load(server, ledger), ledger.total()
        wait_for(lambda: ledger.total() > before + 200)
        load.stop()
        assert server.stop() == 0
    assert ledger.acknowledged["web"].total() == of_web  # 503
    assert ledger.answers.keys() == {200, 202, 503}
    [said] = told(tmp_path)
    assert said.startswith("the database is damaged; run `tinytrail check`, and restore a backup: ")

    checked = subprocess.run([*COMMAND, "check"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert checked.returncode == 2
    assert "tinytrail.db is damaged, so restore a backup: " in checked.stderr
    with closing(sqlite3.connect(tmp_path / "tinytrail.db")) as tx:
        for system, found in stored(tx).items():
            assert not ledger.acknowledged[system] - found, system


def test_a_start_goes_on_without_what_a_damaged_page_holds(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    damage(tmp_path, "presence")
    with serving(tmp_path, log=f"{tmp_path}/log", **UNLIMITED) as server:
        load = Load(server, ledger)
        wait_for(lambda: ledger.acknowledged["web"].total() > 100)
        load.stop()
        assert server.stop() == 0
    assert told(tmp_path)[0].startswith(
        "could not note the first start: the database is damaged; run `tinytrail check`, and restore a "
    )
    assert not any("Traceback" in line for line in told(tmp_path))


def test_a_start_that_needs_a_damaged_page_says_so_in_a_sentence(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        assert server.stop() == 0
    for command in (["serve", "--port", "0"], ["account", "list"]):
        damage(tmp_path, "accounts")
        start = subprocess.run(
            [*COMMAND, *command], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert (start.returncode, start.stdout) == (2, "")
        assert start.stderr.startswith(
            "Error: the database is damaged; run `tinytrail check`, and restore a ba"
        )
        assert start.stderr.count("\n") == 1


MIGRATION = """
from tinytrail.core import migrations
import sys, time

def half_way(tx):
    tx.execute("alter table visits add column mood text")
    tx.execute("update visits set mood = 'fine', pageviews = 0")
    tx.execute("drop table devices")
    print("half-way", flush=True)
    time.sleep(60)

migrations.MIGRATIONS.append(half_way)

from tinytrail.cli import main
main()
"""


def test_a_migration_that_is_killed_half_way_leaves_the_old_file_usable(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    with serving(tmp_path, **UNLIMITED) as server:
        load = Load(server, ledger)
        wait_for(lambda: ledger.total() > 200)
        load.stop()

    command = [COMMAND[0], "-c", MIGRATION, "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as newer:
        assert newer.stdout
        assert newer.stdout.readline() == "half-way\n"
        newer.kill()

    with serving(tmp_path, **UNLIMITED) as server:
        load, before = Load(server, ledger), ledger.total()
        wait_for(lambda: ledger.total() > before + 100)
        load.stop()
    audit(tmp_path, ledger)


# The start itself writes, so the queue is closed once the server listens.
CLOSED_QUEUE = """
from tinytrail import serve
from tinytrail.core import db

async def startup(self, sockets=None, *, startup=serve.Server.startup):
    await startup(self, sockets)
    db.MOST_WAITING = 0

serve.Server.startup = startup
"""


def test_a_full_queue_is_told_to_the_clients_of_all_four_systems(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    with serving_with(CLOSED_QUEUE, tmp_path, **UNLIMITED) as server:
        load = Load(server, ledger)
        wait_for(lambda: refused(ledger) > 50)
        load.stop()
        for path, body in (
            ("/api/v1/collect", hit(ledger.prepared.website)),
            ("/track", {"event": "play", "user_id": "alice"}),
            ("/heartbeat", {"instance_id": "b316815f-5f81-488f-89f8-12b62013dfa4", "version": "1"}),
            ("/api/beat", {}),
        ):
            headers = {"authorization": ledger.tokens[0]}
            answer = httpx.post(f"{server.url}{path}", json=body, headers=headers)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1"), path
    assert told(tmp_path).count("more comes than can be written: 0 wait, others must come back") == 1
    audit(tmp_path, ledger)
