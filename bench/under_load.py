"""What collecting and reading wait for while other work goes on, on a file of bench.seed.

    python -m bench.seed /tmp/large
    python -m bench.under_load /tmp/large [--rate 1000] [--seconds 15]

Events come at a steady rate, one a request, from a process of their own, 70 % of them for the large website,
page views of what it has been read by; how long each waits is counted from when it was due. One client asks
for the dashboard's panels of that website, a year of them, one after the other; which are the slowest is told
too. The file is copied first, since the last thing measured is the website's deletion. A bare ASGI answer at
the same rate, before and after, tells what the machine itself has them wait.
"""

import argparse
import asyncio
import csv
import json
import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from statistics import median
from urllib.parse import urlsplit

from httpx import Client

from bench.reports_large import PANELS
from bench.seed import LARGE
from bench.servers import SETTINGS, bare_server, copied, owner_of, websites
from tests.make import BROWSER, hit
from tests.server import Server, serving

CONNECTIONS = 32
BODIES = 20_000
VISITORS = 20_000
SLOWEST = 4  # panels of which the median is told


async def send(url: str, bodies: list[bytes], rate: int, seconds: float) -> list[float]:
    """Post bodies at this rate, each when it is due, over connections kept open; milliseconds each took."""
    address = urlsplit(url)
    took: list[float] = []
    begin = time.perf_counter()

    async def one_connection(number: int) -> None:
        random = Random(number)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        for due in range(number, int(rate * seconds), CONNECTIONS):
            at = begin + due / rate
            await asyncio.sleep(max(0, at - time.perf_counter()))
            body, visitor = random.choice(bodies), random.randrange(VISITORS)
            writer.write(
                b"POST /api/v1/collect HTTP/1.1\r\nHost: bench\r\nContent-Type: text/plain\r\n"
                b"User-Agent: %b\r\nX-Forwarded-For: 198.18.%d.%d\r\nContent-Length: %d\r\n\r\n%b"
                % (BROWSER.encode(), visitor // 250, visitor % 250, len(body), body)
            )
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 202"), head
            await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split(b"\r")[0]))
            took.append((time.perf_counter() - at) * 1000)
        writer.close()

    await asyncio.gather(*(one_connection(number) for number in range(CONNECTIONS)))
    return took


def sender(url: str, bodies: list[bytes], rate: int, seconds: float, into: str) -> None:
    Path(into).write_text(json.dumps(asyncio.run(send(url, bodies, rate, seconds))))


@contextmanager
def collecting(url: str, bodies: list[bytes], rate: int, seconds: float, took: list[float]) -> Iterator[None]:
    with tempfile.NamedTemporaryFile() as file:
        process = multiprocessing.get_context("spawn").Process(
            target=sender, args=(url, bodies, rate, seconds, file.name)
        )
        process.start()
        time.sleep(1)  # until it sends
        yield
        process.join()
        took += json.loads(Path(file.name).read_text())


def percentiles(name: str, took: list[float]) -> str:
    if not took:
        return f"{name}  -"
    ordered = sorted(took)
    p50, p95, p99 = (ordered[int(len(ordered) * share)] for share in (0.5, 0.95, 0.99))
    return f"{name} p50 {p50:6.1f} p95 {p95:6.1f} p99 {p99:6.1f} max {ordered[-1]:6.1f} ms ({len(took)})"


def bare(rate: int, seconds: float) -> None:
    took: list[float] = []
    with bare_server() as server, collecting(server.url, [b"{}"], rate, seconds, took):
        pass
    print(f"{'bare ASGI answer':42}", percentiles("answers", took), flush=True)


class Bench:
    def __init__(self, server: Server, rate: int, seconds: float) -> None:
        self.server, self.rate, self.seconds = server, rate, seconds
        self.owner = owner_of(server)
        others = websites(self.owner)
        self.large = others.pop(LARGE)
        self.others = list(others.values())

    def bodies(self, share_of_large: float) -> list[bytes]:
        """Page views of two websites, spread over their pages as last year's were."""
        random = Random(7)
        shares = {self.large: share_of_large, random.choice(self.others): 1 - share_of_large}
        return [
            json.dumps(hit(website, path)).encode()
            for website, share in shares.items()
            for path in random.choices(*self.pages(website), k=round(share * BODIES))
        ]

    def pages(self, website: str) -> tuple[list[str], list[int]]:
        """Its paths, and how often each was read."""
        asked = f"/api/v1/reports/pages?website_id={website}&period=12m&format=csv"
        rows = list(csv.DictReader(self.owner.get(asked).raise_for_status().text.splitlines()))
        return [row["path"] for row in rows], [int(row["pageviews"]) for row in rows]

    def read_panels(self, stop: threading.Event, took: dict[str, list[float]]) -> None:
        while not stop.is_set():
            for panel in PANELS:
                joined = "&" if "?" in panel else "?"
                before = time.perf_counter()
                path = f"/api/v1/reports/{panel}{joined}period=12m&website_id={self.large}"
                self.owner.get(path).raise_for_status()
                took.setdefault(panel, []).append((time.perf_counter() - before) * 1000)
                time.sleep(0.02)

    def run(
        self,
        name: str,
        meanwhile: Callable[[], None] | None = None,
        *,
        reading: bool = True,
        share_of_large: float | None = 0.7,
    ) -> None:
        stored: list[float] = []
        read: dict[str, list[float]] = {}
        stop = threading.Event()
        reader = threading.Thread(target=self.read_panels, args=(stop, read))
        with ExitStack() as stack:
            if share_of_large is not None:
                bodies = self.bodies(share_of_large)
                stack.enter_context(collecting(self.server.url, bodies, self.rate, self.seconds, stored))
            if reading:
                reader.start()
            before = time.perf_counter()
            if meanwhile:
                meanwhile()
            took = time.perf_counter() - before
            if share_of_large is None:
                time.sleep(self.seconds)
        stop.set()
        if reading:
            reader.join()
        lasted = f"{took:5.1f} s" if meanwhile else ""
        print(f"{name:26} {lasted:7} {self.server.memory():4.0f} MB", end="  ")
        print(
            percentiles("collect", stored), "  ", percentiles("reports", sum(read.values(), [])), flush=True
        )
        by_panel = [(median(times), panel.partition("&per_page")[0]) for panel, times in read.items()]
        for ms, panel in sorted(by_panel, reverse=True)[:SLOWEST]:
            print(f"{'':12}{ms:6.1f} ms {panel}", flush=True)

    def aggregate(self) -> None:
        self.owner.post("/api/v1/admin/aggregate", json={"date": time.strftime("%Y-%m-%d", time.gmtime())})

    def back_up(self) -> None:
        self.server.run("backup", "copy.db")

    def export(self) -> None:
        until = time.monotonic() + self.seconds
        with self.owner.stream("GET", f"/api/v1/websites/{self.large}/export") as answer:
            for _ in answer.iter_raw():
                if time.monotonic() > until:
                    break

    def delete(self) -> None:
        """Begun; it goes on for as long as it takes."""
        self.owner.delete(f"/api/v1/websites/{self.large}").raise_for_status()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=15)
    arguments = parser.parse_args()
    bare(arguments.rate, arguments.seconds)
    with copied(arguments.folder) as folder:
        print(f"{os.path.getsize(folder / 'tinytrail.db')} bytes")
        before = time.perf_counter()
        with serving(folder, **SETTINGS, TINYTRAIL_WEB_API_LIMIT="") as server:
            health = Client(base_url=server.url).get("/health")
            print(f"started and answered in {time.perf_counter() - before:.2f} s: {health.status_code}")
            bench = Bench(server, arguments.rate, arguments.seconds)
            bench.run("reports alone", share_of_large=None)
            bench.run("collecting alone", reading=False)
            bench.run("reports, as much stored", share_of_large=None)
            bench.run("both")
            bench.run("rolling up today", bench.aggregate)
            bench.run("backup", bench.back_up)
            bench.run("export of the large one", bench.export)
            bench.run("reports, as much as by now", share_of_large=None)
            bench.run("deleting the large one", bench.delete, reading=False, share_of_large=0)
        bare(arguments.rate, arguments.seconds)


if __name__ == "__main__":
    main()
