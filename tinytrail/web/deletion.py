"""Forgetting traffic: of deleted websites, and what has grown older than a website's `retention_days`.

Millions of rows are deleted in slices, each a short write of its own, so that collecting goes on between.
A website's own row goes first, and with it all that could be asked for; a deletion cut short by a stop is
taken up again at the next start.
"""

from tinytrail.core.clock import days_anywhere, local_day
from tinytrail.core.connect import Tx
from tinytrail.core.db import Database
from tinytrail.core.slices import in_slices
from tinytrail.web.running import VALUES


def of_weeks(which: str) -> tuple[str, str]:
    """Statements that delete the segments of these weeks, a slice each."""
    return (
        f"""delete from segment_pages where (week, dimension, value, path) in
               (select week, dimension, value, path from segment_weeks w join segment_pages on week = w.id
                 where {which} limit :slice)""",
        f"delete from segment_weeks where id in (select id from segment_weeks where {which} limit :slice)",
    )


def of_property_days(which: str) -> tuple[str, str]:
    """The same of what is counted by property."""
    return (
        f"""delete from property_counts where (day, event, is_bot, property, value) in
               (select c.day, event, is_bot, property, value from property_days d
                  join property_counts c on c.day = d.id
                 where {which} limit :slice)""",
        f"delete from property_days where id in (select id from property_days d where {which} limit :slice)",
    )


# Each deletes at most a slice of a site's rows.
OF_DELETED_SITES = (
    "delete from visits where id in (select id from visits where site = :site limit :slice)",
    """delete from events where (site, day, visit, n) in
           (select site, day, visit, n from events where site = :site limit :slice)""",
    """delete from daily where (site, dimension, day, value, is_bot) in
           (select site, dimension, day, value, is_bot from daily where site = :site limit :slice)""",
    "delete from running_totals where id in (select id from running_totals where site = :site limit :slice)",
    *of_weeks("site = :site"),
    *of_property_days("site = :site"),
    "delete from paths where id in (select id from paths where site = :site limit :slice)",
    "delete from strings where id in (select id from strings where site = :site limit :slice)",
)

OF_LEFTOVER_TOTALS = f"""
    delete from running where id in
        (select r.id from leftover_totals t
           join running r on r.id between t.id * {VALUES} and (t.id + 1) * {VALUES} - 1
          limit :slice)"""

# Daily totals stay. A day that is still open is kept until it is rolled up.
OF_OLD_DAYS = (
    """delete from events where (site, day, visit, n) in
           (select site, day, visit, n from events
             where site = :site and day < :day
               and day not in (select day from open_days where site = :site)
             limit :slice)""",
    # A visit that went on past its midnight is what the next day's page views are counted by: they go first.
    """delete from visits where id in
           (select id from visits v
             where site = :site and day < :day
               and day not in (select day from open_days where site = :site)
               and not exists (select 1 from events e
                                where e.site = v.site and e.day = v.day + 1 and e.visit = v.id)
             limit :slice)""",
    *of_weeks("site = :site and day <= :day"),  # which no report reads any more
    *of_property_days("site = :site and d.day < :day"),
)


def mark_for_deletion(tx: Tx, column: str, value: str) -> None:
    """Delete the websites with this `id` or `account_id`, leaving their traffic to `purge_leftovers`."""
    assert column in ("id", "account_id")
    tx.execute(f"insert into leftovers select site from websites where {column} = :value", {"value": value})
    tx.execute(f"delete from websites where {column} = :value", {"value": value})
    tx.memo.clear()


def leftovers(tx: Tx) -> list[int]:
    return [site for (site,) in tx.execute("select site from leftovers")]


def sites_that_forget(tx: Tx, retention_days: int) -> list[tuple[int, str, int]]:
    """Site, zone and days of those that do not keep everything; `retention_days` where none are its own."""
    sql = """
        select site, timezone, coalesce(retention_days, :default) as days
          from websites
         where days > 0
    """
    return tx.execute(sql, {"default": retention_days}).fetchall()


def delete_slice(tx: Tx, rows: int, sql: str, site: int = 0, day: int = 0) -> int:
    """Run one of the statements above; how many rows it deleted."""
    return tx.execute(sql, {"site": site, "day": day, "slice": rows}).rowcount


def delete_leftovers(tx: Tx) -> None:
    """Delete all traffic of deleted websites, on a connection of one's own.

    They stay marked, since a server may still be storing events for them: it sees to those.
    """
    for site in leftovers(tx):
        for sql in OF_DELETED_SITES:
            in_slices(tx, delete_slice, sql, site)
    in_slices(tx, delete_slice, OF_LEFTOVER_TOTALS)


def take_no_more(tx: Tx) -> None:
    """From now on neither events nor a rollup that is under way store anything for a deleted website."""
    tx.memo.clear()  # another process may have deleted it, and the writer still believe that it exists
    tx.execute("delete from open_days where site in (select site from leftovers)")


def leftover_totals(tx: Tx) -> list[int]:
    return [total for (total,) in tx.execute("select id from leftover_totals")]


def forget_leftover_totals(tx: Tx, found: list[int]) -> None:
    tx.executemany("delete from leftover_totals where id = ?", [(total,) for total in found])


def forget_leftover(tx: Tx, site: int) -> None:
    tx.execute("delete from leftovers where site = :site", {"site": site})


async def purge_leftovers(db: Database) -> None:
    """Delete all traffic of deleted websites, then the rows of all running totals that hold no longer."""
    found = await db.read(leftovers)
    if found:
        await db.write(take_no_more)
    for site in found:
        for sql in OF_DELETED_SITES:
            await db.write_in_slices(delete_slice, sql, site)
        await db.write(forget_leftover, site)
    await purge_leftover_totals(db)


async def purge_leftover_totals(db: Database) -> None:
    """Delete the rows of running totals that hold no longer."""
    if found := await db.read(leftover_totals):
        await db.write_in_slices(delete_slice, OF_LEFTOVER_TOTALS)
        await db.write(forget_leftover_totals, found)


async def purge_old_days(db: Database, retention_days: int, now: float) -> None:
    """Delete visits and events of days further back than that, in each website's zone; 0 keeps all.

    A website's own `retention_days` go before these.
    """
    for site, zone, days in await db.read(sites_that_forget, retention_days):
        # No day that it still is in some zone: were the website to move there, it would be counted anew.
        first_kept = min(local_day(zone, now) - days, days_anywhere(now)[0])
        for sql in OF_OLD_DAYS:
            await db.write_in_slices(delete_slice, sql, site, first_kept)
