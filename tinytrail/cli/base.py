"""What all commands share: their settings, the database, and troubles told in one sentence."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import click
import msgspec
from litestar.exceptions import HTTPException

from tinytrail import __version__
from tinytrail.config import Config, ConfigError, load_config
from tinytrail.core.connect import Tx, connect, schema_version
from tinytrail.core.lock import Served, only_server
from tinytrail.core.migrations import MIGRATIONS
from tinytrail.core.obstacles import DatabaseError
from tinytrail.core.trouble import Busy, trouble_with_file


class Trouble(click.ClickException):
    """A sentence on stderr and exit code 2, whatever the cause; never a traceback."""

    exit_code = 2


@contextmanager
def told_in_one_sentence() -> Iterator[None]:
    try:
        yield
    except HTTPException as error:  # what the API answers with 400 or 404
        raise Trouble(error.detail) from None
    except BrokenPipeError:  # whoever reads what is printed has enough; click ends it quietly
        raise
    except OSError as error:
        raise Trouble(f"{error.filename}: {error.strerror}" if error.filename else str(error)) from None
    except (Busy, ConfigError, DatabaseError, ValueError, sqlite3.Error) as error:
        raise Trouble(trouble_with_file(error) or str(error)) from None


def command(group: click.Group, name: str) -> Callable[[Callable[..., None]], click.Command]:
    """A command that is given the settings, and tells its troubles in one sentence."""

    def decorate(work: Callable[..., None]) -> click.Command:
        @wraps(work)
        def run(config: str | None, database: str | None, **options: Any) -> None:
            with told_in_one_sentence():
                settings = load_config(config)
                if database:
                    settings = msgspec.structs.replace(settings, database=database)
                work(settings, **options)

        with_database = click.option("--database", metavar="FILE", help="Instead of the configured one.")
        with_config = click.option("--config", metavar="FILE", help="Settings; else ./tinytrail.toml.")
        return group.command(name)(with_config(with_database(run)))

    return decorate


@contextmanager
def opened(config: Config, *, upgrade: bool = True) -> Iterator[Tx]:
    """The database. Only `serve` makes a new file."""
    if not Path(config.database).exists():
        raise DatabaseError(f"there is no database at {config.database}; `tinytrail serve` makes one")
    if not Path(config.database).stat().st_size:
        raise DatabaseError(f"{config.database} is empty")
    if upgrade:
        upgrade_unless_served(config.database)
    with closing(connect(config.database, upgrade=upgrade)) as tx:
        yield tx


def upgrade_unless_served(path: str) -> None:
    """A server of the version before, not yet restarted, could store nothing more in a newer schema."""
    with closing(connect(path, upgrade=False)) as tx:
        if schema_version(tx) == len(MIGRATIONS):
            return
    try:
        with only_server(path):
            connect(path).close()
    except Served:
        raise DatabaseError(
            f"an older version serves {path}; restart that server, which upgrades the file, and try again"
        ) from None


removes = click.option("--yes", "is_sure", is_flag=True, help="Do not ask.")


def confirmed(question: str, is_sure: bool) -> None:
    """Ask on stderr, and end the command unless the answer is yes."""
    if not is_sure:
        click.confirm(question, abort=True, err=True)


@click.group()
@click.version_option(__version__, prog_name="tinytrail")
def main() -> None:
    """TinyTrail: analytics for those who host their own, from one process and one SQLite file."""
