"""Segments: page views by path of what many visits have in common, such as all phones, a week at a time.

A report of pages whose filter keeps half of all visits would read millions of page views: of a large
website's year, 4 s of them. So weeks that are over are counted beforehand, for each value that a filter may
ask for and that many visits have. What they leave over of a period is counted as it is asked for.
"""

from typing import Any, NamedTuple

import msgspec

from tinytrail.core.connect import Tx, rows
from tinytrail.core.db import Database
from tinytrail.web.dimensions import DIMENSIONS, PATH, SITE
from tinytrail.web.reports.filters import SEGMENTED, Filter, value_ids
from tinytrail.web.reports.kept import FIRST_KEPT
from tinytrail.web.reports.kept_totals import page_totals

DAYS = 7
SHARE = 4  # a value is counted where a quarter of a week's visits have it
FEWEST_PAGE_VIEWS = 10_000  # in a week; where there are fewer, a year takes half a second


class Week(NamedTuple):
    id: int
    site: int
    day: int
    last_day: int


# Of the first day that there are events of, a purge may have taken some, and with the day before it took what
# that day's visits did after midnight.
COUNTED_WEEKS = f"""
    select id, site, day, last_day from segment_weeks w
     where site = :site and is_counted and day >= :start and day > {FIRST_KEPT} and last_day <= :end
       and exists (select 1 from segment_pages where week = w.id and {{of_segment}})
     order by day
"""


def page_totals_by_weeks(tx: Tx, filter: Filter, values: dict[str, Any]) -> str:
    """A query for the sums over the period, by path: value, pageviews and visitors."""
    if not filter.segment or values["include_bots"]:
        return page_totals(tx, filter, values)
    dimension = SEGMENTED.index(filter.segment)
    of_segment = f"dimension = {dimension} and value in {value_ids(filter.segment)}"
    weeks = rows(tx, Week, COUNTED_WEEKS.format(of_segment=of_segment), **values)
    starts = [values["start"], *(week.last_day + 1 for week in weeks)]
    ends = [*(week.day - 1 for week in weeks), values["end"]]
    of_weeks = f"week in ({', '.join(str(week.id) for week in weeks)}) and {of_segment}"
    queries = [
        f"select path as value, pageviews, visitors from segment_pages where {of_weeks}",
        *(
            page_totals(tx, filter, values | {"start": start, "end": end})
            for start, end in zip(starts, ends, strict=True)
            if start <= end
        ),
    ]
    return f"""
        select value, sum(pageviews) as pageviews, sum(visitors) as visitors
          from ({" union all ".join(queries)}) group by value"""


# A week is over once its days are rolled up, and the next one as well: visits go on past midnight.
OF_SITE = f"site = :site and dimension = {DIMENSIONS.index(SITE)}"
NEXT_WEEK = f"""
    with bounds as (
        select {FIRST_KEPT} as first,
               min((select max(day) from daily where {OF_SITE}),
                   coalesce((select min(day) - 2 from open_days where site = :site), 1e9)) as last
    )
    select day - day % :days as week
      from bounds
      join daily on {OF_SITE} and is_bot = 0 and day between first and last
     group by week
    having week > first and week + :days - 1 <= last and sum(pageviews) >= :fewest
       and week not in (select day from segment_weeks where site = :site and is_counted)
     order by week
     limit 1
"""
BEGIN_WEEK = """
    insert into segment_weeks (site, day, last_day, is_counted)
    select :site, :day, :last_day, 0
     where exists (select 1 from websites where site = :site)
       and not exists (select 1 from open_days where site = :site and day between :day - 1 and :last_day + 1)
    on conflict do update set is_counted = 0  -- begun before, and never ended
    returning id, site, day, last_day
"""
VALUES = f"""
    select value from daily
     where site = :site and dimension = {{dimension}} and is_bot = 0 and day between :day and :last_day
     group by value
    having sum({{measure}}) * :share >=
           (select sum(visits) from daily where {OF_SITE} and is_bot = 0 and day between :day and :last_day)
"""
MEASURES = {"entry": "entries", "exit": "exits"}  # of a path's
STORE = """
    insert or ignore into segment_pages (week, dimension, value, path, pageviews, visitors)
    select :week, :dimension, :value, counted.value ->> 0, counted.value ->> 1, counted.value ->> 2
      from json_each(:counted) counted
     where exists (select 1 from segment_weeks where id = :week)
"""


class Segment(NamedTuple):
    week: Week
    dimension: int  # its place in SEGMENTED
    value: int


def next_week(tx: Tx, site: int) -> int | None:
    """The first day of a week that is to be counted."""
    found = tx.execute(NEXT_WEEK, {"site": site, "days": DAYS, "fewest": FEWEST_PAGE_VIEWS}).fetchone()
    return int(found[0]) if found else None


def begin_week(tx: Tx, site: int, day: int) -> Week | None:
    """Note that it is being counted, unless it has changed. Should it change from now on, that takes the note
    away, and with it all that is stored under it (web/incoming.py)."""
    found = tx.execute(BEGIN_WEEK, {"site": site, "day": day, "last_day": day + DAYS - 1}).fetchall()
    return Week(*found[0]) if found else None


def segments_of(tx: Tx, week: Week) -> list[Segment]:
    """What so many of its visits have that it is worth counting."""
    found = []
    for number, column in enumerate(SEGMENTED):
        dimension = DIMENSIONS.index(PATH if column in MEASURES else column)
        sql = VALUES.format(dimension=dimension, measure=MEASURES.get(column, "visits"))
        common = tx.execute(sql, week._asdict() | {"share": SHARE})
        found += [Segment(week, number, value) for (value,) in common]
    return found


def count(tx: Tx, segment: Segment) -> bytes:
    """Its page views, as STORE takes them."""
    column = SEGMENTED[segment.dimension]
    filter = Filter("", f"v.{column} = {segment.value}", "true", visits_are_few=False, values={})
    _, site, start, end = segment.week
    values = {"site": site, "start": start, "end": end, "include_bots": False}
    return msgspec.json.encode(tx.execute(page_totals(tx, filter, values)).fetchall())


def store_segment(tx: Tx, segment: Segment, counted: bytes) -> None:
    named = {"week": segment.week.id, "dimension": segment.dimension, "value": segment.value}
    tx.execute(STORE, named | {"counted": counted.decode()})


def end_week(tx: Tx, week: Week) -> None:
    tx.execute("update segment_weeks set is_counted = 1 where id = ?", (week.id,))


async def count_weeks(db: Database, site: int) -> None:
    """Count all weeks of this site that are over."""
    while (day := await db.read(next_week, site)) is not None:
        week = await db.write(begin_week, site, day)
        if week is None:
            return
        for segment in await db.read(segments_of, week):
            await db.write(store_segment, segment, await db.read(count, segment))
        await db.write(end_week, week)
