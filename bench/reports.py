"""How long reports take, over HTTP on a seeded server, beside a bare ASGI answer of the same run.

    python -m bench.reports [--events 600000] [--instances 1000000]

Seeds, through the product's own storing code: a website's page views over 90 days, all rolled up but
today's; a million instances of a program. A year of product events at a million a month is seeded as the
daily counts they become.
"""

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from httpx import Client

from bench.servers import SETTINGS, bare_server, owner_of
from tests.server import Server, serving
from tinytrail.core.clock import DAY, date_of, utc_day
from tinytrail.core.connect import Tx, connect, rows, transaction
from tinytrail.installs.active import Beat, store_beats
from tinytrail.web.events import CUSTOM, PAGE_VIEW, Event, Visitor, store_events
from tinytrail.web.rollup import OPEN_DAYS, OpenDay, close_day, count_day

BATCH = 500
DAYS = 90
EVENT_NAMES = 20
VERSIONS = 40  # of the program whose instances there are

REPORTS = ("summary", "pages", "sources", "devices", "flow", "timeseries", "custom-events", "realtime")

YEAR_OF_PRODUCT_EVENTS = """
    with recursive days (day) as (select :first union all select day + 1 from days where day < :last),
                   names (name) as (select 1 union all select name + 1 from names where name < :names)
    insert into product_daily (user, day, event, events, sessions, seconds)
    select 0, day, name, 1600, iif(name = 1, 1500, 0), iif(name = 1, 300000, 0) from days, names
"""


def page_views(site: int, count: int, today: int) -> Iterator[Event]:
    """Visits of a few pages each, with long tails of paths and referrers, day by day."""
    for day in range(today - DAYS + 1, today + 1):
        of_day: list[Event] = []
        while len(of_day) < count // DAYS:
            began = day * DAY + random.randrange(DAY - 3600)
            referrer = random.choice((None, "google.com", f"site-{int(random.paretovariate(1))}.example"))
            visitor = Visitor(
                hash=random.getrandbits(62), channel=random.choice(("Direct", "Referral", "Social")),
                referrer=referrer, utm=None, device=random.choice(("desktop", "mobile")),
                browser=random.choice(("Chrome", "Safari", "Firefox")), os=random.choice(("Windows", "iOS")),
                screen="1441+", country=None, is_bot=random.random() < 0.05, is_excluded=False,
            )  # fmt: skip
            for page in range(min(20, int(random.paretovariate(1.2)))):
                path = f"/page-{min(10_000, int(random.paretovariate(0.7)))}"
                is_view = random.random() < 0.9
                kind, name = (PAGE_VIEW, None) if is_view else (CUSTOM, "signup")
                of_day.append(Event(site, began + 20 * page, day, kind, path, name, None, visitor))
        yield from sorted(of_day, key=lambda event: event.at)


def seed_website(tx: Tx, website: str, events: int, now: float) -> None:
    random.seed(7)
    [(site,)] = tx.execute("select site from websites where id = ?", (website,))
    batch: list[list[Event]] = []
    for event in page_views(site, events, utc_day(now)):
        batch.append([event])
        if len(batch) == BATCH:
            with transaction(tx):
                store_events(tx, batch)
            batch.clear()
    for day in rows(tx, OpenDay, OPEN_DAYS)[:-1]:
        counted = count_day(tx, day)
        with transaction(tx):
            close_day(tx, day, counted)


def seed_others(tx: Tx, instances: int, now: float) -> None:
    for first in range(0, instances, BATCH):
        at = int(now) - DAY + DAY * first // instances
        beats = [
            Beat(number.to_bytes(16, "big"), f"2.{number % VERSIONS}.0", at, True)
            for number in range(first, first + BATCH)
        ]
        with transaction(tx):
            store_beats(tx, beats, min_age=0)
    with transaction(tx):
        values = {"first": utc_day(now) - 364, "last": utc_day(now), "names": EVENT_NAMES}
        names = [(number, f"event-{number}") for number in range(3, EVENT_NAMES + 1)]
        tx.executemany("insert into product_strings (id, value) values (?, ?)", names)
        tx.execute(YEAR_OF_PRODUCT_EVENTS, values)


def timed(client: Client, path: str, params: Any = None) -> str:
    """The median of nine, and the first."""
    took = []
    for _ in range(10):
        before = time.perf_counter()
        client.get(path, params=params).raise_for_status()
        took.append((time.perf_counter() - before) * 1000)
    return f"{statistics.median(took[1:]):7.1f} ms   (first {took[0]:.1f})"


def measure(server: Server, website: str, now: float) -> None:
    client = owner_of(server)
    for report in REPORTS:
        for period in ("today", "30d", "12m"):
            params = {"website_id": website, "period": period}
            print(f"{report + ' ' + period:26}", timed(client, f"/api/v1/reports/{report}", params))
    steps = ["/page-1", "/page-2"]
    funnel = {"website_id": website, "period": "30d", "steps[]": steps}
    print(f"{'funnel 30d':26}", timed(client, "/api/v1/reports/funnel", funnel))
    year = {"start_date": str(date_of(utc_day(now) - 364)), "end_date": str(date_of(utc_day(now)))}
    for path in ("/metrics", "/sessions"):
        print(f"{path + ', a year':26}", timed(client, path, year))
    print(f"{'/stats, all instances':26}", timed(client, "/stats"))
    print(f"{'/stats/versions':26}", timed(client, "/stats/versions"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=600_000)
    parser.add_argument("--instances", type=int, default=1_000_000)
    arguments = parser.parse_args()
    now = time.time()
    with bare_server() as server, Client(base_url=server.url) as client:
        print(f"{'bare ASGI answer':26}", timed(client, "/"))
    with tempfile.TemporaryDirectory() as folder:
        with serving(Path(folder)) as server:
            website = server.add_website("example.com")
        file = Path(folder, "tinytrail.db")
        tx = connect(str(file))
        seed_website(tx, website, arguments.events, now)
        tx.execute("pragma wal_checkpoint(truncate)")
        print(f"{os.path.getsize(file) / arguments.events:.0f} bytes an event, all in")
        seed_others(tx, arguments.instances, now)
        tx.close()
        with serving(Path(folder), **SETTINGS, TINYTRAIL_WEB_API_LIMIT="") as server:
            measure(server, website, now)


if __name__ == "__main__":
    main()
