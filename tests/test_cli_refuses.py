"""What the commands do not make, and what they say then."""

import os
from pathlib import Path

import pytest

from tests.test_cli import NOBODY, folder, key, output, rows, trouble
from tinytrail.core.connect import connect
from tinytrail.core.tokens import read_or_make_secret

__all__ = ["folder", "key"]  # fixtures


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["account", "add", "  "], "name: must not be empty"),
        (["user", "add", "--account", "7"], "--account: there is no account 7; see `tinytrail account list`"),
        (["user", "add", "--account", NOBODY], f"--account: there is no account {NOBODY}; see"),
        (["website", "add", "https://example.com/"], "domain: must be a domain name without https://"),
        (["website", "add", "bücher.example"], "domain: must be a domain name without https://"),
        (["website", "add", "taken.example"], "domain: this account has taken.example already"),
        (["website", "add", "example.com", "--account", "abc"], "--account: there is no account abc; see"),
        (["website", "add", "example.com", "--timezone", "Mars"], "timezone: `Mars` is no time zone"),
        (["aggregate", "yesterday"], "yesterday: must be a date, YYYY-MM-DD"),
        (["aggregate", "2026-02-30"], "2026-02-30: there is no such date"),
    ],
)
def test_what_cannot_be_made_is_told_and_leaves_nothing(key: str, words: list[str], said: str) -> None:
    output("website", "add", "taken.example")
    before = rows("select id from accounts union select id from users union select id from websites")
    assert trouble(*words).startswith(said)
    assert rows("select id from accounts union select id from users union select id from websites") == before


def test_an_international_domain_is_told_how_it_is_written(key: str) -> None:
    assert trouble("website", "add", "bücher.example").endswith("other letters are written xn--...")
    assert "xn--bcher-kva.example is website" in output("website", "add", "xn--bcher-kva.example")


def test_a_secret_that_cannot_be_read_is_told(key: str, folder: Path) -> None:
    (folder / "tinytrail.key").write_text("garbage")
    assert trouble("key").startswith("tinytrail.key holds no secret")
    (folder / "tinytrail.key").unlink()
    (folder / "tinytrail.key").mkdir()
    assert trouble("user", "add") == "tinytrail.key: Is a directory"


def test_a_key_of_nobody_is_not_shown() -> None:
    connect("tinytrail.db").close()
    assert trouble("key") == "there is no admin; make one with `tinytrail user add --role admin`"
    for user_id in (NOBODY, "999"):
        for words in (["key"], ["key", "--new"]):
            said = trouble(*words, "--user", user_id)
            assert said == f"there is no user {user_id}; see `tinytrail user list`"


def test_a_key_made_with_another_secret_cannot_be_shown(key: str) -> None:
    os.unlink("tinytrail.key")
    read_or_make_secret("tinytrail.key")
    said = "This key was made with another tinytrail.key; make a new one with "
    assert trouble("key") == f"{said}`tinytrail key --new`"
    [[user_id]] = rows("select id from users")
    assert trouble("key", "--user", str(user_id)) == f"{said}`tinytrail key --new --user {user_id}`"
