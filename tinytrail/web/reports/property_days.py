"""How often custom events of a day had which property, counted once the day is rolled up.

No rollup has these, since their values are anybody's: without this a year of a large website would be read
event by event, for 1 s. A day with more than a quarter as many rows as events is left to be read that way.
"""

from typing import NamedTuple

import msgspec

from tinytrail.core.connect import Tx
from tinytrail.core.db import Database
from tinytrail.web.counted import shown_rows
from tinytrail.web.counts import EACH_DAY
from tinytrail.web.dimensions import DIMENSIONS, EVENT
from tinytrail.web.reports.kept import FIRST_KEPT
from tinytrail.web.reports.properties import EACH, IS_SHOWN, TEXT, add_functions

BEGUN, COUNTED, NOT_WORTH_IT = range(3)  # `property_days.state`
WORTH = 4  # a day is kept where it has four times as many events as rows

# A purge may have taken some of the first day that there are events of.
DAYS = f"""
    property_days d where d.site = :site and d.day between :start and :end
       and d.state = {COUNTED} and d.day > {FIRST_KEPT}"""
OTHER_DAYS = f"select * from ({EACH_DAY}) where on_day not in (select d.day from {DAYS})"


def by_property(customs: str, named: str) -> str:
    """A query for the properties of these custom events, each once: event, is_bot, property, value, count."""
    return f"""
        select e.name as event, e.is_bot, property.key as property, {TEXT} as value, count(*) as count
          from (select e.*, v.is_bot from {customs} and e.name is not null and {named}) e
          join {EACH}
         where {IS_SHOWN}
         group by 1, 2, 3, 4"""


def counted_and_not(named: str) -> str:
    """A query for all of a period: property, value, count, several times where several days have it.
    `named`: a condition on {event}."""
    others = shown_rows("false", f"e.site = :site and e.day in ({OTHER_DAYS})", "false").customs
    return f"""
        select property, value, count
          from (select d.id from {DAYS}) d join property_counts c on c.day = d.id
         where is_bot <= :include_bots and {named.format(event="c.event")}
         union all
        select property, value, count from ({by_property(others, named.format(event="e.name"))})"""


MISSING = f"""
    select distinct day from daily
     where site = :site and dimension = {DIMENSIONS.index(EVENT)} and day > {FIRST_KEPT}
       and day not in (select day from open_days where site = :site)
       and day not in (select day from property_days where site = :site and state > {BEGUN})
     order by day
"""
BEGIN_DAY = f"""
    insert into property_days (site, day, state)
    select :site, :day, {BEGUN}
     where exists (select 1 from websites where site = :site)
       and not exists (select 1 from open_days where site = :site and day = :day)
    on conflict do update set state = {BEGUN} where state = {BEGUN}  -- begun before, and never stored
    returning id, site, day
"""
OF_DAY = shown_rows("false", "e.site = :site and e.day = :day", "false").customs
COUNT = by_property(OF_DAY, "true")
STORE = """
    insert into property_counts (day, event, is_bot, property, value, count)
    select :day, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 from json_each(:counted)
"""


class Day(NamedTuple):
    id: int
    site: int
    day: int


def missing_days(tx: Tx, site: int) -> list[int]:
    """Days that are rolled up, have custom events, and are not looked at yet."""
    return [day for (day,) in tx.execute(MISSING, {"site": site})]


def begin_day(tx: Tx, site: int, day: int) -> Day | None:
    """Note that it is being counted, unless it has changed, or is counted. Should it change from now on, that
    takes the note away (web/incoming.py)."""
    found = tx.execute(BEGIN_DAY, {"site": site, "day": day}).fetchall()
    return Day(*found[0]) if found else None


def count_day(tx: Tx, day: Day) -> bytes | None:
    """The rows of `property_counts`, as STORE takes them; None where they are too many to be worth it."""
    add_functions(tx)
    counted = tx.execute(COUNT, {"site": day.site, "day": day.day, "include_bots": True}).fetchall()
    events = sum(row[-1] for row in counted)
    return msgspec.json.encode(counted) if len(counted) * WORTH <= events else None


def store_day(tx: Tx, day: Day, counted: bytes | None) -> None:
    state = NOT_WORTH_IT if counted is None else COUNTED
    note = f"update property_days set state = ? where id = ? and state = {BEGUN} returning 1"
    if tx.execute(note, (state, day.id)).fetchall() and counted is not None:  # nobody else has stored it
        tx.execute(STORE, {"day": day.id, "counted": counted.decode()})


async def count_properties(db: Database, site: int) -> None:
    """Count all days of this site that are rolled up and not counted yet."""
    for day in await db.read(missing_days, site):
        if begun := await db.write(begin_day, site, day):
            await db.write(store_day, begun, await db.read(count_day, begun))
