"""The commands that look after the file: aggregate, backup and check."""

import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.make import BROWSER, hit
from tests.server import serving
from tests.test_cli import folder, key, output, rows, trouble
from tinytrail.core import connect as connect_module
from tinytrail.core.clock import day_number, parse_date
from tinytrail.core.lock import only_server
from tinytrail.core.migrations import MIGRATIONS
from tinytrail.core.trouble import Busy

__all__ = ["folder", "key"]  # fixtures

NO_LIMIT = {"TINYTRAIL_WEB_COLLECT_LIMIT": ""}
VERSION = len(MIGRATIONS)
DAY = day_number(parse_date("2026-03-14"))


@contextmanager
def written(sql: str = "", database: str = "tinytrail.db") -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(database, isolation_level=None)) as tx:
        tx.executescript(sql)
        yield tx


@pytest.fixture
def day_with_a_visit(key: str) -> None:
    """Saturday, 14 March 2026, still open."""
    output("website", "add", "example.com")
    with written() as tx:
        records: dict[str, dict[str, Any]] = {
            "paths": {"id": 1, "site": 1, "path": "/"},
            "strings": {"id": 1, "site": 1, "value": "Direct"},
            "visits": {"site": 1, "day": DAY, "visitor": 1, "started": 0, "last_seen": 0, "events": 1}
            | {"pageviews": 1, "customs": 0, "entry": 1, "exit": 1, "channel": 1, "device": 1, "browser": 1}
            | {"os": 1, "screen": 1, "is_bot": 0, "is_excluded": 0},
            "open_days": {"site": 1, "day": DAY, "changes": 1},
        }
        for table, values in records.items():
            columns, marks = ", ".join(values), ", ".join("?" * len(values))
            tx.execute(f"insert into {table} ({columns}) values ({marks})", list(values.values()))


def test_a_day_is_rolled_up(day_with_a_visit: None) -> None:
    assert output("aggregate", "2026-03-13") == "Aggregation completed for 2026-03-13\n"
    assert rows("select day from daily") == []
    for _ in range(2):
        assert output("aggregate", "2026-03-14") == "Aggregation completed for 2026-03-14\n"
        assert rows("select day, max(visits) from daily group by day") == [(DAY, 1)]
        assert rows("select * from open_days") == []


def test_yesterday_is_meant_where_no_day_is_given(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: (DAY + 1) * 86_400.0)
    assert output("aggregate") == "Aggregation completed for 2026-03-14\n"


def test_a_file_that_is_locked_is_told(day_with_a_visit: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the rollup, and amid it."""

    async def find_it_locked(*_: object) -> None:
        raise Busy("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr("tinytrail.cli.operate.roll_up", find_it_locked)
        assert trouble("aggregate", "2026-03-14") == "database is locked"

    impatient = connect_module.PRAGMAS.replace("busy_timeout = 5000", "busy_timeout = 5")
    monkeypatch.setattr(connect_module, "PRAGMAS", impatient)
    with written("begin immediate"):
        said = trouble("aggregate", "2026-03-14")
    assert said == "cannot use the database tinytrail.db: database is locked"


def test_a_backup_is_whole_and_for_its_owner_alone(key: str) -> None:
    before = rows("select * from users")
    said = output("backup", "copy.db")
    told = (
        f"copy.db: {os.path.getsize('copy.db')} bytes. Keep a copy of tinytrail.key too, in another place.\n"
    )
    assert said == told
    assert stat.S_IMODE(os.stat("copy.db").st_mode) == 0o600
    assert sorted(os.listdir()) == ["copy.db", "tinytrail.db", "tinytrail.key"]
    assert "database  ok" in output("check", "copy.db")
    assert output("key", "--database", "copy.db") == f"{key}\n"
    assert rows("select * from users") == before


def test_a_server_that_wants_the_processor_goes_before_a_backup(key: str, niceness: list[int]) -> None:
    output("backup", "copy.db")
    assert niceness == [10]


def test_a_backup_overwrites_nothing(key: str, folder: Path) -> None:
    (folder / "copy.db").write_text("precious")
    assert trouble("backup", "copy.db") == "copy.db exists already; nothing was written"
    assert trouble("backup", "tinytrail.db") == "tinytrail.db exists already; nothing was written"
    assert (folder / "copy.db").read_text() == "precious"


@pytest.mark.parametrize("log", ["copy.db-wal", "copy.db-journal"])
def test_a_backup_is_not_put_beside_the_log_of_an_older_one(key: str, folder: Path, log: str) -> None:
    """That was tried out, say: what the log holds would be written into the copy when somebody opens it."""
    (folder / log).touch()
    assert trouble("backup", "copy.db") == f"{log} exists already; nothing was written"
    assert not (folder / "copy.db").exists()


def test_what_a_backup_left_that_was_broken_off_does_not_stop_the_next(key: str, folder: Path) -> None:
    (folder / "copy.db.unfinished").write_text("half a database")
    output("backup", "copy.db")
    assert sorted(os.listdir()) == ["copy.db", "tinytrail.db", "tinytrail.key"]


def test_a_backup_that_fails_leaves_nothing(key: str) -> None:
    assert trouble("backup", "no/copy.db") == "no/copy.db: No such file or directory"
    assert sorted(os.listdir()) == ["tinytrail.db", "tinytrail.key"]


def test_a_full_disk_is_the_backups_where_it_is_not_the_servers(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL

    def write_copy(*_: object) -> None:
        raise full

    monkeypatch.setattr("tinytrail.cli.operate.write_copy", write_copy)
    assert trouble("backup", "copy.db") == "copy.db: No space left on device"


def test_a_backup_before_an_upgrade_is_of_the_older_version(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect_module, "MIGRATIONS", [*MIGRATIONS, lambda _: None])
    output("backup", "copy.db")
    for database in ("tinytrail.db", "copy.db"):
        with written(database=database) as tx:
            assert tx.execute("pragma user_version").fetchone() == (VERSION,)


def test_a_backup_of_a_server_at_work_holds_all_that_was_accepted_before(folder: Path) -> None:
    with serving(folder, **NO_LIMIT) as server:
        website = server.add_website("example.com")
        accepted, stop = 0, threading.Event()

        def visit() -> None:
            nonlocal accepted
            with httpx.Client(base_url=server.url, headers={"user-agent": BROWSER}) as client:
                while not stop.is_set():
                    response = client.post("/api/v1/collect", json=hit(website, f"/{accepted}"))
                    assert response.status_code == 202
                    accepted += 1

        with ThreadPoolExecutor() as pool:
            visiting = pool.submit(visit)
            try:
                counts = []
                for number in range(3):
                    before = accepted
                    server.run("backup", f"{number}.db")
                    assert "database  ok" in server.run("check", "--database", f"{number}.db")
                    with written(database=f"{number}.db") as tx:
                        [[stored]] = tx.execute("select count(*) from events")
                    assert before <= stored <= accepted + 1
                    counts.append(stored)
            finally:
                stop.set()
            visiting.result()
    assert counts == sorted(set(counts))  # it was at work


def test_a_check_of_what_is_well(key: str) -> None:
    size = os.path.getsize("tinytrail.db")
    assert output("check") == f"settings  ok\nschema    ok, version {VERSION}\ndatabase  ok, {size} bytes\n"


def test_a_check_finds_a_damaged_page_and_a_backup_does_not_pass_it_on_in_silence(
    key: str, folder: Path
) -> None:
    file = folder / "tinytrail.db"
    with written() as tx:
        [[page]] = tx.execute("select rootpage from sqlite_master where name = 'users_account'")
    content = bytearray(file.read_bytes())
    content[(page - 1) * 4096 : page * 4096] = b"\xff" * 4096
    file.write_bytes(content)
    assert trouble("check").startswith("tinytrail.db is damaged, so restore a backup: ")
    said = trouble("backup", "copy.db")
    assert said.startswith("copy.db was written, but is damaged, as tinytrail.db is: ")
    assert trouble("check", "copy.db").startswith("copy.db is damaged, so restore a backup: ")
    assert sorted(os.listdir()) == ["copy.db", "tinytrail.db", "tinytrail.key"]


def test_a_check_finds_an_empty_file_and_no_command_makes_a_database_of_it(key: str, folder: Path) -> None:
    (folder / "copy.db").touch()
    assert trouble("check", "copy.db") == "copy.db is empty"
    assert trouble("website", "list", "--database", "copy.db") == "copy.db is empty"
    assert (folder / "copy.db").read_bytes() == b""


def test_a_check_of_a_copy_that_is_not_there_does_not_say_that_serve_makes_it(key: str) -> None:
    assert trouble("check", "no.db") == "no.db: No such file or directory"
    said = trouble("check", "--database", "no.db")
    assert said == "there is no database at no.db; `tinytrail serve` makes one"


def test_a_check_finds_a_file_cut_short(key: str, folder: Path) -> None:
    file = folder / "tinytrail.db"
    file.write_bytes(file.read_bytes()[: 10 * 4096])
    said = trouble("check")
    assert said == "cannot open the database tinytrail.db: it is damaged, so restore a backup"


def test_a_check_refuses_a_newer_file(key: str) -> None:
    with written(f"pragma user_version = {VERSION + 1}"):
        pass
    newer = f"tinytrail.db was written by a newer TinyTrail (schema {VERSION + 1}, this one"
    assert trouble("check").startswith(newer)


def test_a_check_refuses_another_programs_file_and_what_is_no_database(folder: Path) -> None:
    with written("create table notes (text)", "notes.db"):
        pass
    (folder / "letter.txt").write_text("Dear Alice, " * 100)
    assert trouble("check", "--database", "notes.db") == "notes.db is the database of another program"
    said = trouble("check", "--database", "letter.txt")
    assert said == "cannot open the database letter.txt: file is not a database"


def test_a_check_looks_into_the_settings_too(key: str, folder: Path) -> None:
    (folder / "tinytrail.toml").write_text('[geo]\ndatabase = "no.mmdb"')
    assert trouble("check") == "geo.database: no.mmdb cannot be read: No such file or directory"
    (folder / "no.mmdb").write_text("no such thing")
    assert trouble("check").startswith("geo.database: no.mmdb cannot be read as an .mmdb file: ")


def test_a_check_looks_for_the_key_file(key: str, folder: Path) -> None:
    file = folder / "tinytrail.key"
    file.write_text("garbage")
    assert trouble("check").startswith("tinytrail.key holds no secret: ")
    file.unlink()
    said = "settings  ok, but tinytrail.key is missing; `tinytrail serve` makes another\n"
    assert output("check").startswith(said)
    assert output("check", "tinytrail.db").startswith("settings  ok\n")  # a copy lies apart from it
    assert not file.exists()


def test_a_check_upgrades_nothing_and_says_that_serve_would(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("tinytrail.core.connect", "tinytrail.cli.operate"):
        monkeypatch.setattr(f"{module}.MIGRATIONS", [*MIGRATIONS, lambda _: None])
    said = f"schema    ok, version {VERSION}; `tinytrail serve` upgrades it to {VERSION + 1}\n"
    assert said in output("check")
    assert rows("pragma user_version") == [(VERSION,)]


def test_no_command_upgrades_a_file_under_the_older_server_that_has_it(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("tinytrail.core.connect", "tinytrail.cli.base"):
        monkeypatch.setattr(f"{module}.MIGRATIONS", [*MIGRATIONS, lambda _: None])
    with only_server("tinytrail.db"):
        for words in (["website", "list"], ["aggregate"]):
            assert trouble(*words).startswith(
                "an older version serves tinytrail.db; restart that server, which"
            )
        assert output("backup", "copy.db")
    assert rows("pragma user_version") == [(VERSION,)]
    output("website", "list")
    assert rows("pragma user_version") == [(VERSION + 1,)]
