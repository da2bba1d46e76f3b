"""The commands that list, show and remove accounts, users and websites."""

import re
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner, Result

from tests.test_cli import NOBODY, folder, key, output, rows, trouble
from tinytrail.cli import main
from tinytrail.core.connect import connect, transaction
from tinytrail.web.events import PAGE_VIEW, Event, Visitor, store_events

__all__ = ["folder", "key"]  # fixtures

VISITOR = Visitor(7, "Direct", None, None, "desktop", "Firefox", "Linux", "1441+", None, False, False)


def answering(answer: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, input=answer)


@pytest.fixture
def acme(key: str) -> str:
    """The id of an account with a user, a website and some traffic."""
    account_id = output("account", "add", "Acme Corp").strip()
    output("user", "add", "--account", account_id, "--email", "alice@example.com")
    output("website", "add", "acme.example", "--account", account_id, "--timezone", "Asia/Tokyo")
    with closing(connect("tinytrail.db")) as tx, transaction(tx):
        [(site,)] = tx.execute("select site from websites")
        for at in range(3):
            store_events(tx, [[Event(site, at, 20_000, PAGE_VIEW, f"/{at}", None, None, VISITOR)]])
    return account_id


def id_in(table: str, where: str) -> str:
    [[found]] = rows(f"select id from {table} where {where}")
    return str(found)


TRAFFIC = ("visits", "events", "paths", "strings")


def traffic() -> dict[str, int]:
    counts = {}
    for table in TRAFFIC:
        [[count]] = rows(f"select count(*) from {table}")
        assert isinstance(count, int)
        counts[table] = count
    return counts


def test_accounts_are_listed(acme: str) -> None:
    first = id_in("accounts", "name = 'My account'")
    assert output("account", "list").splitlines() == [f"{first}  My account", f"{acme}  Acme Corp"]


def test_users_are_listed_with_role_account_and_email(acme: str) -> None:
    admin, alice = id_in("users", "role = 'admin'"), id_in("users", "role = 'user'")
    assert output("user", "list").splitlines() == [
        f"{admin}  admin  My account  -",
        f"{alice}  user   Acme Corp  alice@example.com",
    ]


def test_no_key_is_listed(acme: str) -> None:
    for words in (["user", "list"], ["account", "list"], ["website", "show", "acme.example"]):
        assert "tt_" not in output(*words)


@pytest.mark.parametrize("by", ["domain", "id"])
def test_a_website_is_shown(acme: str, by: str) -> None:
    website_id = id_in("websites", "true")
    said = output("website", "show", website_id if by == "id" else "Acme.EXAMPLE")
    shown = [re.split(r"  +", line, maxsplit=1) for line in said.splitlines()]
    made = dict((title, value) for title, value in shown)
    assert made.pop("made").endswith("Z")
    assert made == {
        "domain": "acme.example",
        "id": website_id,
        "account": acme,
        "time zone": "Asia/Tokyo",
        "events kept": "for good",
        "first event": "1970-01-01T00:00:00.000Z",
        "last event": "1970-01-01T00:00:02.000Z /2",
        "snippet": f'<script defer data-id="{website_id}" src="http://127.0.0.1:8000/js/tracker.js"></script>',
    }


def test_what_a_visitor_sent_writes_no_line_and_no_colour_into_the_operators_terminal(acme: str) -> None:
    sent = "/\x1b[31m\nsnippet       \x9b<script src=//evil.example>"
    with closing(connect("tinytrail.db")) as tx, transaction(tx):
        [(site,)] = tx.execute("select site from websites")
        store_events(tx, [[Event(site, 9, 20_000, PAGE_VIEW, sent, None, None, VISITOR)]])
    last = r"1970-01-01T00:00:09.000Z /\x1b[31m\x0asnippet       \x9b<script src=//evil.example>"
    said = output("website", "show", "acme.example")
    assert f"last event    {last}\n" in said
    assert len(re.findall("^snippet", said, re.MULTILINE)) == 1


@pytest.mark.parametrize(
    ("own", "servers", "said"),
    [(None, 0, "for good"), (None, 90, "90 days"), (7, 90, "7 days"), (0, 90, "for good")],
)
def test_how_long_events_are_kept_is_what_holds(
    acme: str, own: int | None, servers: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYTRAIL_WEB_RETENTION_DAYS", str(servers))
    with closing(sqlite3.connect("tinytrail.db", isolation_level=None)) as tx:
        tx.execute("update websites set retention_days = ?", [own])
    assert f"events kept   {said}\n" in output("website", "show", "acme.example")


def test_removing_a_website_leaves_nothing_of_its_traffic(acme: str) -> None:
    output("website", "add", "other.example")
    assert min(traffic().values()) > 0
    assert output("website", "remove", "acme.example", "--yes") == "acme.example is deleted\n"
    assert rows("select domain from websites") == [("other.example",)]
    assert set(traffic().values()) == {0}


def test_removing_an_account_takes_its_users_and_websites_along(acme: str) -> None:
    assert output("account", "remove", acme.upper(), "--yes") == "Acme Corp is deleted\n"
    assert rows("select name from accounts") == [("My account",)]
    assert rows("select role from users") == [("admin",)]
    assert rows("select 1 from websites") == []
    assert set(traffic().values()) == {0}


def test_removing_a_user_leaves_the_others(acme: str) -> None:
    assert (
        output("user", "remove", id_in("users", "role = 'user'"), "--yes") == "alice@example.com is deleted\n"
    )
    assert rows("select role from users") == [("admin",)]
    assert rows("select domain from websites") == [("acme.example",)]


@pytest.fixture
def removals(acme: str) -> list[tuple[list[str], str]]:
    """What can be removed, and what is asked before."""
    website_id = id_in("websites", "true")
    return [
        (
            ["account", "remove", acme],
            "Delete account Acme Corp (users: 1, websites: 1) and all of its traffic?",
        ),
        (["user", "remove", id_in("users", "role = 'user'")], "Delete user alice@example.com?"),
        (
            ["website", "remove", "acme.example"],
            f"Delete acme.example ({website_id}) and all of its traffic?",
        ),
    ]


@pytest.mark.parametrize("answer", ["n\n", "\n", ""], ids=["no", "enter", "nobody there"])
def test_nothing_is_removed_unless_the_answer_is_yes(
    removals: list[tuple[list[str], str]], answer: str
) -> None:
    def state() -> list[tuple[object, ...]]:
        return rows(
            "select id from accounts union all select id from users union all select id from websites"
        )

    before = state(), traffic()
    for words, question in removals:
        result = answering(answer, *words)
        assert result.exit_code == 1
        assert result.stdout == ""
        assert question in result.stderr
        assert "Aborted!" in result.stderr
    assert (state(), traffic()) == before


def test_yes_removes(removals: list[tuple[list[str], str]]) -> None:
    for words, _ in reversed(removals):
        assert answering("y\n", *words).exit_code == 0
    assert rows("select name from accounts") == [("My account",)]
    assert set(traffic().values()) == {0}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["account", "remove", NOBODY], f"there is no account {NOBODY}; see `tinytrail account list`"),
        (["account", "remove", "Acme Corp"], "there is no account Acme Corp; see `tinytrail account list`"),
        (["user", "remove", NOBODY], f"there is no user {NOBODY}; see `tinytrail user list`"),
        (
            ["website", "show", "nobody.example"],
            "there is no website nobody.example; see `tinytrail website list`",
        ),
        (["website", "remove", NOBODY], f"there is no website {NOBODY}; see `tinytrail website list`"),
        (
            ["export", "nobody.example", "-"],
            "there is no website nobody.example; see `tinytrail website list`",
        ),
    ],
)
def test_what_is_not_there_is_told(acme: str, words: list[str], said: str) -> None:
    assert trouble(*words) == said


def test_the_last_admin_stays(key: str) -> None:
    admin, account = id_in("users", "true"), id_in("accounts", "true")
    for words in (["user", "remove", admin], ["account", "remove", account]):
        assert trouble(*words, "--yes") == "id: the last admin cannot be deleted"
    assert output("key") == f"{key}\n"


def test_a_domain_that_two_accounts_have_is_named_by_id(acme: str) -> None:
    output("website", "add", "acme.example")
    ids = {str(found) for [found] in rows("select id from websites")}
    for words in (["website", "show"], ["website", "remove"], ["export"]):
        said = trouble(*words, "acme.example", *(["-"] if words == ["export"] else []))
        assert said.startswith("several accounts have acme.example; name one of these ids: ")
        assert set(said.rpartition(": ")[2].split(", ")) == ids
    for website_id in ids:
        assert f"id            {website_id}\n" in output("website", "show", website_id)
