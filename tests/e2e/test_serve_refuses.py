"""What keeps `tinytrail serve` from starting is one sentence on stderr and exit code 2."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.server import COMMAND, serving, started
from tinytrail.core.migrations import MIGRATIONS

# root may write anywhere, unless it gives that right up
UNPRIVILEGED = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


def refusal(folder: Path, *arguments: str, under: tuple[str, ...] = (), **environment: str) -> str:
    """The sentence of a server that does not start; `under` is a command that starts it."""
    assert not UNPRIVILEGED or shutil.which("setpriv"), "setpriv is missing; it is in util-linux"
    done = subprocess.run(
        [*under, *UNPRIVILEGED, *COMMAND, "serve", "--port", "0", *arguments],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, ""), done
    [line] = done.stderr.splitlines()
    assert line.startswith("Error: ")
    return line.removeprefix("Error: ")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Of a server that ran before."""
    with serving(tmp_path) as server:
        assert server.stop() == 0
    return tmp_path / "tinytrail.db"


@pytest.fixture
def unwritable(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "unwritable"
    folder.mkdir(mode=0o500)
    yield folder
    folder.chmod(0o700)


@pytest.mark.parametrize("files", [18, 22])
def test_a_database_that_one_connection_can_open_but_not_all(database: Path, files: int) -> None:
    said = refusal(database.parent, under=("prlimit", f"--nofile={files}"))
    assert said.startswith(
        ("cannot open the database tinytrail.db: ", "cannot use the database tinytrail.db: ")
    )


IN_USE = "Address already in use; stop what listens there, or take another, by --port or in the settings"


def test_a_port_in_use_and_nothing_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = refusal(tmp_path, "--port", str(port))
    assert said == f"cannot listen on 127.0.0.1 port {port}: {IN_USE}"
    assert os.listdir(tmp_path) == []


def test_a_second_server_on_the_port_of_the_first(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        port = server.url.rpartition(":")[2]
        assert refusal(tmp_path, "--port", port).endswith(f"port {port}: {IN_USE}")


def test_a_second_server_on_the_database_of_the_first_by_any_name(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        (tmp_path / "linked.db").symlink_to("tinytrail.db")
        (tmp_path / "hard.db").hardlink_to(tmp_path / "tinytrail.db")
        for path in ("tinytrail.db", "linked.db", "hard.db"):
            reason = "two would count a visitor twice, so stop that one first"
            assert refusal(tmp_path, "--database", path) == f"another server serves {path} already; {reason}"
        assert httpx.get(f"{server.url}/health").status_code == 200
        assert server.stop() == 0
    with serving(tmp_path) as next_one:
        assert next_one.stop() == 0


def test_commands_need_no_stop_and_let_no_second_server_in(tmp_path: Path) -> None:
    """SQLite would let go of a lock of the ordinary kind whenever it closes a file."""
    with serving(tmp_path) as server:
        server.add_website("example.com")
        for command in (["backup", "copy.db"], ["check"], ["key"], ["aggregate"]):
            server.run(*command)
        key = {"x-api-key": server.api_key()}
        assert httpx.post(f"{server.url}/api/v1/admin/aggregate", headers=key).is_success
        assert refusal(tmp_path).startswith("another server serves tinytrail.db already")


def test_a_killed_server_stands_in_nobodys_way(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        server.stop(signal.SIGKILL)
    with serving(tmp_path) as server:
        assert server.stop() == 0


def test_two_databases_in_a_folder_may_have_a_server_each(tmp_path: Path) -> None:
    with serving(tmp_path), serving(tmp_path, "--database", "other.db") as other:
        assert httpx.get(f"{other.url}/health").status_code == 200


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("192.0.2.1", "Cannot assign requested address"),
        ("a..b", "that is no host name"),
    ],
)
def test_an_address_that_is_not_this_machines(tmp_path: Path, host: str, reason: str) -> None:
    assert refusal(tmp_path, "--host", host) == f"cannot listen on {host} port 0: {reason}"


def test_a_directory_that_cannot_be_written(unwritable: Path) -> None:
    assert refusal(unwritable) == "tinytrail.key: Permission denied"


def test_a_database_in_a_directory_that_cannot_be_written(tmp_path: Path, unwritable: Path) -> None:
    path = f"{unwritable}/t.db"
    assert refusal(tmp_path, "--database", path) == f"cannot open the database {path}: Permission denied"


def test_a_database_that_can_be_written_in_a_directory_that_cannot(database: Path) -> None:
    """SQLite says that it is the database."""
    (database.parent / "link.db").symlink_to("folder/tinytrail.db")
    folder = database.parent / "folder"
    folder.mkdir()
    database.rename(folder / database.name)
    folder.chmod(0o500)
    said = [refusal(database.parent, "--database", path) for path in ("folder/tinytrail.db", "link.db")]
    folder.chmod(0o700)
    reason = "its folder cannot be written, where SQLite keeps a log beside it"
    assert said == [
        f"cannot open the database {path}: {reason}" for path in ("folder/tinytrail.db", "link.db")
    ]


def test_a_database_that_cannot_be_read(database: Path) -> None:
    """As one that root has put back from a backup."""
    database.chmod(0)
    assert refusal(database.parent) == "cannot open the database tinytrail.db: Permission denied"


def test_a_database_that_cannot_be_written(database: Path) -> None:
    database.chmod(0o400)
    said = refusal(database.parent)
    assert said == "cannot use the database tinytrail.db: attempt to write a readonly database"


def test_a_database_that_could_not_be_written_is_served_once_it_can(database: Path) -> None:
    database.chmod(0o400)
    refusal(database.parent)
    for beside in ("tinytrail.db-wal", "tinytrail.db-shm"):
        assert not database.with_name(beside).stat().st_mode & 0o200  # SQLite's doing
    database.chmod(0o600)
    command = [*UNPRIVILEGED, *COMMAND, "serve", "--port", "0"]
    with started(command, database.parent, {}) as server:
        assert httpx.get(f"{server.url}/health").status_code == 200
        assert server.stop() == 0


def test_a_database_that_is_cut_short(database: Path) -> None:
    os.truncate(database, database.stat().st_size // 2)
    said = refusal(database.parent)
    assert said == "cannot open the database tinytrail.db: it is damaged, so restore a backup"


def test_a_secret_that_cannot_be_read(database: Path) -> None:
    (database.parent / "tinytrail.key").chmod(0)
    assert refusal(database.parent) == "tinytrail.key: Permission denied"


def test_a_path_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = refusal(tmp_path, "--database", "file/t.db")
    assert said == "cannot open the database file/t.db: Not a directory"


def test_a_directory_for_a_database(tmp_path: Path) -> None:
    (tmp_path / "t.db").mkdir()
    said = refusal(tmp_path, "--database", "t.db")
    assert said == "cannot open the database t.db: Is a directory"


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "tinytrail.db").write_text("Dear Alice, " * 1000)
    assert refusal(tmp_path) == "cannot open the database tinytrail.db: file is not a database"


def test_a_newer_database(database: Path) -> None:
    with closing(sqlite3.connect(database)) as tx:
        tx.execute(f"pragma user_version = {len(MIGRATIONS) + 1}")
    said = refusal(database.parent)
    assert said.startswith("tinytrail.db was written by a newer TinyTrail (schema ")
    assert said.endswith("upgrade, or restore a backup")


def test_a_database_that_another_process_keeps_locked(database: Path) -> None:
    with closing(sqlite3.connect(database)) as tx:
        tx.execute("begin immediate")
        said = refusal(database.parent)
    assert said == "cannot use the database tinytrail.db: database is locked"


@pytest.mark.parametrize("content", ["", "garbage", "abcdef\n"])
def test_a_key_file_with_garbage(tmp_path: Path, content: str) -> None:
    (tmp_path / "tinytrail.key").write_text(content)
    said = refusal(tmp_path)
    assert said == "tinytrail.key holds no secret: 64 hexadecimal digits are expected"
    assert (tmp_path / "tinytrail.key").read_text() == content


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[server", "tinytrail.toml is not valid TOML: "),
        ("[server]\nprot = 1", "tinytrail.toml: server: there is no setting called `prot`"),
        ('[geo]\ndatabase = "no.mmdb"', "geo.database: no.mmdb cannot be read: No such file or directory"),
    ],
)
def test_settings_that_cannot_be_used(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "tinytrail.toml").write_text(text)
    assert refusal(tmp_path).startswith(said)


def test_a_variable_that_cannot_be_used(tmp_path: Path) -> None:
    assert refusal(tmp_path, TINYTRAIL_WEB_ENABLED="perhaps").startswith("TINYTRAIL_WEB_ENABLED: ")


def test_a_start_that_failed_does_not_use_up_the_showing_of_the_key(tmp_path: Path) -> None:
    refusal(tmp_path, TINYTRAIL_GEO_DATABASE="no.mmdb")
    with serving(tmp_path) as server:
        key = server.api_key()
        assert server.stop() == 0
        assert server.process.stdout
        assert key in server.process.stdout.read()
