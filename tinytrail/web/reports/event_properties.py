"""GET /reports/event-properties: how often each property of custom events had which value."""

from typing import Any

import msgspec

from tinytrail.core.connect import Tx
from tinytrail.web.counted import of_period
from tinytrail.web.dimensions import EVENT
from tinytrail.web.reports.common import Query, Report, Table, struct_table
from tinytrail.web.reports.properties import EACH, IS_SHOWN, TEXT, add_functions
from tinytrail.web.reports.search import matching


class PropertyRow(msgspec.Struct):
    property: str
    value: str
    count: int


# No rollup has these: they are counted from the events themselves.
PROPERTIES = f"""
    select name as property, value, count(*) as count
      from (
        select property.key as name, {TEXT} as value
          from (select e.* from {{customs}} and e.name is not null and {{named}}) e
          join {EACH}
         where {IS_SHOWN}
      )
     where {{matching}}
     group by 1, 2
     order by count desc, 1, 2
     limit :limit offset :offset
"""
NAMED = "e.name in (select id from strings where site = :site and strings.value = :event_name)"


def read(tx: Tx, query: Query) -> dict[str, Any]:
    add_functions(tx)
    kept = query.kept(tx, EVENT)
    event_name = query.params.get("event_name") or None
    sql = PROPERTIES.format(
        customs=(kept.rows if kept else of_period()).customs,
        named=NAMED if event_name else "true",
        matching=matching(tx, query, "name", "value"),
    )
    return query.page_json(query.rows(tx, PropertyRow, sql, event_name=event_name))


def table(query: Query, data: dict[str, Any]) -> Table:
    return struct_table(("property", "value", "count"), data["rows"])


REPORT = Report("event-properties", read, table)
