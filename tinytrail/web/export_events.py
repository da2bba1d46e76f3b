"""A website's events for export: one row each, with what is known of its visit, oldest first."""

from heapq import heappop, heappush
from math import inf
from typing import Any

import msgspec

from tinytrail.core.connect import Tx
from tinytrail.web.events import KINDS, NAMED
from tinytrail.web.incoming import VISIT_STRINGS
from tinytrail.web.reports.period import Period

SLICE = 200  # events read at once: the more at a time, the longer all others wait for Python's lock
MOST_HELD = 20_000  # events
LARGEST_HELD = 4_000_000  # characters of their properties, of which one may have 16,000

COLUMNS = (
    "at",
    "eventType",
    "name",
    "path",
    "contentGroup",
    "properties",
    "visit",
    "visitStartedAt",
    "channel",
    "referrer",
    "utmSource",
    "utmMedium",
    "utmCampaign",
    "deviceType",
    "browserFamily",
    "osFamily",
    "screen",
    "country",
    "isBot",
    "isExcluded",
)
PROPERTIES = COLUMNS.index("properties")
FLAGS = (COLUMNS.index("isBot"), COLUMNS.index("isExcluded"))

MOMENT = "strftime('%Y-%m-%dT%H:%M:%S.000Z', {}, 'unixepoch')"  # as core.clock.timestamp writes it
EVENT_TYPE = f"case e.kind {' '.join(f'when {n} then {kind!r}' for n, kind in enumerate(KINDS))} end"

# One JSON array, for the reason given in incoming.py: SQLite works through the slice without asking for
# Python's lock at each row. A visitor's hash is never part of an export.
READ = f"""
    select json_group_array(json_array(
             e.at, e.visit, e.n, e.day, v.started,
             {MOMENT.format("e.at")},
             case e.kind when {NAMED} then name.value else {EVENT_TYPE} end,
             name.value,
             p.path,
             p.content_group,
             e.properties,
             e.visit,
             {MOMENT.format("v.started")},
             channel.value,
             referrer.value,
             utm.value ->> 0,
             utm.value ->> 1,
             utm.value ->> 2,
             device.value,
             browser.value,
             os.value,
             screen.value,
             country.value,
             v.is_bot,
             v.is_excluded
           ))
      from (select * from events
             where site = :site and (day, visit, n) > (:day, :visit, :n) and day <= :end and at <= :until
             order by day, visit, n
             limit :slice) e
      join visits v on v.id = e.visit
      join paths p on p.id = e.path
      left join strings name on name.id = e.name
      {" ".join(f"left join strings {column} on {column}.id = v.{column}" for column in VISIT_STRINGS)}
"""
AT, VISIT, N, DAY, STARTED = range(5)
KEY = 5  # columns before those of an export

Row = list[Any]


class EventsExport:
    """Reads a slice at a time, each at its own moment.

    Events lie in the order of their visits. So each is held back until no earlier one can follow, that is
    until a visit has been read which began later: only those of visits that overlap are held. If they are
    very many (`MOST_HELD`), or large (`LARGEST_HELD`), the oldest go all the same, and may then come after
    younger ones.
    """

    columns: tuple[str, ...] = COLUMNS

    def __init__(self, site: int, period: Period, until: float) -> None:
        """Of the days of that period, but nothing that happened after `until`."""
        self._named = {"site": site, "end": period.end, "until": int(until)}
        self._last_read = (period.start, -1, -1)
        self._held: list[Row] = []  # a heap, by AT, VISIT, N
        self._size = 0  # of the properties among it, in characters

    def read(self, tx: Tx) -> list[Row] | None:
        """The next rows, perhaps none yet; None at the end."""
        rows = self._read_slice(tx)
        if not rows and not self._held:
            return None
        for row in rows:
            heappush(self._held, row)
            self._size += _size(row)
        began = rows[-1][STARTED] if rows else inf
        released: list[Row] = []
        while self._held and (self._held[0][AT] <= began or self._is_too_much()):
            row = heappop(self._held)
            self._size -= _size(row)
            released.append(_exported(row))
            if len(released) == 2 * SLICE:  # what was held goes slice by slice too
                break
        return released

    def _is_too_much(self) -> bool:
        return len(self._held) > MOST_HELD or self._size > LARGEST_HELD

    def _read_slice(self, tx: Tx) -> list[Row]:
        day, visit, n = self._last_read
        place = {"day": day, "visit": visit, "n": n, "slice": SLICE}
        [(found,)] = tx.execute(READ, self._named | place)
        rows: list[Row] = sorted(msgspec.json.decode(found), key=lambda row: (row[DAY], row[VISIT], row[N]))
        if rows:
            self._last_read = (rows[-1][DAY], rows[-1][VISIT], rows[-1][N])
        return rows


def _size(row: Row) -> int:
    return len(row[KEY + PROPERTIES] or "")


def _exported(row: Row) -> Row:
    """The row's columns, properties as JSON of its own."""
    columns = row[KEY:]
    if columns[PROPERTIES] is not None:
        columns[PROPERTIES] = msgspec.Raw(columns[PROPERTIES].encode())
    for flag in FLAGS:
        columns[flag] = bool(columns[flag])
    return columns
