"""Websites: made, shown, exported and removed."""

import os
import sys
import time
from pathlib import Path
from typing import BinaryIO

import click

from tinytrail.cli.base import Trouble, command, confirmed, main, opened, removes
from tinytrail.cli.people import chosen_account
from tinytrail.config import Config
from tinytrail.core.clock import timestamp
from tinytrail.core.connect import Tx, transaction
from tinytrail.core.files import written_whole
from tinytrail.logs import CONTROL
from tinytrail.web.deletion import delete_leftovers, mark_for_deletion
from tinytrail.web.export import EVERYTHING, FORMATS, TABLES, Format, Table, table_of
from tinytrail.web.reports.period import parse_dates
from tinytrail.web.website_status import status_of
from tinytrail.web.websites import NewWebsite, Website, insert_website, websites_of

DEFAULT_FORMAT = "ndjson"
SNIPPET = '<script defer data-id="{id}" src="{url}/js/tracker.js"></script>'


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
        owner = chosen_account(tx, account_id)
        added = insert_website(tx, NewWebsite(domain=domain, timezone=timezone), owner, time.time())
    click.echo(f"{added.domain} is website {added.id}. Paste this into the <head> of its pages:\n")
    click.echo("    " + SNIPPET.format(id=added.id, url=config.base_url()))
    if not config.server.public_url:
        click.echo(
            "\nIf browsers find the server elsewhere, set public_url below [server] in tinytrail.toml."
        )


@command(website, "list")
def list_websites(config: Config) -> None:
    """List all websites: id, domain and time zone."""
    with opened(config) as tx:
        for found in websites_of(tx, None):
            click.echo(f"{found.id}  {found.domain}  {found.timezone}")


@command(website, "show")
@click.argument("name", metavar="DOMAIN_OR_ID")
def show_website(config: Config, name: str) -> None:
    """Show a website's settings, and when its first and last event came."""
    with opened(config) as tx:
        shown = named_website(tx, name)
        status = status_of(tx, shown)
    last = status["lastEvent"]
    days = config.web.retention_days if shown.retention_days is None else shown.retention_days
    lines = [
        ("domain", shown.domain),
        ("id", shown.id),
        ("account", shown.account_id),
        ("made", timestamp(shown.created_at)),
        ("time zone", shown.timezone),
        ("events kept", f"{days} days" if days else "for good"),
        *(("content group", f"{group.name}: {group.pattern}") for group in shown.content_groups),
        *(("excluded", address) for address in shown.excluded_ips),
        ("first event", status["firstEventAt"] or "none yet"),
        ("last event", f"{last['at']} {last['path']}" if last else "none"),
        ("snippet", SNIPPET.format(id=shown.id, url=config.base_url())),
    ]
    for title, value in lines:
        click.echo(f"{title:14}{value.translate(CONTROL)}")  # a path is whatever somebody sent


@command(website, "remove")
@click.argument("name", metavar="DOMAIN_OR_ID")
@removes
def remove_website(config: Config, name: str, is_sure: bool) -> None:
    """Delete a website and all of its traffic."""
    with opened(config) as tx:
        doomed = named_website(tx, name)
        confirmed(f"Delete {doomed.domain} ({doomed.id}) and all of its traffic?", is_sure)
        with transaction(tx):
            mark_for_deletion(tx, "id", doomed.id)
        delete_leftovers(tx)
    click.echo(f"{doomed.domain} is deleted")


@command(main, "export")
@click.argument("name", metavar="DOMAIN_OR_ID")
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--table", type=click.Choice(TABLES), default=TABLES[0], show_default=True)
@click.option(
    "--format", type=click.Choice(list(FORMATS)), help="Else by FILE's ending, ndjson where there is none."
)
@click.option("--start-date", metavar="YYYY-MM-DD", help="Else from the first day on.")
@click.option("--end-date", metavar="YYYY-MM-DD", help="Goes with --start-date.")
def export(
    config: Config,
    name: str,
    file: str,
    table: str,
    format: str | None,
    start_date: str | None,
    end_date: str | None,
) -> None:
    """Write a website's events or daily totals to FILE, or to standard output for "-"."""
    if os.path.exists(file):
        raise Trouble(f"{file} exists already; nothing was written")
    period = parse_dates(start_date, end_date) or EVERYTHING
    chosen = FORMATS[format or format_by_ending(file)]
    with opened(config) as tx:
        exported = table_of(named_website(tx, name), table, period, time.time())
        if file == "-":
            write_lines(tx, chosen, exported, sys.stdout.buffer)
            return
        with written_whole(file) as unfinished, unfinished.open("wb") as out:
            write_lines(tx, chosen, exported, out)
    click.echo(f"{file}: {os.path.getsize(file)} bytes")


def format_by_ending(file: str) -> str:
    ending = Path(file).suffix.removeprefix(".").lower() or DEFAULT_FORMAT
    if ending not in FORMATS:
        endings = " or ".join(f".{name}" for name in FORMATS)
        raise Trouble(f"{file}: must end in {endings}, or name its --format")
    return ending


def write_lines(tx: Tx, format: Format, table: Table, out: BinaryIO) -> None:
    lines: bytes | None = format.head(table)
    while lines is not None:
        out.write(lines)
        lines = format.read_lines(tx, table)


def named_website(tx: Tx, name: str) -> Website:
    """The website of that id, or of that domain if only one account has it."""
    named = [site for site in websites_of(tx, None) if name.lower() in (site.id, site.domain)]
    if not named:
        raise Trouble(f"there is no website {name}; see `tinytrail website list`")
    if len(named) > 1:
        ids = ", ".join(site.id for site in named)
        raise Trouble(f"several accounts have {name}; name one of these ids: {ids}")
    return named[0]
