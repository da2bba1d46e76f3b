"""What a User-Agent says of its visitor: browser, system, kind of device, and whether it is a bot.

The patterns are ua-parser's, matched by its Rust engine; the names are ours
(`data/agents.toml`), so that a report reads "Safari", not "Mobile Safari UI/WKWebView".
"""

import re
import tomllib
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from ua_parser import Domain
from ua_parser.loaders import load_lazy_builtins

# By its own name: `ua_parser.parse` would fall back to a slow engine in silence where this one is missing.
from ua_parser.regex import Resolver

from tinytrail.web.bots import is_bot

LONGEST = 512  # an agent of 64 KiB takes 0.2 s to match, one of 512 characters 2 ms
OTHER = "Other"

NAMES = tomllib.loads((files("tinytrail.web") / "data/agents.toml").read_text("utf-8"))
BROWSERS: dict[str, str] = {
    family: name for name, families in NAMES["browsers"].items() for family in families
}
SYSTEMS: dict[str, str] = {family: name for name, families in NAMES["systems"].items() for family in families}

DESKTOPS = {"Windows", "macOS", "Linux", "ChromeOS", "BSD"}
TABLETS = {"Android", "iOS", "Kindle"}

# A console at the television counts as one; those held in the hand are "other", as headsets and watches are.
TV = re.compile(
    r"TV\b|AppleTV|Web0S|NetCast|BRAVIA|VIDAA|Viera|SmartCast|Chromecast|CrKey|Roku"
    r"|\bAFT[A-Z]|PlayStation [345]|PLAYSTATION 3|Xbox|Nintendo Wii"
)
NEITHER = re.compile(r"\bVR\b|\bWatch|Nintendo|PlayStation Vita|PlayStation Portable")
TABLET = re.compile(r"iPad|Tablet;|PlayBook")
MOBILE = re.compile(r"Mobi|iPhone|iPod|Windows Phone|Opera Mini|Symbian|BlackBerry")


class Agent(NamedTuple):
    browser: str
    os: str
    device: str  # desktop, mobile, tablet, tv or other
    is_bot: bool


def classify_agent(user_agent: str) -> Agent:
    """What a User-Agent says. Cut before it is looked up, so that the cache stays small too."""
    return _classify(user_agent[:LONGEST])


def warm() -> None:
    """Load the patterns (0.1 s), so that the first visitor does not wait for them."""
    classify_agent("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")


@lru_cache(maxsize=4096)
def _classify(user_agent: str) -> Agent:
    found = _patterns()(user_agent, Domain.USER_AGENT | Domain.OS)
    browser = BROWSERS.get(found.user_agent.family, OTHER) if found.user_agent else OTHER
    os = SYSTEMS.get(found.os.family, OTHER) if found.os else OTHER
    return Agent(browser, os, device_type(user_agent, os), is_bot(user_agent))


def device_type(user_agent: str, os: str) -> str:
    """A rule of our own: ua-parser names a device's maker and model, but not its kind."""
    if TV.search(user_agent):
        return "tv"  # first, since Fire TV says "Mobile" and Xbox "Windows"
    if NEITHER.search(user_agent):
        return "other"
    if TABLET.search(user_agent):
        return "tablet"  # before mobile, since an iPad says "Mobile"
    if MOBILE.search(user_agent):
        return "mobile"
    if os in TABLETS:
        return "tablet"  # Android tablets leave "Mobile" out; Chrome on an iPad may say "Macintosh"
    return "desktop" if os in DESKTOPS else "other"


@cache
def _patterns() -> Resolver:
    browsers, systems, _ = load_lazy_builtins()
    return Resolver((browsers, systems, []))
