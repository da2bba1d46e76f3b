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
        self._mac = hmac.new(b"", digestmod="sha256")

    def at(self, now: float) -> hmac.HMAC:
        """The salt of the UTC day of `now`, keyed into an HMAC-SHA256; copy it, to make one of a visitor.

        The clock decides at each event, not when a job ran.
        """
        day = utc_day(now)
        if day != self._day:
            self._day, self._mac = day, hmac.new(secrets.token_bytes(32), digestmod="sha256")
        return self._mac


def visitor_hash(salt: hmac.HMAC, ip: str, user_agent: str, website_id: str) -> int:
    """HMAC-SHA256(salt, ip + agent + website), cut to the 64 bits of a SQLite integer.

    Two of a million visitors of one site and day share them with a probability of 3 in 10^8.
    """
    mac = salt.copy()
    mac.update(f"{ip}\0{user_agent}\0{website_id}".encode())
    return int.from_bytes(mac.digest()[:8], "big", signed=True)
