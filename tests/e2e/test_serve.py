"""`tinytrail serve` as an operator meets it: the first start, the second, and every way to stop."""

import os
import re
import signal
import socket
import sqlite3
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.make import BROWSER, hit
from tests.server import Server, serving

KEY = r"tt_[a-z2-7]{40}"
NO_LIMIT = {"TINYTRAIL_WEB_COLLECT_LIMIT": ""}
STOPS = [signal.SIGTERM, signal.SIGINT]


def port_of(server: Server) -> int:
    return int(server.url.rpartition(":")[2])


def rest(server: Server) -> str:
    """All that the stopped server printed."""
    assert server.process.stdout
    return "".join(server.printed) + server.process.stdout.read()


def paths_stored(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "tinytrail.db")) as tx:
        return [path for (path,) in tx.execute("select p.path from events e join paths p on p.id = e.path")]


def accepted_until_it_ends(server: Server, website: str, stop: signal.Signals) -> set[str]:
    """Many visitors at once; the server is told to stop amid them. The paths that were answered 202."""
    accepted: set[str] = set()

    def visit(visitor: int) -> None:
        with httpx.Client(base_url=server.url, headers={"user-agent": BROWSER}) as client:
            for page in range(10_000):
                path = f"/{visitor}/{page}"
                try:
                    response = client.post("/api/v1/collect", json=hit(website, path))
                except httpx.TransportError:  # it has gone
                    return
                if response.status_code == 202:
                    accepted.add(path)

    with ThreadPoolExecutor(8) as pool:
        visiting = [pool.submit(visit, visitor) for visitor in range(8)]
        deadline = time.monotonic() + 20
        while len(accepted) < 200:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        server.process.send_signal(stop)
        for visits in visiting:
            visits.result()
    return accepted


def test_the_first_start_makes_all_that_is_missing_and_says_what_to_do(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        assert httpx.get(f"{server.url}/health").json()["db"] == "connected"
        with closing(sqlite3.connect(tmp_path / "tinytrail.db")) as tx:
            assert tx.execute("pragma journal_mode").fetchone() == ("wal",)
        for name in ("tinytrail.db", "tinytrail.db-wal", "tinytrail.db-shm", "tinytrail.key"):
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        assert server.stop() == 0
        said = rest(server)

    assert sorted(os.listdir(tmp_path)) == ["tinytrail.db", "tinytrail.key"]
    assert said.startswith(f"TinyTrail serves tinytrail.db at {server.url}\n")
    assert "tinytrail website add example.com" in said
    [key] = set(re.findall(KEY, said))
    assert server.api_key() == key
    assert key.encode() not in (tmp_path / "tinytrail.db").read_bytes()


@pytest.mark.parametrize(
    ("public_url", "opened"),
    [("", "http://127.0.0.1:{port}"), ("https://a.example/stats/", "https://a.example/stats")],
)
def test_the_first_steps_lead_to_where_a_server_on_all_addresses_is_found(
    tmp_path: Path, public_url: str, opened: str
) -> None:
    with serving(tmp_path, "--host", "0.0.0.0", TINYTRAIL_SERVER_PUBLIC_URL=public_url) as server:
        assert server.url.startswith("http://0.0.0.0:")
        assert server.stop() == 0
        said = rest(server)
    port = port_of(server)
    assert f"Next, open {opened.format(port=port)} and sign in" in said
    assert f"'http://127.0.0.1:{port}/api/v1/reports/summary?" in said


def test_without_web_the_first_steps_promise_no_dashboard(tmp_path: Path) -> None:
    with serving(tmp_path, TINYTRAIL_WEB_ENABLED="false") as server:
        assert httpx.get(server.url).status_code == 404
        key = server.api_key()
        assert server.stop() == 0
        said = rest(server)
    assert f"\n\n    {key}\n\n" in said
    assert "the dashboard, and all else that asks for this key, is web's" in said
    assert "sign in" not in said
    assert "website" not in said


def test_the_key_that_was_printed_opens_the_api(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        headers = {"x-api-key": server.api_key()}
        answer = httpx.get(f"{server.url}/api/v1/users", headers=headers).json()
        assert [user["role"] for user in answer["data"]] == ["admin"]


def test_a_second_start_prints_the_address_alone(tmp_path: Path) -> None:
    with serving(tmp_path) as first:
        key = first.api_key()
        assert first.stop() == 0
    with serving(tmp_path) as second:
        assert second.api_key() == key
        assert second.stop() == 0
        assert rest(second) == f"TinyTrail serves tinytrail.db at {second.url}\n"


@pytest.mark.parametrize("stop", STOPS)
def test_a_stop_loses_nothing_that_was_accepted(tmp_path: Path, stop: signal.Signals) -> None:
    with serving(tmp_path, **NO_LIMIT) as server:
        accepted = accepted_until_it_ends(server, server.add_website("example.com"), stop)
        assert server.process.wait(20) == 0
    assert set(paths_stored(tmp_path)) >= accepted
    assert not (tmp_path / "tinytrail.db-wal").exists()
    with serving(tmp_path) as server:
        assert server.stop() == 0


def test_a_kill_loses_nothing_that_was_accepted(tmp_path: Path) -> None:
    with serving(tmp_path, **NO_LIMIT) as server:
        website = server.add_website("example.com")
        accepted = accepted_until_it_ends(server, website, signal.SIGKILL)
        assert server.process.wait(20) == -signal.SIGKILL
    with serving(tmp_path, TINYTRAIL_WEB_API_LIMIT="") as server:
        assert "database  ok" in server.run("check")
        url = f"{server.url}/api/v1/reports/summary?period=today&website_id={website}"
        answer = httpx.get(url, headers={"x-api-key": server.api_key()}).json()
        assert answer["data"]["metrics"]["pageviews"]["value"] >= len(accepted)
    assert set(paths_stored(tmp_path)) >= accepted


@pytest.mark.parametrize("stop", STOPS)
def test_an_idle_connection_does_not_hold_a_stop_up(tmp_path: Path, stop: signal.Signals) -> None:
    with serving(tmp_path) as server, httpx.Client() as client:
        client.get(f"{server.url}/health")  # and it stays open
        begun = time.monotonic()
        assert server.stop(stop) == 0
        assert time.monotonic() - begun < 5  # half of what a request under way is given


def test_a_stop_before_the_body_has_come_waits_for_it(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        website = server.add_website("example.com")
        body = httpx.Request("POST", server.url, json=hit(website, "/late")).content
        head = (
            "POST /api/v1/collect HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
            f"User-Agent: {BROWSER}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        port = port_of(server)
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            client.sendall(head.encode() + body[:10])
            httpx.get(f"{server.url}/health")  # by now the head has been read
            server.process.send_signal(signal.SIGTERM)
            wait_until_it_listens_no_more(port)
            client.sendall(body[10:])
            assert client.recv(1000).startswith(b"HTTP/1.1 202 ")
        assert server.process.wait(20) == 0
    assert paths_stored(tmp_path) == ["/late"]


def wait_until_it_listens_no_more(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.01)
    raise AssertionError("it listens still")


def test_head_has_the_headers_and_no_body(tmp_path: Path) -> None:
    with serving(tmp_path) as server, httpx.Client(base_url=server.url) as client:
        for path in ("/health", "/js/tracker.js", "/nope"):
            asked, got = client.head(path), client.get(path)  # on one connection, so a body would be noticed
            assert asked.status_code == got.status_code
            assert asked.headers["content-length"] == got.headers["content-length"]
            assert asked.content == b""


def test_nothing_that_a_client_does_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """No address, no key, and nothing that would fill a disk."""
    with serving(tmp_path) as server:
        website, key = server.add_website("example.com"), server.api_key()
        server.stop()
    with serving(tmp_path) as server:
        with httpx.Client(base_url=server.url, headers={"x-api-key": key}) as client:
            for _ in range(12):  # the last ones are refused
                client.post("/api/v1/collect", json=hit(website))
            client.post("/api/v1/collect", content=b"{")
            client.post("/api/v1/accounts", content=b"{")
            client.post("/api/beat", headers={"authorization": "a-token"})
            assert client.get("/api/v1/users").status_code == 200
            client.get("/nope")
        for sent in (b"\x16\x03\x01 a handshake\r\n\r\n", b"POST /api/v1/accounts HTTP/1.1\r\nHost: x\r\n"):
            with socket.create_connection(("127.0.0.1", port_of(server)), timeout=20) as broken_off:
                broken_off.sendall(sent)
        assert server.stop() == 0
        assert rest(server) == f"TinyTrail serves tinytrail.db at {server.url}\n"
    assert capfd.readouterr().err == ""


def test_a_lost_key_file_is_said_and_keys_still_work(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        key = server.api_key()
    (tmp_path / "tinytrail.key").unlink()
    log = tmp_path / "log"
    with serving(tmp_path, log=str(log)) as server:
        answer = httpx.get(f"{server.url}/api/v1/websites", headers={"x-api-key": key})
    assert answer.status_code == 200
    assert "tinytrail.key was missing" in log.read_text()
    assert key not in log.read_text()


def test_the_greeting_names_where_it_listens_and_where_the_world_finds_it(tmp_path: Path) -> None:
    with serving(tmp_path, TINYTRAIL_SERVER_PUBLIC_URL="https://stats.example.com/") as server:
        [greeting] = [line for line in server.printed if "serves" in line]
    assert server.url.startswith("http://127.0.0.1:")
    assert greeting.rstrip().endswith("https://stats.example.com")
