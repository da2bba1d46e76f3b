"""The servers that benchmarks measure, each in a process of its own, on a port and in a folder of its own."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

BARE = """
import uvicorn

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await receive()
    await send({"type": "http.response.start", "status": 202, "headers": [
        (b"content-type", b"application/json"), (b"content-length", b"21")]})
    await send({"type": "http.response.body", "body": b'{"status":"accepted"}'})

config = uvicorn.Config(app, port=0, log_config=None, access_log=False, lifespan="off")
sock = config.bind_socket()
sock.listen(2048)
print(f"serving at http://127.0.0.1:{sock.getsockname()[1]}", flush=True)
uvicorn.Server(config).run(sockets=[sock])
"""


class Tinytrail(NamedTuple):
    url: str
    folder: Path
    pid: int

    def run(self, *arguments: str) -> str:
        """A command of the installed program, in the server's folder."""
        command = [sys.executable, "-m", "tinytrail", *arguments]
        return subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True).stdout

    def add_website(self) -> str:
        found = re.search(r"[0-9a-f-]{36}", self.run("website", "add", "example.com"))
        assert found
        return found[0]

    def stored(self) -> int:
        with closing(sqlite3.connect(self.folder / "tinytrail.db")) as database:
            [count] = database.execute("select count(*) from events").fetchone()
        return int(count)


@contextmanager
def started(command: list[str], folder: str, environment: dict[str, str]) -> Iterator[tuple[str, int]]:
    """Start a server that prints its address; stop it in the end."""
    process = subprocess.Popen(
        command, cwd=folder, env=os.environ | environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    try:
        for line in process.stdout:
            if found := re.search(r"http://\S+", line):
                yield found[0], process.pid
                break
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        process.stdout.close()


@contextmanager
def bare_server() -> Iterator[str]:
    """The least that an ASGI application can answer: the ceiling of all others."""
    with (
        tempfile.TemporaryDirectory() as folder,
        started([sys.executable, "-c", BARE], folder, {}) as (url, _),
    ):
        yield url


@contextmanager
def tinytrail_server(**settings: str) -> Iterator[Tinytrail]:
    """`tinytrail serve` on an empty folder, trusting the load to say which address it comes from."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "TINYTRAIL_SERVER_PORT": "0",
            "TINYTRAIL_SERVER_TRUSTED_PROXIES": "127.0.0.1",
        } | settings
        command = [sys.executable, "-m", "tinytrail", "serve"]
        with started(command, folder, environment | {"TINYTRAIL_WEB_COLLECT_LIMIT": "100000/10s"}) as (
            url,
            pid,
        ):
            yield Tinytrail(url, Path(folder), pid)
