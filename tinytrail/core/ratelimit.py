"""How often somebody may call."""

from array import array
from collections import OrderedDict
from math import ceil

from tinytrail.core.clock import Clock

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
MOST_KEYS = 100_000  # about 40 MB; past that the key that called longest ago is forgotten


class RateLimit:
    """At most so many calls by a key in so many seconds, any such stretch of time.

    Memory is bounded: keys are kept in the order of their last call, and those that have gone
    quiet are dropped from the front as others call.
    """

    def __init__(self, limit: str, clock: Clock) -> None:
        """`limit` is written "10/10s", with s, m, h or d; empty: no limit."""
        calls, _, window = limit.partition("/")
        self.calls = int(calls) if limit else 0
        self.window = int(window[:-1]) * SECONDS[window[-1]] if limit else 0
        self._clock = clock
        # Not a dict: finding the oldest of one whose oldest go all the time takes longer and longer.
        self._seen: OrderedDict[str, array[float]] = OrderedDict()

    def wait(self, key: str) -> int:
        """Record a call by `key`: 0 if it may pass, else the whole seconds to wait first.

        A call that may not pass is not recorded.
        """
        if not self.calls:
            return 0
        now = self._clock()
        seen = self._seen.get(key)
        if seen is None:
            self._forget_quiet_keys(now)
            seen = self._seen[key] = array("d")
        else:
            self._seen.move_to_end(key)
            # A clock that was set back must not lock anybody out for longer than the window.
            past = 0
            while past < len(seen) and not now - self.window < seen[past] <= now:
                past += 1
            if past:
                del seen[:past]
        if len(seen) >= self.calls:
            return max(1, ceil(seen[0] + self.window - now))
        seen.append(now)
        return 0

    def give_back(self, key: str) -> None:
        """Undo the last call by `key`, for one that was rejected after all."""
        if seen := self._seen.get(key):
            seen.pop()
            if not seen:
                del self._seen[key]

    def _forget_quiet_keys(self, now: float) -> None:
        for _ in range(2):  # two out for one in: it shrinks, yet no call pays for a sweep
            oldest = next(iter(self._seen), None)
            if oldest is None:
                return
            calls = self._seen[oldest]
            if len(self._seen) >= MOST_KEYS or not calls or calls[-1] <= now - self.window:
                del self._seen[oldest]
