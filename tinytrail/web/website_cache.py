"""What collecting must know of each website, at hand without a query."""

from functools import lru_cache

from tinytrail.core.client_ip import parse_address, parse_networks, within
from tinytrail.core.db import Database
from tinytrail.web.websites import Website, find_website


@lru_cache(8192)
def is_excluded(ip: str, excluded_ips: tuple[str, ...]) -> bool:
    address = parse_address(ip) if excluded_ips else None
    return address is not None and within(address, parse_networks(excluded_ips))


class WebsiteCache:
    """The websites that hits come for, so that collecting reads the database for unknown ones only.

    Those that another process adds (the command line) are found at their first hit.
    """

    def __init__(self) -> None:
        self._known: dict[str, Website] = {}
        self._changes = 0

    def known(self, website_id: str) -> Website | None:
        """The website, if it was found before under this very id."""
        return self._known.get(website_id)

    async def find(self, db: Database, website_id: str) -> Website | None:
        """The website of this id, in lower case; None if there is none."""
        website = self._known.get(website_id)
        if website is None:
            changes = self._changes
            website = await db.read(find_website, website_id)
            if website is not None and changes == self._changes:  # else it may have changed as we read it
                self._known[website_id] = website
        return website

    def forget(self) -> None:
        """Call after any change to a website."""
        self._changes += 1
        self._known.clear()
