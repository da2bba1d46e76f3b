"""A real nginx or Caddy before the installed server, with the configuration that docs/proxies/ shows."""

import os
import random
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from tests.e2e.recorder import DEADLINE
from tests.server import Server, serving

CONFIGURATIONS = Path(__file__).parent.parent.parent / "docs/proxies"
HOST = "stats.example"  # Chromium is told that this is 127.0.0.1
PREFIXES = {
    "nginx.conf": "",
    "nginx-sub-path.conf": "/stats-app",
    "Caddyfile": "",
    "Caddyfile-sub-path": "/stats-app",
}

NGINX = """
daemon off;
error_log stderr warn;
pid {folder}/nginx.pid;
{user}
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path       {folder}/proxy;
    fastcgi_temp_path     {folder}/fastcgi;
    uwsgi_temp_path       {folder}/uwsgi;
    scgi_temp_path        {folder}/scgi;
    access_log {folder}/access.log;
    include {folder}/site.conf;
}}
"""

CADDY = """
{
	admin off
	auto_https disable_redirects
"""


class Proxied(NamedTuple):
    """A server behind a proxy, as the world finds it."""

    server: Server
    url: str  # where the proxy has it
    key: str  # the admin's
    certificate: Path
    folder: Path  # the proxy's

    def ask(self, method: str, path: str, address: str = "127.0.0.1", **options: Any) -> httpx.Response:
        """A request to the proxy, from this address of this machine's."""
        trusting = ssl.create_default_context(cafile=str(self.certificate))
        host = httpx.URL(self.url)
        transport = httpx.HTTPTransport(verify=trusting, local_address=address)
        here = "[::1]" if ":" in address else "127.0.0.1"
        options["headers"] = {"host": f"{HOST}:{host.port}", **options.get("headers", {})}
        with httpx.Client(transport=transport) as client:
            return client.request(
                method,
                f"{self.url}{path}".replace(HOST, here, 1),
                extensions={"sni_hostname": HOST},
                **options,
            )


@contextmanager
def proxied(configuration: str, folder: Path) -> Iterator[Proxied]:
    """`folder` is empty, and for this alone."""
    prefix = PREFIXES[configuration]
    port = free_port()
    url = f"https://{HOST}:{port}{prefix}"
    settings = {
        "TINYTRAIL_SERVER_TRUSTED_PROXIES": "127.0.0.1,::1",
        "TINYTRAIL_SERVER_METRICS": "true",
        "TINYTRAIL_WEB_COLLECT_LIMIT": "",
        "TINYTRAIL_WEB_API_LIMIT": "",
    }
    if prefix:  # else what the proxy passes on is enough to find out
        settings["TINYTRAIL_SERVER_PUBLIC_URL"] = url
    data, own = folder / "data", folder / "proxy"
    data.mkdir()
    own.mkdir()
    certificate, key = self_made_certificate(own)
    with ExitStack() as stack:
        server = stack.enter_context(serving(data, **settings))
        text = localized(configuration, port, server.url, certificate, key)
        start = start_nginx if configuration.startswith("nginx") else start_caddy
        process = start(text, own)
        try:
            wait_until_it_listens(port, process, own)
            yield Proxied(server, url, server.api_key(), certificate, own)
        finally:
            process.terminate()
            process.wait(DEADLINE)


def localized(configuration: str, port: int, upstream: str, certificate: Path, key: Path) -> str:
    """The documented text, but for what no two machines have in common."""
    text = (CONFIGURATIONS / configuration).read_text()
    addresses = "127.0.0.1 ::1" if has_ipv6() else "127.0.0.1"
    name = "example.com" if PREFIXES[configuration] else "stats.example.com"
    replacements = [("127.0.0.1:8000", upstream.removeprefix("http://"))]
    if configuration.startswith("nginx"):
        replacements += [
            ("listen 443 ssl http2;", f"listen 127.0.0.1:{port} ssl http2;"),
            ("listen [::]:443 ssl http2;", f"listen [::1]:{port} ssl http2;" if has_ipv6() else ""),
            (f"server_name {name};", f"server_name {HOST};"),
            (f"/etc/letsencrypt/live/{name}/fullchain.pem", str(certificate)),
            (f"/etc/letsencrypt/live/{name}/privkey.pem", str(key)),
            ("/var/log/nginx/error.log", "stderr"),
        ]
    else:
        replacements += [
            ("\n{\n", CADDY),
            (
                f"\n{name} {{\n",
                f"\nhttps://{HOST}:{port} {{\n\tbind {addresses}\n\ttls {certificate} {key}\n",
            ),
        ]
    for documented, here in replacements:
        assert text.count(documented) == 1, documented
        text = text.replace(documented, here)
    return text


def has_ipv6() -> bool:
    """Containers often have none."""
    with suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        return True
    return False


def start_nginx(text: str, folder: Path) -> subprocess.Popen[bytes]:
    program = found("nginx")
    (folder / "site.conf").write_text(text)
    main = folder / "nginx.conf"
    main.write_text(NGINX.format(folder=folder, user="user root;" if os.geteuid() == 0 else ""))
    with (folder / "log").open("wb") as log:
        return subprocess.Popen([program, "-p", folder, "-e", "stderr", "-c", main], stderr=log)


def start_caddy(text: str, folder: Path) -> subprocess.Popen[bytes]:
    program = found("caddy")
    file = folder / "Caddyfile"
    file.write_text(text)
    home = {"HOME": str(folder), "XDG_DATA_HOME": f"{folder}/share", "XDG_CONFIG_HOME": f"{folder}/config"}
    command = [program, "run", "--config", str(file), "--adapter", "caddyfile"]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, env=os.environ | home, stdout=log, stderr=log)


def found(program: str) -> str:
    path = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin")
    if path is None:
        pytest.fail(f"no {program} for the proxy tests; install it: sudo apt-get install {program}")
    return path


def self_made_certificate(folder: Path) -> tuple[Path, Path]:
    """For the host and for 127.0.0.1, signed by itself; and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-days", "2", "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST},IP:127.0.0.1"]
    command += ["-out", str(certificate), "-keyout", str(key)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


def free_port() -> int:
    """One below those that the kernel gives to whoever asks for any: a test beside this one would get it."""
    while True:
        port = random.randrange(20_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def wait_until_it_listens(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + 3 * DEADLINE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            log = (folder / "log").read_text()
            assert process.poll() is None, log
            assert time.monotonic() < deadline, log
            time.sleep(0.05)
