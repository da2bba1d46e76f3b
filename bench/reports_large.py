"""How long a large website's reports take, beside those of a smaller file in the same run.

    python -m bench.seed /tmp/large --until 2026-11-20
    python -m bench.seed /tmp/small --until 2026-11-20 --events 1000000 --days 40
    python -m bench.reports_large /tmp/large /tmp/small --until 2026-11-20 [--runs 30] [--only pages]

The application runs here, without a socket, its clock at the end of the day until which both were seeded:
what is measured is its own work, from the request to the last byte of the answer. Large and small take turns,
so that a noisy machine slows both. The smaller one is the same website when it was younger: as many events a
day, a tenth of the days.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote

from httpx import ASGITransport, AsyncClient

from bench.seed import LARGE
from tests.make import FakeClock, config_in, until_started
from tinytrail.app import create_app
from tinytrail.core.clock import DAY, day_number, parse_date
from tinytrail.core.connect import connect
from tinytrail.core.tokens import read_or_make_secret
from tinytrail.web.users import all_users, api_key_of

JOB_RAN = 590  # seconds ago: the rollup will run soon, which is when it has left most to count

PERIODS = ("today", "yesterday", "7d", "30d", "90d", "ytd", "12m", "all")
REPORTS = (
    "summary?compare=previous_period",
    "timeseries",
    "timeseries?metric=unique_pageviews",
    "timeseries?path=/",
    "pages",
    "pages?page=20",
    "flow",
    "sources?group_by=channel",
    "sources?group_by=domain",
    "sources?group_by=utm",
    "devices",
    "countries",
    "custom-events",
    "event-properties",
    "overview",  # of all twenty websites
)
WITHOUT_PERIODS = ("realtime", "funnel?period=30d&steps[]=/&steps[]=signup&steps[]=download")


FILTERS = (
    "country:DE",
    "channel:Social",
    "channel:Direct",
    "device:mobile",
    "browser:Chrome",
    "page:/",
    "content_group:Blog",
    "event:signup",
    "property:plan=pro",
)
FILTERED = ("summary", "timeseries", "pages", "sources?group_by=domain", "flow", "devices", "custom-events")

# What the dashboard shows of a website.
PANELS = (
    "summary?compare=previous_period",
    "timeseries?compare=previous_period",
    "pages?per_page=10",
    "flow?per_page=10",
    "sources?group_by=channel&per_page=500",
    "sources?group_by=domain&per_page=10",
    "sources?group_by=utm&per_page=10",
    "devices",
    "countries?per_page=500",
    "custom-events?per_page=10",
    "event-properties?per_page=10",
    "realtime",
)


class Took(NamedTuple):
    """Milliseconds: by the clock, and of a processor's time, which others on the machine change less."""

    wall: float
    cpu: float


class Subject(NamedTuple):
    """A file's application, and its large website."""

    client: AsyncClient
    website: str

    async def took(self, path: str) -> Took:
        joined = "&" if "?" in path else "?"
        wall, cpu = time.perf_counter(), time.process_time()
        answer = await self.client.get(f"/api/v1/reports/{path}{joined}website_id={self.website}")
        took = Took((time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000)
        answer.raise_for_status()
        return took


@asynccontextmanager
async def opened(folder: Path, now: float) -> AsyncIterator[Subject]:
    config = config_in(folder, web={"api_limit": ""})
    tx = connect(config.database)
    key = api_key_of(all_users(tx)[0], read_or_make_secret(config.key_file))
    [(website,)] = tx.execute("select id from websites where domain = ?", (LARGE,))
    tx.close()
    clock = FakeClock(now - JOB_RAN)
    app = create_app(config, clock)
    transport = ASGITransport(app)
    async with app.lifespan(), AsyncClient(transport=transport, base_url="http://bench") as client:
        await until_started(app, seconds=600)  # half a minute, the first time: days are summed up
        clock.now = now
        client.headers["x-api-key"] = key
        yield Subject(client, website)


def cases() -> Iterator[str]:
    yield from WITHOUT_PERIODS
    for report in REPORTS:
        for period in PERIODS:
            yield f"{report}{'&' if '?' in report else '?'}period={period}"
    batch = "&".join(f"reports[]={quote(panel)}" for panel in PANELS)
    for period in ("30d", "12m"):
        yield f"batch?{batch}&period={period}"
    for period in ("30d", "12m"):
        for asked in FILTERS:
            for report in FILTERED:
                yield f"{report}{'&' if '?' in report else '?'}period={period}&filters[]={quote(asked)}"


def name_of(case: str) -> str:
    report, _, parameters = case.partition("?")
    return f"all panels, {case[-3:]}" if report == "batch" else f"{report}?{unquote(parameters)}"


def p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


async def measure(folders: list[Path], now: float, runs: int, only: str) -> None:
    async with AsyncExitStack() as stack:
        subjects = [await stack.enter_async_context(opened(folder, now)) for folder in folders]
        print(f"{'ms: p50, p95, p50 of cpu; first':62}", *folders)
        for case in cases():
            if only not in case:
                continue
            times: list[list[Took]] = [[] for _ in subjects]
            for _ in range(runs + 1):
                for subject, took in zip(subjects, times, strict=True):
                    took.append(await subject.took(case))
            line, cpus = f"{name_of(case):62}", []
            for first, *rest in times:
                walls = [took.wall for took in rest]
                cpus.append(statistics.median(took.cpu for took in rest))
                line += (
                    f" {statistics.median(walls):7.1f} {p95(walls):7.1f} {cpus[-1]:7.1f}  ({first.wall:.1f})"
                )
            ratios = (f"{cpus[0] / cpu:5.2f}" for cpu in cpus[1:])
            print(line, *ratios, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--until", type=parse_date, required=True)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    now = (day_number(arguments.until) + 1) * DAY - 1
    asyncio.run(measure(arguments.folders, now, arguments.runs, arguments.only))


if __name__ == "__main__":
    main()
