"""The visits that a filter keeps: found once, for all that a request asks about them.

They go into a temporary table, from which reports go on to the visits and their events: a row for each visit
and day on which it has any. A batch of reports with the same filter and period shares it; it is gone at the
end of the transaction.
"""

from hashlib import sha256
from typing import Any, NamedTuple

from tinytrail.core.connect import Tx
from tinytrail.core.temporary import exists, temporary_tables
from tinytrail.web.counted import SHOWN, Rows
from tinytrail.web.counts import counts, totals
from tinytrail.web.dimensions import DIMENSIONS, EVENT, PATH, SITE
from tinytrail.web.events import PAGE_VIEW
from tinytrail.web.reports.filters import Filter
from tinytrail.web.reports.properties import add_functions

CREATE = """
    create temp table {table} (
        day        integer not null,
        visit      integer not null,
        began      integer not null,    -- on this day; else it went on past midnight
        pageviews  integer not null,    -- of this day, on whatever page
        visitor    integer not null,
        primary key (day, visit)
    ) without rowid
"""

# Of visits that began in the period or on the day before, since they may have page views in it.
BEGAN = "v.site = :site and v.day between :start - 1 and :end"
OF_VISITS = f"""
    insert or ignore into {{table}}
    select v.day, v.id, 1, v.pageviews, v.visitor
      from visits v
     where {{of_site}} and {SHOWN} and {{visits}}
"""

# A visit of one or two page views has no others than its first and its last, and most others of which one is
# kept are kept for one of these two: few need a look at their events.
CREATE_PATHS = "create temp table {table}_paths (id integer primary key)"
HAS_PAGE = f"""
    (v.entry in {{paths}} or v.exit in {{paths}} or v.pageviews > 2 and exists
        (select 1 from events e
          where e.site = v.site and e.day = v.day and e.visit = v.id
            and e.kind = {PAGE_VIEW} and e.path in {{paths}}))"""

DAYS = """
    with recursive days (day) as (select :start - 1 union all select day + 1 from days where day < :end)"""
OF_DAY = "(select {which}(visit) from events where site = :site and day = days.day)"

# A visit that goes on past its midnight has events on both days, and so an id up to the highest of the first.
AFTER_MIDNIGHT = f"""
    days
     cross join events e on e.site = :site and e.day = days.day + 1
                        and e.visit <= {OF_DAY.format(which="max")}"""
HAS_PAGE_AFTER_MIDNIGHT = f"""
    {DAYS}
    insert or ignore into {{table}}
    select v.day, v.id, 1, v.pageviews, v.visitor
      from {AFTER_MIDNIGHT}
     cross join visits v on v.id = e.visit
     where e.kind = {PAGE_VIEW} and e.path in {{paths}}
       and v.day = days.day and {SHOWN} and {{visits}}
"""
WENT_ON = f"""
    {DAYS}
    insert into {{table}}
    select e.day, e.visit, 0, sum(e.kind = {PAGE_VIEW}), k.visitor
      from {AFTER_MIDNIGHT}
     cross join {{table}} k on k.day = days.day and k.visit = e.visit
     group by e.day, e.visit
    returning pageviews, day - 1, visit
"""

# Ids of visits go up with time. To read all between those of the period, other websites' too, is three times
# as quick a row as to look each up by the index of days.
RANGE = f"""
    {DAYS}
    select min({OF_DAY.format(which="min")}), max({OF_DAY.format(which="max")}),
           (select coalesce(sum(visits), 0) from daily
             where site = :site and dimension = {DIMENSIONS.index(SITE)} and day between :start - 1 and :end)
      from days
"""
QUICKER = 3

# The rollup outlives what a filter goes by, which retention deletes.
FIRST_KEPT = "(select min(day) from events where site = :site)"

FORGOTTEN = f"""
    select 1 from daily
     where site = :site and dimension = {DIMENSIONS.index(SITE)}
       and day between :start and min(:end, :first - 1)
     limit 1
"""

# `+k.day`, here and in kept_totals.py: else SQLite, which has no statistics, would reason that e.day is in
# the period as well, and read all of that for each visit.
EVENTS = """
    {table} k
      cross join visits v on v.id = k.visit
      cross join events e on e.site = :site and e.day = +k.day and e.visit = k.visit
     where k.day between :start and :end"""
EVENTS_OF_ANY = f"""
    events e join visits v on v.id = e.visit
     where e.site = :site and e.day between :start and :end and {SHOWN}"""
VISITS_OF_PATHS = f"""
    (select distinct k.day, k.visit, e.path
       from {{table}} k
      cross join events e on e.site = :site and e.day in (k.day, k.day + 1) and e.visit = k.visit
      where k.began and k.day between :start and :end and e.kind = {PAGE_VIEW}) p
      join {{table}} k on k.day = p.day and k.visit = p.visit
      join visits v on v.id = p.visit
     where true"""


class Kept(NamedTuple):
    table: str
    rows: Rows
    visits: str  # what follows "from" for the ids of the period's visits
    # Conditions, for whoever has events e and their visits v at hand:
    is_kept: str
    keeps_event: str


def keep(tx: Tx, filter: Filter, values: dict[str, Any], dimension: str = "") -> Kept:
    """What it keeps, of this dimension or of any; `values` are those that counting binds.

    On a reader, within its transaction.
    """
    add_functions(tx)
    table = "kept_" + sha256(repr((filter, sorted(values.items()))).encode()).hexdigest()[:32]
    needs_table = dimension != EVENT or not filter.paths
    if needs_table and not exists(tx, table):
        with temporary_tables(tx):
            make_table(tx, table, filter, values)
    is_kept = f"exists (select 1 from {table} k where k.day = v.day and k.visit = v.id)"
    customs = filter.customs if filter.paths else f"{is_kept} and {filter.customs}"
    events = EVENTS.format(table=table)
    with_customs = f"{events} and v.customs > 0"  # spares looking for those of the others
    in_period = "k.day between :start and :end"
    days = summed = f"{table} k where {in_period}"
    if filter.paths:  # of other pages' views the table knows as well
        days, summed = ("", "") if filter.visits else views_of_paths(tx, paths_of(table), values)
    return Kept(
        table,
        Rows(
            f"{table} k cross join visits v on v.id = k.visit where k.began and {in_period}",
            f"{events} and {filter.pageviews}",
            f"{EVENTS_OF_ANY if filter.paths else with_customs} and {filter.customs}",
            VISITS_OF_PATHS.format(table=table),
            days=days,
            summed=summed,
        ),
        f"{table} where began and day between :start and :end",
        is_kept,
        f"case when e.name is null then {is_kept} and {filter.pageviews} else {customs} end",
    )


def make_table(tx: Tx, table: str, filter: Filter, values: dict[str, Any]) -> None:
    tx.execute(CREATE.format(table=table))
    visits = filter.visits or "true"
    first, last, count = tx.execute(RANGE, values).fetchone()
    of_site = BEGAN
    if filter.visits_are_few:
        of_site = BEGAN.replace("v.", "+v.")
    elif first is not None and last - first < QUICKER * count:
        of_site = BEGAN.replace("v.", "+v.") + " and v.id between :first and :last"
    found = values | {"first": first, "last": last}
    if filter.paths:
        tx.execute(CREATE_PATHS.format(table=table))
        tx.execute(f"insert into {table}_paths select id from {filter.paths}", values)
        paths = paths_of(table)
        tx.execute(HAS_PAGE_AFTER_MIDNIGHT.format(table=table, paths=paths, visits=visits), values)
        visits = f"{visits} and {HAS_PAGE.format(paths=paths)}"
    tx.execute(OF_VISITS.format(table=table, of_site=of_site, visits=visits), found)
    went_on = tx.execute(WENT_ON.format(table=table), values).fetchall()
    tx.executemany(f"update {table} set pageviews = pageviews - ? where day = ? and visit = ?", went_on)


def kept_from(tx: Tx, site: int, start: int, end: int) -> int | None:
    """The day that a filter reaches back to, where only totals are left of traffic before it, from `start` to
    `end`; None where it reaches all of that."""
    named = {"site": site, "start": start, "end": end}
    [(named["first"],)] = tx.execute(f"select coalesce({FIRST_KEPT}, :end + 1)", named)
    return named["first"] if tx.execute(FORGOTTEN, named).fetchone() else None


def totals_of_paths(tx: Tx, paths: str, values: dict[str, Any], *measures: str) -> str:
    """A query for the sums of these measures over the period, by path, from the rollup."""
    [(first_kept,)] = tx.execute(f"select coalesce({FIRST_KEPT}, :end + 1)", values)
    every = totals(tx, PATH, measures, values | {"start": max(values["start"], first_kept)})
    return f"select * from ({every}) where value in {paths}"


def views_of_paths(tx: Tx, paths: str, values: dict[str, Any]) -> tuple[str, str]:
    """Their page views, as Rows has them by day and summed, from the rollup."""
    return (
        f"({counts(PATH, ('pageviews',))}) k where k.value in {paths} and k.day >= {FIRST_KEPT}",
        f"(select 0 as day, * from ({totals_of_paths(tx, paths, values, 'pageviews')})) k where true",
    )


def paths_of(table: str) -> str:
    """A query for the ids of the paths that a filter keeps. SQLite looks into such a table as it is, which is
    quicker than into what a query has found."""
    return f"(select id from {table}_paths)"
