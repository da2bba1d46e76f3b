"""Every command, against a real file; its troubles are one sentence on stderr and exit code 2."""

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from tinytrail import __version__
from tinytrail.cli import main
from tinytrail.core.connect import connect, transaction
from tinytrail.core.tokens import read_or_make_secret
from tinytrail.first_run import make_first_admin
from tinytrail.web.sessions import Session, insert_session

UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
KEY = r"tt_[a-z2-7]{40}"
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def key(folder: Path) -> str:
    """The first admin's, of a database such as `serve` makes."""
    with closing(connect("tinytrail.db")) as tx, transaction(tx):
        made = make_first_admin(tx, read_or_make_secret("tinytrail.key"), 0)
    assert made
    return made


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def output(*arguments: str) -> str:
    """What a command that succeeds prints."""
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    return result.stdout


def trouble(*arguments: str) -> str:
    """The one sentence of a command that fails."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    assert re.fullmatch(r"Error: [^\n]+\n", result.stderr), result.stderr
    return result.stderr.removeprefix("Error: ").rstrip()


def rows(sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect("tinytrail.db")) as tx:
        return tx.execute(sql).fetchall()


def commands(group: click.Group, *path: str) -> list[tuple[str, ...]]:
    """The words of every command and group."""
    found = [path]
    for name, command in group.commands.items():
        found += commands(command, *path, name) if isinstance(command, click.Group) else [(*path, name)]
    return found


@pytest.mark.parametrize("words", commands(main), ids=" ".join)
def test_every_command_explains_itself(words: tuple[str, ...]) -> None:
    said = output(*words, "--help")
    assert said.startswith("Usage: ")
    assert len(said.splitlines()[2].strip()) > 10
    assert os.listdir() == []


def test_the_documented_commands_are_there() -> None:
    documented = {
        ("serve",),
        ("key",),
        ("account", "add"),
        ("user", "add"),
        ("website", "add"),
        ("website", "list"),
        ("aggregate",),
        ("backup",),
        ("check",),
    }
    assert documented <= set(commands(main))


def test_it_is_a_module_too() -> None:
    command = [sys.executable, "-m", "tinytrail", "--version"]
    assert subprocess.check_output(command, text=True) == f"tinytrail, version {__version__}\n"


def test_a_traceback_is_never_shown_by_the_real_program_either() -> None:
    command = [sys.executable, "-m", "tinytrail", "key"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Error: there is no database at tinytrail.db; `tinytrail serve` makes one\n"


@pytest.mark.parametrize(
    "words",
    [
        ["key"],
        ["account", "add", "Acme"],
        ["account", "list"],
        ["account", "remove", NOBODY],
        ["user", "add"],
        ["user", "list"],
        ["user", "remove", NOBODY],
        ["website", "add", "example.com"],
        ["website", "list"],
        ["website", "show", "example.com"],
        ["website", "remove", "example.com"],
        ["export", "example.com", "events.ndjson"],
        ["aggregate"],
        ["backup", "copy.db"],
        ["check"],
        ["device", "list"],
    ],
    ids=" ".join,
)
def test_only_serve_makes_files(words: list[str]) -> None:
    assert trouble(*words).startswith("there is no database at tinytrail.db")
    assert os.listdir() == []


def test_settings_that_cannot_be_used_are_named_by_every_command(folder: Path) -> None:
    (folder / "tinytrail.toml").write_text("[server]\nprot = 1")
    assert trouble("check") == "tinytrail.toml: server: there is no setting called `prot`"
    assert trouble("serve", "--config", "no.toml") == "no.toml: No such file or directory"


def test_a_key_is_shown_again(key: str) -> None:
    assert output("key") == f"{key}\n"
    [[user_id]] = rows("select id from users")
    assert output("key", "--user", str(user_id)) == f"{key}\n"


def test_a_new_key_ends_the_old_one_and_who_signed_in_with_it(key: str) -> None:
    [[user_id]] = rows("select id from users")
    with closing(connect("tinytrail.db")) as tx, transaction(tx):
        session = Session("an id", str(user_id), 0, 0, 10**10, "Firefox", "Linux")
        insert_session(tx, session, "a token", key, "")
    renewed = output("key", "--new").strip()
    assert re.fullmatch(KEY, renewed)
    assert renewed != key
    assert output("key") == f"{renewed}\n"
    assert rows("select * from sessions") == []

    another = output("user", "add")
    found = re.search(UUID, another)
    assert found
    assert output("key", "--new", "--user", found[0]).strip() not in another
    assert output("key") == f"{renewed}\n"


def test_a_key_lost_with_its_secret_is_replaced_but_not_by_asking_for_it(key: str) -> None:
    """A secret made in passing may lie in the wrong folder, and keeps the server from saying what is lost."""
    os.unlink("tinytrail.key")
    assert trouble("key").startswith("there is no tinytrail.key, by which keys are shown: run this where it")
    assert not os.path.exists("tinytrail.key")
    renewed = output("key", "--new")
    assert output("key") == renewed != f"{key}\n"


def test_an_account_its_user_and_its_website_are_made(key: str) -> None:
    account_id = output("account", "add", "  Acme Corp ").strip()
    assert re.fullmatch(UUID, account_id)
    made = output("user", "add", "--account", account_id, "--email", "alice@example.com")
    found = re.fullmatch(rf"user    ({UUID})\nAPI key ({KEY})\n", made)
    assert found
    assert output("key", "--user", found[1]) == f"{found[3]}\n"
    output("website", "add", "Example.COM", "--account", account_id, "--timezone", "Europe/Berlin")

    assert ("Acme Corp",) in rows("select name from accounts")
    assert (account_id, "alice@example.com", "user") in rows("select account_id, email, role from users")
    [(owner, website_id)] = rows("select account_id, id from websites")
    assert owner == account_id
    assert output("website", "list") == f"{website_id}  example.com  Europe/Berlin\n"


def test_the_first_account_is_meant_where_none_is_named(key: str) -> None:
    output("account", "add", "Another")
    output("user", "add", "--role", "admin")
    output("website", "add", "example.com")
    [[first]] = rows("select id from accounts where name = 'My account'")
    assert rows("select distinct account_id from users union select account_id from websites") == [(first,)]
    assert output("key") == f"{key}\n"


@pytest.mark.parametrize("public_url", ["https://stats.example.com", "https://example.com/stats/"])
def test_a_new_website_comes_with_the_snippet_for_its_pages(key: str, folder: Path, public_url: str) -> None:
    (folder / "tinytrail.toml").write_text(f'[server]\npublic_url = "{public_url}"')
    said = output("website", "add", "example.com")
    [[website_id]] = rows("select id from websites")
    url = public_url.rstrip("/")
    assert f'\n    <script defer data-id="{website_id}" src="{url}/js/tracker.js"></script>\n' in said
    assert "public_url" not in said


def test_without_a_public_url_the_snippet_is_for_this_machine_and_says_so(key: str) -> None:
    said = output("website", "add", "example.com")
    assert 'src="http://127.0.0.1:8000/js/tracker.js"' in said
    assert "set public_url" in said


def test_a_file_can_be_named_on_the_command_line(key: str, folder: Path) -> None:
    os.rename("tinytrail.db", "elsewhere.db")
    assert output("key", "--database", "elsewhere.db") == f"{key}\n"
    assert trouble("key").startswith("there is no database at tinytrail.db")
