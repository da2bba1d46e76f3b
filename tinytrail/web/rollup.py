"""The rollup: a day's totals, so that a year's report need not read a year's visits.

A day is open from its first event until it is over and rolled up. Whatever changes it later opens it again
(web/incoming.py), and the next run counts it anew. A busy day is counted as it goes on, a few hundred events
at a time: what came since is all that reports have to read of it.
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from tinytrail.core.clock import local_day
from tinytrail.core.connect import Tx, rows
from tinytrail.core.db import Database
from tinytrail.web.counted import of_open_day_so_far, of_period
from tinytrail.web.counts import recount
from tinytrail.web.dimensions import DIMENSIONS, MEASURES
from tinytrail.web.incoming import VISIT_GAP, forget_rollup
from tinytrail.web.reports.property_days import count_properties
from tinytrail.web.reports.segments import count_weeks
from tinytrail.web.running import store_running_totals

BUSY = 250  # events of a day that are counted before it is over, once as many have come
CHUNK = 1000  # rows that are read and packed at once
SLACK = 0.1  # seconds that a clock may be set back, and no day is counted anew


class OpenDay(NamedTuple):
    site: int
    day: int
    changes: int
    counted: int = 0
    seen: int = 0


OPEN_DAYS = "select site, day, changes, counted, seen from open_days order by day, site"

STORE_ROW = f"""
    insert into daily (site, dimension, day, value, is_bot, {", ".join(MEASURES)})
    values ({", ".join("?" * (5 + len(MEASURES)))})
"""
ADD_ROW = f"""
    {STORE_ROW}
    on conflict do update set {", ".join(f"{name} = {name} + excluded.{name}" for name in MEASURES)}
"""

Row = tuple[int, ...]
Packed = list[bytes]  # rows, which as tuples would take ten times the memory: megabytes for a large site
ENCODER = msgspec.msgpack.Encoder()
DECODER = msgspec.msgpack.Decoder(list[Row])


def unpacked(counted: Packed) -> Iterator[Row]:
    """The rows, as STORE_ROW takes them."""
    for chunk in counted:
        yield from DECODER.decode(chunk)


def count_day(tx: Tx, open_day: OpenDay, before: int | None = None) -> Packed:
    """The rows of `daily` for this site and day, or what is to be added to them: by what came before a moment
    and they do not hold yet."""
    named = {"site": open_day.site, "start": open_day.day, "end": open_day.day, "include_bots": True}
    counted_rows = of_period()
    if before is not None:
        named["before"] = before
        counted_rows = of_open_day_so_far(tx, named)
    counted: Packed = []
    for number, dimension in enumerate(DIMENSIONS):
        totals = ", ".join(f"sum({measure})" for measure in MEASURES)
        sql = (
            f"select :site, {number}, day, value, is_bot, {totals} "
            f"from ({recount(dimension, MEASURES, counted_rows, 'is_bot')}) group by day, value, is_bot"
        )
        found = tx.execute(sql, named)
        while chunk := found.fetchmany(CHUNK):
            counted.append(ENCODER.encode(chunk))
    return counted


def close_day(tx: Tx, open_day: OpenDay, counted: Packed) -> None:
    """Store the day's totals, unless more was stored since they were counted: then it stays open."""
    closed = tx.execute(
        "delete from open_days where site = ? and day = ? and changes = ? returning 1", open_day[:3]
    ).fetchall()
    if closed:
        forget_rollup(tx, open_day.site, open_day.day)  # what ran past the day did without it
        tx.executemany(STORE_ROW, unpacked(counted))


# Ids go up with time, so all that are open come after those that were; a visit of the day before may go on.
FIRST_OPEN = """
    select coalesce(
        (select id from visits
          where +site = :site and last_seen >= :before
            and id >= (select max(first_open, (select min(visit) from events
                                                where site = :site and day in (:day - 1, :day)))
                         from open_days where site = :site and day = :day)
          order by id limit 1),
        (select max(id) + 1 from visits))
"""


def begin_counting(tx: Tx, open_day: OpenDay, before: int) -> None:
    """From now on an event from before that moment, if there were one, would be noticed."""
    tx.execute(
        "update open_days set counting = ? where site = ? and day = ?", (before, open_day.site, open_day.day)
    )


def what_came(tx: Tx, open_day: OpenDay, before: int) -> tuple[int, Packed]:
    """The first visit that may go on, and what is added to `daily`."""
    named = {"site": open_day.site, "day": open_day.day, "before": before - VISIT_GAP}
    [(first_open,)] = tx.execute(FIRST_OPEN, named)
    return int(first_open), count_day(tx, open_day, before)


def store_so_far(tx: Tx, open_day: OpenDay, before: int, counted: tuple[int, Packed]) -> None:
    """Add this to what is counted already, unless either no longer holds."""
    first_open, added = counted
    stored = tx.execute(
        """update open_days set counted = counting, first_open = ?, seen = ?
            where site = ? and day = ? and counting = ? and counted = ? and counted < counting returning 1""",
        (first_open, open_day.changes, open_day.site, open_day.day, before, open_day.counted),
    ).fetchall()
    if stored:
        tx.executemany(ADD_ROW, unpacked(added))


def finished_days(tx: Tx, now: float) -> list[OpenDay]:
    """Open days that are over in their website's zone, and so are visits that went on past midnight."""
    return [open_day for open_day, is_over in all_open_days(tx, now) if is_over]


def busy_days(tx: Tx, now: float) -> list[OpenDay]:
    """Those that are not over, but have had much traffic."""
    return [
        open_day for open_day, is_over in all_open_days(tx, now) if not is_over and open_day.changes >= BUSY
    ]


def days_behind(tx: Tx, now: float) -> list[OpenDay]:
    """Those of them that have had much since they were last counted."""
    return [open_day for open_day in busy_days(tx, now) if open_day.changes - open_day.seen >= BUSY]


def all_open_days(tx: Tx, now: float) -> list[tuple[OpenDay, bool]]:
    """Each with whether it is over."""
    zones = dict(tx.execute("select site, timezone from websites").fetchall())
    return [
        (open_day, open_day.day < local_day(zones[open_day.site], now - VISIT_GAP - SLACK))
        for open_day in rows(tx, OpenDay, OPEN_DAYS)
        if open_day.site in zones
    ]


def days_open(tx: Tx, day: int) -> list[OpenDay]:
    """The websites for which `day` is still to be rolled up."""
    return [open_day for open_day in rows(tx, OpenDay, OPEN_DAYS) if open_day.day == day]


async def roll_up(db: Database, open_days: list[OpenDay]) -> None:
    """Roll up these days one by one: counted on a reader, while collecting goes on, then stored at once."""
    for open_day in open_days:
        await db.write(close_day, open_day, await db.read(count_day, open_day))
    for site in {open_day.site for open_day in open_days}:
        await sum_up(db, site)


async def sum_up(db: Database, site: int) -> None:
    """Store what is made of days that are rolled up."""
    await store_running_totals(db, site)
    await count_properties(db, site)
    await count_weeks(db, site)


async def sum_up_all(db: Database) -> None:
    """The same for all websites, where `roll_up` sees only to those whose days it rolls up."""
    for site in await db.read(all_sites):
        await sum_up(db, site)


def all_sites(tx: Tx) -> list[int]:
    return [site for (site,) in tx.execute("select site from websites")]


async def roll_up_finished(db: Database, now: float) -> None:
    """Roll up the days that are over, and count busy ones as far as they have gone."""
    await roll_up(db, await db.read(finished_days, now))
    await count_so_far(db, await db.read(busy_days, now), now)


async def catch_up(db: Database, now: float) -> None:
    """Count the days that much has come of since they were last counted."""
    await count_so_far(db, await db.read(days_behind, now), now)


async def count_so_far(db: Database, open_days: list[OpenDay], now: float) -> None:
    """Count these days on a reader, then add what came to what is stored already."""
    before = int(now - SLACK)
    for open_day in open_days:
        await db.write(begin_counting, open_day, before)
        await db.write(store_so_far, open_day, before, await db.read(what_came, open_day, before))
