"""User-Agents as browsers send them; what many begin with is written once."""

import subprocess
import sys

import pytest
import ua_parser.regex
import ua_parser_rs
from ua_parser.loaders import load_lazy_builtins

from tinytrail.web import user_agent
from tinytrail.web.user_agent import BROWSERS, NAMES, SYSTEMS, Agent, classify_agent, warm

KHTML = "AppleWebKit/537.36 (KHTML, like Gecko)"
WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {KHTML}"
MAC = f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT}"
LINUX = f"Mozilla/5.0 (X11; Linux x86_64) {KHTML}"
ANDROID = f"Mozilla/5.0 (Linux; Android 10; K) {KHTML}"
S23 = f"Mozilla/5.0 (Linux; Android 14; SM-S911B Build/UP1A.231005.007; wv) {KHTML} Version/4.0"
IPHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) {WEBKIT}"
IPAD = f"Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) {WEBKIT}"

VISITORS = [
    # Desktops
    ("Chrome, Windows, desktop", f"{WINDOWS} Chrome/126.0.0.0 Safari/537.36"),
    ("Chrome, macOS, desktop", f"{MAC} Chrome/126.0.0.0 Safari/537.36"),
    ("Chrome, Linux, desktop", f"{LINUX} Chrome/126.0.0.0 Safari/537.36"),
    ("Safari, macOS, desktop", f"{MAC} Version/17.4.1 Safari/605.1.15"),
    ("Edge, Windows, desktop", f"{WINDOWS} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0"),
    ("Edge, Windows, desktop", f"{WINDOWS} Chrome/64.0.3282.140 Safari/537.36 Edge/18.17763"),
    ("Opera, Windows, desktop", f"{WINDOWS} Chrome/124.0.0.0 Safari/537.36 OPR/110.0.0.0"),
    ("Opera, Windows, desktop", "Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.18"),
    ("Vivaldi, Windows, desktop", f"{WINDOWS} Chrome/126.0.0.0 Safari/537.36 Vivaldi/6.8.3381.44"),
    ("Brave, Windows, desktop", f"{WINDOWS} Chrome/126.0.0.0 Safari/537.36 Brave/126"),
    (
        "Yandex Browser, Windows, desktop",
        f"{WINDOWS} Chrome/122.0.0.0 YaBrowser/24.4.0 Yowser/2.5 Safari/537.36",
    ),
    ("DuckDuckGo, macOS, desktop", f"{MAC} Version/17.5 Safari/605.1.15 Ddg/17.5"),
    (
        "Firefox, Windows, desktop",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0",
    ),
    (
        "Firefox, macOS, desktop",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:127.0) Gecko/20100101 Firefox/127.0",
    ),
    (
        "Firefox, Linux, desktop",
        "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    ),
    (
        "Firefox, Linux, desktop",
        "Mozilla/5.0 (X11; Fedora; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    ),
    ("Firefox, BSD, desktop", "Mozilla/5.0 (X11; FreeBSD amd64; rv:120.0) Gecko/20100101 Firefox/120.0"),
    ("Chromium, Linux, desktop", f"{LINUX} Ubuntu Chromium/80.0.3987.87 Chrome/80.0.3987.87 Safari/537.36"),
    (
        "Chrome, ChromeOS, desktop",
        f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {KHTML} Chrome/126.0.0.0 Safari/537.36",
    ),
    (
        "Internet Explorer, Windows, desktop",
        "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
    ),
    (
        "Internet Explorer, Windows, desktop",
        "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0; Tablet PC 2.0)",
    ),
    # iPhones
    ("Safari, iOS, mobile", f"{IPHONE} Version/17.5 Mobile/15E148 Safari/604.1"),
    ("Chrome, iOS, mobile", f"{IPHONE} CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1"),
    ("Firefox, iOS, mobile", f"{IPHONE} FxiOS/127.0 Mobile/15E148 Safari/605.1.15"),
    ("Edge, iOS, mobile", f"{IPHONE} Version/17.0 EdgiOS/125.2535.96 Mobile/15E148 Safari/605.1.15"),
    ("Opera, iOS, mobile", f"{IPHONE} Version/17.5 Mobile/15E148 Safari/604.1 OPT/4.6.0"),
    ("Brave, iOS, mobile", f"{IPHONE} Version/17.5 Brave/1.67 Mobile/15E148 Safari/604.1"),
    ("DuckDuckGo, iOS, mobile", f"{IPHONE} Version/17.5 Mobile/15E148 DuckDuckGo/7 Safari/605.1.15"),
    ("Google App, iOS, mobile", f"{IPHONE} GSA/320.0.642 Mobile/15E148 Safari/604.1"),
    ("Safari, iOS, mobile", f"{IPHONE} Mobile/15E148"),
    ("Safari, iOS, mobile", f"{IPHONE} Mobile/15E148 LinkedInApp"),
    (
        "Facebook, iOS, mobile",
        f"{IPHONE} Mobile/21F90 [FBAN/FBIOS;FBAV/468.0.0.36.107;FBBV/606410123;FBDV/iPhone14,5;FBMD/iPhone;"
        "FBSN/iOS;FBSV/17.5.1;FBSS/3;FBID/phone;FBLC/en_US;FBOP/5]",
    ),
    (
        "Instagram, iOS, mobile",
        f"{IPHONE} Mobile/21F90 Instagram 334.0.4.32.98 "
        "(iPhone14,5; iOS 17_5_1; en_US; en; scale=3.00; 1170x2532; 606419343)",
    ),
    # iPads, which may pass for a Mac
    ("Safari, iOS, tablet", f"{IPAD} Version/17.5 Mobile/15E148 Safari/604.1"),
    ("Chrome, iOS, tablet", f"{IPAD} CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1"),
    ("Chrome, iOS, tablet", f"{MAC} CriOS/126 Version/11.1.1 Safari/605.1.15"),
    # iPadOS's default: cannot be told
    ("Safari, macOS, desktop", f"{MAC} Version/17.5 Safari/605.1.15"),
    # Android
    ("Chrome, Android, mobile", f"{ANDROID} Chrome/126.0.0.0 Mobile Safari/537.36"),
    ("Chrome, Android, tablet", f"{ANDROID} Chrome/126.0.0.0 Safari/537.36"),
    ("Chrome, Android, mobile", f"{S23} Chrome/125.0.6422.165 Mobile Safari/537.36"),
    (
        "Samsung Internet, Android, mobile",
        f"{ANDROID} SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
    ),
    ("Samsung Internet, Android, tablet", f"{ANDROID} SamsungBrowser/25.0 Chrome/121.0.0.0 Safari/537.36"),
    ("Edge, Android, mobile", f"{ANDROID} Chrome/126.0.6478.71 Mobile Safari/537.36 EdgA/125.0.2535.96"),
    ("Opera, Android, mobile", f"{ANDROID} Chrome/124.0.0.0 Mobile Safari/537.36 OPR/76.2.4027.73374"),
    ("DuckDuckGo, Android, mobile", f"{ANDROID} Chrome/126.0.0.0 Mobile Safari/537.36 Ddg/126.0"),
    ("Firefox, Android, mobile", "Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0"),
    ("Firefox, Android, tablet", "Mozilla/5.0 (Android 14; Tablet; rv:127.0) Gecko/127.0 Firefox/127.0"),
    (
        "Facebook, Android, mobile",
        f"{S23} Chrome/125.0.6422.165 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/467.0.0.48.109;]",
    ),
    (
        "Instagram, Android, mobile",
        f"{S23} Chrome/125.0.6422.165 Mobile Safari/537.36 Instagram 334.0.0.42.95 Android (34/14; 480dpi; "
        "1080x2115; samsung; SM-S911B; dm1q; qcom; en_US; 603406331)",
    ),
    (
        "Huawei Browser, Android, mobile",
        "Mozilla/5.0 (Linux; Android 12; ELS-NX9) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/114.0.5735.196 HuaweiBrowser/14.0.5.303 Mobile Safari/537.36",
    ),
    (
        "Android Browser, Android, tablet",
        "Mozilla/5.0 (Linux; U; Android 4.0.3; de-de; GT-P5100 Build/IML74K) AppleWebKit/534.30 "
        "(KHTML, like Gecko) Version/4.0 Safari/534.30",
    ),
    (
        "Amazon Silk, Android, tablet",
        f"Mozilla/5.0 (Linux; Android 11; KFTRWI) {KHTML} Silk/120.4.1 like Chrome/120.0.6099.283 "
        "Safari/537.36",
    ),
    # Televisions, and consoles, which are seen on one
    (
        "Chrome, webOS, tv",
        f"Mozilla/5.0 (Web0S; Linux/SmartTV) {KHTML} Chrome/94.0.4606.128 Safari/537.36 WebAppManager",
    ),
    (
        "Samsung Internet, Tizen, tv",
        f"Mozilla/5.0 (SMART-TV; Linux; Tizen 5.0) {KHTML} SamsungBrowser/2.2 Chrome/63.0.3239.84 "
        "TV Safari/537.36",
    ),
    (
        "Chrome, Android, tv",
        f"Mozilla/5.0 (Linux; Android 11; BRAVIA 4K VH2) {KHTML} Chrome/110.0.5481.154 Safari/537.36",
    ),
    (
        "Chrome, Android, tv",
        f"Mozilla/5.0 (Linux; Android 9; Android TV) {KHTML} Chrome/96.0.4664.45 Safari/537.36",
    ),
    (
        "Chrome, Android, tv",
        f"Mozilla/5.0 (Linux; Android 7.1.2; AFTMM Build/NS6265; wv) {KHTML} Version/4.0 "
        "Chrome/70.0.3538.110 Mobile Safari/537.36",
    ),
    (
        "Amazon Silk, Android, tv",
        f"Mozilla/5.0 (Linux; Android 9; AFTKA) {KHTML} Silk/120.4.1 like Chrome/120.0.6099.283 "
        "Safari/537.36",
    ),
    ("Safari, tvOS, tv", f"Mozilla/5.0 (Apple TV; CPU OS 17_0 like Mac OS X) {WEBKIT}"),
    (
        "Safari, Other, tv",
        f"Mozilla/5.0 (PlayStation; PlayStation 5/2.26) {WEBKIT} Version/13.0 Safari/605.1.15",
    ),
    (
        "Edge, Windows, tv",
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox Series X) {KHTML} Chrome/126.0.0.0 "
        "Safari/537.36 Edg/126.0.0.0",
    ),
    # The rest
    (
        "Other, Other, other",
        "Mozilla/5.0 (Nintendo Switch; WifiWebAuthApplet) AppleWebKit/609.4 (KHTML, like Gecko) "
        "NF/6.0.2.21.3 NintendoBrowser/5.1.0.22474",
    ),
    (
        "Meta Quest Browser, Android, other",
        f"Mozilla/5.0 (Linux; Android 10; Quest 2) {KHTML} OculusBrowser/18.1.0 Chrome/95.0.4638.74 "
        "VR Safari/537.36",
    ),
    ("Firefox, KaiOS, mobile", "Mozilla/5.0 (Mobile; rv:48.0; KAIOS/2.5) Gecko/48.0 Firefox/48.0 KAIOS/2.5"),
    (
        "Opera Mini, Other, mobile",
        "Opera/9.80 (J2ME/MIDP; Opera Mini/7.1.32052/29.3709; U; en) Presto/2.8.119 Version/11.10",
    ),
    (
        "Internet Explorer, Windows Phone, mobile",
        "Mozilla/5.0 (compatible; MSIE 10.0; Windows Phone 8.0; Trident/6.0; IEMobile/10.0; ARM; "
        "Touch; NOKIA)",
    ),
]


@pytest.mark.parametrize(("who", "agent"), VISITORS)
def test_a_visitors_agent_is_read(who: str, agent: str) -> None:
    browser, os, device = who.split(", ")
    assert classify_agent(agent) == Agent(browser, os, device, is_bot=False)


@pytest.mark.parametrize("agent", ["", " ", "curl/8.5.0", "é" * 600, "(" * 600])
def test_what_is_no_browser_is_other_and_a_bot(agent: str) -> None:
    assert classify_agent(agent) == Agent("Other", "Other", "other", is_bot=True)


def test_a_bot_is_known_behind_a_browsers_name() -> None:
    agent = f"{ANDROID} Chrome/126.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1)"
    assert classify_agent(agent) == Agent("Other", "Android", "mobile", is_bot=True)


def test_a_visitor_cannot_write_a_name_into_reports() -> None:
    """ua-parser takes an iOS app's name from the agent as it stands."""
    assert classify_agent("Buy my pills/1 CFNetwork/1408.0.4 Darwin/22.5.0").browser == "Other"


@pytest.mark.parametrize("name", ["Chrome", "Safari", "Firefox", "Edge", "Opera", "DuckDuckGo"])
def test_every_variant_that_ua_parser_knows_of_a_browser_has_one_name(name: str) -> None:
    patterns, _, _ = load_lazy_builtins()
    families = {getattr(pattern, "family", None) or "" for pattern in patterns}
    variants = {family for family in families if name in family.split() and "$" not in family}
    assert variants - {"Opera Mini"} <= set(NAMES["browsers"][name])


def test_no_family_has_two_names() -> None:
    for section, names in (("browsers", BROWSERS), ("systems", SYSTEMS)):
        assert len(names) == sum(len(families) for families in NAMES[section].values())


def test_agents_alike_up_to_512_characters_share_a_place_in_the_cache() -> None:
    agent = f"{WINDOWS} Chrome/126.0.0.0 Safari/537.36 ".ljust(512, "x")
    before = user_agent._classify.cache_info().currsize
    assert classify_agent(agent) is classify_agent(agent + "y" * 60_000)
    assert user_agent._classify.cache_info().currsize == before + 1


def test_the_cache_is_bounded() -> None:
    assert user_agent._classify.cache_info().maxsize == 4096


def test_the_patterns_are_matched_by_the_rust_engine() -> None:
    assert type(user_agent._patterns()) is ua_parser.regex.Resolver
    assert isinstance(user_agent._patterns().ua, ua_parser_rs.UserAgentExtractor)


def test_patterns_are_loaded_by_warm_not_by_the_import() -> None:
    code = """
from tinytrail.web import user_agent
assert user_agent._patterns.cache_info().currsize == 0
user_agent.warm()
assert user_agent._patterns.cache_info().currsize == 1
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_warming_twice_is_harmless() -> None:
    warm()
    warm()
    assert user_agent._patterns.cache_info().currsize == 1
