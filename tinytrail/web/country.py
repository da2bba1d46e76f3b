"""Where a visitor is: the country, by the operator's own database or by a proxy's word.

Both are off unless configured (`[geo] database`, `[geo] header`); nothing is downloaded.
"""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

CODE = re.compile(r"[A-Za-z]{2}")
NOWHERE = {"XX", "ZZ"}  # how Cloudflare and others say that they do not know


class Countries:
    """Looks countries up. Where both are configured the header wins, and the database fills its gaps."""

    def __init__(self, database: str, header: str) -> None:
        self.header = header
        self._reader = open_mmdb(database) if database else None

    def lookup(self, ip: str, header_value: str) -> str | None:
        """The ISO code of a visitor's country, if it is known.

        Anyone can send a header: pass `header_value` only from a trusted proxy, else "".
        """
        if self.header and (code := iso_code(header_value)):
            return code
        if self._reader is None:
            return None
        try:
            address = ip_address(ip)
            record = self._reader.get(getattr(address, "ipv4_mapped", None) or address)
        except (ValueError, RuntimeError):
            # No address, or IPv6 in a database of IPv4, or a damaged database:
            # a page view is worth more than its country.
            return None
        return country_of(record) if isinstance(record, Mapping) else None

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()


def country_of(record: Mapping[str, Any]) -> str | None:
    """The country in a record, as MaxMind and DB-IP, IPinfo Lite, or older IPinfo files have it."""
    match record:
        case {"country": {"iso_code": str(code)}} | {"country_code": str(code)} | {"country": str(code)}:
            return iso_code(code)
        case _:
            return None


def iso_code(text: str) -> str | None:
    """`text` as a country's code; None for Cloudflare's XX (unknown) and T1 (Tor), and for garbage."""
    code = text.strip()
    return code.upper() if CODE.fullmatch(code) and code.upper() not in NOWHERE else None


def open_mmdb(path: str) -> Any:
    try:
        import maxminddb
    except ImportError:
        raise ValueError(
            "geo.database needs maxminddb, which is not there: install '.[geo]' (README, Countries)"
        ) from None
    try:
        return maxminddb.open_database(path)
    except OSError as error:
        raise ValueError(f"geo.database: {path} cannot be read: {error.strerror}") from error
    except (ValueError, maxminddb.InvalidDatabaseError) as error:
        raise ValueError(f"geo.database: {path} cannot be read as an .mmdb file: {error}") from error
