"""POST /api/v1/collect: events from a browser to the database.

The hot path, and so a bare ASGI handler: Litestar's own request handling costs as much again as all that
is done here. It answers once the events are on disk.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from litestar import asgi
from litestar.exceptions import TooManyRequestsException
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send
from msgspec import Meta

from tinytrail.core.asgi import Headers, answer, headers_by_name, must_be_post, read_body
from tinytrail.core.body import decode_json, without_halves
from tinytrail.core.client_ip import ClientAddress, whom_limits_count
from tinytrail.core.clock import Clock
from tinytrail.core.db import Database
from tinytrail.core.errors import invalid
from tinytrail.core.ratelimit import RateLimit
from tinytrail.web.country import Countries
from tinytrail.web.enrich import Hit, enrich
from tinytrail.web.errors import COLLECT, cors_headers
from tinytrail.web.events import store_events
from tinytrail.web.salts import DailySalt, visitor_hash
from tinytrail.web.user_agent import classify_agent
from tinytrail.web.website_cache import WebsiteCache, is_excluded

LARGEST_BODY = 16 * 1024  # bytes
MOST_EVENTS = 32  # in one array

ACCEPTED = b'{"status":"accepted"}'
DECODER = msgspec.json.Decoder(Hit | Annotated[list[Hit], Meta(min_length=1, max_length=MOST_EVENTS)])
JSON: Headers = ((b"content-type", b"application/json"),)
PREFLIGHT: Headers = (
    (b"access-control-allow-methods", b"POST, OPTIONS"),
    (b"access-control-allow-headers", b"Content-Type"),
    (b"access-control-max-age", b"86400"),
)


class Collector:
    """What collecting needs beside the database: the limit, the salt, and who is who."""

    def __init__(
        self, clock: Clock, limit: RateLimit, addresses: ClientAddress, countries: Countries
    ) -> None:
        self.clock = clock
        self.limit = limit
        self.addresses = addresses
        self.countries = countries
        self.country_header = countries.header.lower().encode()
        self.salt = DailySalt()
        self.websites = WebsiteCache()

    def handler(self) -> ASGIRouteHandler:
        @asgi(COLLECT, copy_scope=False)
        async def collect(scope: Scope, receive: Receive, send: Send) -> None:
            headers = headers_by_name(scope)
            cors = cors_headers(headers.get(b"origin", b""))
            if scope.get("method") == "OPTIONS":
                return await answer(scope, send, 204, b"", cors + PREFLIGHT)
            must_be_post(scope, allowed="POST, OPTIONS")
            if await self.collect(scope, headers, receive):
                await answer(scope, send, 202, ACCEPTED, cors + JSON)
            else:
                await answer(scope, send, 204, b"", cors)

        return collect

    async def collect(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> bool:
        """Store what a request brings; True if any of it will show in a report.

        Raises 400, 413 and 429, and Busy.
        """
        ip, is_trusted = self.addresses.resolve(scope["client"], headers.get(b"x-forwarded-for", b""))
        if wait := self.limit.wait(whom_limits_count(ip)):
            raise TooManyRequestsException(
                "Too many events from this address", headers={"Retry-After": str(wait)}
            )
        hits = decode_hits(await read_body(scope, headers, receive, LARGEST_BODY))
        db: Database = scope["litestar_app"].state["db"]  # as an attribute it takes ten times as long
        websites = []
        for hit in hits:
            website = self.websites.known(hit.website_id)
            if website is None:
                website = await self.websites.find(db, canonical_id(hit.website_id))
            websites.append(website)

        # From here on nothing waits, so that events reach the writer in the order of their times.
        now = self.clock()
        salt = self.salt.at(now)
        user_agent = headers.get(b"user-agent", b"").decode("latin-1")
        agent = classify_agent(user_agent)
        country = self.countries.lookup(
            ip, headers.get(self.country_header, b"").decode("latin-1") if is_trusted else ""
        )
        events = []
        for hit, website in zip(hits, websites, strict=True):
            if website is not None:
                visitor = visitor_hash(salt, ip, user_agent, website.id)
                excluded = is_excluded(ip, website.excluded_ips)
                events.append(enrich(hit, website, int(now), visitor, agent, country, excluded))
        return bool(events) and await db.append(store_events, events)


def decode_hits(body: bytes) -> Sequence[Hit]:
    """What was sent, one hit or an array of them. Raises 400, naming the field."""
    decoded = decode_json(without_halves(body), DECODER)
    hits = decoded if isinstance(decoded, list) else (decoded,)
    for hit in hits:
        if not hit.path.startswith("/"):  # as a pattern of Hit it would double the time of decoding
            invalid("path" if decoded is hit else f"[{hits.index(hit)}].path", "must begin with /")
    return hits


def canonical_id(website_id: str) -> str:
    """The id as the database has it; what is no UUID is the id of no website."""
    if len(website_id) == 36 and not website_id.islower():
        website_id = website_id.lower()
    return website_id
