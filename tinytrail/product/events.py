"""What is stored of events, and what is counted of them in the same transaction.

GET /metrics and GET /sessions answer from these counts alone. Rows go in as one JSON array a statement:
SQLite then works through them without asking for Python's lock at each.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from tinytrail.core.clock import DAY
from tinytrail.core.connect import Tx
from tinytrail.product.pairing import PLAY, STOP, Arrival, Session, pair

SECOND = 1_000_000  # microseconds, which is what product_events.at counts

EVERYBODY = 0  # stands for all users together in product_daily


class Event(NamedTuple):
    name: str
    user_id: str
    at: int
    stored: int
    metadata: str | None  # json


INSERT_EVENTS = f"""
    insert into product_events (id, user, event, at, stored, is_open, metadata)
    select {", ".join(f"value ->> {place}" for place in range(7))} from json_each(:rows)
"""

CLOSE_EVENTS = "update product_events set is_open = 0 where id in (select value from json_each(:rows))"

ADD_COUNTS = f"""
    insert into product_daily (user, day, event, events, sessions, seconds)
    select {", ".join(f"value ->> {place}" for place in range(6))} from json_each(:rows) where true
    on conflict do update
       set events   = events + excluded.events,
           sessions = sessions + excluded.sessions,
           seconds  = seconds + excluded.seconds
"""


def store_events(tx: Tx, batch: list[Event]) -> list[None]:
    """Store these events, as if one after the other."""
    first = reserve_ids(tx, len(batch))
    arrivals = [
        Arrival(string_id(tx, event.user_id), string_id(tx, event.name), event.at, id)
        for id, event in enumerate(batch, first)
    ]
    halves = [arrival for arrival in arrivals if arrival.event in (PLAY, STOP)]
    pairs = pair(tx, halves)
    is_open = {half.id for half in halves} - pairs.closed
    rows = [
        (id, user, name, at, event.stored, int(id in is_open), event.metadata)
        for (user, name, at, id), event in zip(arrivals, batch, strict=True)
    ]
    execute(tx, INSERT_EVENTS, rows)
    execute(tx, CLOSE_EVENTS, [id for id in pairs.closed if id < first])
    execute(tx, ADD_COUNTS, count(arrivals, pairs.sessions))
    return [None] * len(batch)


def count(arrivals: Iterable[Arrival], sessions: Iterable[Session]) -> list[tuple[int, ...]]:
    """Rows for ADD_COUNTS, in the order of its key."""
    counts: defaultdict[tuple[int, int, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for user, name, at, _ in arrivals:
        for whose in (EVERYBODY, user):
            counts[whose, day_of(at), name][0] += 1
    for user, began, ended in sessions:
        for whose in (EVERYBODY, user):
            session = counts[whose, day_of(began), PLAY]
            session[1] += 1
            session[2] += (ended - began + SECOND // 2) // SECOND
    return [(*key, *added) for key, added in sorted(counts.items())]


def execute(tx: Tx, sql: str, rows: list[Any]) -> None:
    if rows:
        tx.execute(sql, {"rows": msgspec.json.encode(rows).decode()})


def day_of(at: int) -> int:
    return at // (DAY * SECOND)


def reserve_ids(tx: Tx, count: int) -> int:
    """The first of so many product_events.id that follow each other."""
    if "next product event" not in tx.memo:
        [last] = tx.execute("select coalesce(max(id), 0) from product_events").fetchone()
        tx.memo["next product event"] = last + 1
    first: int = tx.memo["next product event"]
    tx.memo["next product event"] = first + count
    return first


def string_id(tx: Tx, value: str) -> int:
    """The id of a user's id or an event's name, stored now if it is new."""
    key = ("product", value)
    known: int | None = tx.memo.get(key)
    if known is None:
        named = {"value": value}
        found = tx.execute("select id from product_strings where value = :value", named).fetchone()
        if found is None:
            insert = "insert into product_strings (value) values (:value) returning id"
            [found] = tx.execute(insert, named).fetchall()
        [known] = found
        tx.memo[key] = known
    return int(known)
