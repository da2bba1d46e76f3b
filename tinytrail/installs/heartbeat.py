"""POST /heartbeat: an instance tells that it is alive.

A bare ASGI handler, as Litestar's own request handling would be most of the work. What it raises, the app
puts into words. It answers once the heartbeat is on disk; a real Pocket ID takes no answer but 200 for one.
"""

import re
from functools import partial

import msgspec
from litestar import asgi
from litestar.exceptions import TooManyRequestsException
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from tinytrail.core.asgi import LARGEST_BODY, Headers, answer, headers_by_name, must_be_post, read_body
from tinytrail.core.body import decode_json
from tinytrail.core.client_ip import ClientAddress, whom_limits_count
from tinytrail.core.clock import Clock
from tinytrail.core.db import Database
from tinytrail.core.errors import invalid
from tinytrail.core.ratelimit import RateLimit
from tinytrail.core.trouble import Busy
from tinytrail.installs.active import Beat, Stored, store_beats

LONGEST_VERSION = 64
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)

ANSWER = b"ok"
TEXT: Headers = ((b"content-type", b"text/plain; charset=utf-8"),)


class Heartbeat(msgspec.Struct, frozen=True):
    """What an instance sends. Others send more (Arcane a `server_type`), which is not looked at."""

    instance_id: str
    version: str


DECODER = msgspec.json.Decoder(Heartbeat)


def read_heartbeat(body: bytes) -> Heartbeat:
    """Raises 400, naming the field. Any UUID will do: not all that real instances send are RFC 4122."""
    heartbeat = decode_json(body, DECODER)
    if not UUID.fullmatch(heartbeat.instance_id):
        invalid("instance_id", "must be a UUID: 32 hexadecimal digits in groups of 8-4-4-4-12")
    if not 1 <= len(heartbeat.version) <= LONGEST_VERSION:
        invalid("version", f"must have 1 to {LONGEST_VERSION} characters")
    if "\0" in heartbeat.version:  # where the JSON of some versions of SQLite has text end
        invalid("version", "must not hold a zero character")
    return heartbeat


class Heartbeats:
    """What receiving them needs beside the database: the limits, and who is calling."""

    def __init__(
        self, clock: Clock, of_any: RateLimit, of_new: RateLimit, addresses: ClientAddress, min_age: int
    ) -> None:
        self.clock = clock
        self.of_any = of_any
        self.of_new = of_new
        self.addresses = addresses
        self.store = partial(store_beats, min_age=min_age)

    def handler(self) -> ASGIRouteHandler:
        @asgi("/heartbeat", copy_scope=False)
        async def heartbeat(scope: Scope, receive: Receive, send: Send) -> None:
            must_be_post(scope)
            headers = headers_by_name(scope)
            beat = read_heartbeat(await read_body(scope, headers, receive, LARGEST_BODY))
            ip, _ = self.addresses.resolve(scope["client"], headers.get(b"x-forwarded-for", b""))
            await self.take(scope["litestar_app"].state["db"], beat, whom_limits_count(ip))
            await answer(scope, send, 200, ANSWER, TEXT)

        return heartbeat

    async def take(self, db: Database, heartbeat: Heartbeat, sender: str) -> None:
        """Store a heartbeat, unless its address has sent too many, or too many new ids: then 429."""
        if wait := self.of_any.wait(sender):
            raise too_many(wait)
        # Only the writer knows whether the instance is new, so each heartbeat holds a place among the new
        # ones until it does. Asked twice, as those places may have been held for instances that were known.
        instance, at = bytes.fromhex(heartbeat.instance_id.replace("-", "")), int(self.clock())
        for _ in range(2):
            wait = self.of_new.wait(sender)
            try:
                stored = await db.append(self.store, Beat(instance, heartbeat.version, at, not wait))
            except Busy:
                self.of_any.give_back(sender)
                if not wait:
                    self.of_new.give_back(sender)
                raise
            if stored is not Stored.NEW and not wait:
                self.of_new.give_back(sender)
            if stored is not Stored.REFUSED:
                return
        self.of_any.give_back(sender)
        raise too_many(wait)


def too_many(wait: int) -> TooManyRequestsException:
    return TooManyRequestsException(
        "Too many heartbeats from this address", headers={"Retry-After": str(wait)}
    )
