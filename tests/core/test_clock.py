"""Days, dates and moments, as they are counted and as they are written."""

from datetime import date

import pytest

from tests.make import DAY, HOUR, moment
from tinytrail.core.clock import (
    date_of,
    day_number,
    days_anywhere,
    local_day,
    parse_date,
    timestamp,
    utc_day,
    zone_names,
)


@pytest.mark.parametrize(
    ("at", "zone", "day"),
    [
        ("2026-03-14 00:00:00", "UTC", "2026-03-14"),
        ("2026-03-14 23:59:59.999", "UTC", "2026-03-14"),
        ("1969-12-31 23:59:59", "UTC", "1969-12-31"),
        ("2026-03-14 22:59:59.999", "Europe/Berlin", "2026-03-14"),
        ("2026-03-14 23:00:00", "Europe/Berlin", "2026-03-15"),
        ("2026-07-14 21:59:59", "Europe/Berlin", "2026-07-14"),
        ("2026-07-14 22:00:00", "Europe/Berlin", "2026-07-15"),
        ("2026-03-14 18:14:59", "Asia/Kathmandu", "2026-03-14"),  # UTC+5:45
        ("2026-03-14 18:15:00", "Asia/Kathmandu", "2026-03-15"),
        ("2026-03-14 09:59:59", "Pacific/Kiritimati", "2026-03-14"),  # UTC+14
        ("2026-03-14 10:00:00", "Pacific/Kiritimati", "2026-03-15"),
        ("2026-03-14 09:59:59", "Pacific/Honolulu", "2026-03-13"),
        ("2026-03-14 10:00:00", "Pacific/Honolulu", "2026-03-14"),
        ("2026-03-08 04:59:59", "America/Havana", "2026-03-07"),  # a day whose midnight is skipped
        ("2026-03-08 05:00:00", "America/Havana", "2026-03-08"),
    ],
)
def test_the_day_somewhere(at: str, zone: str, day: str) -> None:
    assert date_of(local_day(zone, moment(at))) == date.fromisoformat(day)


def test_no_zone_is_on_another_day() -> None:
    midnight = int(moment("2026-03-14 00:00"))
    for at in range(midnight, midnight + DAY, HOUR):
        days = {local_day(zone, at) for zone in zone_names()}
        assert days_anywhere(at) == (min(days), max(days))


def test_a_day_is_the_number_of_days_since_1970() -> None:
    assert day_number(date(1970, 1, 1)) == utc_day(0) == 0
    assert day_number(date(2026, 3, 14)) == utc_day(moment("2026-03-14 12:00")) == 20526
    assert date_of(20526) == date(2026, 3, 14)


def test_a_date_is_read() -> None:
    assert parse_date("2028-02-29") == date(2028, 2, 29)


@pytest.mark.parametrize(
    "text",
    ["", "20260131", "2026-W05-6", "2026-1-31", "26-01-31", "2026-01-31T00:00", " 2026-01-31", "2026-01-3१"],
)
def test_what_is_written_otherwise_is_no_date(text: str) -> None:
    with pytest.raises(ValueError, match=r"^must be a date, YYYY-MM-DD$"):
        parse_date(text)


@pytest.mark.parametrize("text", ["2026-02-29", "2026-13-01", "2026-00-10", "0000-01-01"])
def test_an_impossible_date_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"^there is no such date$"):
        parse_date(text)


def test_a_moment_is_written_with_milliseconds_and_z() -> None:
    assert timestamp(moment("2026-01-15 10:30")) == "2026-01-15T10:30:00.000Z"
    assert timestamp(moment("2026-01-15 10:30") + 0.0625) == "2026-01-15T10:30:00.062Z"
