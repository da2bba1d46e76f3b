"""Whether memory stays flat under everyday traffic, hour after hour, and what an idle server costs.

    python -m bench.seed /tmp/large
    python -m bench.soak /tmp/large [--minutes 60] [--rate 100]

All four systems are written to at a steady rate, by visitors, users and instances most of whom come only
once; an owner looks at a year of the large website every second, filtered once a minute, and exports all of
it every ten minutes. The file is copied first. Before all that the server stands idle for a while: the
baseline.
"""

import argparse
import itertools
import statistics
import time
import uuid
from pathlib import Path

from httpx import Client

from bench.reports_large import PANELS
from bench.seed import LARGE
from bench.servers import SETTINGS, copied, device_token, owner_of, websites
from tests.make import BROWSER, hit
from tests.server import Server, serving

IDLE = 30  # seconds
PATHS = 20_000


class Traffic:
    def __init__(self, server: Server) -> None:
        self.client = Client(base_url=server.url, headers={"user-agent": BROWSER}, timeout=60)
        self.owner = owner_of(server)
        self.website = websites(self.owner)[LARGE]
        self.token = device_token(server)

    def write(self, number: int) -> None:
        """One request: five of eight are page views, the others one each of the other systems."""
        visitor = number // 16  # sees ten pages
        match number % 8:
            case 0:
                event = {"event": "play", "user_id": f"user-{number // 64}"}
                answer = self.client.post("/track", json=event)
            case 1:
                instance = str(uuid.UUID(int=number // 64, version=4))
                answer = self.client.post("/heartbeat", json={"instance_id": instance, "version": "v1.2.3"})
            case 2:
                answer = self.client.post("/api/beat", headers={"Authorization": self.token})
            case _:
                address = f"{16 + (visitor >> 16) % 200}.{(visitor >> 8) % 256}.{visitor % 256}.7"
                page = hit(self.website, f"/soak-{number * 7919 % PATHS}")
                answer = self.client.post("/api/v1/collect", json=page, headers={"X-Forwarded-For": address})
        answer.raise_for_status()

    def look(self, number: int) -> None:
        """At a panel; once a minute at one of a year, filtered by what half of all visits have."""
        panel = PANELS[number % len(PANELS)] if number else "pages?filters[]=browser:Chrome"
        query = f"{'&' if '?' in panel else '?'}period=12m&website_id={self.website}"
        self.owner.get(f"/api/v1/reports/{panel}{query}").raise_for_status()

    def export(self) -> None:
        with self.owner.stream("GET", f"/api/v1/websites/{self.website}/export") as answer:
            for _ in answer.iter_raw():
                pass


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--rate", type=int, default=100)
    arguments = parser.parse_args()
    with copied(arguments.folder) as folder:
        settings = SETTINGS | {"TINYTRAIL_WEB_API_LIMIT": "", "TINYTRAIL_WEB_COLLECT_LIMIT": "10/10s"}
        with serving(folder, **settings) as server:
            soak(server, arguments.minutes, arguments.rate)


def soak(server: Server, minutes: int, rate: int) -> None:
    traffic = Traffic(server)
    before = server.cpu_seconds()
    time.sleep(IDLE)
    share = (server.cpu_seconds() - before) / IDLE
    print(f"idle: {share:.2%} of a core, {server.memory():.0f} MB", flush=True)
    used: list[float] = []
    numbers = itertools.count()
    begun = time.monotonic()
    for minute in range(minutes):
        if minute % 10 == 9:
            traffic.export()
        for second in range(60):
            for number in itertools.islice(numbers, rate):
                traffic.write(number)
            traffic.look(second)
            time.sleep(max(0, begun + minute * 60 + second + 1 - time.monotonic()))
        used.append(server.memory())
        print(f"minute {minute + 1:3}: {used[-1]:.0f} MB", flush=True)
    part = max(1, minutes // 6)
    first, last = statistics.median(used[:part]), statistics.median(used[-part:])
    print(f"first {part} minutes {first:.0f} MB, last {part} {last:.0f} MB: {last / first:.2f}", flush=True)


if __name__ == "__main__":
    main()
