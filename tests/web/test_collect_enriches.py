"""What an event is taken for: campaign, source, screen, name, path."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.make import hit
from tests.web.cast import COLLECT, FIREFOX, IPHONE, Owner, Traffic

URL = "https://example.com/?utm_source=twitter&utm_medium=social&utm_campaign=launch"

CAMPAIGNS = [
    # name                          fields of the hit                           source, medium, campaign
    ("the url's", {"url": URL}, ("twitter", "social", "launch")),
    ("the body's", {"utm_source": "a", "utm_medium": "b", "utm_campaign": "c"}, ("a", "b", "c")),
    ("the body's where given", {"url": URL, "utm_medium": "mail"}, ("twitter", "mail", "launch")),
    ("the url's for an empty one", {"url": URL, "utm_source": ""}, ("twitter", "social", "launch")),
    ("one of three", {"url": "https://example.com/?utm_campaign=x"}, (None, None, "x")),
    ("escaped", {"url": "https://example.com/?utm_source=caf%C3%A9+au%20lait"}, ("café au lait", None, None)),
    ("the first of two", {"url": "https://example.com/?utm_source=a&utm_source=b"}, ("a", None, None)),
    ("not the fragment's", {"url": "https://example.com/#?utm_source=a"}, None),
    ("before the fragment", {"url": "https://example.com/?utm_source=a#utm_medium=b"}, ("a", None, None)),
    ("not the referrer's", {"referrer": "https://a.example/?utm_source=a"}, None),
    ("no other parameter", {"url": "https://example.com/?source=a&my_utm_source=b"}, None),
    ("a broken escape", {"url": "https://example.com/?utm_source=%ff%zz"}, ("\ufffd%zz", None, None)),
    ("blanks", {"url": "https://example.com/?utm_source=%20&utm_medium=+"}, None),
    ("a very long one", {"utm_source": "x" * 300}, ("x" * 200, None, None)),
]


@pytest.mark.parametrize(("name", "fields", "utm"), CAMPAIGNS, ids=[row[0] for row in CAMPAIGNS])
async def test_campaign(
    visit: Traffic, owner: Owner, name: str, fields: dict[str, Any], utm: tuple[str, str, str] | None
) -> None:
    await visit("/", **fields)
    keys = ("utmSource", "utmMedium", "utmCampaign", "visits")
    expected = [dict(zip(keys, (*utm, 1), strict=True))] if utm else []
    assert await owner.rows("sources", group_by="utm") == expected


SOURCES = [
    # referrer                              utm_medium     channel            domain
    (None, None, "Direct", None),
    ("", None, "Direct", None),
    ("https://example.com/other", None, "Direct", None),
    ("https://www.example.com/", None, "Direct", None),
    ("https://www.google.de/search?q=secret", None, "Organic Search", "google.de"),
    ("https://www.bing.com/", None, "Organic Search", "bing.com"),
    ("https://www.google.com/", "cpc", "Paid Search", "google.com"),
    ("https://www.google.com/", "PPC-brand", "Paid Search", "google.com"),
    ("https://www.google.com/", "paid", "Paid Search", "google.com"),
    ("https://www.google.com/", "organic", "Organic Search", "google.com"),
    ("https://friend.example/", "cpc", "Referral", "friend.example"),
    (None, "cpc", "Direct", None),
    ("https://t.co/abc", None, "Social", "t.co"),
    ("https://www.facebook.com/", None, "Social", "facebook.com"),
    (None, "email", "Email", None),
    ("https://www.google.com/", "email", "Email", "google.com"),
    ("https://mail.google.com/", None, "Email", "mail.google.com"),
    ("https://www.Friend.example:8080/a?b=c#d", None, "Referral", "friend.example"),
    ("not an address", None, "Direct", None),
    ("http://[", None, "Direct", None),
]


@pytest.mark.parametrize(("referrer", "medium", "channel", "domain"), SOURCES)
async def test_source(
    visit: Traffic, owner: Owner, referrer: str | None, medium: str | None, channel: str, domain: str | None
) -> None:
    await visit("/", referrer=referrer, utm_medium=medium)
    assert await owner.rows("sources") == [{"channel": channel, "visits": 1}]
    by_domain = await owner.rows("sources", group_by="domain")
    assert by_domain == ([{"referrer": domain, "visits": 1}] if domain else [])


SCREENS = [
    (None, "unknown"),
    (0, "320-375"),
    (319, "320-375"),
    (375, "320-375"),
    (376, "376-768"),
    (768, "376-768"),
    (769, "769-1024"),
    (1024, "769-1024"),
    (1025, "1025-1440"),
    (1440, "1025-1440"),
    (1440.5, "1025-1440"),
    (1441, "1441+"),
    (10_000, "1441+"),
]


@pytest.mark.parametrize(("width", "bucket"), SCREENS)
async def test_screen(visit: Traffic, owner: Owner, width: float | None, bucket: str) -> None:
    await visit("/", screen_width=width)
    assert (await owner.report("devices"))["screen_resolutions"] == [{"bucket": bucket, "visits": 1}]


NAMES = [
    # event_type          properties                              name of the custom event
    ("signup", None, "signup"),
    ("signup", {"event_name": "other"}, "signup"),
    ("custom", {"event_name": "play", "name": "other"}, "play"),
    ("custom", {"name": "video_play"}, "video_play"),
    ("custom", {"event_name": 7, "name": "seven"}, "seven"),
    ("custom", {"event_name": "", "name": ""}, "custom"),
    ("custom", {"plan": "pro"}, "custom"),
    ("custom", {}, "custom"),
    ("custom", None, "custom"),
    ("custom", {"event_name": "x" * 300}, "x" * 200),
    ("Page_View", None, "Page_View"),
    ("événement 1", None, "événement 1"),
    ("https://a.example/b?c", None, "https://a.example/b"),
    ("?a=b", None, "custom"),
    ("custom", {"event_name": "?a=b", "name": "24/7? yes/no"}, "24/7? yes/no"),
    ("page_view", {"event_name": "none"}, None),
    ("scroll_75", {"name": "none"}, None),
    ("close_tab", None, None),
    ("outbound_link", {"href": "https://a.example/"}, None),
]


@pytest.mark.parametrize(("event_type", "properties", "name"), NAMES)
async def test_name_of_a_custom_event(
    visit: Traffic, owner: Owner, event_type: str, properties: dict[str, Any] | None, name: str | None
) -> None:
    await visit(event_type, properties=properties)
    assert await owner.rows("custom-events") == ([{"name": name, "count": 1}] if name else [])


PATHS = [
    ("/blog?q=secret", "/blog"),
    ("/blog#part", "/blog"),
    ("/blog/", "/blog/"),
    ("/%C3%A9", "/%C3%A9"),
    ("/é", "/é"),
    ("//", "//"),
    ("/" + "x" * 3000, "/" + "x" * 2047),
]


@pytest.mark.parametrize(("sent", "shown"), PATHS)
async def test_path(visit: Traffic, owner: Owner, sent: str, shown: str) -> None:
    await visit(sent)
    assert [row["path"] for row in await owner.rows("pages")] == [shown]


async def test_a_visit_is_what_its_first_event_was(client: AsyncClient, website: str, owner: Owner) -> None:
    first = hit(website, referrer="https://t.co/a", screen_width=400, utm_source="a", event_type="scroll_25")
    later = hit(website, referrer="https://www.bing.com/", screen_width=2000, utm_source="b")
    await client.post(COLLECT, json=[first, later])
    assert await owner.rows("sources") == [{"channel": "Social", "visits": 1}]
    assert [row["utmSource"] for row in await owner.rows("sources", group_by="utm")] == ["a"]
    assert [row["bucket"] for row in (await owner.report("devices"))["screen_resolutions"]] == ["376-768"]


async def test_devices_are_read_from_the_user_agent(visit: Traffic, owner: Owner) -> None:
    await visit("/", agent=IPHONE)
    await visit("/", agent=IPHONE, ip="192.0.2.2")
    await visit("/", agent=FIREFOX)
    devices = await owner.report("devices")
    assert devices["device_types"] == [
        {"deviceType": "mobile", "visits": 2},
        {"deviceType": "desktop", "visits": 1},
    ]
    assert devices["browsers"][0] == {"browserFamily": "Safari", "visits": 2}
    assert devices["os_families"][1] == {"osFamily": "Linux", "visits": 1}
