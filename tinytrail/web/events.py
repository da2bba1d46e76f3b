"""What is stored of a hit, and the statements that store it.

An event finds its visit here, as it is stored; nothing puts visits together on a read.
"""

from typing import NamedTuple

from tinytrail.core.connect import Tx
from tinytrail.web.content_groups import decode_groups, group_of
from tinytrail.web.dimensions import DIMENSIONS

VISIT_GAP = 1800  # seconds; a visitor who comes back later than that begins a new visit

# `events.kind`. A type outside this list is a custom event of that name: NAMED.
KINDS = ("page_view", "close_tab", "scroll_25", "scroll_50", "scroll_75", "outbound_link", "custom")
PAGE_VIEW = KINDS.index("page_view")
CUSTOM = KINDS.index("custom")
NAMED = len(KINDS)


class Visitor(NamedTuple):
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


class Event(NamedTuple):
    site: int
    at: int
    day: int
    kind: int
    path: str
    name: str | None
    properties: str | None
    visitor: Visitor


CONTINUE_VISIT = """
    update visits
       set last_seen = max(last_seen, :at),
           events    = events + 1,
           pageviews = pageviews + :pageviews,
           customs   = customs + :customs,
           entry     = coalesce(entry, :page),
           exit      = coalesce(:page, exit)
     where id = (select id
                   from visits
                  where site = :site
                    and day in (:day, :day - 1)
                    and visitor = :visitor
                    and is_excluded = :is_excluded
                    and last_seen >= :at - :gap
                  order by last_seen desc, id desc
                  limit 1)
    returning id, day, events
"""

BEGIN_VISIT = """
    insert into visits (site, day, visitor, started, last_seen, events, pageviews, customs, entry, exit,
                        channel, referrer, utm, device, browser, os, screen, country, is_bot, is_excluded)
    values (:site, :day, :visitor, :at, :at, 1, :pageviews, :customs, :page, :page,
            :channel, :referrer, :utm, :device, :browser, :os, :screen, :country, :is_bot, :is_excluded)
    returning id, day, events
"""

INSERT_EVENT = """
    insert into events (site, day, visit, n, at, kind, path, name, properties)
    values (:site, :day, :visit, :n, :at, :kind, :path, :name, :properties)
"""

OPEN_DAY = """
    insert into open_days (site, day, changes) values (:site, :day, 1)
    on conflict do update set changes = changes + 1
    returning changes
"""

INSERT_PATH = """
    insert into paths (site, path, content_group) values (:site, :path, :content_group) returning id
"""

# Naming the dimensions lets SQLite seek to each; `day` alone would walk all that the site ever had.
FORGET_ROLLUP = f"""
    delete from daily
     where site = :site and dimension in ({", ".join(map(str, range(len(DIMENSIONS))))}) and day = :day
"""


def store_events(tx: Tx, events: list[Event]) -> bool:
    """Store the events of one request, in order; False if their website is gone."""
    stored = False
    for event in events:
        if site_exists(tx, event.site):
            store_event(tx, event)
            stored = True
    return stored


def store_event(tx: Tx, event: Event) -> None:
    site, visitor = event.site, event.visitor
    path = path_id(tx, site, event.path)
    values = {
        "site": site,
        "day": event.day,
        "at": event.at,
        "gap": VISIT_GAP,
        "visitor": visitor.hash,
        "is_excluded": visitor.is_excluded,
        "pageviews": event.kind == PAGE_VIEW,
        "customs": event.kind >= CUSTOM,
        "page": path if event.kind == PAGE_VIEW else None,
    }
    found = tx.execute(CONTINUE_VISIT, values).fetchall()
    if not found:
        values |= {
            "channel": string_id(tx, site, visitor.channel),
            "referrer": string_id(tx, site, visitor.referrer),
            "utm": string_id(tx, site, visitor.utm),
            "device": string_id(tx, site, visitor.device),
            "browser": string_id(tx, site, visitor.browser),
            "os": string_id(tx, site, visitor.os),
            "screen": string_id(tx, site, visitor.screen),
            "country": string_id(tx, site, visitor.country),
            "is_bot": visitor.is_bot,
        }
        found = tx.execute(BEGIN_VISIT, values).fetchall()
    [(visit, visit_day, n)] = found
    tx.execute(
        INSERT_EVENT,
        {
            "site": site,
            "day": event.day,
            "visit": visit,
            "n": n,
            "at": event.at,
            "kind": event.kind,
            "path": path,
            "name": string_id(tx, site, event.name),
            "properties": event.properties,
        },
    )
    for day in {event.day, visit_day}:
        open_day(tx, site, day)


def open_day(tx: Tx, site: int, day: int) -> None:
    """Note that `day` changed: its rollup, where it has one, no longer holds."""
    [(changes,)] = tx.execute(OPEN_DAY, {"site": site, "day": day}).fetchall()
    if changes == 1:
        tx.execute(FORGET_ROLLUP, {"site": site, "day": day})


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
            [(groups,)] = tx.execute("select content_groups from websites where site = :site", named)
            named["content_group"] = group_of(path, decode_groups(groups))
            found = tx.execute(INSERT_PATH, named).fetchall()
        [(known,)] = found
        tx.memo[key] = known
    return int(known)
