"""GET /reports/custom-events: how often each custom event happened."""

from typing import Any

import msgspec

from tinytrail.core.connect import Tx
from tinytrail.web.dimensions import EVENT
from tinytrail.web.reports.common import Query, Report, Table, struct_table
from tinytrail.web.reports.search import matching


class EventRow(msgspec.Struct):
    name: str
    count: int


def read(tx: Tx, query: Query) -> dict[str, Any]:
    events = f"""
        select strings.value as name, events as count
          from ({query.totals(tx, EVENT, "events")}) totals
          join strings on strings.id = totals.value
         where (:event_name is null or strings.value = :event_name) and {matching(tx, query, "strings.value")}
         order by count desc, name
         limit :limit offset :offset
    """
    return query.page_json(
        query.rows(tx, EventRow, events, event_name=query.params.get("event_name") or None)
    )


def table(query: Query, data: dict[str, Any]) -> Table:
    return struct_table(("name", "count"), data["rows"])


REPORT = Report("custom-events", read, table)
