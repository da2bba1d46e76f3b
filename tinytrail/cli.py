"""The command line. Each command but `serve` opens the database for itself, while a server runs or not."""

import asyncio
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, Literal, cast

import click
import msgspec
from litestar.exceptions import HTTPException

from tinytrail import __version__
from tinytrail.config import Config, ConfigError, load_config
from tinytrail.core.clock import date_of, day_number, parse_date, utc_day
from tinytrail.core.connect import DatabaseError, Tx, connect, schema_version, transaction
from tinytrail.core.db import open_database
from tinytrail.core.tokens import read_or_make_secret
from tinytrail.web.accounts import all_accounts, insert_account
from tinytrail.web.rollup import days_open, roll_up
from tinytrail.web.users import NewUser, all_users, api_key_of, find_user, insert_user
from tinytrail.web.websites import NewWebsite, insert_website, websites_of

SNIPPET = '<script defer data-id="{id}" src="{url}/js/tracker.js"></script>'


class Trouble(click.ClickException):
    """A sentence on stderr and exit code 2, whatever the cause; never a traceback."""

    exit_code = 2


@contextmanager
def told_in_one_sentence() -> Iterator[None]:
    try:
        yield
    except HTTPException as error:  # what the API answers with 400 or 404
        raise Trouble(error.detail) from None
    except OSError as error:
        raise Trouble(f"{error.filename}: {error.strerror}" if error.filename else str(error)) from None
    except (ConfigError, DatabaseError, ValueError, sqlite3.Error) as error:
        raise Trouble(str(error)) from None


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
def opened(config: Config) -> Iterator[Tx]:
    """The database. Only `serve` makes a new file."""
    if not Path(config.database).exists():
        raise DatabaseError(f"there is no database at {config.database}; `tinytrail serve` makes one")
    with closing(connect(config.database)) as tx:
        yield tx


@click.group()
@click.version_option(__version__, prog_name="tinytrail")
def main() -> None:
    """TinyTrail: analytics for those who host their own, from one process and one SQLite file."""


@command(main, "serve")
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 for any free one.")
def serve(config: Config, host: str | None, port: int | None) -> None:
    """Serve until stopped; make the database and a first admin where there is none."""
    from tinytrail import serve  # the web server is slow to load, and only this command needs it

    given = {key: value for key, value in (("host", host), ("port", port)) if value is not None}
    server = msgspec.structs.replace(config.server, **given)
    serve.serve(msgspec.structs.replace(config, server=server))


@command(main, "key")
@click.option("--user", "user_id", metavar="ID", help="Whose; else the first admin's.")
def key(config: Config, user_id: str | None) -> None:
    """Show an API key again."""
    with opened(config) as tx:
        if user_id:
            user = find_user(tx, user_id)
        else:
            admins = [user for user in all_users(tx) if user.role == "admin"]
            if not admins:
                raise Trouble("there is no admin; make one with `tinytrail user add --role admin`")
            user = admins[0]
        click.echo(api_key_of(user, read_or_make_secret(config.key_file)))


@main.group("account")
def account() -> None:
    """Accounts: what users and websites belong to."""


@command(account, "add")
@click.argument("name")
def add_account(config: Config, name: str) -> None:
    """Make an account and print its id."""
    if not name.strip():
        raise Trouble("name: must not be empty")
    with opened(config) as tx, transaction(tx):
        click.echo(insert_account(tx, name.strip(), time.time()).id)


@main.group("user")
def user() -> None:
    """Users: who holds an API key."""


@command(user, "add")
@click.option("--account", "account_id", metavar="ID", help="Whose; else the first account.")
@click.option("--role", type=click.Choice(["user", "admin"]), default="user", show_default=True)
@click.option("--email", help="A label; it is not used to sign in.")
def add_user(config: Config, account_id: str | None, role: str, email: str | None) -> None:
    """Make a user and print the API key."""
    secret = read_or_make_secret(config.key_file)
    with opened(config) as tx, transaction(tx):
        new = NewUser(
            account_id=account_id or first_account(tx), role=cast(Literal["user", "admin"], role), email=email
        )
        added = insert_user(tx, new, secret, time.time())
    click.echo(f"user    {added.id}\nAPI key {api_key_of(added, secret)}")


@main.group("website")
def website() -> None:
    """Websites: what is measured."""


@command(website, "add")
@click.argument("domain")
@click.option("--account", "account_id", metavar="ID", help="Whose; else the first account's.")
@click.option("--timezone", default="UTC", show_default=True, help="Such as Europe/Berlin.")
def add_website(config: Config, domain: str, account_id: str | None, timezone: str) -> None:
    """Make a website; print its id, and the snippet to paste into its pages."""
    with opened(config) as tx, transaction(tx):
        owner = account_id or first_account(tx)
        added = insert_website(tx, NewWebsite(domain=domain, timezone=timezone), owner, time.time())
    click.echo(f"{added.domain} is website {added.id}. Paste this into the <head> of its pages:\n")
    click.echo("    " + SNIPPET.format(id=added.id, url=config.base_url()))


@command(website, "list")
def list_websites(config: Config) -> None:
    """List all websites: id, domain and time zone."""
    with opened(config) as tx:
        for found in websites_of(tx, None):
            click.echo(f"{found.id}  {found.domain}  {found.timezone}")


@command(main, "aggregate")
@click.argument("day", required=False, metavar="[YYYY-MM-DD]")
def aggregate(config: Config, day: str | None) -> None:
    """Roll up a day, by default yesterday (UTC). Reports show the same before and after."""
    number = day_number(parse_date(day)) if day else utc_day(time.time()) - 1

    async def run() -> None:
        async with open_database(config.database) as db:
            await roll_up(db, await db.read(days_open, number))

    with opened(config):
        pass
    asyncio.run(run())
    click.echo(f"Aggregation completed for {date_of(number)}")


@command(main, "backup")
@click.argument("file", type=click.Path(dir_okay=False))
def backup(config: Config, file: str) -> None:
    """Write a consistent copy of the database to FILE, while the server runs or not."""
    if os.path.exists(file):
        raise Trouble(f"{file} exists already; nothing was written")
    unfinished = f"{file}.unfinished"
    with opened(config) as tx:
        Path(unfinished).touch(0o600)
        with closing(sqlite3.connect(unfinished)) as copy:
            tx.backup(copy)
    os.rename(unfinished, file)
    click.echo(f"{file}: {os.path.getsize(file)} bytes. Keep {config.key_file} with it, but not beside it.")


@command(main, "check")
def check(config: Config) -> None:
    """Check the settings, the database's integrity and its schema; exit code 2 if anything is wrong."""
    click.echo("settings  ok")
    with opened(config) as tx:
        click.echo(f"schema    ok, version {schema_version(tx)}")
        problems = [problem for (problem,) in tx.execute("pragma integrity_check") if problem != "ok"]
    for problem in problems:
        click.echo(f"database  {problem}", err=True)
    if problems:
        sys.exit(Trouble.exit_code)
    click.echo(f"database  ok, {os.path.getsize(config.database)} bytes")


def first_account(tx: Tx) -> str:
    accounts = all_accounts(tx)
    if not accounts:
        raise Trouble("there is no account; make one with `tinytrail account add NAME`")
    return accounts[0].id
