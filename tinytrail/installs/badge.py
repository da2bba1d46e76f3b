"""GET /badge/installs.svg: how many instances are active, for a README."""

from litestar import Response, get
from litestar.datastructures import State

from tinytrail.core.badge import badge_response
from tinytrail.core.inject import Db, Now
from tinytrail.installs.stats import current_stats


@get("/badge/installs.svg")
async def installs_badge(db: Db, now: Now, state: State) -> Response[bytes]:
    stats = await current_stats(db, state, now)
    return badge_response("active installs", f"{stats.total:,}")
