"""GET /presence: the public page. Complete without JavaScript; with it, live."""

import asyncio
import hashlib
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.datastructures import CacheControlHeader
from litestar.handlers import HTTPRouteHandler

from tinytrail.core.clock import timestamp
from tinytrail.core.connect import Tx
from tinytrail.core.inject import Db, Now
from tinytrail.core.trouble import Busy
from tinytrail.presence.stats import Device, Stats, read_stats
from tinytrail.presence.words import ago, duration, moment

STATIC = files("tinytrail").joinpath("static")
FILES = {
    "presence.css": "text/css",
    "presence.js": "text/javascript",
    "presence.svg": "image/svg+xml",
}
CONTENTS = {name: STATIC.joinpath(name).read_bytes() for name in FILES}
COUNT_SECONDS = 0.5  # that a page waits to be counted; else it shows the figures without
VERSION = hashlib.sha256(b"".join(CONTENTS.values())).hexdigest()[:12]  # in their URLs, so they may be cached
PAGE = Template(STATIC.joinpath("presence.html").read_text("utf-8"))

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

ROW = Template('<tr><th scope="row">$name</th><td>$last_beat</td><td class="number">$num_beats</td></tr>\n')


def count_visit(tx: Tx, now: float) -> Stats:
    """One more page served; the figures with it counted."""
    tx.execute("update presence set num_visits = num_visits + 1")
    return read_stats(tx, now)


def render(stats: Stats, server_name: str, now: float) -> str:
    last_seen = stats.last_seen
    return PAGE.substitute(
        name=escape(server_name or "Presence"),
        version=VERSION,
        ago=ago(None if last_seen is None else stats.last_seen_relative),
        when="No beat has come yet." if last_seen is None else time_element(last_seen, moment(last_seen)),
        longest_absence=duration(stats.longest_absence),
        total_beats=f"{stats.total_beats:,}",
        num_visits=f"{stats.num_visits:,}",
        uptime=duration(stats.uptime),
        devices="".join(row(device, int(now)) for device in stats.devices),
        some="" if stats.devices else " hidden",
        none=" hidden" if stats.devices else "",
    )


def row(device: Device, now: int) -> str:
    at = device.last_beat
    said = "never" if at is None else time_element(at, ago(max(0, now - at), units=1))
    return ROW.substitute(name=escape(device.name), last_beat=said, num_beats=f"{device.num_beats:,}")


def time_element(at: int, text: str) -> str:
    return f'<time datetime="{timestamp(at)}" title="{moment(at)}">{text}</time>'


@get("/presence", media_type=MediaType.HTML)
async def show_page(request: Request[Any, Any, Any], db: Db, now: Now) -> Response[str]:
    if request.scope["raw_path"].endswith(b"/"):  # Litestar has stripped it from `path`
        # Its links are relative, so that it can live below any path of a proxy's.
        return Response("", status_code=308, headers={"Location": "../presence"}, media_type=MediaType.TEXT)
    is_served = not request.scope.get("is_head")
    try:
        async with asyncio.timeout(COUNT_SECONDS):
            stats = await (db.write(count_visit, now) if is_served else db.read(read_stats, now))
    except (Busy, TimeoutError):
        stats = await db.read(read_stats, now)  # a page is worth more than a count
    return Response(
        render(stats, request.app.state.config.presence.server_name, now),
        headers=HEADERS,
        media_type=MediaType.HTML,
    )


def static_handlers() -> Iterator[HTTPRouteHandler]:
    for name, media_type in FILES.items():
        yield static_handler(name, media_type)


def static_handler(name: str, media_type: str) -> HTTPRouteHandler:
    @get(
        f"/static/{name}",
        name=name,
        media_type=media_type,
        cache_control=CacheControlHeader(public=True, max_age=86_400),
    )
    async def static() -> bytes:
        return CONTENTS[name]

    return static
