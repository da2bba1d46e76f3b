"""Whatever comes in, each parser takes it or refuses it in words: nothing else is raised, nothing hangs."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast
from xml.etree.ElementTree import fromstring

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar.datastructures import MultiDict
from litestar.exceptions import HTTPException

from tinytrail.core.asgi import accepts_gzip
from tinytrail.core.badge import badge
from tinytrail.core.body import decode_json
from tinytrail.core.client_ip import ClientAddress, parse_address, parse_networks
from tinytrail.core.clock import parse_date
from tinytrail.installs.heartbeat import read_heartbeat
from tinytrail.presence.devices import NEW_DEVICE, clean_name, parse_id
from tinytrail.product import track
from tinytrail.web import collect, users, websites
from tinytrail.web.auth import parse_uuid
from tinytrail.web.content_groups import ContentGroup, group_of
from tinytrail.web.country import country_of, iso_code
from tinytrail.web.enrich import Hit, enrich
from tinytrail.web.referrer import classify_referrer
from tinytrail.web.reports.params import number
from tinytrail.web.reports.period import parse_period
from tinytrail.web.user_agent import classify_agent
from tinytrail.web.websites import Website

HANGS = 2000  # milliseconds; a parser takes some microseconds, but this machine may be busy

ISO = r"[0-9]{4}-[01][0-9]-[0-9]{2}T[0-9:.]{5,20}(Z|[+-][0-9:]{4,6})"
TEXT = st.text() | st.text(alphabet="./:@#?%[]=&;,-0123456789abcdefwhtps \t\n\x00\xff\ud800", max_size=300)
SENDABLE = TEXT.map(lambda text: text.encode("utf-8", "replace").decode())
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | SENDABLE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(SENDABLE, inner, max_size=4),
    max_leaves=20,
)
BOMBS = [
    b"[" * 16_000,
    b'{"a":' * 3_000,
    b'{"website_id":"x","event_type":"x","url":"","path":"/","properties":{"a":'
    + b"[" * 8000
    + b"]" * 8000
    + b"}}",
    b'{"user_id":"x","event":"x","metadata":{"a":' + b"[" * 500 + b"]" * 500 + b"}}",
    b"1" * 16_000,
    b"-" + b"9" * 5000,
    b"1e999999999",
    b"0." + b"0" * 10_000 + b"1",
    b'"' + b"\\u0000" * 2000 + b'"',
    b'"\\ud800"',
    b'{"screen_width":1e400}',
    b"\xff\xfe{}",
    b"\xef\xbb\xbf{}",
    b"{}" + b" " * 10_000 + b"x",
    b'{"a":1,' * 2000,
    b"NaN",
    b"",
    b"\x00",
]
WEBSITE = cast(Website, SimpleNamespace(site=1, domain="example.com", timezone="Europe/Berlin"))


def body_of(required: dict[str, Any], fields: list[str]) -> st.SearchStrategy[bytes]:
    """Nearly right bodies, and wholly wrong ones."""
    right = st.fixed_dictionaries({key: st.just(value) | JSON for key, value in required.items()})
    more = st.dictionaries(st.sampled_from(fields), JSON, max_size=4)
    nearly = st.builds(lambda one, other: json.dumps({**one, **other}).encode(), right, more)
    return nearly | JSON.map(lambda value: json.dumps(value).encode()) | st.binary() | st.sampled_from(BOMBS)


def store(hits: Any) -> None:
    for hit in hits if isinstance(hits, list) else [hits]:
        event = enrich(hit, WEBSITE, 1_773_480_600, 1, classify_agent(""), None, False)
        msgspec.json.encode(event)


HIT = {"website_id": "x", "event_type": "custom", "url": "https://a.example/?utm_source=x", "path": "/"}
TRACK = {"user_id": "x", "event": "play"}
BEAT = {"instance_id": "b316815f-5f81-488f-89f8-12b62013dfa4", "version": "1"}

# Each takes what hypothesis makes, and may raise what stands behind it.
PARSERS: dict[str, tuple[Callable[[Any], object], st.SearchStrategy[Any], type[Exception] | tuple[()]]] = {
    "a hit": (
        lambda body: store(decode_json(body, collect.DECODER)),
        body_of(HIT, list(Hit.__struct_fields__)),
        HTTPException,
    ),
    "an event of a user": (
        lambda body: track.to_event(decode_json(body, track.DECODER), 1.8e9),
        body_of(TRACK, ["timestamp", "metadata", "event", "user_id"]),
        HTTPException,
    ),
    "a timestamp": (
        lambda text: track.to_event(
            decode_json(json.dumps(TRACK | {"timestamp": text}).encode(), track.DECODER), 1.8e9
        ),
        st.datetimes().map(str) | st.from_regex(ISO),
        HTTPException,
    ),
    "a heartbeat": (read_heartbeat, body_of(BEAT, ["instance_id", "version"]), HTTPException),
    "a device": (
        lambda body: clean_name(decode_json(body, NEW_DEVICE).name),
        body_of({"name": "Laptop"}, ["name"]),
        HTTPException,
    ),
    "a website": (
        lambda body: decode_json(body, websites.NEW_WEBSITE),
        body_of({"domain": "a.example"}, ["content_groups", "excluded_ips", "timezone", "account_id"]),
        HTTPException,
    ),
    "a change of a website": (
        lambda body: decode_json(body, websites.CHANGE),
        body_of({"content_groups": [{"name": "x", "pattern": "^("}]}, ["domain", "timezone"]),
        HTTPException,
    ),
    "a user": (
        lambda body: decode_json(body, users.NEW_USER),
        body_of({"account_id": "x", "role": "user"}, ["email"]),
        HTTPException,
    ),
    "a device's id": (parse_id, TEXT, HTTPException),
    "a UUID": (lambda text: parse_uuid(text, "id"), TEXT | st.uuids().map(str), HTTPException),
    "a date": (parse_date, TEXT | st.from_regex(r"[0-9٣]{4}-[0-9]{2}-[0-9]{2}"), ValueError),
    "a period": (
        lambda texts: parse_period(texts[0], texts[1], texts[2], 20_000, lambda: 19_000),
        st.tuples(st.sampled_from(["all", "7d", "12m"]) | TEXT, st.none() | TEXT, st.none() | TEXT),
        HTTPException,
    ),
    "a page's number": (
        lambda text: number(MultiDict({"page": text}), "page", 1),
        TEXT | st.integers().map(str) | st.just("9" * 5000),
        HTTPException,
    ),
    "an address": (parse_address, TEXT | st.ip_addresses().map(str), ()),
    "networks": (parse_networks, st.lists(TEXT, max_size=3), ValueError),
    "X-Forwarded-For": (
        lambda value: ClientAddress(["10.0.0.0/8"]).of(
            cast(Any, {"client": ("10.0.0.1", 1), "headers": [(b"x-forwarded-for", value)]})
        ),
        st.binary() | st.lists(st.ip_addresses().map(str) | SENDABLE).map(", ".join).map(str.encode),
        (),
    ),
    "a User-Agent": (
        classify_agent,
        st.binary().map(lambda value: value.decode("latin-1")) | st.text("Mozila/5.0 (;)KTf", min_size=400),
        (),
    ),
    "a referrer": (
        lambda texts: classify_referrer(*texts),
        st.tuples(TEXT | TEXT.map("https://{}".format), TEXT, TEXT),
        (),
    ),
    "a country": (iso_code, TEXT, ()),
    "a country's record": (
        country_of,
        st.dictionaries(st.sampled_from(["country", "country_code"]), JSON),
        (),
    ),
    "Accept-Encoding": (accepts_gzip, TEXT, ()),
    "a badge's two texts": (lambda texts: fromstring(badge(*texts)), st.tuples(TEXT, TEXT), ()),
    "a pattern and a path": (
        lambda pair: group_of(pair[1], [ContentGroup("x", pair[0])]),
        st.tuples(
            st.text(min_size=1, max_size=500) | st.text("(a|*+?.[]){}\\1,9", max_size=60).map("^{}".format),
            TEXT | st.integers(0, 2000).map("a".__mul__),
        ),
        (ValueError, TimeoutError),  # type: ignore[dict-item]
    ),
}  # fmt: skip


@pytest.mark.parametrize("examples", [40, pytest.param(5000, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_takes_it_or_refuses_it(name: str, examples: int) -> None:
    parse, strategy, refusal = PARSERS[name]

    @settings(max_examples=examples, deadline=HANGS, database=None)
    @given(strategy)
    def check(sent: Any) -> None:
        try:
            parse(sent)
        except refusal as error:
            refused_with.add(getattr(error, "status_code", 400))

    refused_with: set[int] = set()
    check()
    assert refused_with <= ({404} if name == "a device's id" else {400})


COMPILE_BOMBS = [
    "^" + "(" * 9 + "a" + "{9})" * 9,
    "^" + "(" * 60 + "a" + "+)" * 60,
    "^" + "(" * 40 + "a" + "{1,9})" * 40,
    "^(a{9999}){9999}",
    "^(?x:" + "(" * 9 + "a" + "{9 } )" * 9 + ")",
    "^(?x)" + "(" * 9 + "a" + "{9#}\n})" * 9,
    "^(" + "(?:a|b)" * 60 + "){999}",  # 20 ms, of which a request may bring a hundred
    "^" + "a{999}" * 70,
]


@pytest.mark.parametrize("pattern", COMPILE_BOMBS)
def test_a_pattern_that_takes_for_ever_to_compile_is_refused_before(pattern: str) -> None:
    with pytest.raises(ValueError, match="repeats too much within repetitions"):
        ContentGroup("x", pattern)


@pytest.mark.parametrize(
    "pattern", [r"^/\d{4}/\d{2}/\d{2}/[a-z0-9-]{1,80}", "^/(?:[a-z]+/)+$", "^/(a|b)+/x{400}"]
)
def test_a_pattern_that_repeats_within_reason_is_none_of_those(pattern: str) -> None:
    assert ContentGroup("x", pattern)
