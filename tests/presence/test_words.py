"""Durations as people say them."""

import pytest

from tinytrail.presence.words import ago, duration, moment

DURATIONS = [
    (0, "0 seconds"),
    (1, "1 second"),
    (59, "59 seconds"),
    (60, "1 minute"),
    (61, "1 minute 1 second"),
    (3600, "1 hour"),
    (3601, "1 hour"),
    (3660, "1 hour 1 minute"),
    (84_898, "23 hours 34 minutes"),
    (86_400 + 59, "1 day"),
    (8_082_297, "93 days 13 hours"),
    (86_400 * 1234, "1,234 days"),
]


@pytest.mark.parametrize(("seconds", "words"), DURATIONS)
def test_a_duration_is_its_two_largest_units(seconds: int, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, "never"), (0, "just now"), (1, "1 second ago"), (7199, "1 hour ago")]
)
def test_a_coarse_ago_has_one_unit(seconds: int | None, words: str) -> None:
    assert ago(seconds, units=1) == words


def test_a_moment_names_its_zone() -> None:
    assert moment(1_773_480_600) == "14 March 2026 at 09:30:00 UTC"
