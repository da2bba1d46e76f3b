"""GET /reports/realtime: the last 30 minutes."""

from typing import Any

import msgspec

from tinytrail.core.clock import local_day
from tinytrail.core.connect import Tx
from tinytrail.web.events import KINDS, NAMED, PAGE_VIEW
from tinytrail.web.reports.common import Query, Report, Table, struct_table

WINDOW = 1800  # seconds

# Of today and the day before: half an hour ago it may have been yesterday.
RECENT = """
    events e
      join visits v on v.id = e.visit
     where e.site = :site and e.day in (:today - 1, :today) and e.at > :since
       and v.last_seen > :since and v.is_bot = 0 and v.is_excluded = 0
"""
ACTIVE_VISITORS = f"select count(distinct v.visitor) from {RECENT}"
TOP_PAGES = f"""
    select p.path, count(distinct v.visitor) as visitors
      from {RECENT.replace("where", "join paths p on p.id = e.path where", 1)} and e.kind = {PAGE_VIEW}
     group by p.path
     order by visitors desc, p.path
     limit 10
"""
EVENTS_BY_TYPE = f"""
    select e.kind, s.value as name, count(*) as count
      from {RECENT.replace("where", f"left join strings s on s.id = e.name and e.kind = {NAMED} where", 1)}
     group by 1, 2
"""


class TopPage(msgspec.Struct):
    path: str
    visitors: int


class EventType(msgspec.Struct, rename="camel"):
    event_type: str
    count: int


def event_type(kind: int, name: str | None, count: int) -> EventType:
    """The type as it was sent."""
    return EventType(name or KINDS[kind], count)


def read(tx: Tx, query: Query) -> dict[str, Any]:
    today = local_day(query.website.timezone, query.now)
    values = {"site": query.website.site, "today": today, "since": int(query.now) - WINDOW}
    [(active,)] = tx.execute(ACTIVE_VISITORS, values)
    events = query.rows(tx, event_type, EVENTS_BY_TYPE, **values)
    return {
        "active_visitors": active,
        "top_pages": query.rows(tx, TopPage, TOP_PAGES, **values),
        "events_by_type": sorted(events, key=lambda row: (-row.count, row.event_type)),
    }


def table(query: Query, data: dict[str, Any]) -> Table:
    return struct_table(("path", "visitors"), data["top_pages"])


REPORT = Report("realtime", read, table)
