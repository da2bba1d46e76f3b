"""GET /stats: how many instances are active, and how many were at the end of each day or month before."""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, TypeVar, cast, get_args

import msgspec
from litestar import HttpMethod, Request, Response, route
from litestar.datastructures import State

from tinytrail.core.clock import iso_date, utc_day
from tinytrail.core.connect import Tx
from tinytrail.core.errors import invalid
from tinytrail.core.inject import Db, Now
from tinytrail.installs.active import catch_up, is_stale, read_now
from tinytrail.installs.errors import CORS

Timeframe = Literal["daily", "monthly"]
T = TypeVar("T")

DAYS_SHOWN = 30  # today included

PREFLIGHT = CORS | {
    "Access-Control-Allow-Methods": "GET, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
}

ACTIVE = "select coalesce(sum(change), 0) from active_changes where at <= ?"
DAILY = "select day, active from active_days where day between ? and ?"
# With max(), SQLite takes the other columns from the row that has it: the month's last day.
MONTHLY = """
    select strftime('%Y-%m', day * 86400, 'unixepoch') as month, active, max(day)
      from active_days
     where day between (select min(day) from active_days where active > 0) and ?
     group by month
     order by month
"""


class Point(msgspec.Struct, frozen=True):
    date: str
    count: int


class Stats(msgspec.Struct, frozen=True):
    total: int
    history: list[Point]


def read_stats(tx: Tx, now: int, min_age: int, timeframe: Timeframe) -> Stats | None:
    """None if `catch_up` has to come first."""
    state = read_now(tx)
    if state is None:
        return Stats(0, [])
    if is_stale(state, now, min_age):
        return None
    today = utc_day(state.at)
    [due] = tx.execute(ACTIVE, (now,)).fetchone()
    total = state.active + due
    history = daily(tx, today, total) if timeframe == "daily" else monthly(tx, today, total)
    return Stats(total, history)


def daily(tx: Tx, today: int, total: int) -> list[Point]:
    first = today - DAYS_SHOWN + 1
    active = dict(tx.execute(DAILY, (first, today - 1)).fetchall()) | {today: total}
    first = min((day for day, count in active.items() if count), default=today + 1)
    return [Point(iso_date(day), active.get(day, 0)) for day in range(first, today + 1)]


def monthly(tx: Tx, today: int, total: int) -> list[Point]:
    active = {month: count for month, count, _ in tx.execute(MONTHLY, (today - 1,))}
    if active or total:
        active[iso_date(today)[:7]] = total
    return [Point(month, count) for month, count in active.items()]


async def current_stats(db: Db, state: State, now: float, timeframe: Timeframe = "daily") -> Stats:
    return await read_current(db, state, now, partial(read_stats, timeframe=timeframe))


async def read_current(db: Db, state: State, now: float, read: Callable[[Tx, int, int], T | None]) -> T:
    """What `read(tx, now, min_age)` finds, after a `catch_up` where it says by None that it needs one."""
    min_age = state.config.installs.min_age_hours * 3600
    while True:
        found = await db.read(read, int(now), min_age)
        if found is not None:
            return found
        await db.write(catch_up, int(now), min_age)


# One handler for both methods: beside a handler of its own for GET, Litestar answers OPTIONS by itself.
@route("/stats", http_method=[HttpMethod.GET, HttpMethod.OPTIONS])
async def show_stats(
    request: Request[Any, Any, Any], db: Db, now: Now, state: State
) -> Response[Stats | None]:
    if request.method == HttpMethod.OPTIONS:
        return Response(None, status_code=204, headers=PREFLIGHT)
    timeframe = request.query_params.get("timeframe", "daily")
    if timeframe not in get_args(Timeframe):
        invalid("timeframe", "must be daily or monthly")
    return Response(await current_stats(db, state, now, cast(Timeframe, timeframe)), headers=CORS)
