"""Running totals: `daily` summed up to some days, so that a long period costs no more than a short one.

A period is the difference of two running totals, and the days at its ends that they leave over. One is stored
whenever `daily` has gained half as many rows as it would have itself: so the rollup is at most three times as
large, and no period reads many more than three rows for each value there is, be it a month or ten years.
"""

from tinytrail.core.connect import Tx
from tinytrail.web.counts import MEASURES
from tinytrail.web.dimensions import DIMENSIONS

FEWEST_ROWS = 1000  # below that, adding up days is as quick

GAINED = """
    select day, count(*) from daily
     where site = :site and dimension = :dimension
       and day > :last and day < coalesce((select min(day) from open_days where site = :site), 1e9)
     group by day
"""

STORE = f"""
    insert into running (site, dimension, day, value, is_bot, {", ".join(MEASURES)})
    select :site, :dimension, :day, value, is_bot, {", ".join(f"sum({measure})" for measure in MEASURES)}
      from (select * from running where site = :site and dimension = :dimension and day = :last
            union all
            select * from daily
             where site = :site and dimension = :dimension and day > :last and day <= :day)
     group by value, is_bot
"""


def store_running_total(tx: Tx, site: int) -> bool:
    """Store the next running total that is due for this site; False where none is."""
    for dimension in range(len(DIMENSIONS)):
        named = {"site": site, "dimension": dimension}
        [(named["last"], rows)] = tx.execute(
            """select coalesce(max(day), -1), count(*) from running
                where site = :site and dimension = :dimension
                  and day = (select max(day) from running where site = :site and dimension = :dimension)""",
            named,
        )
        gained = 0
        for day, more in tx.execute(GAINED, named):  # day by day, no further than needed
            gained += more
            if gained >= max(rows / 2, FEWEST_ROWS):
                tx.execute(STORE, named | {"day": day})
                return True
    return False
