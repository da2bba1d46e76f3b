"""So many calls in any such stretch of time, whatever the clock does, and in bounded memory."""

import sys
import time

import pytest

from tests.make import FakeClock
from tinytrail.core.ratelimit import MOST_KEYS, RateLimit


def test_calls_pass_until_there_are_too_many(clock: FakeClock) -> None:
    limit = RateLimit("3/10s", clock)

    assert [limit.wait("a") for _ in range(5)] == [0, 0, 0, 10, 10]


def test_each_key_has_its_own_calls(clock: FakeClock) -> None:
    limit = RateLimit("1/10s", clock)
    limit.wait("a")

    assert limit.wait("b") == 0
    assert limit.wait("a") == 10


def test_no_limit_is_none(clock: FakeClock) -> None:
    limit = RateLimit("", clock)

    assert not any(limit.wait("a") for _ in range(1000))


@pytest.mark.parametrize(
    ("limit", "window"), [("1/7s", 7), ("1/2m", 120), ("1/3h", 10_800), ("1/1d", 86_400)]
)
def test_a_window_has_a_unit(clock: FakeClock, limit: str, window: int) -> None:
    calls = RateLimit(limit, clock)
    calls.wait("a")

    assert calls.wait("a") == window
    clock.now += window - 1
    assert calls.wait("a") == 1
    clock.now += 1
    assert calls.wait("a") == 0


def test_the_window_slides(clock: FakeClock) -> None:
    limit = RateLimit("2/10s", clock)
    start = clock.now
    passed = []
    for second in range(30):
        clock.now = start + second
        if not limit.wait("a"):
            passed.append(second)

    assert passed == [0, 1, 10, 11, 20, 21]


WAITS = [
    # seconds after the first of two calls, the second being 3 s after it; how long to wait
    (3, 7),
    (4, 6),
    (4.2, 6),
    (9, 1),
    (9.5, 1),
    (9.999, 1),
]


@pytest.mark.parametrize(("later", "wait"), WAITS)
def test_the_wait_is_in_whole_seconds_and_long_enough(clock: FakeClock, later: float, wait: int) -> None:
    limit = RateLimit("2/10s", clock)
    start = clock.now
    limit.wait("a")
    clock.now = start + 3
    limit.wait("a")
    clock.now = start + later

    assert limit.wait("a") == wait
    clock.now += wait
    assert limit.wait("a") == 0


def test_a_refused_call_does_not_lengthen_the_wait(clock: FakeClock) -> None:
    limit = RateLimit("1/10s", clock)
    limit.wait("a")
    for _ in range(9):
        clock.now += 1
        assert limit.wait("a")
    clock.now += 1

    assert limit.wait("a") == 0


def test_a_call_given_back_was_none(clock: FakeClock) -> None:
    limit = RateLimit("2/10s", clock)
    limit.wait("a")
    for _ in range(100):
        assert limit.wait("a") == 0
        limit.give_back("a")

    assert [limit.wait("a"), limit.wait("a")] == [0, 10]


def test_giving_back_what_was_not_taken_does_nothing(clock: FakeClock) -> None:
    limit = RateLimit("1/10s", clock)
    limit.give_back("a")

    assert [limit.wait("a"), limit.wait("a")] == [0, 10]


@pytest.mark.parametrize("back", [1, 10, 11, 86_400])
def test_a_clock_set_back_locks_nobody_out_for_longer_than_the_window(clock: FakeClock, back: int) -> None:
    limit = RateLimit("2/10s", clock)
    limit.wait("a")
    limit.wait("a")
    clock.now -= back

    wait = limit.wait("a")
    assert wait <= 10
    clock.now += wait
    assert limit.wait("a") == 0


def test_a_clock_that_was_ahead_for_a_moment_locks_nobody_out(clock: FakeClock) -> None:
    limit = RateLimit("2/10s", clock)
    limit.wait("a")
    clock.now += 1_000_000
    limit.wait("a")
    limit.wait("a")
    clock.now -= 999_999

    assert limit.wait("a") == 0


def size(limit: RateLimit) -> int:
    """Bytes that it holds, its keys included."""
    seen = limit._seen
    return sys.getsizeof(seen) + sum(sys.getsizeof(key) + sys.getsizeof(calls) for key, calls in seen.items())


def test_memory_and_time_are_bounded_with_a_million_keys(clock: FakeClock) -> None:
    limit = RateLimit("10/1h", clock)
    began = time.process_time()
    for number in range(1_000_000):
        limit.wait(f"2001:db8::{number:x}")

    assert len(limit._seen) <= MOST_KEYS
    assert size(limit) < 50_000_000
    assert time.process_time() - began < 30  # 2 s; with a dict it had been 150


def test_who_has_gone_quiet_is_forgotten_as_others_call(clock: FakeClock) -> None:
    limit = RateLimit("10/10s", clock)
    for number in range(1000):
        limit.wait(f"first {number}")
    clock.now += 10
    for number in range(500):
        limit.wait(f"second {number}")

    assert len(limit._seen) == 500


def test_who_still_calls_is_not_forgotten(clock: FakeClock) -> None:
    limit = RateLimit("2/10s", clock)
    limit.wait("busy")
    limit.wait("busy")
    for number in range(1000):
        clock.now += 0.001
        limit.wait(f"other {number}")
        assert limit.wait("busy") > 0


def test_where_there_are_too_many_keys_the_one_that_called_longest_ago_goes(clock: FakeClock) -> None:
    limit = RateLimit("1/1h", clock)
    limit.wait("early")
    limit.wait("late")
    for number in range(MOST_KEYS - 2):
        limit.wait(f"other {number}")
    limit.wait("late")  # refused, yet it called
    for number in range(10):
        limit.wait(f"one more {number}")

    assert limit.wait("late") > 0
    assert limit.wait("early") == 0
