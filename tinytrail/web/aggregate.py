"""POST /api/v1/admin/aggregate: roll a day up now. Figures are the same before and after."""

from typing import Any

import msgspec
from litestar import Request, post

from tinytrail.core.body import read_json
from tinytrail.core.clock import day_number, iso_date, parse_date, utc_day
from tinytrail.core.errors import invalid
from tinytrail.core.inject import Db, Now
from tinytrail.web.auth import require_admin
from tinytrail.web.errors import success
from tinytrail.web.rollup import days_open, roll_up


class Target(msgspec.Struct, frozen=True):
    date: str | None = None  # None: yesterday, UTC


TARGET = msgspec.json.Decoder(Target)


@post("/admin/aggregate", guards=[require_admin], status_code=200)
async def aggregate(request: Request[Any, Any, Any], db: Db, now: Now) -> dict[str, Any]:
    target = await read_json(request, TARGET) if await request.body() else Target()
    day = utc_day(now) - 1
    if target.date is not None:
        try:
            day = day_number(parse_date(target.date))
        except ValueError as error:
            invalid("date", str(error))
    await roll_up(db, await db.read(days_open, day))
    return success({"message": f"Aggregation completed for {iso_date(day)}"})
