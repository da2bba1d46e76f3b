"""GET /reports/flow: where visits begin and end."""

from typing import Any

import msgspec

from tinytrail.core.connect import Tx
from tinytrail.web.dimensions import PATH
from tinytrail.web.reports.common import Query, Report, Table, struct_table
from tinytrail.web.reports.params import one_of
from tinytrail.web.reports.search import matching


class LandingPage(msgspec.Struct):
    path: str
    entries: int


class ExitPage(msgspec.Struct):
    path: str
    exits: int


# `measure` is one of the two names below, `matching` a condition; nothing is a request's.
TOTALS = "with totals as materialized ({totals})"
ENDS = """
    select * from (
        select '{name}' as list, path, {measure}
          from {totals}
          join paths on paths.id = value
         where {measure} > 0 and {matching}
         order by {measure} desc, path
         limit :limit offset :offset)
"""

LISTS = {"landing_pages": ("path", "entries"), "exit_pages": ("path", "exits")}


def in_csv(query: Query) -> str:
    """Which of the two lists a csv has."""
    return one_of(query.params, "list", tuple(LISTS))


def ends(tx: Tx, query: Query) -> tuple[str, dict[str, str]]:
    """SQL for what begins the statement, and for each measure's totals (value, measure)."""
    if not query.filter:
        both = query.totals(tx, PATH, "entries", "exits")
        return TOTALS.format(totals=both), dict.fromkeys(("entries", "exits"), "totals")
    return "", {
        measure: f"(select value, visits as {measure} from ({query.visit_totals(tx, column)}))"
        for measure, column in (("entries", "entry"), ("exits", "exit"))
    }


def read(tx: Tx, query: Query) -> dict[str, Any]:
    in_csv(query)  # raises, whatever the format

    condition = matching(tx, query, "path")
    shared, totals = ends(tx, query)
    lists = (
        ENDS.format(name=name, measure=measure, totals=totals[measure], matching=condition)
        for name, (_, measure) in LISTS.items()
    )
    sql = shared + " union all ".join(lists)
    found = tx.execute(sql, query.values()).fetchall()
    return {
        "period": query.period.as_json(),
        "landing_pages": [LandingPage(path, count) for name, path, count in found if name == "landing_pages"],
        "exit_pages": [ExitPage(path, count) for name, path, count in found if name == "exit_pages"],
    }


def table(query: Query, data: dict[str, Any]) -> Table:
    name = in_csv(query)
    return struct_table(LISTS[name], data[name])


REPORT = Report("flow", read, table, in_csv)
