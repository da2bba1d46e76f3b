"""Forgetting events older than `[track] retention_days`. Their counts and finished sessions stay.

A slice at a time, each a short write of its own, so that tracking goes on between. An open play or stop
goes with its event: what comes later finds it no more.
"""

from tinytrail.core.clock import DAY
from tinytrail.core.connect import Tx
from tinytrail.core.db import Database

# Rows lie in the order in which they were stored, so only the oldest need a look.
DELETE_OLDEST = """
    delete from product_events
     where id in (select id
                    from (select id, stored from product_events order by id limit :slice)
                   where stored < :before)
"""

# Those that a clock which was ahead has dated would lie before all others until it is that late.
LAST_EXPIRED = """
    select id from product_events
     where stored < :before
       and id < coalesce(
               (select id from product_events where stored between :before and :now order by id limit 1),
               9223372036854775807)
     order by id desc limit 1
"""
DATE_BACK = """
    update product_events set stored = 0
     where id in (select id from product_events where id < :last and stored > :now order by id limit :slice)
"""


def delete_oldest(tx: Tx, rows: int, before: int) -> int:
    """Delete so many of those stored before then at most; how many it were."""
    return tx.execute(DELETE_OLDEST, {"before": before, "slice": rows}).rowcount


def last_expired(tx: Tx, before: int, now: int) -> int:
    """The last of the oldest that was stored before then; 0: none."""
    found = tx.execute(LAST_EXPIRED, {"before": before, "now": now}).fetchone()
    return found[0] if found else 0


def date_back(tx: Tx, rows: int, last: int, now: int) -> int:
    """Have so many be old that came before this one and yet are of the future."""
    return tx.execute(DATE_BACK, {"last": last, "now": now, "slice": rows}).rowcount


async def purge_old_events(db: Database, retention_days: int, now: float) -> None:
    """Delete events that have been stored for longer than that; 0 keeps all."""
    if not retention_days:
        return
    before = int(now) - retention_days * DAY
    if last := await db.read(last_expired, before, int(now)):
        await db.write_in_slices(date_back, last, int(now))
        await db.write_in_slices(delete_oldest, before)
