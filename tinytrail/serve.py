"""`tinytrail serve`: the listening socket, uvicorn, and what the terminal is told."""

import logging
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from tinytrail.app import create_app
from tinytrail.config import Config
from tinytrail.core.connect import connect, transaction
from tinytrail.core.tokens import read_or_make_secret
from tinytrail.first_run import make_first_admin

GRACE = 10  # seconds that a stop waits for requests under way


class ServeError(Exception):
    """The server cannot start; the message says why, in one sentence."""


class Server(uvicorn.Server):
    """uvicorn's, but a stop that was asked for is a success: uvicorn would die of the signal anew."""

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
    """Bind here, before uvicorn, so that a port in use is one sentence. Raises ServeError."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        raise ServeError(f"cannot listen on {host} port {port}: {error.strerror}") from None
    return listener


def serve(config: Config) -> None:
    """Serve until SIGTERM or Ctrl-C, then finish what was accepted.

    Raises ServeError, DatabaseError, OSError or ValueError before anything is served.
    """
    secret = read_or_make_secret(config.key_file)
    tx = connect(config.database)
    try:
        with transaction(tx):
            first_key = make_first_admin(tx, secret, time.time())
    finally:
        tx.close()
    listener = listen(config.server.host, config.server.port)
    app = create_app(config)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    url = config.base_url(listener.getsockname()[1])
    print(f"TinyTrail serves {config.database} at {url}", flush=True)
    if first_key:
        print(FIRST_STEPS.format(key=first_key, url=url), flush=True)
    # No access log: it would hold the addresses that nothing else keeps. Nor does uvicorn read
    # X-Forwarded-For: core/client_ip.py does, by the rule of trusted_proxies.
    Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE,
        )
    ).run(sockets=[listener])


FIRST_STEPS = """
This is the first start. Here is the admin's API key, shown this once (`tinytrail key` shows it again):

    {key}

Next, add a website and paste the snippet that this prints into its pages:

    tinytrail website add example.com

Then read what its visitors do:

    curl -H 'X-API-KEY: {key}' '{url}/api/v1/reports/summary?period=today&website_id=...'
"""
