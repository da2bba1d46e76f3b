"""GET /reports/realtime: the last 30 minutes."""

from typing import Any, NamedTuple

import msgspec

from tinytrail.core.clock import days_anywhere
from tinytrail.core.connect import Tx
from tinytrail.web.events import KINDS, NAMED, PAGE_VIEW
from tinytrail.web.reports.common import Query, Report, Table, struct_table
from tinytrail.web.reports.filters import Filter
from tinytrail.web.reports.period import Period

WINDOW = 1800  # seconds
BUSY = 5000  # events in it, past which an answer holds for a moment: each is read, 2 µs of a processor
MOMENT = 5  # seconds

# The days are two or three. And of visits that might go on when the day was last counted (web/rollup.py): no
# others were seen this lately.
RECENT = """
    e.site = :site and e.day in (:start, :start + 1, :end) and e.at > :since
    and e.visit >= coalesce(
        (select min(first_open) from open_days where site = :site and day in (:start, :start + 1, :end)), 0)
    and v.last_seen > :since and v.is_bot = 0 and v.is_excluded = 0"""

ACTIVE_VISITORS = """
    select count(distinct v.visitor)
      from events e
      join visits v on v.id = e.visit
     where {recent} and {is_kept}
"""
TOP_PAGES = f"""
    select p.path, count(distinct v.visitor) as visitors
      from events e
      join visits v on v.id = e.visit
      join paths p on p.id = e.path
     where {{recent}} and e.kind = {PAGE_VIEW} and {{keeps_event}}
     group by p.path
     order by visitors desc, p.path
     limit 10
"""
EVENTS_BY_TYPE = f"""
    select e.kind, s.value as name, count(*) as count
      from events e
      join visits v on v.id = e.visit
      left join strings s on s.id = e.name and e.kind = {NAMED}
     where {{recent}} and {{keeps_event}}
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


def days_of_late(now: float) -> Period:
    """The days on which the last half hour may lie: in any zone, as the website may have moved since."""
    return Period(days_anywhere(now - WINDOW)[0], days_anywhere(now)[1])


class Answer(NamedTuple):
    site: int
    filter: Filter | None
    at: float
    data: dict[str, Any]

    def holds(self, query: Query) -> bool:
        asked = self.site == query.website.site and self.filter == query.filter
        return asked and 0 <= query.now - self.at < MOMENT


def read(tx: Tx, query: Query) -> dict[str, Any]:
    """What the last half hour has; or, of a busy one, had a moment ago, when this reader was last asked."""
    last: Answer | None = tx.memo.get("realtime")
    if last and last.holds(query):
        return last.data
    data = count(tx, query)
    if sum(row.count for row in data["events_by_type"]) >= BUSY:
        tx.memo["realtime"] = Answer(query.website.site, query.filter, query.now, data)
    return data


def count(tx: Tx, query: Query) -> dict[str, Any]:
    lately = msgspec.structs.replace(query, period=days_of_late(query.now))
    kept = lately.kept(tx)
    is_kept, keeps_event = (kept.is_kept, kept.keeps_event) if kept else ("true", "true")

    def sql(template: str) -> str:
        return template.format(recent=RECENT, is_kept=is_kept, keeps_event=keeps_event)

    since = int(query.now) - WINDOW
    [(active,)] = tx.execute(sql(ACTIVE_VISITORS), lately.values(since=since))
    events = lately.rows(tx, event_type, sql(EVENTS_BY_TYPE), since=since)
    return {
        "active_visitors": active,
        "top_pages": lately.rows(tx, TopPage, sql(TOP_PAGES), since=since),
        "events_by_type": sorted(events, key=lambda row: (-row.count, row.event_type)),
    }


def table(query: Query, data: dict[str, Any]) -> Table:
    return struct_table(("path", "visitors"), data["top_pages"])


REPORT = Report("realtime", read, table, is_of_days=False)
