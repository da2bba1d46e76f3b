"""Accounts, users and websites."""

import time
from typing import Literal, cast

import click

from tinytrail.cli.base import Trouble, command, main, opened
from tinytrail.config import Config
from tinytrail.core.connect import Tx, transaction
from tinytrail.core.tokens import read_or_make_secret
from tinytrail.web.accounts import all_accounts, insert_account
from tinytrail.web.users import NewUser, all_users, api_key_of, find_user, insert_user, renew_key
from tinytrail.web.websites import NewWebsite, insert_website, websites_of

SNIPPET = '<script defer data-id="{id}" src="{url}/js/tracker.js"></script>'


@command(main, "key")
@click.option("--user", "user_id", metavar="ID", help="Whose; else the first admin's.")
@click.option("--new", "is_new", is_flag=True, help="Make another, and shut out whoever has the old one.")
def key(config: Config, user_id: str | None, is_new: bool) -> None:
    """Show an API key again, or make a new one."""
    with opened(config) as tx, transaction(tx):
        secret = read_or_make_secret(config.key_file)
        if user_id:
            user = find_user(tx, user_id)
        else:
            admins = [user for user in all_users(tx) if user.role == "admin"]
            if not admins:
                raise Trouble("there is no admin; make one with `tinytrail user add --role admin`")
            user = admins[0]
        if is_new:
            user = renew_key(tx, user.id, secret)
    click.echo(api_key_of(user, secret))


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
    with opened(config) as tx, transaction(tx):
        secret = read_or_make_secret(config.key_file)
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


def first_account(tx: Tx) -> str:
    accounts = all_accounts(tx)
    if not accounts:
        raise Trouble("there is no account; make one with `tinytrail account add NAME`")
    return accounts[0].id
