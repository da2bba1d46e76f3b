"""The days that a report covers, and how it groups them."""

from typing import Any, NamedTuple

from litestar.datastructures import MultiDict
from litestar.exceptions import ValidationException

from tinytrail.core.clock import day_number, parse_date
from tinytrail.core.connect import Tx
from tinytrail.core.errors import invalid
from tinytrail.product.events import EVERYBODY

NOBODY = -1

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EPOCH_WEEKDAY = WEEKDAYS.index("thursday")  # of day 0, 1970-01-01

# SQL for the first day of the period that `day` lies in. No stored day is negative.
PERIODS = {
    "day": "day",
    "week": "day - (day + :week_shift) % 7",
    "month": "unixepoch(day * 86400, 'unixepoch', 'start of month') / 86400",
}


class Span(NamedTuple):
    start: int
    end: int  # inclusive
    group_by: str
    user_id: str  # empty: everybody

    @property
    def period(self) -> str:
        """An SQL expression; it is one of ours, so it may be formatted in."""
        return PERIODS[self.group_by]

    def values(self, tx: Tx, week_start: str) -> dict[str, int]:
        """What `period` and the range bind by name."""
        week_shift = (EPOCH_WEEKDAY - WEEKDAYS.index(week_start)) % 7
        user = user_number(tx, self.user_id)
        return {"user": user, "start": self.start, "end": self.end, "week_shift": week_shift}


def user_number(tx: Tx, user_id: str) -> int:
    if not user_id:
        return EVERYBODY
    found = tx.execute("select id from product_strings where value = :id", {"id": user_id}).fetchone()
    return int(found[0]) if found else NOBODY


def parse_span(params: MultiDict[Any]) -> Span:
    """Raises 400: in the document's words where it has some, else naming the field."""
    start, end = params.get("start_date"), params.get("end_date")
    if not start or not end:
        raise ValidationException("start_date and end_date are required")
    try:
        first, last = day_number(parse_date(start)), day_number(parse_date(end))
    except ValueError:
        raise ValidationException("Invalid date format. Use YYYY-MM-DD") from None
    if first > last:
        invalid("start_date", "must not be after end_date")
    group_by = params.get("group_by") or "day"
    if group_by not in PERIODS:
        invalid("group_by", f"must be one of {', '.join(PERIODS)}")
    return Span(first, last, group_by, params.get("user_id") or "")
