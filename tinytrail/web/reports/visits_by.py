"""Visits by a dimension of theirs: what several reports list, each under names of its own."""

from typing import NamedTuple

from tinytrail.core.connect import Tx
from tinytrail.web.reports.common import Query
from tinytrail.web.reports.search import matching


class Counted(NamedTuple):
    name: str
    visits: int


def visits_by(tx: Tx, query: Query, dimension: str, *, paged: bool) -> list[Counted]:
    """Most visits first, ties by name: a page of those searched for, or, not `paged`, all of them."""
    sql = f"""
        select strings.value as name, visits
          from ({query.visit_totals(tx, dimension)}) totals
          join strings on strings.id = totals.value
         where {matching(tx, query, "strings.value") if paged else "true"}
         order by visits desc, name
    """
    return query.rows(tx, Counted, sql + " limit :limit offset :offset" if paged else sql)
