"""Bytes on a socket, as no proper client would send them, and what a process makes of them."""

import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.make import BROWSER
from tests.server import Server, started
from tinytrail.core.connect import connect, transaction
from tinytrail.core.tokens import read_or_make_secret
from tinytrail.first_run import make_first_admin
from tinytrail.web.accounts import all_accounts
from tinytrail.web.websites import NewWebsite, insert_website

SECONDS = 20  # that anything may take here before a test fails


class Prepared(NamedTuple):
    website: str
    api_key: str


def prepare(folder: Path) -> Prepared:
    """A database with an admin and a website, for a server to find; quicker than to ask the command line."""
    with closing(connect(f"{folder}/tinytrail.db")) as tx, transaction(tx):
        key = make_first_admin(tx, read_or_make_secret(f"{folder}/tinytrail.key"), time.time())
        [account] = all_accounts(tx)
        website = insert_website(tx, NewWebsite(domain="example.com"), account.id, time.time())
    assert key
    return Prepared(website.id, key)


def port_of(server: Server) -> int:
    return int(server.url.rpartition(":")[2])


def connected(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port_of(server)), timeout=SECONDS)


def request(path: str, body: bytes, *headers: str) -> bytes:
    """A POST with its length, from a browser."""
    lines = (f"POST {path} HTTP/1.1", "Host: x", f"User-Agent: {BROWSER}", f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


def all_said(client: socket.socket) -> bytes:
    """What comes until the server hangs up; a TimeoutError if it does not."""
    said = b""
    try:
        while more := client.recv(65536):
            said += more
    except ConnectionError:
        pass
    return said


def open_files(server: Server) -> int:
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


@contextmanager
def serving_with(change: str, folder: Path, **environment: str) -> Iterator[Server]:
    """The server after a line of Python has changed one of its constants; its log is `folder/log`."""
    program = f"{change}\nfrom tinytrail.cli import main\nmain()"
    with (folder / "log").open("w") as log:
        command = [sys.executable, "-c", program, "serve", "--port", "0"]
        with started(command, folder, environment, log) as server:
            yield server


def resident() -> int:
    """Megabytes of this very process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20
