"""Sums over what a filter keeps of a period, by a column of visits or by path.

They go into temporary tables beside the one of kept.py, which a batch of reports shares.
"""

from typing import Any

from tinytrail.core.connect import Tx
from tinytrail.core.temporary import exists, temporary_tables
from tinytrail.web.events import PAGE_VIEW
from tinytrail.web.reports.filters import Filter
from tinytrail.web.reports.kept import Kept, keep

# Visits by columns of theirs, without sorting them. What is always asked together, and has few combinations,
# is counted together: to look up the visits is what takes longest.
OF_DEVICES = ("device", "browser", "os", "screen")
CREATE_TOTALS = "create temp table {table} ({types}, visits integer not null, primary key ({columns}))"
COUNT_VISITS = """
    insert into {table}
    select {found}, 1 from {visits} and {there_are}
    on conflict do update set visits = visits + 1
"""

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
     cross join events e on e.site = :site and e.day = +k.day and e.visit = k.visit
     where k.day between :start and :end and e.kind = {PAGE_VIEW} and {{pageviews}}
     order by k.day, k.visitor
    on conflict do update
       set pageviews = pageviews + 1,
           visitors  = visitors + (day <> excluded.day or visitor <> excluded.visitor),
           day       = excluded.day,
           visitor   = excluded.visitor
"""


def visit_totals(tx: Tx, kept: Kept, column: str, values: dict[str, Any]) -> str:
    """A query for the period's visits by a column of theirs: value, visits."""
    columns = OF_DEVICES if column in OF_DEVICES else (column,)
    table = f"{kept.table}_{columns[0]}"
    if not exists(tx, table):
        named = {"table": table, "columns": ", ".join(columns)}
        found = ", ".join(f"v.{name}" for name in columns)
        types = ", ".join(f"{name} integer" for name in columns)
        there_are = " and ".join(f"v.{name} is not null" for name in columns)
        with temporary_tables(tx):
            tx.execute(CREATE_TOTALS.format(types=types, **named))
            count = COUNT_VISITS.format(found=found, visits=kept.rows.visits, there_are=there_are, **named)
            tx.execute(count, values)
    return f"select {column} as value, sum(visits) as visits from {table} group by {column}"


def page_totals(tx: Tx, filter: Filter, values: dict[str, Any]) -> str:
    """A query for the sums over the period, by path: value, pageviews and visitors. It binds nothing."""
    table = keep(tx, filter, values).table
    if not exists(tx, f"{table}_pages"):
        with temporary_tables(tx):
            tx.execute(BY_VISITOR.format(table=table))
            tx.execute(CREATE_PAGES.format(table=table))
            tx.execute(COUNT_PAGES.format(table=table, pageviews=filter.pageviews), values)
    return f"select path as value, pageviews, visitors from {table}_pages"
