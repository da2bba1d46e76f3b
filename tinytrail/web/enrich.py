"""The pipeline between a hit and its row, in the order of docs/api/web.md; pure functions."""

import re
from bisect import bisect_right
from typing import Annotated, Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta

from tinytrail.core.clock import local_day
from tinytrail.web.events import CUSTOM, KINDS, NAMED, Event, Visitor
from tinytrail.web.referrer import classify_referrer
from tinytrail.web.user_agent import Agent
from tinytrail.web.websites import Website

LONGEST_PATH = 2048
LONGEST_NAME = 200  # characters kept of an event's name and of each utm value
SCREENS = ("320-375", "376-768", "769-1024", "1025-1440", "1441+")
SCREEN_STARTS = (376, 769, 1025, 1441)  # of all but the first

# What has a slash, up to its query or fragment, and that; or a query by itself. In plain text as in JSON, and
# in time that grows with its length alone.
QUERIES = re.compile(
    r"""(?<![^\s"?#]) ([^\s"?#/]*+ / [^\s"?#]*+) [?#] (?:[^\s"\\] | \\.)+
      | \? [^\s"=?&\\]{1,64} = (?:[^\s"\\] | \\.)*""",
    re.VERBOSE,
)

ZERO = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")  # in JSON, where two backslashes are one that is meant

UTM = ("utm_source", "utm_medium", "utm_campaign")
KIND_OF = {event_type: kind for kind, event_type in enumerate(KINDS)}
NO_UTM = (None, None, None)


class Hit(msgspec.Struct, frozen=True):
    """What the tracker sends.

    `website_id` is any string on purpose: an unknown website is dropped in silence with a 204, so a
    malformed one must not become a 400.
    """

    website_id: str
    event_type: Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
    url: str
    path: str
    referrer: str | None = None
    screen_width: float | None = None
    screen_height: float | None = None
    properties: dict[str, Any] | None = None
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None


def enrich(
    hit: Hit, website: Website, at: int, visitor: int, agent: Agent, country: str | None, is_excluded: bool
) -> Event:
    utm = utm_of(hit)
    source = classify_referrer(hit.referrer or "", website.domain, utm[1] or "")
    kind = KIND_OF.get(hit.event_type, NAMED)
    return Event(
        website.site,
        at,
        local_day(website.timezone, at),
        kind,
        without_query(hit.path)[:LONGEST_PATH],
        event_name(hit, kind),
        encode_properties(hit.properties) if hit.properties else None,
        Visitor(
            visitor,
            source.channel,
            source.referrer,
            msgspec.json.encode(utm).decode() if utm != NO_UTM else None,
            agent.device,
            agent.browser,
            agent.os,
            screen_bucket(hit.screen_width),
            country,
            agent.is_bot,
            is_excluded,
        ),
    )


def utm_of(hit: Hit) -> tuple[str | None, ...]:
    """Source, medium and campaign: of the url's query, unless the body says otherwise."""
    in_url: dict[str, str] = {}
    if "utm_" not in hit.url:
        if not (hit.utm_source or hit.utm_medium or hit.utm_campaign):
            return NO_UTM
    else:
        query = hit.url.partition("#")[0].partition("?")[2]
        for name, value in reversed(parse_qsl(query, errors="replace")):  # the first of a name counts
            in_url[name] = value
    values = (without_queries(getattr(hit, name) or in_url.get(name, "")).strip() for name in UTM)
    return tuple(value[:LONGEST_NAME] or None for value in values)


def event_name(hit: Hit, kind: int) -> str | None:
    """The name of a custom event, None for the others."""
    if kind == NAMED:
        given: list[Any] = [hit.event_type]
    elif kind == CUSTOM:
        given = [(hit.properties or {}).get(key) for key in ("event_name", "name")]
    else:
        return None
    names = (without_queries(name) for name in given if isinstance(name, str))
    return next(filter(None, names), "custom")[:LONGEST_NAME]


def without_query(path: str) -> str:
    """No query string is ever stored: it may hold what a person typed. Nor is a zero character, where text
    ends for SQLite's JSON, and so for filters."""
    return path.replace("\0", "").partition("?")[0].partition("#")[0]


def without_queries(text: str) -> str:
    """The same for a text in which addresses may stand."""
    text = text.replace("\0", "")
    return QUERIES.sub(r"\1", text) if "?" in text or "#" in text else text


def encode_properties(properties: dict[str, Any]) -> str:
    """The properties as JSON, without the query strings of addresses anywhere among them, and without zero
    characters."""
    text = without_queries(msgspec.json.encode(properties).decode())
    return ZERO.sub(r"\1", text) if r"\u0000" in text else text


def screen_bucket(width: float | None) -> str:
    """The width of the window in pixels, as the reports group it."""
    if width is None:
        return "unknown"
    return SCREENS[bisect_right(SCREEN_STARTS, width)]
