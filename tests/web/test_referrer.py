"""Channels and domains of referrers."""

import pytest

from tinytrail.web.referrer import APPS, CHANNELS, COUNTRY_ENDING, HOST, TABLE, classify_referrer

SOURCES = [
    # Search engines
    ("https://www.google.com/", "Organic Search", "google.com"),
    ("https://www.google.com", "Organic Search", "google.com"),
    ("http://google.com/search?q=tinytrail", "Organic Search", "google.com"),
    ("https://www.google.de/", "Organic Search", "google.de"),
    ("https://www.google.cat/", "Organic Search", "google.cat"),
    ("https://www.google.co.uk/", "Organic Search", "google.co.uk"),
    ("https://www.google.com.br/", "Organic Search", "google.com.br"),
    ("https://images.google.fr/", "Organic Search", "images.google.fr"),
    ("https://news.google.com/", "Organic Search", "news.google.com"),
    ("https://www.bing.com/", "Organic Search", "bing.com"),
    ("https://cn.bing.com/", "Organic Search", "cn.bing.com"),
    ("https://duckduckgo.com/", "Organic Search", "duckduckgo.com"),
    ("https://html.duckduckgo.com/", "Organic Search", "html.duckduckgo.com"),
    ("https://search.yahoo.com/", "Organic Search", "search.yahoo.com"),
    ("https://r.search.yahoo.com/", "Organic Search", "r.search.yahoo.com"),
    ("https://search.yahoo.co.jp/", "Organic Search", "search.yahoo.co.jp"),
    ("https://yandex.ru/", "Organic Search", "yandex.ru"),
    ("https://yandex.com.tr/", "Organic Search", "yandex.com.tr"),
    ("https://ya.ru/", "Organic Search", "ya.ru"),
    ("https://www.baidu.com/link?url=x", "Organic Search", "baidu.com"),
    ("https://www.ecosia.org/", "Organic Search", "ecosia.org"),
    ("https://www.qwant.com/", "Organic Search", "qwant.com"),
    ("https://www.startpage.com/", "Organic Search", "startpage.com"),
    ("https://search.brave.com/", "Organic Search", "search.brave.com"),
    ("https://kagi.com/", "Organic Search", "kagi.com"),
    ("https://m.search.naver.com/", "Organic Search", "m.search.naver.com"),
    ("https://search.seznam.cz/", "Organic Search", "search.seznam.cz"),
    ("https://suche.gmx.net/", "Organic Search", "suche.gmx.net"),
    ("android-app://com.google.android.googlequicksearchbox/", "Organic Search", "google.com"),
    # Their makers' other hosts, and those that only look like them
    ("https://docs.google.com/document/d/1", "Referral", "docs.google.com"),
    ("https://groups.google.com/", "Referral", "groups.google.com"),
    ("https://sites.google.com/", "Referral", "sites.google.com"),
    ("https://accounts.google.com/", "Referral", "accounts.google.com"),
    ("https://google.evil.com/", "Referral", "google.evil.com"),
    ("https://google.com.evil.de/", "Referral", "google.com.evil.de"),
    ("https://google.dev/", "Referral", "google.dev"),
    ("https://evil-google.com/", "Referral", "evil-google.com"),
    ("https://notbing.com/", "Referral", "notbing.com"),
    ("https://brave.com/", "Referral", "brave.com"),
    ("https://help.kagi.com/", "Referral", "help.kagi.com"),
    ("https://www.yahoo.com/", "Referral", "yahoo.com"),
    # Assistants
    ("https://chatgpt.com/", "Referral", "chatgpt.com"),
    ("https://claude.ai/", "Referral", "claude.ai"),
    ("https://www.perplexity.ai/", "Referral", "perplexity.ai"),
    ("https://gemini.google.com/", "Referral", "gemini.google.com"),
    ("https://copilot.microsoft.com/", "Referral", "copilot.microsoft.com"),
    # Social networks
    ("https://t.co/abc123", "Social", "t.co"),
    ("https://x.com/", "Social", "x.com"),
    ("https://mobile.twitter.com/", "Social", "mobile.twitter.com"),
    ("https://www.facebook.com/", "Social", "facebook.com"),
    ("https://l.facebook.com/", "Social", "l.facebook.com"),
    ("http://lm.facebook.com/l.php?u=x", "Social", "lm.facebook.com"),
    ("http://m.facebook.com", "Social", "m.facebook.com"),
    ("https://fb.me/x", "Social", "fb.me"),
    ("https://l.instagram.com/", "Social", "l.instagram.com"),
    ("https://www.linkedin.com/", "Social", "linkedin.com"),
    ("https://lnkd.in/x", "Social", "lnkd.in"),
    ("https://old.reddit.com/r/selfhosted", "Social", "old.reddit.com"),
    ("https://out.reddit.com/", "Social", "out.reddit.com"),
    ("https://www.youtube.com/", "Social", "youtube.com"),
    ("https://youtu.be/x", "Social", "youtu.be"),
    ("https://www.pinterest.de/", "Social", "pinterest.de"),
    ("https://www.pinterest.co.uk/", "Social", "pinterest.co.uk"),
    ("https://de.pinterest.com/", "Social", "de.pinterest.com"),
    ("https://www.tiktok.com/", "Social", "tiktok.com"),
    ("https://mastodon.social/@tinytrail", "Social", "mastodon.social"),
    ("https://bsky.app/", "Social", "bsky.app"),
    ("https://go.bsky.app/", "Social", "go.bsky.app"),
    ("https://www.threads.net/", "Social", "threads.net"),
    ("https://l.threads.com/", "Social", "l.threads.com"),
    ("https://news.ycombinator.com/item?id=1", "Social", "news.ycombinator.com"),
    ("https://lobste.rs/", "Social", "lobste.rs"),
    ("https://away.vk.com/", "Social", "away.vk.com"),
    ("https://t.me/", "Social", "t.me"),
    ("https://web.telegram.org/", "Social", "web.telegram.org"),
    ("https://web.whatsapp.com/", "Social", "web.whatsapp.com"),
    ("https://discord.com/", "Social", "discord.com"),
    ("https://staff.tumblr.com/", "Social", "staff.tumblr.com"),
    ("https://www.quora.com/", "Social", "quora.com"),
    ("https://www.snapchat.com/", "Social", "snapchat.com"),
    ("https://weibo.com/", "Social", "weibo.com"),
    ("android-app://com.reddit.frontpage/", "Social", "reddit.com"),
    ("android-app://com.twitter.android", "Social", "x.com"),
    ("android-app://com.facebook.katana/", "Social", "facebook.com"),
    ("android-app://com.linkedin.android/", "Social", "linkedin.com"),
    ("android-app://org.telegram.messenger/", "Social", "t.me"),
    # and what only has their letters in it
    ("https://www.netflix.com/", "Referral", "netflix.com"),
    ("https://reddit.co/", "Referral", "reddit.co"),
    ("https://t.co.uk/", "Referral", "t.co.uk"),
    ("https://facebook.com.evil.de/", "Referral", "facebook.com.evil.de"),
    ("https://www.ycombinator.com/", "Referral", "ycombinator.com"),
    # Mail
    ("https://mail.google.com/mail/u/0/", "Email", "mail.google.com"),
    ("https://mail.yahoo.com/", "Email", "mail.yahoo.com"),
    ("https://outlook.live.com/", "Email", "outlook.live.com"),
    ("https://outlook.office.com/", "Email", "outlook.office.com"),
    ("https://mail.proton.me/", "Email", "mail.proton.me"),
    ("https://mail.yandex.ru/", "Email", "mail.yandex.ru"),
    ("https://app.fastmail.com/", "Email", "app.fastmail.com"),
    ("https://3c.gmx.net/", "Email", "3c.gmx.net"),
    ("https://email.seznam.cz/", "Email", "email.seznam.cz"),
    ("android-app://com.google.android.gm/", "Email", "mail.google.com"),
    # Everyone else, however the address is written
    ("https://blog.example.org/a?b#c", "Referral", "blog.example.org"),
    ("HTTPS://WWW.Blog.Example.ORG/", "Referral", "blog.example.org"),
    ("https://example.org:8443/", "Referral", "example.org"),
    ("https://example.org./", "Referral", "example.org"),
    ("https://user:secret@example.org/", "Referral", "example.org"),
    ("//example.org/x", "Referral", "example.org"),
    ("  https://example.org/  ", "Referral", "example.org"),
    ("https://www.de/", "Referral", "www.de"),
    ("https://bücher.example/", "Referral", "xn--bcher-kva.example"),
    ("https://xn--bcher-kva.example/", "Referral", "xn--bcher-kva.example"),
    ("http://localhost:3000/", "Referral", "localhost"),
    ("http://192.0.2.7/", "Referral", "192.0.2.7"),
    ("http://[2001:DB8:0::1]:8080/", "Referral", "2001:db8::1"),
    ("https://my_shop.example.org/", "Referral", "my_shop.example.org"),
    ("https://example.org:99999/", "Referral", "example.org"),
    ("android-app://org.example.reader/", "Referral", "org.example.reader"),
]

NOBODY = [
    "",
    " ",
    "not a url",
    "example.org/x",
    "example.org:80/x",
    "/path",
    "http://",
    "http:///path",
    "http:example.org",
    "http://[",
    "http://[::1",
    "http://[fe80::1%25eth0]/",
    "http://.",
    "http://a..b/",
    "http://exa mple.org/",
    "http://<script>/",
    "http://%65vil/",
    "http://\ud800.org/",
    "http://℀.org/",
    "http://-\x00-/",
    "http://" + "a" * 5000,
    "http://" + "ä" * 100 + ".org/",
    "android-app://",
    "ios-app://544007664/",
    "chrome-extension://mhjfbmdgcfjbbpaeojofohoefgiehjai/",
    "ftp://example.org/",
    "file:///home/alice/index.html",
    "about:blank",
    "javascript:alert(1)",
    "data:text/html,x",
    "mailto:alice@example.org",
    "\\\\example.org\\x",
]


@pytest.mark.parametrize(("referrer", "channel", "shown"), SOURCES)
def test_a_referrer_has_a_channel_and_a_domain(referrer: str, channel: str, shown: str) -> None:
    assert classify_referrer(referrer, "tinytrail.example", "") == (channel, shown)


@pytest.mark.parametrize("referrer", NOBODY)
def test_what_names_no_site_is_direct(referrer: str) -> None:
    assert classify_referrer(referrer, "tinytrail.example", "") == ("Direct", None)


@pytest.mark.parametrize(
    ("referrer", "own_domain", "is_own"),
    [
        ("https://alice.example/", "alice.example", True),
        ("https://www.alice.example/", "alice.example", True),
        ("https://alice.example/", "www.alice.example", True),
        ("https://shop.alice.example/", "alice.example", True),
        ("https://shop.alice.example/", "www.alice.example", True),
        ("https://ALICE.example.:8443/", "Alice.Example", True),
        ("http://localhost:3000/", "localhost:8000", True),
        ("https://xn--bcher-kva.example/", "bücher.example", True),
        ("https://www.google.com/", "google.com", True),
        ("https://alice.example/", "shop.alice.example", False),
        ("https://malice.example/", "alice.example", False),
        ("https://alice.example.evil.de/", "alice.example", False),
        ("https://alice.example/", "", False),
        ("https://alice.example/", "no domain", False),
    ],
)
def test_a_sites_own_pages_are_direct(referrer: str, own_domain: str, is_own: bool) -> None:
    assert (classify_referrer(referrer, own_domain, "") == ("Direct", None)) is is_own


@pytest.mark.parametrize(
    ("referrer", "utm_medium", "channel", "shown"),
    [
        ("https://www.google.com/", "cpc", "Paid Search", "google.com"),
        ("https://www.google.com/", "CPC", "Paid Search", "google.com"),
        ("https://www.bing.com/", "ppc", "Paid Search", "bing.com"),
        ("https://www.bing.com/", "paidsearch", "Paid Search", "bing.com"),
        ("https://duckduckgo.com/", "search-paid", "Paid Search", "duckduckgo.com"),
        ("https://www.google.com/", "organic", "Organic Search", "google.com"),
        ("https://t.co/x", "cpc", "Social", "t.co"),
        ("https://l.facebook.com/", "paid_social", "Social", "l.facebook.com"),
        ("https://example.org/", "cpc", "Referral", "example.org"),
        ("", "cpc", "Direct", None),
        ("https://alice.example/", "cpc", "Direct", None),
        ("", "email", "Email", None),
        ("", " Email ", "Email", None),
        ("not a url", "email", "Email", None),
        ("https://alice.example/", "email", "Email", None),
        ("https://www.google.com/", "email", "Email", "google.com"),
        ("https://t.co/x", "email", "Email", "t.co"),
        ("https://t.co/x", "newsletter", "Social", "t.co"),
        ("https://mail.google.com/", "cpc", "Email", "mail.google.com"),
        ("", "emailing", "Direct", None),
    ],
)
def test_the_medium_decides_between_paid_and_organic_and_for_email(
    referrer: str, utm_medium: str, channel: str, shown: str | None
) -> None:
    assert classify_referrer(referrer, "alice.example", utm_medium) == (channel, shown)


def test_every_host_is_listed_once_and_as_it_is_looked_up() -> None:
    listed = [host for hosts in TABLE["hosts"].values() for host in hosts]
    assert len(listed) == len(CHANNELS)
    for host in listed:
        name = host.removeprefix(".").removesuffix(".*")
        assert HOST.fullmatch(name)
        assert not name.startswith("www.")


def test_every_app_stands_for_a_known_host() -> None:
    for package, host in APPS.items():
        assert HOST.fullmatch(package)
        assert classify_referrer(f"https://{host}/", "", "").channel != "Referral"


@pytest.mark.parametrize(
    "host", ["google.evil.com", "google.dev", "google.com.evil", "google.org.uk", "google"]
)
def test_a_foreign_name_has_no_country_ending_after_it(host: str) -> None:
    assert COUNTRY_ENDING.sub(".*", host) != "google.*"
