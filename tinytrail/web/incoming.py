"""How a group of events is stored: all of it, however large, by one statement.

SQLite works without Python's lock (GIL), but each statement gives it away and asks for it again several
times, and the event loop makes it wait every time: it is statements that cost, not rows. So rows come as JSON
arrays, and what is done with them stands in a trigger, on a view that holds nothing (docs/benchmarks.md).
"""

from typing import Any

import msgspec

from tinytrail.core.connect import Tx
from tinytrail.web.dimensions import DIMENSIONS

VISIT_GAP = 1800  # seconds; a visitor who comes back later than that begins a new visit

VISIT_STRINGS = ("channel", "referrer", "utm", "device", "browser", "os", "screen", "country")
VISIT_COLUMNS = ("id", "site", "day", "visitor", "started", *VISIT_STRINGS, "is_bot", "is_excluded")

# Naming the dimensions lets SQLite seek to each; `day` alone would walk all that the site ever had.
ALL_DIMENSIONS = ", ".join(map(str, range(len(DIMENSIONS))))
FORGET_DAY = f"delete from daily where site = :site and dimension in ({ALL_DIMENSIONS}) and day = :day"
FORGET_TOTALS = f"""
    delete from running_totals
     where site = :site and dimension in ({ALL_DIMENSIONS}) and is_bot in (0, 1) and day >= :day"""
FORGET_WEEKS = "delete from segment_weeks where site = :site and day <= :day + 1 and last_day >= :day"
FORGET_PROPERTIES = "delete from property_days where site = :site and day = :day"
FORGET_ROLLUP = (FORGET_DAY, FORGET_TOTALS, FORGET_WEEKS, FORGET_PROPERTIES)


def places(count: int) -> str:
    """The first values of a row that came as a JSON array, one a column."""
    return ", ".join(f"value ->> {place}" for place in range(count))


def of_new(sql: str) -> str:
    """As it stands in a trigger."""
    return sql.replace(":", "new.")


# Temporary, so that they are always those of the program that runs.
MAKE_INCOMING = (
    "create temp view if not exists incoming (begun, touched, events, days) as select 0, 0, 0, 0",
    f"""
    create temp trigger if not exists store_incoming instead of insert on incoming
    begin
        insert into visits ({", ".join(VISIT_COLUMNS)}, last_seen, events, pageviews, customs)
        select {places(len(VISIT_COLUMNS))}, value ->> {VISIT_COLUMNS.index("started")}, 0, 0, 0
          from json_each(new.begun);

        update visits
           set last_seen = max(last_seen, t.value ->> 1),
               events    = events + (t.value ->> 2),
               pageviews = pageviews + (t.value ->> 3),
               customs   = customs + (t.value ->> 4),
               entry     = coalesce(entry, t.value ->> 5),
               exit      = coalesce(t.value ->> 6, exit)
          from json_each(new.touched) t
         where visits.id = t.value ->> 0;

        insert into events (site, day, visit, n, at, kind, path, name, properties)
        select {places(9)} from json_each(new.events);

        -- The clock was set back: what was counted of the day no longer holds.
        update open_days
           set counting = 0, counted = 0, first_open = 0, seen = 0
          from json_each(new.days) t
         where site = t.value ->> 0
           and day = t.value ->> 1
           and t.value ->> 2 < max(counting, counted);

        insert into open_days (site, day, changes)
        select value ->> 0, value ->> 1, value ->> 3 from json_each(new.days) where true
        on conflict do update set changes = changes + excluded.changes;
    end
    """,
    f"""
    create temp trigger if not exists forget_day_that_opens after insert on main.open_days
    begin
        {"; ".join(map(of_new, FORGET_ROLLUP))};
    end
    """,
    f"""
    create temp trigger if not exists forget_day_counted_anew after update of counted on main.open_days
    when new.counting = 0 and new.counted = 0
    begin
        {"; ".join(map(of_new, FORGET_ROLLUP))};
    end
    """,
)

STORE = "insert into incoming (begun, touched, events, days) values (?, ?, ?, ?)"


def store_incoming(
    tx: Tx,
    begun: list[tuple[Any, ...]],
    touched: list[list[Any]],
    events: list[tuple[Any, ...]],
    days: list[tuple[int, ...]],
) -> None:
    """Store visits that begin, what is added to visits, events, and the days that they change: each as site,
    day, time of the first event and number of events. What was counted of a day is forgotten where it may no
    longer hold.
    """
    if "incoming" not in tx.memo:
        for statement in MAKE_INCOMING:
            tx.execute(statement)
        tx.memo["incoming"] = True
    tx.execute_last(STORE, [encode(begun), encode(touched), encode(events), encode(days)])


def forget_rollup(tx: Tx, site: int, day: int) -> None:
    """Forget the day's totals and properties, the running totals they went into, and its week's segments."""
    for forget in FORGET_ROLLUP:
        tx.execute(forget, {"site": site, "day": day})


def encode(rows: list[Any]) -> str:
    return msgspec.json.encode(rows).decode()
