"""What is stored of a hit, and the statements that store it.

An event finds its visit here, as it is stored; nothing puts visits together on a read.
"""

from typing import Any

import msgspec

from tinytrail.core.connect import Tx
from tinytrail.web.incoming import VISIT_GAP, VISIT_STRINGS, encode, store_incoming
from tinytrail.web.path_groups import group_of_new_path

# `events.kind`. A type outside this list is a custom event of that name: NAMED.
KINDS = ("page_view", "close_tab", "scroll_25", "scroll_50", "scroll_75", "outbound_link", "custom")
PAGE_VIEW = KINDS.index("page_view")
CUSTOM = KINDS.index("custom")
NAMED = len(KINDS)


class Visitor(msgspec.Struct, frozen=True, gc=False):
    """What an event tells of its visit, if it turns out to be the first: columns of `visits`."""

    hash: int
    channel: str
    referrer: str | None
    utm: str | None
    device: str
    browser: str
    os: str
    screen: str
    country: str | None
    is_bot: bool
    is_excluded: bool

    @property
    def is_shown(self) -> bool:
        """In any report."""
        return not (self.is_bot or self.is_excluded)


class Event(msgspec.Struct, frozen=True, gc=False):
    site: int
    at: int
    day: int
    kind: int
    path: str
    name: str | None
    properties: str | None
    visitor: Visitor


FIND_VISITS = """
    select v.site, v.visitor, v.is_excluded, v.id, v.day, v.last_seen, v.events
      from json_each(:missing) m
      join visits v on v.site = m.value ->> 0
                   and v.day in (m.value ->> 3, m.value ->> 3 - 1)
                   and v.visitor = m.value ->> 1
                   and v.is_excluded = m.value ->> 2
     order by v.last_seen, v.id
"""

GROUPS_OF_SITE = "select account_id, content_groups from websites where site = :site"
INSERT_PATH = """
    insert into paths (site, path, content_group) values (:site, :path, :content_group) returning id
"""


class OpenVisit(msgspec.Struct, gc=False):
    """A visit that may go on, as remembered in `tx.memo`."""

    id: int
    day: int
    last_seen: int
    events: int


def visit_key(site: int, visitor: int, is_excluded: int) -> int:
    """What the latest visit of a visitor is remembered by. One number, since there are tens of thousands: as
    a tuple it would take twice the memory."""
    return (site << 65) + (visitor << 1) + is_excluded


def store_events(tx: Tx, requests: list[list[Event]]) -> list[bool]:
    """Store the events of these requests, in order, but those of a website that is gone. True for a request
    of which any will show in a report."""
    stored = [[event for event in events if site_exists(tx, event.site)] for events in requests]
    if batch := [event for events in stored for event in events]:
        _store(tx, batch)
    return [any(event.visitor.is_shown for event in events) for events in stored]


def _store(tx: Tx, batch: list[Event]) -> None:
    memo = tx.memo
    keys = [visit_key(event.site, event.visitor.hash, event.visitor.is_excluded) for event in batch]
    _recall_visits(tx, batch, keys)
    begun: list[tuple[Any, ...]] = []
    touched: dict[int, list[Any]] = {}  # by visit: what is added to it
    rows: list[tuple[Any, ...]] = []
    days: dict[tuple[int, int], list[int]] = {}  # that change, with the time of the first and how many
    for event, key in zip(batch, keys, strict=True):
        site, at, day, kind = event.site, event.at, event.day, event.kind
        visit: OpenVisit | None = memo.get(key)
        # Reports look for a visit's events on its day and the next. A change of time zone may lead elsewhere.
        if visit is None or at - visit.last_seen > VISIT_GAP or not visit.day <= day <= visit.day + 1:
            visit = memo[key] = OpenVisit(_next_visit_id(tx), day, at, 0)
            begun.append(_visit_row(tx, visit, event))
        elif at > visit.last_seen:
            visit.last_seen = at
        visit.events += 1
        path = path_id(tx, site, event.path)
        page = path if kind == PAGE_VIEW else None
        change = touched.get(visit.id)
        if change is None:
            touched[visit.id] = [visit.id, visit.last_seen, 1, kind == PAGE_VIEW, kind >= CUSTOM, page, page]
        else:
            change[1] = visit.last_seen
            change[2] += 1
            change[3] += kind == PAGE_VIEW
            change[4] += kind >= CUSTOM
            change[5] = change[5] or page
            change[6] = page or change[6]
        name = None if event.name is None else string_id(tx, site, event.name)
        rows.append((site, day, visit.id, visit.events, at, kind, path, name, event.properties))
        for changed_day in (day,) if day == visit.day else (day, visit.day):
            of_day = days.get((site, changed_day))
            if of_day is None:
                days[site, changed_day] = [at, 1]
            else:
                of_day[0] = min(at, of_day[0])
                of_day[1] += 1
    changed = [(*day, *of_day) for day, of_day in days.items()]
    store_incoming(tx, begun, list(touched.values()), rows, changed)


def _recall_visits(tx: Tx, batch: list[Event], keys: list[int]) -> None:
    """Remember the latest visit of every visitor in the batch, where it is not remembered yet."""
    missing = {}
    for event, key in zip(batch, keys, strict=True):
        if key not in tx.memo:
            of = event.visitor
            missing[key] = (event.site, of.hash, int(of.is_excluded), event.day)
    if missing:
        found = tx.execute(FIND_VISITS, {"missing": encode(list(missing.values()))})
        for site, visitor, is_excluded, *visit in found:
            tx.memo[visit_key(site, visitor, is_excluded)] = OpenVisit(*visit)


def _next_visit_id(tx: Tx) -> int:
    if "last visit" not in tx.memo:
        [(tx.memo["last visit"],)] = tx.execute("select coalesce(max(id), 0) from visits")
    tx.memo["last visit"] += 1
    return int(tx.memo["last visit"])


def _visit_row(tx: Tx, visit: OpenVisit, event: Event) -> tuple[Any, ...]:
    """A row of incoming.VISIT_COLUMNS."""
    site, visitor = event.site, event.visitor
    strings = (string_id(tx, site, getattr(visitor, name)) for name in VISIT_STRINGS)
    flags = (int(visitor.is_bot), int(visitor.is_excluded))
    return (visit.id, site, event.day, visitor.hash, event.at, *strings, *flags)


def site_exists(tx: Tx, site: int) -> bool:
    key = ("site", site)
    if key not in tx.memo:
        if not tx.execute("select 1 from websites where site = :site", {"site": site}).fetchone():
            return False
        tx.memo[key] = True
    return True


def string_id(tx: Tx, site: int, value: str | None) -> int | None:
    """The id of a string of this site, stored now if it is new."""
    if value is None:
        return None
    key = (site, value)
    known: int | None = tx.memo.get(key)
    if known is None:
        named = {"site": site, "value": value}
        found = tx.execute("select id from strings where site = :site and value = :value", named).fetchall()
        if not found:
            insert = "insert into strings (site, value) values (:site, :value) returning id"
            found = tx.execute(insert, named).fetchall()
        [(known,)] = found
        tx.memo[key] = known
    return known


def path_id(tx: Tx, site: int, path: str) -> int:
    """The id of a path of this site, stored now, with its content group, if it is new."""
    key = ("path", site, path)
    known: int | None = tx.memo.get(key)
    if known is None:
        named: dict[str, object] = {"site": site, "path": path}
        found = tx.execute("select id from paths where site = :site and path = :path", named).fetchall()
        if not found:
            website = tx.execute(GROUPS_OF_SITE, named).fetchone()
            account_id, groups = website or ("", "[]")  # none: another process has just deleted it
            named["content_group"] = group_of_new_path(tx, account_id, path, groups)
            found = tx.execute(INSERT_PATH, named).fetchall()
        [(known,)] = found
        tx.memo[key] = known
    return int(known)
