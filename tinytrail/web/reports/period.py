"""Which days a report covers, and which it is compared with. All are days in the website's zone."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

from tinytrail.core.clock import date_of, day_number, iso_date, parse_date
from tinytrail.core.errors import invalid

LONGEST = 36_525  # days, a century: what one timeseries may be made to list


class Period(NamedTuple):
    """From `start` to `end`, both included; days since 1970-01-01."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{iso_date(self.start)} to {iso_date(self.end)}"

    def as_json(self) -> dict[str, str]:
        return {"start": iso_date(self.start), "end": iso_date(self.end)}


def a_year_before(day: date) -> date:
    """The same date a year earlier; 28 February for the 29th."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        if day.month != 2:
            raise
        return day.replace(year=day.year - 1, day=28)


def twelve_months(today: int) -> int:
    return day_number(a_year_before(date_of(today)) + timedelta(days=1))


STARTS: dict[str, Callable[[int], int]] = {
    "today": lambda today: today,
    "yesterday": lambda today: today - 1,
    "7d": lambda today: today - 6,
    "30d": lambda today: today - 29,
    "90d": lambda today: today - 89,
    "12m": twelve_months,
    "ytd": lambda today: day_number(date_of(today).replace(month=1, day=1)),
}
PERIODS = (*STARTS, "all")


def parse_period(
    name: str, start_date: str | None, end_date: str | None, today: int, first_day: Callable[[], int]
) -> Period:
    """The days asked for; dates go before the name. `first_day` tells where "all" begins. Raises 400."""
    if name not in PERIODS:
        invalid("period", f"must be one of {', '.join(PERIODS)}")
    if dates := parse_dates(start_date, end_date):
        return dates
    start = first_day() if name == "all" else STARTS[name](today)
    return Period(start, today - 1 if name == "yesterday" else today)


def parse_dates(start_date: str | None, end_date: str | None) -> Period | None:
    """The days from one date to the other; None where neither is given. Raises 400."""
    if start_date is None and end_date is None:
        return None
    if start_date is None or end_date is None:
        invalid("end_date" if end_date is None else "start_date", "start_date and end_date go together")
    period = Period(parse_day("start_date", start_date), parse_day("end_date", end_date))
    if period.start > period.end:
        invalid("start_date", "must not be after end_date")
    if period.end - period.start >= LONGEST:
        invalid("start_date", "a report covers at most 100 years")
    return period


def parse_day(field: str, text: str) -> int:
    try:
        return day_number(parse_date(text))
    except ValueError as error:
        invalid(field, str(error))


COMPARISONS = ("", "previous_period", "yoy")


def compared(period: Period, compare: str) -> Period:
    """What `period` is compared with, for `previous_period` or `yoy`. Raises 400."""
    try:
        if compare == "yoy":
            start, end = (day_number(a_year_before(date_of(day))) for day in period)
            return Period(start, end)
        earlier = Period(period.start - (period.end - period.start + 1), period.start - 1)
        date_of(earlier.start)
        return earlier
    except (ValueError, OverflowError):
        invalid("compare", "there is no calendar that far back")
