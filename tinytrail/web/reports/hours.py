"""Hours of the day in the website's zone, which SQLite knows nothing of.

A day has 24 of them. When the clock is set forward the hour that it leaps over stays empty; when it is set
back the two that are called the same are counted as one.
"""

from bisect import bisect_left
from datetime import date, datetime
from zoneinfo import ZoneInfo

from tinytrail.core.clock import DAY, day_number, iso_date, time_zone
from tinytrail.web.counts import AtDay
from tinytrail.web.reports.period import Period

MOST_DAYS = 31
BEGAN = {"v": "v.started", "e": "e.at"}
# The calendar of Python ends with the year 9999, and a zone may be a day ahead or behind.
EARLIEST, LATEST = (day_number(date.min) + 2) * DAY, (day_number(date.max) - 2) * DAY


def utc_offset(zone: ZoneInfo, at: int) -> int:
    """Seconds east of UTC."""
    offset = datetime.fromtimestamp(min(max(at, EARLIEST), LATEST), zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def offset_changes(zone: ZoneInfo, period: Period) -> list[tuple[int, int]]:
    """What the zone's offset is from which moment on, newest first."""
    start = (period.start - 1) * DAY
    changes = [(start, utc_offset(zone, start))]
    for midnight in range(start, (period.end + 2) * DAY, DAY):
        before, after = utc_offset(zone, midnight), utc_offset(zone, midnight + DAY)
        if before != after:
            moments = range(midnight, midnight + DAY)
            change = bisect_left(moments, True, key=lambda at: utc_offset(zone, at) == after)
            changes.append((moments[change], after))
    return changes[::-1]


def by_hour(zone_name: str, period: Period) -> AtDay:
    """Count by the hour: 24 × the day + the hour of the wall clock. Only whole numbers are formatted in."""
    changes = offset_changes(time_zone(zone_name), period)

    def hour(alias: str) -> str:
        at = BEGAN[alias]
        offsets = " ".join(f"when {at} >= {since} then {offset}" for since, offset in changes)
        # The day as stored, so that hours add up to days even if the website was in another zone then.
        return f"{alias}.day * 24 + ({at} + case {offsets} else {changes[-1][1]} end) / 3600 % 24"

    return hour


def hour_name(hour: int) -> str:
    """2026-03-13T14:00"""
    return f"{iso_date(hour // 24)}T{hour % 24:02}:00"
