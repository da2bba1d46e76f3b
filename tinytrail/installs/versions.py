"""GET /stats/versions: how many active instances there are of each version. For admins alone."""

import msgspec
from litestar import Response, get
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler

from tinytrail.core.admin import IsAdmin, admins_only
from tinytrail.core.connect import Tx, rows
from tinytrail.core.inject import Db, Now
from tinytrail.installs.active import is_stale, read_now
from tinytrail.installs.stats import read_current


class Version(msgspec.Struct, frozen=True):
    version: str
    count: int


VERSIONS = """
    select version, sum(active) as count
      from (select version, active from active_versions
            union all
            select version, change from active_changes where at <= :now)
     group by version
    having sum(active) > 0
     order by count desc, version
"""


def read_versions(tx: Tx, now: int, min_age: int) -> list[Version] | None:
    """None if `catch_up` has to come first."""
    state = read_now(tx)
    if state is not None and is_stale(state, now, min_age):
        return None
    return rows(tx, Version, VERSIONS, now=now)


def versions_handler(is_admin: IsAdmin) -> HTTPRouteHandler:
    @get("/stats/versions", guards=[admins_only(is_admin)])
    async def show_versions(db: Db, now: Now, state: State) -> Response[list[Version]]:
        versions = await read_current(db, state, now, read_versions)
        return Response(versions, headers={"Cache-Control": "no-store"})

    return show_versions
