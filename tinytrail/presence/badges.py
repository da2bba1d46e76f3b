"""GET /badge/…: two figures as small images, for a README or a profile."""

from litestar import Response, get

from tinytrail.core.badge import badge_response
from tinytrail.core.inject import Db, Now
from tinytrail.presence.stats import read_stats
from tinytrail.presence.words import ago


@get("/badge/last-seen.svg")
async def last_seen_badge(db: Db, now: Now) -> Response[bytes]:
    stats = await db.read(read_stats, now)
    return badge_response("last seen", ago(None if stats.last_seen is None else stats.last_seen_relative, 1))


@get("/badge/total-beats.svg")
async def total_beats_badge(db: Db, now: Now) -> Response[bytes]:
    stats = await db.read(read_stats, now)
    return badge_response("total beats", f"{stats.total_beats:,}")
