"""A website's daily totals for export: what reports add up, days that are not rolled up yet included."""

from collections import deque
from typing import Any

from tinytrail.core.connect import Tx
from tinytrail.web.dimensions import DIMENSIONS, EVENT, MEASURES, PATH, SITE
from tinytrail.web.incoming import ALL_DIMENSIONS, encode
from tinytrail.web.reports.period import Period
from tinytrail.web.rollup import OpenDay, count_day, unpacked

SLICE = 200  # rows read at once, and the rest of the last one's day

COLUMNS = ("date", "dimension", "value", "isBot", *MEASURES)

# Every day with traffic has rows of one of these.
DAYS = f"""
    select day from daily
     where site = :site and dimension in ({DIMENSIONS.index(SITE)}, {DIMENSIONS.index(EVENT)})
       and day between :start and :end
    union
    select day from open_days where site = :site and day between :start and :end
    order by 1
"""
IS_OPEN = "select 1 from open_days where site = :site and day = :day"

OF_DAY = "dimension, day, value, is_bot, " + ", ".join(MEASURES)
READ = f"""
    select date(t.day * 86400, 'unixepoch'), t.dimension, coalesce(p.path, s.value), t.is_bot,
           {", ".join("t." + measure for measure in MEASURES)}
      from (select {OF_DAY} from daily
             where site = :site and dimension in ({ALL_DIMENSIONS}) and day = :day and not :is_open
             union all
            select {", ".join(f"value ->> {place + 1}" for place in range(4 + len(MEASURES)))}
              from json_each(:counted)) t
      left join paths p on t.dimension = {DIMENSIONS.index(PATH)} and p.id = t.value
      left join strings s on t.dimension > {DIMENSIONS.index(PATH)} and s.id = t.value
     order by 2, 3, 4
"""

Row = list[Any]


class DailyExport:
    """Reads some days at a time, each lot at its own moment."""

    columns: tuple[str, ...] = COLUMNS

    def __init__(self, site: int, period: Period) -> None:
        self._named = {"site": site, "start": period.start, "end": period.end}
        self._days: deque[int] | None = None

    def read(self, tx: Tx) -> list[Row] | None:
        """The next rows, perhaps none; None at the end."""
        if self._days is None:
            self._days = deque(day for (day,) in tx.execute(DAYS, self._named))
        if not self._days:
            return None
        rows: list[Row] = []
        while self._days and len(rows) < SLICE:
            named = {"site": self._named["site"], "day": self._days.popleft()}
            is_open = tx.execute(IS_OPEN, named).fetchone() is not None
            counted = list(unpacked(count_day(tx, OpenDay(**named, changes=0)))) if is_open else []
            rows += map(_exported, tx.execute(READ, named | {"counted": encode(counted), "is_open": is_open}))
            if is_open:  # that took a while
                break
        return rows


def _exported(record: tuple[Any, ...]) -> Row:
    date, dimension, value, is_bot, *measures = record
    return [date, DIMENSIONS[dimension], value, bool(is_bot), *measures]
