"""Running totals: `daily` summed up to some days, so that a long period costs no more than a short one.

A period is the difference of two running totals, and the days at its ends that they leave over. One is stored
whenever `daily` has gained a sixth as many rows as it would have itself: for a large website, every day.
Where that is few rows, it is stored once `daily` has gained ten times as many, so that it costs a tenth, and
no later than after a thousand.
People and bots have totals of their own, since few reports ask for bots.
"""

from typing import Any, NamedTuple

from tinytrail.core.connect import Tx
from tinytrail.core.db import Database
from tinytrail.web.dimensions import DIMENSIONS, MEASURES

SHARE = 6  # the next total is due once `daily` has gained a sixth of the last one's rows,
TIMES = 10  # or, where those are few, ten times as many;
FEW_ROWS = 1000  # no more than these then: adding them up is hardly slower than reading two totals
FEWEST_ROWS = 100  # of days, without which no total is worth while
FEWEST_DAYS = 3  # between two totals, for a period to be read from them: fewer days have fewer rows
VALUES = 1 << 32  # past all ids of strings and paths


class Total(NamedTuple):
    id: int
    day: int  # up to and with this one
    size: int  # in rows

    @property
    def rows(self) -> str:
        """The condition for its rows in `running`."""
        return f"running.id between {self.id * VALUES} and {(self.id + 1) * VALUES - 1}"


NOTHING = Total(id=0, day=-1, size=0)  # what had been counted before the first day
TOTAL = """
    select id, day, size from running_totals
     where site = :site and dimension = :dimension and is_bot = :is_bot and {condition} limit 1
"""
HAS_EARLIER = "select 1 from daily where site = :site and dimension = :dimension and day < :start limit 1"


def find_total(tx: Tx, named: dict[str, Any], condition: str) -> Total | None:
    found = tx.execute(TOTAL.format(condition=condition), named).fetchone()
    return Total(*found) if found else None


def rolled_up(tx: Tx, dimension: str, measures: tuple[str, ...], values: dict[str, Any]) -> str:
    """A query for all that `daily` holds of a period: value and measures, several rows each.

    `values` are those that counting binds. It holds within this transaction only.
    """
    named = {name: values[name] for name in ("site", "start", "end")}
    named["dimension"] = DIMENSIONS.index(dimension)
    kinds = (0, 1) if values["include_bots"] else (0,)
    return " union all ".join(
        query for is_bot in kinds for query in queries(tx, measures, named | {"is_bot": is_bot})
    )


def queries(tx: Tx, measures: tuple[str, ...], named: dict[str, Any]) -> list[str]:
    """What makes up the period, of people or of bots. Only numbers of our own are formatted in."""
    start, end = named["start"], named["end"]
    last = find_total(tx, named, "day <= :end order by day desc")
    if tx.execute(HAS_EARLIER, named).fetchone():
        first = find_total(tx, named, "day >= :start - 1 order by day")
    else:
        first = NOTHING._replace(day=start - 1)
    if last is None or first is None or last.day - first.day < FEWEST_DAYS:
        left_over, found = [(start, end)], []
    else:
        left_over, found = [(start, first.day), (last.day + 1, end)], [difference(measures, last, first)]
    columns = ", ".join(measures)
    of_kind = f"site = :site and dimension = {named['dimension']} and is_bot = {named['is_bot']}"
    return found + [
        f"select value, {columns} from daily where {of_kind} and day between {begins} and {ends}"
        for begins, ends in left_over
    ]


def difference(measures: tuple[str, ...], last: Total, first: Total) -> str:
    """What came between two totals, the later of which has all values that the earlier one has.

    The rows of both come in the order of their values, and SQLite steps from one to the next, which takes a
    quarter of the time that sorting them would.
    """
    value = f"running.id - {last.id * VALUES} as value"
    if not first.id:
        return f"select {value}, {', '.join(measures)} from running where {last.rows}"
    columns = (f"running.{name} - coalesce(earlier.{name}, 0) as {name}" for name in measures)
    return f"""
        select {value}, {", ".join(columns)}
          from running
          left join running earlier on earlier.id = running.id - {(last.id - first.id) * VALUES}
         where {last.rows}"""


GAINED = """
    select day, count(*) from daily
     where site = :site and dimension = :dimension and is_bot = :is_bot
       and day > :last and day < coalesce((select min(day) from open_days where site = :site), 1e9)
     group by day
"""


class Due(NamedTuple):
    """A total that is to be stored, and the one that it goes on from."""

    site: int
    dimension: int
    is_bot: int
    day: int
    last: Total


def due(tx: Tx, site: int) -> Due | None:
    """The next total that this site is to have."""
    for dimension in range(len(DIMENSIONS)):
        for is_bot in (0, 1):
            named = {"site": site, "dimension": dimension, "is_bot": is_bot}
            last = find_total(tx, named, "true order by day desc") or NOTHING
            gained = 0
            for day, rows in tx.execute(GAINED, named | {"last": last.day}):  # no further than needed
                gained += rows
                if gained >= most_added_up(last.size):
                    return Due(**named, day=day, last=last)
    return None


def most_added_up(size: int) -> float:
    """How many rows of days may follow a total of this size before there is another. A few browsers have as
    few rows in their total, and no year of theirs need be added up for the sake of a thousand rows."""
    return max(size / SHARE, min(FEW_ROWS, TIMES * size), FEWEST_ROWS)


STILL_HOLDS = """
    select exists (select 1 from websites where site = :site)
       and not exists (select 1 from open_days where site = :site and day <= :day)
       and (:last_id = 0 or exists (select 1 from running_totals where id = :last_id))
"""
STORE_TOTAL = """
    insert or ignore into running_totals (site, dimension, is_bot, day, size)
    values (:site, :dimension, :is_bot, :day, 0) returning id
"""
STORE_ROWS = f"""
    insert into running (id, {", ".join(MEASURES)})
    select :id * {VALUES} + value, {", ".join(f"sum({measure})" for measure in MEASURES)}
      from (select id - :last_id * {VALUES} as value, {", ".join(MEASURES)} from running where {{rows}}
            union all
            select value, {", ".join(MEASURES)} from daily
             where site = :site and dimension = :dimension and is_bot = :is_bot
               and day > :last_day and day <= :day)
     group by value
"""


def store_total(tx: Tx, due: Due) -> None:
    """Store it, unless what it was to sum up has changed since."""
    named = due._asdict() | {"last_id": due.last.id, "last_day": due.last.day}
    del named["last"]
    [(holds,)] = tx.execute(STILL_HOLDS, named)
    if not holds:
        return
    for (id,) in tx.execute(STORE_TOTAL, named).fetchall():  # none where another process was quicker
        size = tx.execute(STORE_ROWS.format(rows=due.last.rows), named | {"id": id}).rowcount
        tx.execute("update running_totals set size = ? where id = ?", (size, id))


async def store_running_totals(db: Database, site: int) -> None:
    """Store all totals that this site is to have, each by a write of its own."""
    while total := await db.read(due, site):
        await db.write(store_total, total)
