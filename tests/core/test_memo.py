"""What is asked for is remembered, what is not is forgotten, and there is never more than a bound."""

import pytest

from tinytrail.core import memo
from tinytrail.core.memo import Memo


@pytest.fixture(autouse=True)
def _a_small_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memo, "MOST_REMEMBERED", 20)


def remembered(first: int, last: int) -> Memo:
    memo = Memo()
    for number in range(first, last + 1):
        memo[number] = str(number)
        memo.grow_older()
    return memo


def test_it_is_a_dict() -> None:
    memo = remembered(1, 15)
    assert memo[1] == memo.get(1) == "1"
    assert memo.get(0) is None
    assert memo.get(0, 7) == 7
    assert (1 in memo, 15 in memo, 0 in memo) == (True, True, False)
    assert len(memo) == 15
    with pytest.raises(KeyError, match="0"):
        memo[0]
    memo[1] += "!"
    assert memo[1] == "1!"
    memo.clear()
    assert (len(memo), 1 in memo, 15 in memo) == (0, False, False)


def test_it_never_holds_more_than_the_bound() -> None:
    memo = Memo()
    for number in range(1000):
        memo[number] = number
        memo.grow_older()
        assert len(memo) <= 20


def test_what_is_asked_for_stays_and_the_rest_goes() -> None:
    memo = Memo()
    for number in range(1000):
        memo[number] = number
        assert memo.get(7, 7) == 7
        assert number < 8 or 7 in memo
        memo.grow_older()
    assert 500 not in memo
    assert {7, 999} <= {number for number in range(1000) if number in memo}


def test_what_has_not_been_asked_for_in_minutes_goes_however_little_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr(memo, "monotonic", lambda: now)
    little = Memo()
    little["visitor"] = little["page"] = 1
    for minute in range(60):
        now = minute * 60.0
        assert little.get("page") == 1
        little.grow_older()
        assert len(little) == (2 if now < 2 * memo.GENERATION else 1), minute
    assert ("page" in little, "visitor" in little) == (True, False)
