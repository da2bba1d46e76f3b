"""What open WebSockets cost: the share of a core that the server takes while so many watch its statistics.

    python -m bench.watchers [--sockets 200] [--seconds 10]

It reads the server's CPU time and memory from /proc, so it needs Linux.
"""

import argparse
import os
import time
from contextlib import ExitStack
from pathlib import Path

from websockets.sync.client import connect

from bench.servers import tinytrail_server


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def share_of_a_core(pid: int, seconds: int) -> float:
    before = cpu_seconds(pid)
    time.sleep(seconds)
    return (cpu_seconds(pid) - before) / seconds


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sockets", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=10)
    arguments = parser.parse_args()
    with tinytrail_server() as server, ExitStack() as stack:
        pid = server.process.pid
        server.run("device", "add", "Laptop")
        time.sleep(2)
        idle, memory = share_of_a_core(pid, arguments.seconds), resident_bytes(pid)
        address = server.url.replace("http", "ws") + "/api/stats/ws"
        sockets = [stack.enter_context(connect(address, max_queue=None)) for _ in range(arguments.sockets)]
        time.sleep(2)
        watched = share_of_a_core(pid, arguments.seconds)
        memory = (resident_bytes(pid) - memory) // arguments.sockets
        for socket in sockets:
            for _ in range(arguments.seconds):
                socket.recv(timeout=1)  # each has had its frame a second
    print(f"{arguments.sockets} watchers: {watched:.1%} of a core; none: {idle:.1%}; {memory} bytes each")


if __name__ == "__main__":
    main()
