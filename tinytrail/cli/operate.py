"""Running the server, and looking after its file."""

import asyncio
import os
import sqlite3
import time
from contextlib import closing
from errno import ENOSPC
from pathlib import Path

import click
import msgspec

from tinytrail.cli.base import Trouble, command, main, opened
from tinytrail.config import Config
from tinytrail.core.clock import day_number, iso_date, parse_date, utc_day
from tinytrail.core.connect import Tx, schema_version, write_copy
from tinytrail.core.db import open_database
from tinytrail.core.migrations import MIGRATIONS
from tinytrail.core.tokens import read_or_make_secret
from tinytrail.core.trouble import code_of
from tinytrail.web.country import Countries
from tinytrail.web.rollup import days_open, roll_up


@command(main, "serve")
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 for any free one.")
def serve(config: Config, host: str | None, port: int | None) -> None:
    """Serve until stopped; make the database and a first admin where there is none."""
    from tinytrail import serve  # the web server is slow to load, and only this command needs it

    given = {key: value for key, value in (("host", host), ("port", port)) if value is not None}
    server = msgspec.structs.replace(config.server, **given)
    serve.serve(msgspec.structs.replace(config, server=server))


@command(main, "aggregate")
@click.argument("day", required=False, metavar="[YYYY-MM-DD]")
def aggregate(config: Config, day: str | None) -> None:
    """Roll up a day, by default yesterday (UTC). Reports show the same before and after."""
    try:
        number = day_number(parse_date(day)) if day else utc_day(time.time()) - 1
    except ValueError as error:
        raise Trouble(f"{day}: {error}") from None

    async def run() -> None:
        async with open_database(config.database) as db:
            await roll_up(db, await db.read(days_open, number))

    with opened(config):
        pass
    asyncio.run(run())
    click.echo(f"Aggregation completed for {iso_date(number)}")


@command(main, "backup")
@click.argument("file", type=click.Path(dir_okay=False))
def backup(config: Config, file: str) -> None:
    """Write a consistent copy of the database to FILE, while the server runs or not, and check it."""
    for name in (file, f"{file}-wal", f"{file}-journal"):
        if os.path.exists(name):  # SQLite would take an older copy's log for this one's
            raise Trouble(f"{name} exists already; nothing was written")
    if hasattr(os, "nice"):
        os.nice(10)  # a server that wants the processor goes first
    with opened(config, upgrade=False) as tx:  # before an upgrade is when a copy is wanted most
        copied_to(file, tx)
    untouched = f"{Path(file).absolute().as_uri()}?immutable=1"
    with closing(sqlite3.connect(untouched, uri=True)) as copy:
        problem = first_problem(copy)
    if problem:
        raise Trouble(f"{file} was written, but is damaged, as {config.database} is: {problem}")
    click.echo(
        f"{file}: {os.path.getsize(file)} bytes. Keep a copy of {config.key_file} too, in another place."
    )


def copied_to(file: str, tx: Tx) -> None:
    try:
        write_copy(tx, file)
    except sqlite3.Error as error:
        if code_of(error) != sqlite3.SQLITE_FULL:
            raise
        raise Trouble(f"{file}: {os.strerror(ENOSPC)}") from None  # where the copy is to be, not the server


@command(main, "check")
@click.argument("file", required=False)
def check(config: Config, file: str | None) -> None:
    """Check settings, key file, and the schema and integrity of the database, or of FILE, a copy of it.

    Exit code 2 if anything is wrong.
    """
    if file:
        if not os.path.exists(file):
            raise Trouble(f"{file}: No such file or directory")
        config = msgspec.structs.replace(config, database=file)
    Countries(config.geo.database, config.geo.header).close()
    if has_key := os.path.exists(config.key_file):
        read_or_make_secret(config.key_file)
    lost = "" if has_key or file else f", but {config.key_file} is missing; `tinytrail serve` makes another"
    click.echo(f"settings  ok{lost}")
    with opened(config, upgrade=False) as tx:
        version = schema_version(tx)
        remark = "" if version == len(MIGRATIONS) else f"; `tinytrail serve` upgrades it to {len(MIGRATIONS)}"
        click.echo(f"schema    ok, version {version}{remark}")
        problem = first_problem(tx)
    if problem:
        raise Trouble(f"{config.database} is damaged, so restore a backup: {problem}")
    click.echo(f"database  ok, {os.path.getsize(config.database)} bytes")


def first_problem(tx: sqlite3.Connection) -> str:
    try:
        [(found,)] = tx.execute("pragma integrity_check(1)").fetchall()
    except sqlite3.DatabaseError as error:
        found = str(error)
    return "" if found == "ok" else " ".join(found.split())
