"""`tinytrail serve`: the listening socket, uvicorn, and what the terminal is told."""

import asyncio
import ctypes
import gc
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from errno import EADDRINUSE
from pathlib import Path

import uvicorn

from tinytrail.app import App, create_app
from tinytrail.config import Config, ConfigError, http_url
from tinytrail.core.connect import connect, temporary_files_in, transaction
from tinytrail.core.lock import only_server
from tinytrail.first_run import make_first_admin
from tinytrail.logs import log_problems_only
from tinytrail.protocol import Protocol, allow_many_connections, close_stuck
from tinytrail.websocket import WebSocket

log = logging.getLogger(__name__)

GRACE = 10  # seconds that a stop waits for requests under way
TICKS_A_LOOK = 20  # uvicorn ticks ten times a second
TICKS_A_TRIM = 600
ARENA_MAX = -8  # glibc's name for it, in malloc.h
ARENAS = 2
SWITCH_INTERVAL = 0.0001  # seconds that a thread lets another hold the lock which it waits for


class Server(uvicorn.Server):
    """uvicorn's, but a stop that was asked for is a success: uvicorn would die of the signal anew. And what
    keeps the application from starting is raised: uvicorn would log it, and no more than end."""

    def __init__(self, app: App, config: uvicorn.Config, greeting: str) -> None:
        super().__init__(config)
        self._app = app
        self._greeting = greeting

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        with self.capture_signals():  # while the application starts and ends, too
            try:
                async with self._app.lifespan():
                    await super().serve(sockets)
            except ExceptionGroup as errors:  # Litestar's way of raising the one that there is
                raise errors.exceptions[0] from errors.exceptions[0].__cause__

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(self._greeting, flush=True)

    async def on_tick(self, counter: int) -> bool:
        if counter % TICKS_A_LOOK == 0:
            close_stuck(self.server_state.connections, asyncio.get_running_loop().time())
        if counter % TICKS_A_TRIM == 0:
            asyncio.get_running_loop().run_in_executor(None, give_memory_back)
        return await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        signals = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def listen(host: str, port: int) -> socket.socket:
    """Bind here, before uvicorn, so that a port in use is one sentence. Raises ConfigError."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "that is no host name"
        if isinstance(error, OSError) and error.errno == EADDRINUSE:
            reason = f"{reason}; stop what listens there, or take another, by --port or in the settings"
        raise ConfigError(f"cannot listen on {host} port {port}: {reason}") from None
    return listener


def glibc(name: str) -> Callable[..., object]:
    """A function of glibc's; elsewhere one that does nothing: musl, for one, needs none of them."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    return getattr(library, name, lambda *_: None)


def share_arenas() -> None:
    """Let threads share their heaps. glibc gives each its own, and keeps there what a large report freed."""
    glibc("mallopt")(ARENA_MAX, ARENAS)


def give_memory_back() -> None:
    """What thousands of connections took and freed, glibc keeps until it is told."""
    glibc("malloc_trim")(0)


def first_admins_key(database: str, secret: bytes) -> str | None:
    with closing(connect(database)) as tx, transaction(tx):
        return make_first_admin(tx, secret, time.time())


def serve(config: Config) -> None:
    """Serve until SIGTERM or Ctrl-C, then finish what was accepted.

    Raises ConfigError, DatabaseError, OSError or ValueError before anything is served. The admin comes
    last: a start that failed after would have shown nobody the key.
    """
    log_problems_only(config.server.log_format)
    allow_many_connections()
    share_arenas()
    temporary_files_in(os.path.dirname(os.path.abspath(config.database)))
    listener = listen(config.server.host, config.server.port)
    has_key_file = Path(config.key_file).exists()
    app = create_app(config)
    with only_server(config.database):
        run(app, config, listener, has_key_file)


def run(app: App, config: Config, listener: socket.socket, has_key_file: bool) -> None:
    first_key = first_admins_key(config.database, app.state.secret)
    port = listener.getsockname()[1]
    greeting = f"TinyTrail serves {config.database} at {http_url(config.server.host, port)}"
    if config.server.public_url:
        greeting += f", which the world finds at {config.base_url()}"
    if first_key:
        greeting += first_steps(config, first_key, port)
    elif not has_key_file:
        log.warning(KEY_FILE_LOST, config.key_file)
    # What is loaded by now stays: the collector of garbage need not look at it again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
    # A commit waits for Python's lock a few times, for as long as this while the event loop has much to do.
    sys.setswitchinterval(SWITCH_INTERVAL)
    # No access log: it would hold the addresses that nothing else keeps. Nor does uvicorn read
    # X-Forwarded-For: core/client_ip.py does, by the rule of trusted_proxies.
    Server(
        app,
        uvicorn.Config(
            app,
            http=Protocol,
            lifespan="off",  # `Server` runs it
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE,
            ws=WebSocket,
            ws_max_size=4096,
            ws_per_message_deflate=False,  # costs a connection 300 KB, for frames of 300 bytes
        ),
        greeting,
    ).run(sockets=[listener])


def first_steps(config: Config, key: str, port: int) -> str:
    steps = FIRST_STEPS if config.web.enabled else FIRST_STEPS_WITHOUT_WEB
    return FIRST_KEY.format(key=key) + steps.format(
        url=config.base_url(port), local_url=config.local_url(port)
    )


KEY_FILE_LOST = (
    "%s was missing, so a new one was made: the API keys of before still work, but cannot be shown again. "
    "Put the old file back if you have it"
)

FIRST_KEY = """

This is the first start. Here is the admin's API key, shown this once (`tinytrail key` shows it again):

    {key}
"""

FIRST_STEPS = """
Next, open {url} and sign in with it: there you add your website, and see what its visitors do.

The same by hand: this prints the snippet to paste into the pages, and then what came of it.

    tinytrail website add example.com
    curl -H "X-API-KEY: $(tinytrail key)" '{local_url}/api/v1/reports/summary?period=today&website_id=...'
"""

FIRST_STEPS_WITHOUT_WEB = """
Keep it for later: the dashboard, and all else that asks for this key, is web's, and [web] enabled is false.
"""
