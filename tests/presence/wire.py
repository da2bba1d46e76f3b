"""The real server, and bare sockets to talk to it."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.presence.make import SECRET_KEY
from tests.server import COMMAND, Server, started


@contextmanager
def serving(folder: Path, server_name: str = "") -> Iterator[Server]:
    """`tinytrail serve`; what it logs goes into a file."""
    environment = {"TINYTRAIL_PRESENCE_SECRET_KEY": SECRET_KEY, "TINYTRAIL_PRESENCE_SERVER_NAME": server_name}
    logging = ["sh", "-c", 'exec "$@" 2> log', "sh"]
    with started([*logging, *COMMAND, "serve", "--port", "0"], folder, environment) as server:
        yield server


def log_of(server: Server) -> str:
    return (server.folder / "log").read_text()


def add_device(server: Server, name: str) -> str:
    """Its token."""
    return server.run("device", "add", name).split()[-1]


def connection_to(server: Server) -> socket.socket:
    host, _, port = server.url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=20)


def exchange(server: Server, *parts: bytes) -> bytes:
    """Send parts with a pause between them, and read until the server hangs up."""
    with connection_to(server) as connection:
        for number, part in enumerate(parts):
            if number:
                time.sleep(0.05)
            connection.sendall(part)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def upgrade(server: Server) -> bytes:
    """What a browser sends to open the stream."""
    return (
        b"GET /api/stats/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: keep-alive, Upgrade\r\n"
        b"Upgrade: websocket\r\nOrigin: %s\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
    ) % server.url.encode()
