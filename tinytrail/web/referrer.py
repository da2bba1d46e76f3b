"""Where a visit came from: the referrer's domain, and the channel it belongs to.

The hosts are data (`data/referrers.toml`), matched whole or from a dot on, never by
what they contain: `t.co` is in qwant.com, and `x.com` in netflix.com.
"""

import re
import tomllib
from functools import lru_cache
from importlib.resources import files
from ipaddress import IPv6Address
from typing import NamedTuple
from urllib.parse import urlsplit

LONGEST = 2048  # with the cache's size, what a hostile sender can make us hold: 2 MiB

TABLE = tomllib.loads((files("tinytrail.web") / "data/referrers.toml").read_text("utf-8"))
CHANNELS: dict[str, str] = {host: channel for channel, hosts in TABLE["hosts"].items() for host in hosts}
APPS: dict[str, str] = TABLE["apps"]

HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
# Endings under which a company has its own name in every country: google.de, google.co.uk, google.com.br.
# No others, since anyone may register google.dev; nor has google.evil.com one of them right after "google".
COUNTRY_ENDING = re.compile(r"\.((com?\.)?[a-z]{2}|com|cat)$")


class Source(NamedTuple):
    channel: str
    referrer: str | None  # a domain without www., or an Android app's package


DIRECT = Source("Direct", None)


def classify_referrer(referrer: str, own_domain: str, utm_medium: str) -> Source:
    """The channel and domain of a referrer, as a visitor to `own_domain` brought it.

    Whatever cannot be read as the address of a site or an Android app is Direct,
    and so is a bare "example.org": browsers send whole addresses.
    """
    return _classify(referrer[:LONGEST], own_domain, utm_medium[:LONGEST])


@lru_cache(maxsize=1024)
def _classify(referrer: str, own_domain: str, utm_medium: str) -> Source:
    source = _place(referrer)
    own = _place(f"//{own_domain}").referrer
    if own and source.referrer and f".{source.referrer}".endswith(f".{own}"):
        source = DIRECT

    medium = utm_medium.strip().casefold()
    if medium == "email":
        return Source("Email", source.referrer)
    if source.channel == "Organic Search" and any(word in medium for word in ("cpc", "ppc", "paid")):
        return Source("Paid Search", source.referrer)
    return source


@lru_cache(maxsize=1024)
def _place(url: str) -> Source:
    """The domain of `url` and its channel, whoever's site it leads to."""
    try:
        parts = urlsplit(url.strip())
        host = canonical(parts.hostname or "")
    except ValueError:  # "http://[", a host that is no host
        return DIRECT
    match parts.scheme:
        case "http" | "https" | "":
            return Source(channel_of(host), host)
        case "android-app" if host in APPS:
            return Source(channel_of(APPS[host]), APPS[host])
        case "android-app":
            return Source("Referral", host)
        case _:
            return DIRECT


def canonical(host: str) -> str:
    """A host as browsers write it, lower case and in ASCII, without www.; ValueError if it is none."""
    if ":" in host and "%" not in host:
        return IPv6Address(host).compressed
    if not host.isascii():
        host = host.encode("idna").decode()
    host = host.lower().rstrip(".")
    if len(host) > 253 or not HOST.fullmatch(host):
        raise ValueError(f"{host!r} is no host")
    bare = host.removeprefix("www.")
    return bare if "." in bare else host  # www.de is somebody's domain


def channel_of(host: str) -> str:
    for name in (host, COUNTRY_ENDING.sub(".*", host)):
        labels = name.split(".")
        keys = [name, *("." + ".".join(labels[i:]) for i in range(len(labels)))]
        for key in keys:
            if key in CHANNELS:
                return CHANNELS[key]
    return "Referral"
