"""Days of traffic that are over and rolled up, and what tests of totals do to them."""

from collections.abc import Awaitable, Callable

from httpx import AsyncClient

from tests.make import DAY
from tests.web.cast import Traffic
from tests.web.test_aggregate import AGGREGATE
from tinytrail.core.clock import date_of, utc_day
from tinytrail.core.connect import Tx
from tinytrail.core.db import Database


async def days_of(
    a_day: Callable[[Traffic, int], Awaitable[None]], count: int, visit: Traffic, admin: AsyncClient
) -> int:
    """So many days of traffic, each rolled up as it is over, and another one; the number of the first."""
    first = utc_day(visit.clock.now)
    for number in range(count + 1):
        await a_day(visit, number)
        if number < count:
            visit.clock.now = (first + number + 1) * DAY + 600
            await admin.post(AGGREGATE, json={"date": str(date_of(first + number))})
    return first


async def write(db: Database, sql: str) -> int:
    """How many rows it changed."""

    def run(tx: Tx) -> int:
        return tx.execute(sql).rowcount

    return await db.write(run)
