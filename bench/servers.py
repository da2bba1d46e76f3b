"""The servers that benchmarks measure, each on a port and in a folder of its own."""

import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from httpx import Client

from tests.server import Server, serving, started

BARE = """
import uvicorn

async def app(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 202, "headers": [
        (b"content-type", b"application/json"), (b"content-length", b"21")]})
    await send({"type": "http.response.body", "body": b'{"status":"accepted"}'})

config = uvicorn.Config(app, port=0, log_config=None, access_log=False, lifespan="off")
listener = config.bind_socket()
listener.listen(2048)
print(f"serving at http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
uvicorn.Server(config).run(sockets=[listener])
"""

# The load comes from one address: it may say which visitor it is, and is not limited as one.
SETTINGS = {
    "TINYTRAIL_SERVER_TRUSTED_PROXIES": "127.0.0.1",
    "TINYTRAIL_WEB_COLLECT_LIMIT": "100000/10s",
    "TINYTRAIL_INSTALLS_NEW_LIMIT": "1000000/1h",
    "TINYTRAIL_INSTALLS_HEARTBEAT_LIMIT": "1000000/1h",
    "TINYTRAIL_PRESENCE_SECRET_KEY": "secret",
}


@contextmanager
def bare_server() -> Iterator[Server]:
    """The least that an ASGI application can answer: the ceiling of all others."""
    command = [sys.executable, "-c", BARE]
    with tempfile.TemporaryDirectory() as folder, started(command, Path(folder), {}) as server:
        yield server


@contextmanager
def tinytrail_server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), **SETTINGS) as server:
        yield server


@contextmanager
def copied(original: Path) -> Iterator[Path]:
    """A copy of this folder, beside it, so that what a benchmark does to it is undone."""
    with tempfile.TemporaryDirectory(dir=original.parent) as name:
        folder = Path(name, "copy")
        shutil.copytree(original, folder)
        yield folder


def owner_of(server: Server) -> Client:
    """Asks with the admin's key."""
    return Client(base_url=server.url, headers={"x-api-key": server.api_key()}, timeout=600)


def websites(owner: Client) -> dict[str, str]:
    """Their ids by domain."""
    return {website["domain"]: website["id"] for website in owner.get("/api/v1/websites").json()["data"]}


def device_token(server: Server) -> str:
    """Of a new device."""
    return server.run("device", "add", "Laptop").split()[-1]


def count(server: Server, sql: str) -> int:
    """What is on disk: the one number that a query gives."""
    with closing(sqlite3.connect(server.folder / "tinytrail.db")) as database:
        [number] = database.execute(sql).fetchone()
    return int(number)
