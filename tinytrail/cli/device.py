"""Devices: what beats, for the presence page."""

import click
from litestar.exceptions import NotFoundException

from tinytrail.cli.base import Trouble, command, main, opened
from tinytrail.config import Config
from tinytrail.core.connect import transaction
from tinytrail.core.tokens import hash_token
from tinytrail.presence.devices import (
    all_devices,
    clean_name,
    insert_device,
    new_token,
    parse_id,
    replace_token,
)


@main.group("device")
def device() -> None:
    """Devices: what sends beats."""


@command(device, "add")
@click.argument("name")
def add_device(config: Config, name: str) -> None:
    """Register a device; print its id, and its token this once."""
    name, token = clean_name(name), new_token()
    with opened(config) as tx, transaction(tx):
        device_id = insert_device(tx, name, hash_token(token))
    show(device_id, name, token)


@command(device, "list")
def list_devices(config: Config) -> None:
    """List all devices: id, name, and how often they beat."""
    with opened(config) as tx:
        for found in all_devices(tx):
            click.echo(f"{found.id}  {found.name}  {found.num_beats} beats")


@command(device, "token")
@click.argument("device_id", metavar="ID")
def regenerate(config: Config, device_id: str) -> None:
    """Give a device a new token and print it; the old one is worth nothing from then on."""
    token = new_token()
    try:
        number = parse_id(device_id)
        with opened(config) as tx, transaction(tx):
            name = replace_token(tx, number, hash_token(token))
    except NotFoundException:
        raise Trouble(f"there is no device {device_id}; see `tinytrail device list`") from None
    show(number, name, token)


def show(device_id: int, name: str, token: str) -> None:
    click.echo(f"device {device_id}  {name}\ntoken  {token}")
