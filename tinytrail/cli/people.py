"""Accounts and users."""

import time
from pathlib import Path
from typing import Literal, cast

import click
from litestar.exceptions import NotFoundException

from tinytrail.cli.base import Trouble, command, confirmed, main, opened, removes
from tinytrail.config import Config
from tinytrail.core.connect import Tx, transaction
from tinytrail.core.tokens import read_or_make_secret
from tinytrail.web.accounts import Account, all_accounts, delete_account, find_account, insert_account
from tinytrail.web.deletion import delete_leftovers
from tinytrail.web.users import (
    NewUser,
    User,
    all_users,
    api_key_of,
    delete_user,
    find_user,
    insert_user,
    renew_key,
)
from tinytrail.web.websites import websites_of


@command(main, "key")
@click.option("--user", "user_id", metavar="ID", help="Whose; else the first admin's.")
@click.option("--new", "is_new", is_flag=True, help="Make another, and shut out whoever has the old one.")
def key(config: Config, user_id: str | None, is_new: bool) -> None:
    """Show an API key again, or make a new one."""
    whose = f" --user {user_id}" if user_id else ""
    with opened(config) as tx, transaction(tx):
        if user_id:
            user = named_user(tx, user_id)
        else:
            admins = [user for user in all_users(tx) if user.role == "admin"]
            if not admins:
                raise Trouble("there is no admin; make one with `tinytrail user add --role admin`")
            user = admins[0]
        if not is_new and not Path(config.key_file).exists():
            raise Trouble(
                f"there is no {config.key_file}, by which keys are shown: run this where it lies, or put "
                f"it back; if it is lost, replace the key by `tinytrail key --new{whose}`"
            )
        secret = read_or_make_secret(config.key_file)
        if is_new:
            user = renew_key(tx, user.id, secret)
    try:
        click.echo(api_key_of(user, secret))
    except NotFoundException as error:
        raise Trouble(f"{error.detail} with `tinytrail key --new{whose}`") from None


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


@command(account, "list")
def list_accounts(config: Config) -> None:
    """List all accounts: id and name."""
    with opened(config) as tx:
        for found in all_accounts(tx):
            click.echo(f"{found.id}  {found.name}")


@command(account, "remove")
@click.argument("account_id", metavar="ID")
@removes
def remove_account(config: Config, account_id: str, is_sure: bool) -> None:
    """Delete an account with its users, its websites and all of their traffic."""
    with opened(config) as tx:
        doomed = named_account(tx, account_id)
        users = sum(found.account_id == doomed.id for found in all_users(tx))
        websites = len(websites_of(tx, doomed.id))
        counted = f"users: {users}, websites: {websites}"
        confirmed(f"Delete account {doomed.name} ({counted}) and all of its traffic?", is_sure)
        with transaction(tx):
            delete_account(tx, doomed.id)
        delete_leftovers(tx)
    click.echo(f"{doomed.name} is deleted")


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
        owner = chosen_account(tx, account_id)
        new = NewUser(account_id=owner, role=cast(Literal["user", "admin"], role), email=email)
        added = insert_user(tx, new, secret, time.time())
    click.echo(f"user    {added.id}\nAPI key {api_key_of(added, secret)}")


@command(user, "list")
def list_users(config: Config) -> None:
    """List all users: id, role, account and email."""
    with opened(config) as tx:
        names = {found.id: found.name for found in all_accounts(tx)}
        for found in all_users(tx):
            click.echo(f"{found.id}  {found.role:5}  {names[found.account_id]}  {found.email or '-'}")


@command(user, "remove")
@click.argument("user_id", metavar="ID")
@removes
def remove_user(config: Config, user_id: str, is_sure: bool) -> None:
    """Delete a user; the key and whoever signed in with it are shut out at once."""
    with opened(config) as tx:
        doomed = named_user(tx, user_id)
        name = doomed.email or doomed.id
        confirmed(f"Delete {doomed.role} {name}?", is_sure)
        with transaction(tx):
            delete_user(tx, doomed.id)
    click.echo(f"{name} is deleted")


def named_user(tx: Tx, user_id: str) -> User:
    try:
        return find_user(tx, user_id.lower())
    except NotFoundException:
        raise Trouble(f"there is no user {user_id}; see `tinytrail user list`") from None


def named_account(tx: Tx, account_id: str) -> Account:
    try:
        return find_account(tx, account_id.lower())
    except NotFoundException:
        raise Trouble(f"there is no account {account_id}; see `tinytrail account list`") from None


def chosen_account(tx: Tx, option: str | None) -> str:
    """The id of the account that --account names, else of the first."""
    if option is not None:
        try:
            return named_account(tx, option).id
        except Trouble as trouble:
            raise Trouble(f"--account: {trouble.message}") from None
    accounts = all_accounts(tx)
    if not accounts:
        raise Trouble("there is no account; make one with `tinytrail account add NAME`")
    return accounts[0].id
