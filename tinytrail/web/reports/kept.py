"""The visits that a filter keeps: found once, for all that a request asks about them.

They go into a temporary table, from which reports go on to the visits and their events: a row for each visit
and day on which it has any. A batch of reports with the same filter and period shares it; it is gone at the
end of the transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, NamedTuple

from tinytrail.core.connect import Tx
from tinytrail.web.counted import SHOWN, Rows
from tinytrail.web.dimensions import DIMENSIONS, EVENT, SITE
from tinytrail.web.events import PAGE_VIEW
from tinytrail.web.reports.filters import Filter
from tinytrail.web.reports.properties import add_functions

CREATE = """
    create temp table {table} (
        day        integer not null,
        visit      integer not null,
        began      integer not null,    -- on this day; else it went on past midnight
        pageviews  integer not null,    -- of this day, that are kept
        visitor    integer not null,
        primary key (day, visit)
    ) without rowid
"""

# Of visits that began in the period or on the day before, since they may have page views in it.
BEGAN = "v.site = :site and v.day between :start - 1 and :end"
OF_VISITS = f"""
    insert into {{table}}
    select v.day, v.id, 1, v.pageviews, v.visitor
      from visits v
     where {{of_site}} and {SHOWN} and {{visits}}
"""
# One that began on the last day may go on after. Under (site, day, visit) a visit's events lie side by side.
OF_PAGES = f"""
    insert into {{table}}
    select k.day, k.visit, k.day = v.day, k.pageviews, v.visitor
      from (select e.day, e.visit, count(*) as pageviews
              from events e
             where e.site = :site and e.day between :start - 1 and :end + 1
               and e.kind = {PAGE_VIEW} and e.path in {{paths}}
             group by e.day, e.visit) k
     cross join visits v on v.id = k.visit
     where {BEGAN} and {SHOWN} and {{visits}}
"""
BEGAN_WITHOUT = """
    insert or ignore into {table}
    select v.day, v.id, 1, 0, v.visitor from {table} k cross join visits v on v.id = k.visit where not k.began
"""

DAYS = """
    with recursive days (day) as (select :start - 1 union all select day + 1 from days where day < :end)"""
OF_DAY = "(select {which}(visit) from events where site = :site and day = days.day)"

# A visit that goes on past its midnight has events on both days, and so an id up to the highest of the first.
WENT_ON = f"""
    {DAYS}
    insert into {{table}}
    select e.day, e.visit, 0, sum(e.kind = {PAGE_VIEW}), k.visitor
      from days
     cross join events e on e.site = :site and e.day = days.day + 1
                        and e.visit <= {OF_DAY.format(which="max")}
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

EVENTS = """
    {table} k
      cross join visits v on v.id = k.visit
      cross join events e on e.site = :site and e.day = k.day and e.visit = k.visit
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


# Page views by path, and unique ones. A visitor's visits of a day come one after the other, so whether he was
# the last to see the path tells whether he is counted. To sort all page views by path takes twice as long.
BY_VISITOR = "create index temp.{table}_by_visitor on {table} (day, visitor)"
CREATE_PAGES = """
    create temp table {table}_pages (
        path       integer primary key,
        pageviews  integer not null,
        visitors   integer not null,
        day        integer not null,  -- of the last page view, and its visitor
        visitor    integer not null
    )
"""
COUNT_PAGES = f"""
    insert into {{table}}_pages
    select e.path, 1, 1, k.day, k.visitor
      from {{table}} k indexed by {{table}}_by_visitor
     cross join events e on e.site = :site and e.day = k.day and e.visit = k.visit
     where k.day between :start and :end and e.kind = {PAGE_VIEW} and {{pageviews}}
     order by k.day, k.visitor
    on conflict do update
       set pageviews = pageviews + 1,
           visitors  = visitors + (day <> excluded.day or visitor <> excluded.visitor),
           day       = excluded.day,
           visitor   = excluded.visitor
"""


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
    return Kept(
        table,
        Rows(
            f"{table} k cross join visits v on v.id = k.visit where k.began and {in_period}",
            f"{events} and {filter.pageviews}",
            f"{EVENTS_OF_ANY if filter.paths else with_customs} and {filter.customs}",
            VISITS_OF_PATHS.format(table=table),
            days=f"{table} k where {in_period}",
        ),
        f"{table} where began and day between :start and :end",
        is_kept,
        f"case when e.name is null then {is_kept} and {filter.pageviews} else {customs} end",
    )


def exists(tx: Tx, table: str) -> bool:
    return bool(tx.execute("select 1 from temp.sqlite_master where name = ?", (table,)).fetchone())


@contextmanager
def temporary_tables(tx: Tx) -> Iterator[None]:
    """They may be written, which `query_only` forbids as well."""
    [(query_only,)] = tx.execute("pragma query_only")
    tx.execute("pragma query_only = off")
    try:
        yield
    finally:
        tx.execute(f"pragma query_only = {query_only}")


def make_table(tx: Tx, table: str, filter: Filter, values: dict[str, Any]) -> None:
    tx.execute(CREATE.format(table=table))
    visits = filter.visits or "true"
    if filter.paths:
        tx.execute(OF_PAGES.format(table=table, paths=filter.paths, visits=visits), values)
        tx.execute(BEGAN_WITHOUT.format(table=table))
        return
    first, last, count = tx.execute(RANGE, values).fetchone()
    of_site = BEGAN
    if filter.visits_are_few:
        of_site = BEGAN.replace("v.", "+v.")
    elif first is not None and last - first < QUICKER * count:
        of_site = BEGAN.replace("v.", "+v.") + " and v.id between :first and :last"
    found = values | {"first": first, "last": last}
    tx.execute(OF_VISITS.format(table=table, of_site=of_site, visits=visits), found)
    went_on = tx.execute(WENT_ON.format(table=table), values).fetchall()
    tx.executemany(f"update {table} set pageviews = pageviews - ? where day = ? and visit = ?", went_on)


# Visits by a column of theirs, without sorting them by it.
CREATE_TOTALS = "create temp table {table}_{column} (value integer primary key, visits integer not null)"
COUNT_VISITS = """
    insert into {table}_{column}
    select v.{column}, 1 from {visits} and v.{column} is not null
    on conflict do update set visits = visits + 1
"""


def visit_totals(tx: Tx, kept: Kept, column: str, values: dict[str, Any]) -> str:
    """A query for the period's visits by a column of theirs: value, visits."""
    table = kept.table
    if not exists(tx, f"{table}_{column}"):
        with temporary_tables(tx):
            tx.execute(CREATE_TOTALS.format(table=table, column=column))
            tx.execute(COUNT_VISITS.format(table=table, column=column, visits=kept.rows.visits), values)
    return f"select value, visits from {table}_{column}"


def page_totals(tx: Tx, kept: Kept, filter: Filter, values: dict[str, Any]) -> str:
    """A query for the sums over the period, by path: value, pageviews and visitors."""
    table = kept.table
    if not exists(tx, f"{table}_pages"):
        with temporary_tables(tx):
            tx.execute(BY_VISITOR.format(table=table))
            tx.execute(CREATE_PAGES.format(table=table))
            tx.execute(COUNT_PAGES.format(table=table, pageviews=filter.pageviews), values)
    return f"select path as value, pageviews, visitors from {table}_pages"
