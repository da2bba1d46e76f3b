"""One server a database: two would each have a salt of their own, and count a visitor twice.

The lock is the kernel's, on the open file, and ends with the process, however that ends: `kill -9` leaves
nothing behind that somebody would have to remove. Containers that share a volume share it. The command
line does not ask for it, so that a backup, a check or a new key need no stop.
"""

import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EACCES, EAGAIN

from tinytrail.core.obstacles import DatabaseError

# One byte that SQLite neither locks (it does so from 0x40000000 on) nor minds.
LOCKED_BYTE = 0


class Served(DatabaseError):
    """A server has the file."""


@contextmanager
def only_server(path: str) -> Iterator[None]:
    """Hold the database for the one server that may serve it. Raises Served if another does.

    Comes before any connection of SQLite's, and outlives them all: to close a file gives up what else
    this process has locked of it. Only Linux has locks of this kind; elsewhere nothing is refused.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        yield  # `connect` says why
        return
    try:
        _lock(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: str) -> None:
    if sys.platform != "linux":
        return
    import fcntl

    # Of the open file, not of the process: SQLite would drop the latter kind with each connection it closes.
    # Not flock either: a network file system makes one of the whole file of it, in SQLite's way.
    wanted = struct.pack("hhqqi0q", fcntl.F_WRLCK, os.SEEK_SET, LOCKED_BYTE, 1, 0)
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, wanted)
    except OSError as error:
        if error.errno in (EACCES, EAGAIN):
            raise Served(
                f"another server serves {path} already; "
                "two would count a visitor twice, so stop that one first"
            ) from None
        # A file system that has no such locks is no reason not to serve.
