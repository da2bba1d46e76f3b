"""The rollup: a day's totals, so that a year's report need not read a year's visits.

A day is open from its first event until it is over and rolled up. Whatever changes it later opens it again
(web/incoming.py), and the next run counts it anew. Of a busy day that is not over yet, the visits that are
over are counted already, each once: the rest of them is what reports have to read.
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from tinytrail.core.clock import local_day
from tinytrail.core.connect import Tx, rows
from tinytrail.core.db import Database
from tinytrail.web.counted import of_open_days, of_period
from tinytrail.web.counts import recount
from tinytrail.web.dimensions import DIMENSIONS, MEASURES
from tinytrail.web.incoming import VISIT_GAP, forget_rollup
from tinytrail.web.reports.property_days import count_properties
from tinytrail.web.reports.segments import count_weeks
from tinytrail.web.running import store_running_totals

BUSY = 500  # events of a day, from which on its rollup begins before it is over
CHUNK = 1000  # rows that are read and packed at once
SLACK = 60  # seconds that an event may have been waiting to be stored


class OpenDay(NamedTuple):
    site: int
    day: int
    changes: int
    counted: int = 0


OPEN_DAYS = "select site, day, changes, counted from open_days order by day, site"

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


def count_day(tx: Tx, open_day: OpenDay, seen_before: int | None = None) -> Packed:
    """The rows of `daily` for this site and day, or what is to be added to them: by visits that it does not
    hold yet and that were last seen before a moment."""
    named = {"site": open_day.site, "start": open_day.day, "end": open_day.day, "include_bots": True}
    counted_rows = of_period()
    if seen_before is not None:
        counted_rows = of_open_days("v.last_seen < :seen_before")
        named["seen_before"] = seen_before
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
    """From now on an event of a visit last seen before that moment, if there were one, would be noticed."""
    tx.execute(
        "update open_days set counting = ? where site = ? and day = ?", (before, open_day.site, open_day.day)
    )


def count_so_far(tx: Tx, open_day: OpenDay, before: int) -> tuple[int, Packed]:
    """The first visit that is still open, and what the others add to `daily`."""
    [(first_open,)] = tx.execute(FIRST_OPEN, {"site": open_day.site, "day": open_day.day, "before": before})
    return int(first_open), count_day(tx, open_day, before)


def store_so_far(tx: Tx, open_day: OpenDay, before: int, counted: tuple[int, Packed]) -> None:
    """Add this to what is counted already, unless either no longer holds."""
    first_open, added = counted
    stored = tx.execute(
        """update open_days set counted = counting, first_open = ?
            where site = ? and day = ? and counting = ? and counted = ? and counted < counting returning 1""",
        (first_open, open_day.site, open_day.day, before, open_day.counted),
    ).fetchall()
    if stored:
        tx.executemany(ADD_ROW, unpacked(added))


def finished_days(tx: Tx, now: float) -> list[OpenDay]:
    """Open days that are over in their website's zone."""
    return [open_day for open_day, is_over in all_open_days(tx, now) if is_over]


def busy_days(tx: Tx, now: float) -> list[OpenDay]:
    """Those that are not over, but have had much traffic."""
    return [
        open_day for open_day, is_over in all_open_days(tx, now) if not is_over and open_day.changes >= BUSY
    ]


def all_open_days(tx: Tx, now: float) -> list[tuple[OpenDay, bool]]:
    """Each with whether it is over."""
    zones = dict(tx.execute("select site, timezone from websites").fetchall())
    return [
        (open_day, open_day.day < local_day(zones[open_day.site], now))
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
    """Roll up the days that are over, and what is over of busy ones."""
    await roll_up(db, await db.read(finished_days, now))
    before = int(now) - VISIT_GAP - SLACK
    for open_day in await db.read(busy_days, now):
        await db.write(begin_counting, open_day, before)
        added = await db.read(count_so_far, open_day, before)
        await db.write(store_so_far, open_day, before, added)
