"""Time, as something a test can hold still.

A day is a number here: days since 1970-01-01. In the database that is two bytes where
"2026-01-31" is ten, and the day after is plus one.
"""

import logging
import re
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

log = logging.getLogger(__name__)

Clock = Callable[[], float]  # Unix time, in seconds

EPOCH = date(1970, 1, 1).toordinal()
DAY = 86_400
FURTHEST_WEST, FURTHEST_EAST = 12 * 3600, 14 * 3600  # seconds from UTC that any zone is
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)  # fromisoformat takes 20260131 and 2026-W05-6 as well

wall_clock: Clock = time.time


def utc_day(at: float) -> int:
    return int(at // DAY)


def local_day(zone: str, at: float) -> int:
    """The day that it is at `at` in `zone`, an IANA name."""
    return int(at // DAY) if zone == "UTC" else _day_of_quarter_hour(zone, int(at // 900))


def days_anywhere(at: float) -> tuple[int, int]:
    """The first and the last of the days that it is at `at` in all zones: two apart at most."""
    return utc_day(at - FURTHEST_WEST), utc_day(at + FURTHEST_EAST)


@cache
def zone_names() -> frozenset[str]:
    """IANA's, by the package that any machine has. A system's folder has more, such as "localtime", which is
    not the same everywhere."""
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split())


@lru_cache(1024)
def time_zone(name: str) -> ZoneInfo:
    """The zone of that name; UTC where this machine has none, since traffic is worth more than its days."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not found; no plain name; a folder of zones
        log.error("there is no time zone `%s` here, so the days of its websites are those of UTC", name)
        return ZoneInfo("UTC")


@lru_cache(1024)
def _day_of_quarter_hour(zone: str, quarter: int) -> int:
    """Zones are offset by whole quarters of an hour, so a quarter lies within one day."""
    return day_number(datetime.fromtimestamp(quarter * 900, time_zone(zone)).date())


def day_number(day: date) -> int:
    return day.toordinal() - EPOCH


def date_of(day: int) -> date:
    return date.fromordinal(day + EPOCH)


@lru_cache(4096)  # a year of a chart takes longer to write than to count
def iso_date(day: int) -> str:
    """2026-01-31"""
    return date_of(day).isoformat()


def parse_date(text: str) -> date:
    """A date written YYYY-MM-DD; ValueError for anything else, impossible dates too."""
    if not ISO_DATE.fullmatch(text):
        raise ValueError("must be a date, YYYY-MM-DD")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("there is no such date") from None


def timestamp(at: float) -> str:
    """As the API writes a moment: 2026-01-15T10:30:00.000Z."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
