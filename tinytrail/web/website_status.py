"""GET /api/v1/websites/:id/status: whether anything has arrived yet, and what came last."""

from datetime import datetime, time
from typing import Any

from litestar import get
from litestar.params import FromPath

from tinytrail.core.clock import date_of, time_zone, timestamp
from tinytrail.core.connect import Tx
from tinytrail.core.inject import Db
from tinytrail.web.auth import Caller, CurrentCaller, parse_uuid
from tinytrail.web.dimensions import DIMENSIONS, SITE
from tinytrail.web.errors import success
from tinytrail.web.websites import Website, website_for

FIRST_DAYS = f"""
    select (select min(day) from daily where site = :site and dimension = {DIMENSIONS.index(SITE)}),
           (select min(day) from visits where site = :site)
"""

# Ids of visits go up with time. Two days, here and below: where a website has moved to a zone further west,
# the later of two events may have the earlier day.
FIRST_VISIT = """
    select started from visits
     where id = (select min(id) from visits where site = :site and day in (:day, :day + 1))
"""
LAST_EVENT = """
    select e.at, p.path, v.is_bot, v.is_excluded
      from events e
      join visits v on v.id = e.visit
      join paths p on p.id = e.path
     where e.site = :site and e.day >= (select max(day) from events where site = :site) - 1
     order by e.at desc, e.visit desc, e.n desc
     limit 1
"""


def read_status(tx: Tx, caller: Caller, website_id: str) -> dict[str, Any]:
    """Raises 404."""
    return status_of(tx, website_for(tx, caller, website_id))


def status_of(tx: Tx, website: Website) -> dict[str, Any]:
    """Of whatever was stored, bots and excluded addresses too."""
    first = first_event_at(tx, website)
    found = tx.execute(LAST_EVENT, {"site": website.site}).fetchone()
    last = None
    if found:
        at, path, is_bot, is_excluded = found
        last = {
            "at": timestamp(at),
            "path": path,
            "isBot": bool(is_bot),
            "isExcluded": bool(is_excluded),
        }
    return {"firstEventAt": None if first is None else timestamp(first), "lastEvent": last}


def first_event_at(tx: Tx, website: Website) -> float | None:
    """When the first event happened; where its day is kept in totals alone, when that day began."""
    [(counted, kept)] = tx.execute(FIRST_DAYS, {"site": website.site})
    if counted is not None and (kept is None or counted < kept):
        midnight = datetime.combine(date_of(counted), time(), time_zone(website.timezone))
        return midnight.timestamp()
    if kept is None:
        return None
    [(started,)] = tx.execute(FIRST_VISIT, {"site": website.site, "day": kept})
    return float(started)


@get("/websites/{website_id:str}/status")
async def show_status(website_id: FromPath[str], caller: CurrentCaller, db: Db) -> dict[str, Any]:
    return success(await db.read(read_status, caller, parse_uuid(website_id, "id")))
