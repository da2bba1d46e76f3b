"""A real Pocket ID's request, on a real server's socket."""

import socket
from pathlib import Path

from tests.server import serving

# As Go's net/http writes it for Pocket ID 2, byte for byte.
POCKET_ID = (
    b"POST /heartbeat HTTP/1.1\r\n"
    b"Host: analytics.pocket-id.org\r\n"
    b"User-Agent: Go-http-client/1.1\r\n"
    b"Content-Length: 72\r\n"
    b"Content-Type: application/json\r\n"
    b"Accept-Encoding: gzip\r\n"
    b"\r\n"
    b'{"version":"2.0.0","instance_id":"b316815f-5f81-488f-89f8-12b62013dfa4"}'
)


def test_a_real_pocket_id_gets_its_200_from_a_real_server(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        port = int(server.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            for _ in range(2):  # once at start and once a day later, on one connection
                connection.sendall(POCKET_ID)
                answer = b""
                while not answer.endswith(b"\r\n\r\nok"):
                    answer += connection.recv(4096)
                assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert server.stop() == 0
