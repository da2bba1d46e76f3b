"""The rollup: a finished day's totals, so that a year's report need not read a year's visits.

A day is open from its first event until it is rolled up. Whatever changes it later opens it again
(`events.open_day`), and the next run counts it anew.
"""

from typing import Any, NamedTuple

from tinytrail.core.clock import local_day
from tinytrail.core.connect import Tx, rows
from tinytrail.core.db import Database
from tinytrail.web.counts import MEASURES, asked_for, recount
from tinytrail.web.dimensions import DIMENSIONS
from tinytrail.web.events import forget_rollup
from tinytrail.web.running import store_running_total


class OpenDay(NamedTuple):
    site: int
    day: int
    changes: int


OPEN_DAYS = "select site, day, changes from open_days order by day, site"

STORE_ROW = f"""
    insert into daily (site, dimension, day, value, is_bot, {", ".join(MEASURES)})
    values ({", ".join("?" * (5 + len(MEASURES)))})
"""


def count_day(tx: Tx, open_day: OpenDay) -> list[tuple[Any, ...]]:
    """The rows of `daily` for this site and day."""
    named = {"site": open_day.site, "start": open_day.day, "end": open_day.day, "include_bots": True}
    counted = []
    for number, dimension in enumerate(DIMENSIONS):
        totals = ", ".join(f"sum({measure})" for measure in MEASURES)
        sql = (
            f"select :site, {number}, day, value, is_bot, {totals} "
            f"from ({recount(dimension, MEASURES, asked_for())}) group by day, value, is_bot"
        )
        counted += tx.execute(sql, named).fetchall()
    return counted


def close_day(tx: Tx, open_day: OpenDay, counted: list[tuple[Any, ...]]) -> None:
    """Store the day's totals, unless more was stored since they were counted: then it stays open."""
    closed = tx.execute(
        "delete from open_days where site = ? and day = ? and changes = ? returning 1", open_day
    ).fetchall()
    if closed:
        forget_rollup(tx, open_day.site, open_day.day)  # what ran past the day did without it
        tx.executemany(STORE_ROW, counted)


def finished_days(tx: Tx, now: float) -> list[OpenDay]:
    """Open days that are over in their website's zone."""
    zones = dict(tx.execute("select site, timezone from websites").fetchall())
    return [
        day
        for day in rows(tx, OpenDay, OPEN_DAYS)
        if day.site in zones and day.day < local_day(zones[day.site], now)
    ]


def days_open(tx: Tx, day: int) -> list[OpenDay]:
    """The websites for which `day` is still to be rolled up."""
    return [open_day for open_day in rows(tx, OpenDay, OPEN_DAYS) if open_day.day == day]


async def roll_up(db: Database, open_days: list[OpenDay]) -> None:
    """Roll up these days one by one: counted on a reader, while collecting goes on, then stored at once."""
    for open_day in open_days:
        await db.write(close_day, open_day, await db.read(count_day, open_day))
    for site in {open_day.site for open_day in open_days}:
        while await db.write(store_running_total, site):
            pass


async def roll_up_finished(db: Database, now: float) -> None:
    await roll_up(db, await db.read(finished_days, now))
