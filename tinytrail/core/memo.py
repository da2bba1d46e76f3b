"""What is remembered of late: a dict that forgets what has not been asked for in a while."""

from time import monotonic
from typing import Any

# At some 200 bytes each. Half of them hold the paths and visitors of a busy half hour.
MOST_REMEMBERED = 60_000
# Seconds. Most visitors come once; where few write at a time, looking up again what has not been asked for in
# so long costs next to nothing, and memory stops growing after twice as long.
GENERATION = 300


class Memo(dict[Any, Any]):
    """Two generations: what is asked for comes into the younger one, and once that is old enough, or holds
    half of all that may be remembered, it becomes the older one, in place of the one before."""

    def __init__(self) -> None:
        super().__init__()
        self._older: dict[Any, Any] = {}
        self._younger_since = monotonic()

    def __missing__(self, key: Any) -> Any:
        found = self[key] = self._older.pop(key)  # KeyError where it is in neither
        return found

    def get(self, key: Any, default: Any = None) -> Any:
        try:
            return self[key]
        except KeyError:
            return default

    def __contains__(self, key: object) -> bool:
        try:
            self[key]
        except KeyError:
            return False
        return True

    def __len__(self) -> int:
        return super().__len__() + len(self._older)

    def clear(self) -> None:
        super().clear()
        self._older = {}

    def grow_older(self) -> None:
        """Call once in a while, where nobody is amid looking things up."""
        now = monotonic()
        if now - self._younger_since >= GENERATION or super().__len__() >= MOST_REMEMBERED / 2:
            self._younger_since = now
            older = dict(self)
            self.clear()
            self._older = older
