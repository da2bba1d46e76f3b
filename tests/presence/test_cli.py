"""`tinytrail device …`."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from httpx import AsyncClient

from tests.presence.make import beat, stats
from tinytrail.cli import main
from tinytrail.config import Config


@pytest.fixture
def database(config: Config, client: AsyncClient) -> str:
    """That of a server which runs."""
    return config.database


def tinytrail(database: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--database", database])


def token_in(result: Result) -> dict[str, str]:
    assert result.exit_code == 0, result.output
    found = re.search(r"^token  ([0-9a-f]{48})$", result.stdout, re.MULTILINE)
    assert found
    return {"token": found[1]}


async def test_an_added_device_can_beat_while_the_server_runs(client: AsyncClient, database: str) -> None:
    result = tinytrail(database, "device", "add", " Laptop ")

    assert result.stdout.startswith("device 0  Laptop\n")
    assert (await beat(client, token_in(result))).status_code == 200
    assert tinytrail(database, "device", "list").stdout == "0  Laptop  1 beats\n"


async def test_a_new_token_ends_the_old_one_at_once(client: AsyncClient, database: str) -> None:
    old = token_in(tinytrail(database, "device", "add", "Laptop"))
    assert (await beat(client, old)).status_code == 200

    new = token_in(tinytrail(database, "device", "token", "0"))

    assert (await beat(client, old)).status_code == 401
    assert (await beat(client, new)).status_code == 200
    assert (await stats(client))["total_beats"] == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", "  "), "name: must not be empty"),
        (("add", "x" * 201), "name: must have at most 200 characters"),
        (("token", "7"), "there is no device 7"),
        (("token", "x"), "there is no device x"),
    ],
)
def test_trouble_is_a_sentence_and_exit_code_2(
    database: str, arguments: tuple[str, ...], sentence: str
) -> None:
    result = tinytrail(database, "device", *arguments)

    assert result.exit_code == 2
    assert sentence in result.stderr


def test_without_a_database_it_says_so(tmp_path: Path) -> None:
    result = tinytrail(str(tmp_path / "none.db"), "device", "list")

    assert result.exit_code == 2
    assert "there is no database" in result.stderr
