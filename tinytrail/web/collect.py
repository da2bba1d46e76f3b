"""POST /api/v1/collect: events from a browser to the database.

The hot path, and so a bare ASGI handler: Litestar's own request handling costs as much again as all that
is done here. It answers once the events are on disk.
"""

from collections.abc import Iterable
from typing import Annotated

import msgspec
from litestar import asgi
from litestar.exceptions import ValidationException
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send
from msgspec import Meta

from tinytrail.core.body import decode_json
from tinytrail.core.client_ip import ClientAddress
from tinytrail.core.clock import Clock
from tinytrail.core.db import Busy, Database
from tinytrail.core.ratelimit import RateLimit
from tinytrail.web.country import Countries
from tinytrail.web.enrich import Hit, enrich
from tinytrail.web.errors import error_body
from tinytrail.web.events import store_events
from tinytrail.web.salts import DailySalt, visitor_hash
from tinytrail.web.user_agent import classify_agent
from tinytrail.web.website_cache import WebsiteCache, is_excluded

Headers = list[tuple[bytes, bytes]]

LARGEST_BODY = 16 * 1024
MOST_EVENTS = 32  # in one array

ACCEPTED = b'{"status":"accepted"}'
DECODER = msgspec.json.Decoder(Hit | Annotated[list[Hit], Meta(min_length=1, max_length=MOST_EVENTS)])
PREFLIGHT: Headers = [
    (b"access-control-allow-methods", b"POST, OPTIONS"),
    (b"access-control-allow-headers", b"Content-Type"),
    (b"access-control-max-age", b"86400"),
]


class Refused(Exception):
    """An answer other than 202 and 204: status, message, and headers beside those of CORS."""

    def __init__(self, status: int, message: str, *headers: tuple[bytes, bytes]) -> None:
        self.status, self.message, self.headers = status, message, headers


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
        @asgi("/api/v1/collect", copy_scope=False)
        async def collect(scope: Scope, receive: Receive, send: Send) -> None:
            headers = dict(scope["headers"])
            cors = cors_headers(headers.get(b"origin"))
            try:
                match scope["method"]:  # type: ignore[typeddict-item]
                    case "POST":
                        body = await read_body(headers, receive)
                        stored = await self.collect(scope["litestar_app"].state.db, scope, headers, body)
                    case "OPTIONS":
                        return await answer(send, 204, b"", cors + PREFLIGHT)
                    case _:
                        raise Refused(
                            405, "Only POST and OPTIONS are served here", (b"allow", b"POST, OPTIONS")
                        )
            except Refused as refused:
                body = msgspec.json.encode(error_body(refused.status, refused.message))
                await answer(send, refused.status, body, cors + list(refused.headers))
            else:
                await answer(send, 202 if stored else 204, ACCEPTED if stored else b"", cors)

        return collect

    async def collect(self, db: Database, scope: Scope, headers: dict[bytes, bytes], body: bytes) -> bool:
        """Store what a request brings; True if any of it will show in a report. Raises Refused."""
        ip, is_trusted = self.addresses.and_trust(scope)
        if wait := self.limit.wait(ip):
            raise Refused(429, "Too many events from this address", (b"retry-after", b"%d" % wait))
        try:
            hits = decode_json(body, DECODER)
        except ValidationException as error:
            raise Refused(400, error.detail) from None

        now = self.clock()
        user_agent = headers.get(b"user-agent", b"").decode("latin-1")
        agent = classify_agent(user_agent)
        country = self.countries.lookup(
            ip, headers.get(self.country_header, b"").decode("latin-1") if is_trusted else ""
        )
        events = []
        for hit in hits if isinstance(hits, list) else (hits,):
            website = await self.websites.find(db, canonical_id(hit.website_id))
            if website is not None:
                visitor = visitor_hash(self.salt.at(now), ip, user_agent, website.id)
                excluded = is_excluded(ip, website.excluded_ips)
                events.append(enrich(hit, website, int(now), visitor, agent, country, excluded))
        try:
            stored = bool(events) and await db.append(store_events, events)
        except Busy:
            raise Refused(503, "The server cannot store this now", (b"retry-after", b"1")) from None
        return stored and any(not (event.visitor.is_bot or event.visitor.is_excluded) for event in events)


def canonical_id(website_id: str) -> str:
    """The id as the database has it; what is no UUID is the id of no website."""
    if len(website_id) == 36 and not website_id.islower():
        website_id = website_id.lower()
    return website_id


async def read_body(headers: dict[bytes, bytes], receive: Receive) -> bytes:
    """The body, refused with 413 before more of it than allowed is held."""
    length = headers.get(b"content-length", b"")
    body = b""
    is_complete = False
    while not is_complete:
        if len(body) > LARGEST_BODY or (length.isdigit() and int(length) > LARGEST_BODY):
            raise Refused(413, f"The body is larger than {LARGEST_BODY} bytes")
        message = await receive()
        if message["type"] != "http.request":
            raise Refused(400, "The body broke off")
        body += message["body"]
        is_complete = not message["more_body"]
    return body


def cors_headers(origin: bytes | None) -> Headers:
    """Echo the Origin with credentials, on every answer: sendBeacon sends them, and needs it."""
    if origin is None:
        return [(b"vary", b"Origin")]
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    ]


async def answer(send: Send, status: int, body: bytes, headers: Headers) -> None:
    if body:
        headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
