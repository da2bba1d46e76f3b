"""How many instances are active: at any second, exactly, without looking at each of them.

An instance is active from when it is old enough until 48 hours after its last heartbeat. `active_now` holds
how many there are, `active_versions` how many of each version, and `active_changes` by how many that will
change at which second if no more heartbeats come. A heartbeat takes its instance's old life out of these and
puts the new one in; as time passes, `catch_up` takes up the changes that have become due, and writes down
each day that ends on the way. So a day's count is the same whenever it is written down: at midnight, before
the first heartbeat after it, or after the server was down for a week.
"""

from collections import defaultdict
from enum import Enum
from itertools import groupby
from typing import Any, NamedTuple

import msgspec

from tinytrail.core.clock import DAY, utc_day
from tinytrail.core.connect import Tx, rows

SILENCE = 2 * DAY  # seconds without a heartbeat, after which an instance is no longer active


class ActiveNow(NamedTuple):
    at: int
    active: int
    min_age: int


class Beat(NamedTuple):
    instance: bytes
    version: str
    at: int
    may_be_new: bool  # else it is stored only if its instance is known


class Stored(Enum):
    NEW = "new"
    KNOWN = "known"
    REFUSED = "refused"


NOW = "select at, active, min_age from active_now"
STORE_NOW = "insert or replace into active_now (id, at, active, min_age) values (1, ?, ?, ?)"
STORE_DAY = "insert or replace into active_days (day, active) values (?, ?)"
DUE = "select version, sum(change) from active_changes where at <= ? group by version"
FORGET_DUE = "delete from active_changes where at <= ?"

# A group of heartbeats is a few statements, however many there are: each that Python runs costs more than its
# rows do. So ids go in as one blob of 16 bytes each, all else as one JSON array.
FIND_INSTANCES = """
    select json_group_array(json_array(key, first_seen, last_seen, version))
      from json_each(:versions) cross join instances on instances.id = substr(:ids, 1 + 16 * key, 16)
"""
STORE_INSTANCES = """
    insert into instances (id, first_seen, last_seen, version)
    select substr(:ids, 1 + 16 * key, 16), :now, :now, value from json_each(:versions) where true
    on conflict do update set last_seen = excluded.last_seen, version = excluded.version
"""
STORE_CHANGES = """
    insert into active_changes (at, version, change)
    select value ->> 0, value ->> 1, value ->> 2 from json_each(?) where true
    on conflict do update set change = change + excluded.change
"""
STORE_VERSIONS = """
    insert into active_versions (version, active)
    select value ->> 0, value ->> 1 from json_each(?) where true
    on conflict do update set active = active + excluded.active
"""
FORGET_VERSIONS = """
    delete from active_versions where version in (select value ->> 0 from json_each(?)) and active = 0
"""

# The `lifetime` of all instances.
LIVES = """
    select version,
           first_seen + :min_age                             as born,
           max(last_seen + :silence, first_seen + :min_age)  as dies
      from instances
"""
RECOUNT = (
    "delete from active_changes",
    "delete from active_versions",
    "delete from active_days where day >= :today",
    "update instances set first_seen = min(first_seen, :now), last_seen = :now where last_seen > :now",
    f"""insert into active_changes
        select at, version, sum(change)
          from (select born as at, version, 1 as change from ({LIVES})
                union all
                select dies, version, -1 from ({LIVES}))
         where at > :now
         group by at, version""",
    f"""insert into active_versions
        select version, count(*) from ({LIVES}) where born <= :now and dies > :now group by version""",
    """insert or replace into active_now
        select 1, :now, coalesce(sum(active), 0), :min_age from active_versions""",
)


def lifetime(first_seen: int, last_seen: int, min_age: int) -> tuple[int, int]:
    """When an instance becomes active and when it ceases to be; the same moment if it is silent too early."""
    born = first_seen + min_age
    return born, max(last_seen + SILENCE, born)


def read_now(tx: Tx) -> ActiveNow | None:
    """As it was written down last; None before the first heartbeat ever."""
    return next(iter(rows(tx, ActiveNow, NOW)), None)


def was_set_back(now: int, state: ActiveNow) -> bool:
    """Whether the clock had been wrong. Less than a day is waited for instead, like midnight come twice."""
    return now < state.at - DAY


def is_stale(state: ActiveNow, now: int, min_age: int) -> bool:
    """Whether `catch_up` has to come first: a day has ended, the setting or the clock has changed."""
    return utc_day(state.at) < utc_day(now) or min_age != state.min_age or was_set_back(now, state)


def catch_up(tx: Tx, now: int, min_age: int) -> ActiveNow | None:
    """Bring the count to `now`, and write down each day that has ended since it was last."""
    state = read_now(tx)
    if state is None:
        return None
    if was_set_back(now, state):
        return recount(tx, now, min_age)
    if now > state.at:
        active = state.active
        for day in range(utc_day(state.at), utc_day(now)):
            active += take_due_changes(tx, (day + 1) * DAY)
            tx.execute(STORE_DAY, (day, active))
        active += take_due_changes(tx, now)
        state = ActiveNow(now, active, state.min_age)
        tx.execute(STORE_NOW, state)
    return state if min_age == state.min_age else recount(tx, state.at, min_age)


def take_due_changes(tx: Tx, until: int) -> int:
    """By how many the number of active instances changes."""
    due = dict(tx.execute(DUE, (until,)).fetchall())
    if due:
        tx.execute(FORGET_DUE, (until,))
        change_versions(tx, due)
    return sum(due.values())


def change_versions(tx: Tx, changes: dict[str, int]) -> None:
    parameters = (as_json(list(changes.items())),)
    tx.execute(STORE_VERSIONS, parameters)
    tx.execute(FORGET_VERSIONS, parameters)


def recount(tx: Tx, now: int, min_age: int) -> ActiveNow | None:
    """Begin anew from the instances themselves: the setting has changed, or the clock had been wrong.

    Days before stay as they are; what a wrong clock wrote down for days to come goes.
    """
    named = {"now": now, "today": utc_day(now), "min_age": min_age, "silence": SILENCE}
    for sql in RECOUNT:
        tx.execute(sql, named)
    return read_now(tx)


def store_beats(tx: Tx, beats: list[Beat], *, min_age: int) -> list[Stored]:
    """Store heartbeats in the order they came."""
    results: list[Stored] = []
    for at, together in groupby(beats, key=lambda beat: beat.at):
        results += store_beats_of_a_second(tx, at, list(together), min_age)
    return results


def store_beats_of_a_second(tx: Tx, at: int, beats: list[Beat], min_age: int) -> list[Stored]:
    # If the clock was set back a little, time stands still here until that is made up.
    now, active, _ = catch_up(tx, at, min_age) or ActiveNow(at, 0, min_age)
    seen = find_instances(tx, beats)
    changes: defaultdict[tuple[int, str], int] = defaultdict(int)
    results: list[Stored] = []
    for instance, version, _, may_be_new in beats:
        if instance in seen:
            first_seen, last_seen, before = seen[instance]
            born, dies = lifetime(first_seen, last_seen, min_age)
            changes[max(born, now), before] -= 1
            changes[max(dies, now), before] += 1
            results.append(Stored.KNOWN)
        elif may_be_new:
            first_seen = now
            results.append(Stored.NEW)
        else:
            results.append(Stored.REFUSED)
            continue
        born, dies = lifetime(first_seen, now, min_age)
        changes[max(born, now), version] += 1
        changes[dies, version] -= 1
        seen[instance] = first_seen, now, version
    stored = [beat for beat, result in zip(beats, results, strict=True) if result is not Stored.REFUSED]
    tx.execute(STORE_INSTANCES, as_parameters(stored) | {"now": now})
    at_once = {version: change for (second, version), change in changes.items() if change and second == now}
    if at_once:
        change_versions(tx, at_once)
    to_come = [(*key, change) for key, change in changes.items() if change and key[0] > now]
    tx.execute(STORE_CHANGES, (as_json(to_come),))
    tx.execute(STORE_NOW, (now, active + sum(at_once.values()), min_age))
    return results


def find_instances(tx: Tx, beats: list[Beat]) -> dict[bytes, tuple[int, int, str]]:
    """When each was seen first and last, and its version; without those never seen."""
    [found] = tx.execute(FIND_INSTANCES, as_parameters(beats)).fetchone()
    return {
        beats[key].instance: (first, last, version)
        for key, first, last, version in msgspec.json.decode(found)
    }


def as_parameters(beats: list[Beat]) -> dict[str, Any]:
    versions = as_json([beat.version for beat in beats])
    return {"ids": b"".join([beat.instance for beat in beats]), "versions": versions}


def as_json(values: list[Any]) -> str:
    return msgspec.json.encode(values).decode()
