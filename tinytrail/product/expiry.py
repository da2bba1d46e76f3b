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


def delete_oldest(tx: Tx, rows: int, before: int) -> int:
    """Delete so many of those stored before then at most; how many it were."""
    return tx.execute(DELETE_OLDEST, {"before": before, "slice": rows}).rowcount


async def purge_old_events(db: Database, retention_days: int, now: float) -> None:
    """Delete events that have been stored for longer than that; 0 keeps all."""
    if not retention_days:
        return
    await db.write_in_slices(delete_oldest, int(now) - retention_days * DAY)
