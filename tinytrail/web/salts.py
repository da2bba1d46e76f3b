"""The daily salt, and what a visitor is called until it turns.

The salt lives in memory only, new at 00:00 UTC and at each start. Once it is gone nobody, the operator
included, can tell that two days' visitors were one person, or what address they had.
"""

import secrets
from hashlib import sha256
from struct import Struct
from typing import Any, NamedTuple

from tinytrail.core.clock import DAY

SIGNED_64_BITS = Struct(">q")


class Salt(NamedTuple):
    """A key of HMAC-SHA256: what SHA-256 has made of its two paddings, to be copied for each message.

    The same function as `hmac.new(key, message, "sha256")`, of which each copy costs three times as much.
    """

    inner: Any
    outer: Any


def new_salt() -> Salt:
    key = secrets.token_bytes(32).ljust(64, b"\0")  # the length of SHA-256's block
    return Salt(sha256(bytes(byte ^ 0x36 for byte in key)), sha256(bytes(byte ^ 0x5C for byte in key)))


class DailySalt:
    def __init__(self) -> None:
        self._day: float | None = None
        self._salt = new_salt()

    def at(self, now: float) -> Salt:
        """The salt of the UTC day of `now`. The clock decides at each event, not when a job ran."""
        day = now // DAY
        if day != self._day:
            self._day, self._salt = day, new_salt()
        return self._salt


def visitor_hash(salt: Salt, ip: str, user_agent: str, website_id: str) -> int:
    """HMAC-SHA256(salt, ip + agent + website), cut to the 64 bits of a SQLite integer.

    Two of a million visitors of one site and day share them with a probability of 3 in 10^8.
    """
    inner, outer = salt.inner.copy(), salt.outer.copy()
    inner.update(f"{ip}\0{user_agent}\0{website_id}".encode())
    outer.update(inner.digest())
    (name,) = SIGNED_64_BITS.unpack_from(outer.digest())
    return int(name)
