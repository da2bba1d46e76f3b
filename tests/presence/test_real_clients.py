"""What real clients put on the wire, byte for byte, against the real server."""

import re
import socket
import time

import pytest

from tests.presence.wire import add_device, connection_to, exchange, log_of, upgrade
from tests.server import Server

OK = re.compile(
    rb"HTTP/1\.1 200 OK\r\n(?:[^\r\n]+\r\n)*content-type: text/plain; charset=utf-8\r\n"
    rb"content-length: 10\r\n(?:[^\r\n]+\r\n)*\r\n(\d{10})\Z"
)


@pytest.fixture(scope="module")
def token(server: Server) -> bytes:
    return add_device(server, "Real").encode()


def head(token: bytes, *lines: bytes, close: bool = True) -> bytes:
    first = [b"POST /api/beat HTTP/1.1", b"Host: 127.0.0.1", b"Authorization: " + token]
    return b"\r\n".join([*first, *lines, *([b"Connection: close"] if close else []), b"", b""])


def assert_noted(answer: bytes) -> None:
    found = OK.search(answer)
    assert found, answer
    assert abs(int(found[1]) - time.time()) < 60
    assert int(found[1]) < 2**31  # an Android client reads a 32-bit integer


def test_curl_without_body_length_or_type(server: Server, token: bytes) -> None:
    assert_noted(exchange(server, head(token, b"User-Agent: curl/8.5.0", b"Accept: */*")))


FORM = b"Content-Type: application/x-www-form-urlencoded"


def test_libcurl_chunked_after_a_100_continue(server: Server, token: bytes) -> None:
    with connection_to(server) as connection:
        connection.sendall(head(token, b"Transfer-Encoding: chunked", FORM, b"Expect: 100-continue"))
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"3\r\na=b\r\n")
        connection.sendall(b"0\r\n\r\n")
        assert_noted(b"".join(iter(lambda: connection.recv(4096), b"")))


def test_libcurl_that_tires_of_waiting_for_the_100(server: Server, token: bytes) -> None:
    lines = (b"Transfer-Encoding: chunked", FORM, b"Expect: 100-continue")

    answer = exchange(server, head(token, *lines) + b"0\r\n\r\n")

    assert_noted(answer.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n"))


def test_libcurl_with_an_empty_form(server: Server, token: bytes) -> None:
    assert_noted(exchange(server, head(token, FORM, b"Content-Length: 0")))


def test_okhttp_with_a_body_in_parts(server: Server, token: bytes) -> None:
    """As the Android client: a media type, a length, and the connection kept for more."""
    lines = (b"Content-Type: application/json; charset=utf-8", b"Content-Length: 2", b"Accept-Encoding: gzip")

    assert_noted(exchange(server, head(token, *lines), b"{", b"}"))


def test_an_old_client_speaks_http_1_0(server: Server, token: bytes) -> None:
    answer = exchange(server, b"POST /api/beat HTTP/1.0\r\nAuthorization: %s\r\n\r\n" % token)

    assert_noted(answer)


def test_beats_follow_each_other_on_one_connection(server: Server, token: bytes) -> None:
    answer = exchange(server, head(token, close=False), head(token, close=False) + head(token))

    assert answer.count(b"HTTP/1.1 200 OK") == 3


@pytest.mark.parametrize("value", [b"\xff\xfe\x80", "ünbekannt".encode(), b"x" * 20_000, b""])
def test_bytes_that_are_no_token_are_a_401(server: Server, value: bytes) -> None:
    answer = exchange(server, head(value))

    assert answer.startswith(b"HTTP/1.1 401 Unauthorized\r\n")
    assert answer.endswith(b"\r\n\r\nUnauthorized")


def test_an_endless_body_is_cut_off(server: Server, token: bytes) -> None:
    with connection_to(server) as connection:
        connection.sendall(head(token, b"Transfer-Encoding: chunked"))
        chunk = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
        for _ in range(5):
            connection.sendall(chunk)
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_body_that_breaks_off_is_no_beat(server: Server, token: bytes) -> None:
    before = total_beats(server)
    with connection_to(server) as connection:
        connection.sendall(head(token, b"Content-Length: 10") + b"12345")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""  # hung up on

    assert total_beats(server) == before


def total_beats(server: Server) -> int:
    answer = exchange(server, b"GET /api/stats HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    found = re.search(rb'"total_beats":(\d+)', answer)
    assert found
    return int(found[1])


def test_a_page_opens_the_stream_and_finds_all_seven_fields(server: Server) -> None:
    with connection_to(server) as connection:
        connection.sendall(upgrade(server))
        received = b""
        while b"uptime" not in received:
            received += connection.recv(4096)

    assert received.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
    assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in received
    frame = received.partition(b"\r\n\r\n")[2]
    assert frame[0] == 0x81  # text, whole, not compressed
    for field in (
        b"last_seen",
        b"last_seen_relative",
        b"longest_absence",
        b"num_visits",
        b"total_beats",
        b"devices",
        b"uptime",
    ):
        assert b'"%s":' % field in frame


def test_no_token_is_ever_logged(server: Server, token: bytes) -> None:
    """Last in this file: the log holds all that the tests above have caused."""
    for value in (token, b"\xffodd", b"Bearer " + token):
        exchange(server, head(value))
    exchange(server, b"NONSENSE " + token + b"\r\n\r\n")

    assert token.decode() not in log_of(server)
    assert "Traceback" not in log_of(server)
