"""What an export costs: its speed and memory, and what others wait for meanwhile.

    python -m bench.seed /tmp/seeded --events 300000 --days 30 --websites 1
    python -m bench.export /tmp/seeded [--rounds 5]

In each round one client collects events and one asks for a report: a few seconds alone, then beside an export
of the whole website, then beside four at once.
"""

import argparse
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from httpx import Client

from bench.seed import LARGE
from bench.servers import SETTINGS, owner_of, websites
from tests.make import BROWSER, hit
from tests.server import Server, serving

ALONE = 3  # seconds


class Waited(NamedTuple):
    """Milliseconds of each request."""

    collect: list[float]
    report: list[float]


def repeat(ask: Callable[[], None], waited: list[float], stop: threading.Event) -> None:
    while not stop.is_set():
        before = time.perf_counter()
        ask()
        waited.append((time.perf_counter() - before) * 1000)
        time.sleep(0.01)


class Bench:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.owner = owner_of(server)
        self.website = websites(self.owner)[LARGE]
        self.visitor = Client(base_url=server.url, headers={"user-agent": BROWSER}, timeout=60)

    def collect(self) -> None:
        self.visitor.post("/api/v1/collect", json=hit(self.website)).raise_for_status()

    def report(self) -> None:
        params = {"website_id": self.website, "period": "30d"}
        self.owner.get("/api/v1/reports/pages", params=params).raise_for_status()

    def export(self) -> int:
        """How many rows came."""
        url = f"/api/v1/websites/{self.website}/export"
        with self.owner.stream("GET", url) as answer:
            return sum(chunk.count(b"\n") for chunk in answer.iter_raw())

    def others_wait(self, waited: Waited, meanwhile: Callable[[], None]) -> None:
        stop = threading.Event()
        asked = ((self.collect, waited.collect), (self.report, waited.report))
        threads = [threading.Thread(target=repeat, args=(ask, into, stop)) for ask, into in asked]
        for thread in threads:
            thread.start()
        meanwhile()
        stop.set()
        for thread in threads:
            thread.join()

    def exports(self, count: int, rows: list[int]) -> None:
        """So many exports at once; prints the memory that they came to."""
        peak = self.server.memory()
        threads = [threading.Thread(target=lambda: rows.append(self.export())) for _ in range(count)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            peak = max(peak, self.server.memory())
            time.sleep(0.05)
        print(f"{peak:6.1f} MB at most beside {count} of {rows[-1]} events")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    alone, beside_1, beside_4 = Waited([], []), Waited([], []), Waited([], [])
    rows: list[int] = []
    took: list[float] = []
    with serving(arguments.folder, **SETTINGS, TINYTRAIL_WEB_API_LIMIT="") as server:
        bench = Bench(server)
        for _ in range(arguments.rounds):
            bench.others_wait(alone, lambda: time.sleep(ALONE))
            print(f"{server.memory():6.1f} MB before")
            before = time.perf_counter()
            bench.others_wait(beside_1, lambda: bench.exports(1, rows))
            took.append(time.perf_counter() - before)
            bench.others_wait(beside_4, lambda: bench.exports(4, rows))
    print(f"an export took {statistics.median(took):.1f} s")
    for name, waited in (("alone", alone), ("beside an export", beside_1), ("beside four", beside_4)):
        for who, each in zip(waited._fields, waited, strict=True):
            last = statistics.quantiles(each, n=20)[-1]
            print(f"{who:8} {name:18} {statistics.median(each):6.1f} ms   (19 of 20 within {last:.1f})")


if __name__ == "__main__":
    main()
