"""What open WebSockets cost: the share of a core that the server takes while so many watch its statistics.

    python -m bench.watchers [--sockets 200] [--seconds 10]

It reads the server's CPU time and memory from /proc, so it needs Linux.
"""

import argparse
import time
from contextlib import ExitStack

from websockets.sync.client import connect

from bench.servers import device_token, tinytrail_server
from tests.server import Server


def share_of_a_core(server: Server, seconds: int) -> float:
    before = server.cpu_seconds()
    time.sleep(seconds)
    return (server.cpu_seconds() - before) / seconds


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sockets", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=10)
    arguments = parser.parse_args()
    with tinytrail_server() as server, ExitStack() as stack:
        device_token(server)  # frames tell of a device
        time.sleep(2)
        idle, memory = share_of_a_core(server, arguments.seconds), server.memory()
        address = server.url.replace("http", "ws") + "/api/stats/ws"
        sockets = [stack.enter_context(connect(address, max_queue=None)) for _ in range(arguments.sockets)]
        time.sleep(2)
        watched = share_of_a_core(server, arguments.seconds)
        kilobytes = (server.memory() - memory) * 1024 / arguments.sockets
        for socket in sockets:
            for _ in range(arguments.seconds):
                socket.recv(timeout=1)  # each has had its frame a second
    print(f"{arguments.sockets} watchers: {watched:.1%} of a core; none: {idle:.1%}; {kilobytes:.0f} KB each")


if __name__ == "__main__":
    main()
