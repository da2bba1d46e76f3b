"""A database with a long past, by the product's own storing code: what the other benchmarks read.

    python -m bench.seed FOLDER [--events 10000000] [--days 400] [--websites 20] [--seed 7] [--until DAY]
        [--as-large-as EVENTS]

Makes FOLDER/tinytrail.db and its key file. Of several websites the first, large.example, has 70 % of the
events; the others share the rest unevenly. All days are rolled up but the last, and all is made of them that
a server's jobs would have by now.
With the same numbers and the same last day it is the same traffic; only the websites' ids are new each time.
Busier websites have more pages, and more others link to them; `--as-large-as 10000000` makes these as many
as of ten million events, however few visit them.
"""

import argparse
import asyncio
import os
import sys
import time
from contextlib import closing
from pathlib import Path
from random import Random

from bench.traffic import GROUPS, Traffic
from tinytrail.core.clock import DAY, day_number, parse_date, utc_day
from tinytrail.core.connect import Tx, connect, transaction
from tinytrail.core.db import open_database
from tinytrail.core.tokens import read_or_make_secret
from tinytrail.first_run import make_first_admin
from tinytrail.web.accounts import all_accounts
from tinytrail.web.events import store_events
from tinytrail.web.rollup import close_day, count_day, finished_days, sum_up_all
from tinytrail.web.websites import NewWebsite, Website, insert_website

LARGE = "large.example"
SHARE_OF_LARGE = 0.7
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo")
HOUR = 3600  # after a day's midnight its visits are over as well
BATCH = 5000  # events stored by one call


def websites(tx: Tx, count: int, now: float) -> dict[Website, float]:
    """New websites of the first account, each with its share of all traffic."""
    account = all_accounts(tx)[0].id
    domains = [LARGE, *(f"site-{number}.example" for number in range(1, count))]
    made = [
        insert_website(tx, NewWebsite(domain, GROUPS, timezone=ZONES[number % len(ZONES)]), account, now)
        for number, domain in enumerate(domains)
    ]
    if count == 1:
        return {made[0]: 1}
    rest = sum(1 / place for place in range(1, count))
    shares = [SHARE_OF_LARGE, *((1 - SHARE_OF_LARGE) / place / rest for place in range(1, count))]
    return dict(zip(made, shares, strict=True))


def seed(tx: Tx, sites: dict[Traffic, float], events: int, days: int, until: float) -> int:
    """Store so many events, about, in the days up to `until`; how many it were."""
    stored = 0
    for day in range(utc_day(until) - days + 1, utc_day(until) + 1):
        of_day = [
            event
            for site, share in sites.items()
            for event in site.of_day(day, events * share / days)
            if event.at <= until
        ]
        of_day.sort(key=lambda event: event.at)
        for first in range(0, len(of_day), BATCH):
            with transaction(tx):
                store_events(tx, [of_day[first : first + BATCH]])
            tx.memo.grow_older()
        stored += len(of_day)
        for finished in finished_days(tx, min(until, (day + 1) * DAY + HOUR)):
            counted = count_day(tx, finished)
            with transaction(tx):
                close_day(tx, finished, counted)
        if sys.stdout.isatty():
            print(f"\r{stored} events", end="", flush=True)
    return stored


def make_file(
    folder: Path, events: int, days: int, count: int, until: float, random: Random, as_large_as: int
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    secret = read_or_make_secret(str(folder / "tinytrail.key"))
    file = folder / "tinytrail.db"
    began = time.monotonic()
    with closing(connect(str(file))) as tx:
        tx.execute("pragma synchronous = off")  # a seeding cut short is begun anew
        with transaction(tx):
            make_first_admin(tx, secret, until)
            shares = websites(tx, count, until - days * DAY)
        sites = {
            Traffic(website, as_large_as * share / days, random): share for website, share in shares.items()
        }
        stored = seed(tx, sites, events, days, until)
        tx.execute("pragma wal_checkpoint(truncate)")
    asyncio.run(as_after_a_night(file))
    size, took = os.path.getsize(file), time.monotonic() - began
    busy = time.process_time()
    print(f"\r{file}: {stored} events in {took:.0f} s ({busy:.0f} s of a processor)")
    print(f"{size} bytes, {size / stored:.0f} an event")


async def as_after_a_night(file: Path) -> None:
    async with open_database(str(file)) as db:
        await sum_up_all(db)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--days", type=int, default=400)
    parser.add_argument("--websites", type=int, default=20)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--as-large-as", type=int, metavar="EVENTS")
    parser.add_argument("--until", type=parse_date, help="the last day, whole; by default now is the end")
    arguments = parser.parse_args()
    if (arguments.folder / "tinytrail.db").exists():
        sys.exit(f"{arguments.folder} has a database already")
    until = time.time() if arguments.until is None else (day_number(arguments.until) + 1) * DAY - 1
    random = Random(arguments.seed)
    events, as_large_as = arguments.events, arguments.as_large_as or arguments.events
    make_file(arguments.folder, events, arguments.days, arguments.websites, until, random, as_large_as)


if __name__ == "__main__":
    main()
