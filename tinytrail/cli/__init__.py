"""The command line. Each command but `serve` opens the database for itself, while a server runs or not."""

# Each adds its commands to `main`.
from tinytrail.cli import device, operate, people, websites  # noqa: F401
from tinytrail.cli.base import main

__all__ = ["main"]
