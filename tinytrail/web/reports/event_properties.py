"""GET /reports/event-properties: how often each property of custom events had which value."""

from typing import Any

import msgspec

from tinytrail.core.connect import Tx
from tinytrail.web.dimensions import EVENT
from tinytrail.web.reports.common import Query, Report, Table, struct_table
from tinytrail.web.reports.properties import add_functions
from tinytrail.web.reports.property_days import by_property, counted_and_not
from tinytrail.web.reports.search import matching


class PropertyRow(msgspec.Struct):
    property: str
    value: str
    count: int


PROPERTIES = """
    select property, value, sum(count) as count
      from ({properties})
     where {matching}
     group by 1, 2
     order by count desc, 1, 2
     limit :limit offset :offset
"""
NAMED = "{event} in (select id from strings where site = :site and strings.value = :event_name)"


def read(tx: Tx, query: Query) -> dict[str, Any]:
    add_functions(tx)
    event_name = query.params.get("event_name") or None
    named = NAMED if event_name else "true"
    if kept := query.kept(tx, EVENT):
        properties = by_property(kept.rows.customs, named.format(event="e.name"))
    else:
        properties = counted_and_not(named)
    sql = PROPERTIES.format(properties=properties, matching=matching(tx, query, "property", "value"))
    return query.page_json(query.rows(tx, PropertyRow, sql, event_name=event_name))


def table(query: Query, data: dict[str, Any]) -> Table:
    return struct_table(("property", "value", "count"), data["rows"])


REPORT = Report("event-properties", read, table)
