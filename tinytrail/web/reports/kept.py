"""The visits that a filter keeps: found once, for all that a request asks about them.

They go into a temporary table, (day, visit), from which reports go on to the visits and their events. A batch
of reports with the same filter and period shares it; it is gone at the end of the transaction.
"""

from hashlib import sha256
from typing import Any, NamedTuple

from tinytrail.core.connect import Tx
from tinytrail.web.counted import SHOWN, Rows
from tinytrail.web.events import PAGE_VIEW
from tinytrail.web.reports.filters import Filter
from tinytrail.web.reports.properties import add_functions

# The events e of visits v; a visit may go on past its midnight. The order of the joins is ours ("cross"):
# under (site, day, visit) the events of each lie side by side. The plus keeps SQLite from reading the whole
# period instead.
EVENTS = """
    {table} k
      cross join visits v on v.id = k.visit
      cross join events e on e.site = :site and e.day in (k.day, k.day + 1) and e.visit = k.visit
     where +e.day between :start and :end"""
EVENTS_OF_ANY = f"""
    events e join visits v on v.id = e.visit
     where e.site = :site and e.day between :start and :end and {SHOWN}"""
VISITS_OF_PATHS = f"""
    (select distinct k.visit, e.path
       from {{table}} k
      cross join events e on e.site = :site and e.day in (k.day, k.day + 1) and e.visit = k.visit
      where k.day between :start and :end and e.kind = {PAGE_VIEW}) p
      join visits v on v.id = p.visit
     where true"""


class Kept(NamedTuple):
    rows: Rows
    visits: str  # what follows "from" for the ids of the period's visits
    # Conditions, for whoever has events e and their visits v at hand:
    is_kept: str
    keeps_event: str


def keep(tx: Tx, filter: Filter, values: dict[str, Any]) -> Kept:
    """The visits that began in the period that is among the values, or on the day before: they may have page
    views in it. On a reader, within its transaction."""
    table = "kept_" + sha256(repr((filter, sorted(values.items()))).encode()).hexdigest()[:32]
    if not tx.execute("select 1 from temp.sqlite_master where name = ?", (table,)).fetchone():
        add_functions(tx)
        make_table(tx, table, filter, values)
    is_kept = f"exists (select 1 from {table} k where k.day = v.day and k.visit = v.id)"
    customs = filter.customs if filter.customs_of_any else f"{is_kept} and {filter.customs}"
    with_customs = EVENTS.format(table=table) + " and v.customs > 0"  # spares looking for those of the others
    return Kept(
        Rows(
            f"{table} k cross join visits v on v.id = k.visit where k.day between :start and :end",
            f"{EVENTS.format(table=table)} and {filter.pageviews}",
            f"{EVENTS_OF_ANY if filter.customs_of_any else with_customs} and {filter.customs}",
            VISITS_OF_PATHS.format(table=table),
        ),
        f"{table} where day between :start and :end",
        is_kept,
        f"case when e.name is null then {is_kept} and {filter.pageviews} else {customs} end",
    )


def make_table(tx: Tx, table: str, filter: Filter, values: dict[str, Any]) -> None:
    by = "+" if filter.visits_are_few else ""  # keeps SQLite from looking for visits by that column
    kept = f"""
        select v.day, v.id
          from visits v
         where {by}v.site = :site and {by}v.day between :start - 1 and :end and {SHOWN} and {filter.visits}"""
    [(query_only,)] = tx.execute("pragma query_only")
    tx.execute("pragma query_only = off")  # which forbids temporary tables too
    try:
        tx.execute(
            f"create temp table {table} (day integer, visit integer, primary key (day, visit)) without rowid"
        )
        tx.execute(f"insert into {table} {kept}", values)
    finally:
        tx.execute(f"pragma query_only = {query_only}")
