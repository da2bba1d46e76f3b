"""Clients that say nothing, too much, or hang up: nobody else notices."""

import contextlib
import re
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.faults.wire import (
    SECONDS,
    all_said,
    connected,
    open_files,
    prepare,
    request,
    serving_with,
)
from tests.make import BROWSER, hit
from tests.server import Server, serving

IMPATIENT = "from tinytrail import protocol; protocol.PATIENCE = 1.0"
PATIENT = "from tinytrail import protocol; protocol.PATIENCE = 3.0"
NO_LIMIT = {"TINYTRAIL_WEB_COLLECT_LIMIT": ""}

UNFINISHED = [
    ("nothing", b""),
    ("half a line", b"GET /hea"),
    ("half a head", b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: "),
    ("half a body", request("/track", b"x" * 100)[:-50]),
    ("half a body that nobody waits for", request("/health", b"x" * 100)[:-50]),
    (
        "a chunk without an end",
        b"POST /track HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
    ),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all: none of this may harm it."""
    with serving(tmp_path_factory.mktemp("served")) as server:
        yield server


def is_well(server: Server) -> bool:
    return bool(httpx.get(f"{server.url}/health", timeout=SECONDS).json()["status"] == "ok")


def wait_for_files(server: Server, most: int) -> None:
    deadline = time.monotonic() + SECONDS
    while open_files(server) > most:
        assert time.monotonic() < deadline, f"{open_files(server)} files are open"
        time.sleep(0.05)


def drop(client: socket.socket) -> None:
    """Hang up without a goodbye: the other side sees a reset."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def test_who_does_not_finish_a_request_is_hung_up_on_and_others_are_served(tmp_path: Path) -> None:
    with serving_with(IMPATIENT, tmp_path) as server, ExitStack() as stack:
        waiting = {name: stack.enter_context(connected(server)) for name, _ in UNFINISHED}
        for name, sent in UNFINISHED:
            waiting[name].sendall(sent)
        assert is_well(server)
        for name, client in waiting.items():
            said = all_said(client)  # fails by a timeout if the server never hangs up
            assert said.count(b"HTTP/1.1") <= 1, name
    assert (tmp_path / "log").read_text() == ""  # a few are no news


def test_a_stop_waits_a_moment_for_who_does_not_finish_a_request(tmp_path: Path) -> None:
    brief = "from tinytrail import protocol; protocol.LAST_MOMENT = 0.5"
    with serving_with(brief, tmp_path) as server, ExitStack() as stack:
        for _, sent in UNFINISHED:
            stack.enter_context(connected(server)).sendall(sent)
        assert is_well(server)
        begun = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begun < 5  # half of what an answer is given
    assert (tmp_path / "log").read_text() == ""


def test_who_is_slow_but_steady_within_the_time_is_served(tmp_path: Path) -> None:
    website = prepare(tmp_path).website
    with serving_with(PATIENT, tmp_path) as server, connected(server) as client:
        sent = request("/api/v1/collect", msgspec.json.encode(hit(website)))
        for start in range(0, len(sent), 50):
            client.sendall(sent[start : start + 50])
            time.sleep(0.02)
        assert client.recv(1000).startswith(b"HTTP/1.1 202 ")


def test_who_does_not_read_an_answer_is_hung_up_on(tmp_path: Path) -> None:
    large = (
        "from tinytrail.web import health; "
        "health.TRACKER = health.TRACKER._replace(content=b'x' * 50_000_000)"
    )
    with serving_with(f"{IMPATIENT}; {large}", tmp_path) as server:
        idle = open_files(server)
        with connected(server) as client:
            client.sendall(b"GET /js/tracker.js HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(5) == b"HTTP/"
            wait_for_files(server, idle)
            assert is_well(server)


def test_who_sends_requests_by_the_thousand_and_reads_none_of_the_answers_is_hung_up_on(
    server: Server,
) -> None:
    before = server.memory()
    with ExitStack() as stack:
        for _ in range(20):
            client = stack.enter_context(connected(server))
            with contextlib.suppress(ConnectionError):
                client.sendall(b"GET /js/tracker.js HTTP/1.1\r\nHost: x\r\n\r\n" * 5000)
                assert all_said(client).count(b"HTTP/1.1 200 ") < 5000
        assert server.memory() - before < 60  # what one read brings, once; 300 if each were kept
        assert is_well(server)


@pytest.mark.parametrize("clients", [1000, pytest.param(10_000, marks=pytest.mark.long)])
def test_slow_connections_by_the_thousand(tmp_path: Path, clients: int) -> None:
    with serving_with(PATIENT, tmp_path) as server:
        before, idle = server.memory(), open_files(server)
        for rush in (clients, 300):
            with ExitStack() as stack:
                for _ in range(rush):
                    stack.enter_context(connected(server)).sendall(b"GET /health HTTP/1.1\r\nX-Slow: ")
                assert is_well(server)
                assert server.memory() - before < 10 + clients * 20 / 1024  # 7 KB each were measured
                wait_for_files(server, idle + 1)
                assert is_well(server)
    [said] = (tmp_path / "log").read_text().splitlines()
    assert said.endswith("100 connections or more were closed: no whole request in 3 s")


def endless(name: str) -> tuple[bytes, bytes]:
    """What a request begins with, and what then comes again and again."""
    get, post = b"GET /health HTTP/1.1\r\nHost: x\r\n", b"POST /track HTTP/1.1\r\nHost: x\r\n"
    chunked = post + b"Transfer-Encoding: chunked\r\n\r\n"
    return {
        "an endless address": (b"GET /health?", b"x" * 1000),
        "an endless header": (get + b"X-Long: ", b"x" * 1000),
        "endless headers": (get, b"X-Many: x\r\n" * 100),
        "endless names": (get, b"x" * 1000),
        "an endless chunk size": (chunked + b"5;", b"x" * 1000),
        "chunks of a byte": (chunked, b"1;long-winded=yes\r\nx\r\n" * 50),
        "endless trailers": (chunked + b"0\r\n", b"X-Trailer: x\r\n" * 100),
    }[name]


BOMBS = [
    "an endless address",
    "an endless header",
    "endless headers",
    "endless names",
    "an endless chunk size",
    "chunks of a byte",
    "endless trailers",
]


@pytest.mark.parametrize("name", BOMBS)
def test_a_head_without_end_is_cut_off_before_it_costs_memory(server: Server, name: str) -> None:
    beginning, more = endless(name)
    before = server.memory()
    with connected(server) as client:
        sent = len(beginning)
        try:
            client.sendall(beginning)
            while sent < 50_000_000:
                client.sendall(more)
                sent += len(more)
        except ConnectionError:
            pass
        assert sent < 20_000_000  # the kernel's buffers and a few reads
    assert server.memory() - before < 10
    assert is_well(server)


def test_a_head_that_is_too_large_is_answered_431(server: Server) -> None:
    with connected(server) as client:
        client.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 66_000)
        assert all_said(client).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("space", ["", " ", "\t", " \t  "])
def test_white_space_around_a_headers_value_is_no_part_of_it(server: Server, space: str) -> None:
    key = f"X-API-KEY:{space}{server.api_key()}{space}"
    asked = f"GET /api/v1/websites HTTP/1.1\r\nHost: x{space}\r\n{key}\r\nConnection: close{space}\r\n\r\n"
    with connected(server) as client:
        client.sendall(asked.encode())
        assert all_said(client).startswith(b"HTTP/1.1 200 OK\r\n")


def test_large_cookies_and_many_requests_on_a_connection_are_no_bomb(server: Server) -> None:
    with httpx.Client(base_url=server.url, headers={"cookie": "x" * 30_000}) as client:
        for _ in range(20):
            assert client.get("/health").status_code == 200


def test_answers_with_a_body_and_without_follow_each_other_whole(server: Server) -> None:
    """A head may wait for its body, so one that has none must not keep it."""
    lines = (
        "GET /health",
        "HEAD /health",
        "OPTIONS /api/v1/collect",
        "HEAD /js/tracker.js",
        "GET /js/tracker.js",
        "GET /nowhere",
    )
    asked = "".join(f"{line} HTTP/1.1\r\nHost: x\r\n\r\n" for line in lines)
    for line in lines:  # each comes without another behind it
        with connected(server) as client:
            client.sendall(f"{line} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert client.recv(65536).startswith(b"HTTP/1.1 "), line
    with connected(server) as client:
        client.sendall(asked.encode() + b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        said = all_said(client)
    assert re.findall(rb"HTTP/1.1 (\d+)", said) == [b"200", b"200", b"204", b"200", b"200", b"404", b"200"]
    assert said.count(b'"status":"ok"') == 2


@pytest.mark.parametrize(
    ("version", "headers", "closes"),
    [("1.1", (), False), ("1.1", ("Connection: close",), True), ("1.0", (), True)],
)
def test_an_answer_to_a_hit_is_whole_and_says_whether_the_connection_stays(
    tmp_path: Path, version: str, headers: tuple[str, ...], closes: bool
) -> None:
    website = prepare(tmp_path).website
    sent = request("/api/v1/collect", msgspec.json.encode(hit(website)), *headers)
    with serving(tmp_path) as server, connected(server) as client:
        client.sendall(sent.replace(b"HTTP/1.1", f"HTTP/{version}".encode(), 1))
        if closes:
            said = all_said(client)
        else:
            said = client.recv(65536)
            client.sendall(sent)
            assert client.recv(65536).startswith(b"HTTP/1.1 202 ")
    head, _, body = said.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 202 Accepted"
    assert body == b'{"status":"accepted"}'
    names = [line.partition(b":")[0] for line in lines[1:]]
    assert names.count(b"content-length") == names.count(b"date") == 1
    assert (b"connection: close" in lines) == closes


def test_a_connection_that_nobody_uses_any_more_is_closed_and_one_in_use_is_not(tmp_path: Path) -> None:
    asked = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    with (
        serving_with("from tinytrail import protocol; protocol.KEPT = 2.5", tmp_path) as server,
        connected(server) as idle,
        connected(server) as busy,
    ):
        idle.sendall(asked)
        idle.settimeout(0.02)
        deadline = time.monotonic() + SECONDS
        while True:
            busy.sendall(asked)
            assert busy.recv(65536).startswith(b"HTTP/1.1 200 ")
            try:
                if not idle.recv(65536):
                    break
            except TimeoutError:
                assert time.monotonic() < deadline


PLAY = b'{"event":"play","user_id":"alice"}'
H2C = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA")
WEBSOCKET = ("Connection: Upgrade", "Upgrade: websocket")
CHUNKED = request("/track", b"", *H2C, "Transfer-Encoding: chunked").replace(b"Content-Length: 0\r\n", b"")


@pytest.mark.parametrize(
    "sent",
    [
        request("/track", PLAY, *H2C),
        request("/track", PLAY, *WEBSOCKET),
        CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (len(PLAY), PLAY),
    ],
    ids=["h2c, as Java's client and curl --http2 offer it", "a WebSocket", "h2c and chunks"],
)
@pytest.mark.parametrize("step", [10_000, 1])
def test_an_offer_to_speak_another_protocol_is_passed_over(server: Server, sent: bytes, step: int) -> None:
    with connected(server) as client:
        for _ in range(2):  # and the connection stays
            for begin in range(0, len(sent), step):
                client.sendall(sent[begin : begin + step])
            assert client.recv(65536).startswith(b"HTTP/1.1 200 ")


UNUSABLE = [
    ("with a body to come", (*WEBSOCKET, "Content-Length: 1")),
    ("without a key", WEBSOCKET),
    (
        "of an old version",
        (*WEBSOCKET, "Sec-WebSocket-Version: 7", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
    ),
]


def test_a_handshake_that_goes_wrong_is_answered_and_does_not_keep_the_server_from_stopping(
    tmp_path: Path,
) -> None:
    with serving_with("pass", tmp_path) as server, ExitStack() as stack:
        for name, headers in UNUSABLE:
            client = stack.enter_context(connected(server))
            lines = ("GET /api/stats/ws HTTP/1.1", "Host: x", *headers, "", "")
            client.sendall("\r\n".join(lines).encode())
            assert client.recv(1000).startswith(b"HTTP/1.1 4"), name
        assert server.stop() == 0
    assert (tmp_path / "log").read_text() == ""
    assert not (tmp_path / "tinytrail.db-wal").exists()


HANDSHAKE = "\r\n".join(
    (
        "GET /api/stats/ws HTTP/1.1", "Host: x", *WEBSOCKET,
        "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", "",
    )
).encode()  # fmt: skip


@contextlib.contextmanager
def watching(server: Server) -> Iterator[socket.socket]:
    """A WebSocket to the presence page's stream."""
    with connected(server) as client:
        client.sendall(HANDSHAKE)
        assert client.recv(1000).startswith(b"HTTP/1.1 101 ")
        yield client


@pytest.mark.parametrize(
    "frame",
    [b"\x89\x80\0\0\0\0", b"\x00\x80\0\0\0\0"],
    ids=["pings", "a message without an end"],
)
def test_who_talks_on_and_on_by_a_websocket_is_hung_up_on(server: Server, frame: bytes) -> None:
    before = server.memory()
    with watching(server) as client, contextlib.suppress(ConnectionError):
        client.sendall(b"\x01\x80\0\0\0\0" if frame[0] == 0 else b"")
        for _ in range(200):
            client.sendall(frame * 5000)
        raise AssertionError("6 MB were listened to")
    assert is_well(server)
    assert server.memory() - before < 5  # megabytes


def test_what_is_said_by_a_websocket_is_passed_over(tmp_path: Path) -> None:
    with serving_with("pass", tmp_path) as server, watching(server) as client:
        client.sendall(b"\x81\x82\0\0\0\0\xff\xff")  # no UTF-8
        for _ in range(3):
            assert b"last_seen" in client.recv(65536)
    assert (tmp_path / "log").read_text() == ""


@pytest.mark.parametrize("requests", [2, 20])
def test_who_sends_several_requests_and_hangs_up_leaves_nothing_in_the_log(
    tmp_path: Path, requests: int
) -> None:
    with serving_with("pass", tmp_path, TINYTRAIL_SERVER_METRICS="true") as server:
        idle = open_files(server)
        for path in ("/track", "/heartbeat", "/api/v1/collect", "/health"):
            client = connected(server)
            client.sendall(request(path, PLAY) * requests)
            client.close()
            wait_for_files(server, idle)
        counted = httpx.get(f"{server.url}/-/metrics").text
    assert 'status="5xx"' not in counted
    assert (tmp_path / "log").read_text() == ""


def test_connections_that_are_over_leave_nothing_to_collect(tmp_path: Path) -> None:
    """Without the collector of garbage, which comes late, their memory is free all the same."""
    website = prepare(tmp_path).website
    asked = [
        b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        request("/api/v1/collect", msgspec.json.encode(hit(website)), "Connection: close"),
        b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n",
    ]

    def connect_often(server: Server, times: int) -> None:
        for number in range(times):
            with connected(server) as client:
                client.sendall(asked[number % 3])
                assert client.recv(1000).startswith(b"HTTP/1.1 ")

    with serving_with("import gc; gc.enable = gc.disable; gc.disable()", tmp_path, **NO_LIMIT) as server:
        connect_often(server, 300)
        before = server.memory()
        connect_often(server, 3000)
        assert server.memory() - before < 10  # of some 30 if each left 10 KB


def test_an_endless_body_is_refused_and_costs_no_memory(server: Server) -> None:
    before = server.memory()
    for path in ("/api/v1/collect", "/track", "/heartbeat", "/api/beat", "/health", "/nowhere"):
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        with connected(server) as client:
            client.sendall(head.encode())
            try:
                for _ in range(200):
                    client.sendall(chunk)
            except ConnectionError:
                pass
            status = int(client.recv(100).split()[1])
            assert 400 <= status < 500, path
    assert server.memory() - before < 10
    assert is_well(server)


def test_a_declared_length_is_believed_and_refused_before_the_body_comes(server: Server) -> None:
    for path in ("/api/v1/collect", "/track", "/heartbeat"):
        with connected(server) as client:
            client.sendall(request(path, b"x").replace(b"Length: 1", b"Length: 99999999999999999"))
            assert client.recv(100).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("path", ["/api/v1/collect", "/api/v1/accounts", "/nowhere"])
def test_an_answer_that_comes_before_the_body_is_through_is_not_lost(server: Server, path: str) -> None:
    """As nginx sends it: one request a connection, and the body in more than one go."""
    whole = request(path, b"x" * 300_000, "Connection: close")
    with connected(server) as client:
        client.sendall(whole[:1000])
        status = client.recv(20)
        for begin in range(1000, len(whole), 50_000):
            client.sendall(whole[begin : begin + 50_000])  # to a closed socket the second would fail
            time.sleep(0.01)
        said = status + all_said(client)
    assert re.match(rb"HTTP/1.1 4\d\d ", said)
    assert b"connection: close" in said
    assert said.endswith((b"}", b"Not Found"))


def test_clients_that_hang_up_mid_request_leave_nothing_behind(tmp_path: Path) -> None:
    website, api_key = prepare(tmp_path)
    whole = request("/api/v1/collect", msgspec.json.encode(hit(website)))
    with serving(tmp_path, log=f"{tmp_path}/log", **NO_LIMIT) as server:
        idle = open_files(server)
        for length in range(0, len(whole), 7):
            client = connected(server)
            client.sendall(whole[:length])
            drop(client)
        for _ in range(50):  # the whole request, but nobody waits for the answer
            client = connected(server)
            client.sendall(whole)
            drop(client)
        with httpx.Client(base_url=server.url, headers={"user-agent": BROWSER}) as steady:
            assert steady.post("/api/v1/collect", json=hit(website, "/last")).status_code == 202
            found = steady.get(
                "/api/v1/reports/pages",
                params={"website_id": website, "period": "today"},
                headers={"x-api-key": api_key},
            ).json()["data"]["rows"]
        views = {row["path"]: row["pageviews"] for row in found}
        assert views["/last"] == 1
        assert views.get("/", 0) <= 50  # what arrived whole may be stored, and once
        wait_for_files(server, idle)
        assert server.stop() == 0
    assert (tmp_path / "log").read_text() == ""
