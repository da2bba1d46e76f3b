"""GET /api/stats: what is known, as of this second."""

import msgspec
from litestar import Response, get

from tinytrail.core.connect import Tx
from tinytrail.core.inject import Db, Now


class Device(msgspec.Struct, frozen=True):
    id: int
    name: str
    last_beat: int | None
    num_beats: int


class Stats(msgspec.Struct, frozen=True):
    """The document's seven fields, in its order."""

    last_seen: int | None
    last_seen_relative: int
    longest_absence: int
    num_visits: int
    total_beats: int
    devices: list[Device]
    uptime: int


# One query, since it runs once a second while anyone watches.
STATS = """
    select presence.last_seen, presence.longest_absence, presence.num_visits, presence.total_beats,
           presence.first_start, devices.id, devices.name, devices.last_beat, devices.num_beats
      from presence
      left join devices
     order by devices.id
"""


def read_stats(tx: Tx, now: float) -> Stats:
    """No figure is negative, even where the clock was set back."""
    records = tx.execute(STATS).fetchall()
    last_seen, longest_absence, num_visits, total_beats, first_start = records[0][:5]
    absence = 0 if last_seen is None else max(0, int(now) - last_seen)
    return Stats(
        last_seen=last_seen,
        last_seen_relative=absence,
        longest_absence=max(longest_absence, absence),
        num_visits=num_visits,
        total_beats=total_beats,
        devices=[Device(*record[5:]) for record in records if record[5] is not None],
        uptime=max(0, int(now) - first_start),
    )


def note_first_start(tx: Tx, now: float) -> None:
    """`uptime` counts from here, whatever restarts follow."""
    tx.execute("insert or ignore into presence (only, first_start) values (1, :now)", {"now": int(now)})


@get("/api/stats")
async def show_stats(db: Db, now: Now) -> Response[Stats]:
    return Response(await db.read(read_stats, now), headers={"Cache-Control": "no-store"})
