"""The daily salt, and what a visitor is called until it turns.

The salt lives in memory only, new at 00:00 UTC and at each start. Once it is gone nobody, the operator
included, can tell that two days' visitors were one person, or what address they had.
"""

import hmac
import secrets

from tinytrail.core.clock import utc_day


class DailySalt:
    def __init__(self) -> None:
        self._day: int | None = None
        self._salt = b""

    def at(self, now: float) -> bytes:
        """The salt of the UTC day of `now`. The clock decides at each event, not when a job ran."""
        day = utc_day(now)
        if day != self._day:
            self._day, self._salt = day, secrets.token_bytes(32)
        return self._salt


def visitor_hash(salt: bytes, ip: str, user_agent: str, website_id: str) -> int:
    """HMAC-SHA256(salt, ip + agent + website), cut to the 64 bits of a SQLite integer.

    Two of a million visitors of one site and day share them with a probability of 3 in 10^8.
    """
    message = f"{ip}\0{user_agent}\0{website_id}".encode()
    return int.from_bytes(hmac.digest(salt, message, "sha256")[:8], signed=True)
