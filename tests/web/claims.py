"""What the reports should say of a website and period, as requests and the part of the answer that counts."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.web.model import Expected, searched

SEARCHES = ("", "BLOG", "o", "mai", "sign", "5", "%")
FUNNELS = (
    ["/", "/blog/a"],
    ["/blog/a", "signup", "/blog/a"],
    ["page_view", "custom"],
    ["/", "/nowhere", "/"],
)
METRICS = (
    "pageviews", "visits", "unique_visitors", "unique_pageviews", "bounce_rate", "avg_session_duration",
    "landing_page_entries", "exit_page_exits",
)  # fmt: skip


class Claim(NamedTuple):
    """What a report's data has in it."""

    report: str
    params: dict[str, Any]
    expected: dict[str, Any]


def claims_of(
    expected: Expected, earlier: Expected, now: float, searches: tuple[str, ...]
) -> Iterator[Claim]:
    yield Claim("realtime", {}, expected.realtime(now))
    yield Claim("summary", {}, {"metrics": {k: {"value": v} for k, v in expected.summary().items()}})
    devices = {
        "device_types": expected.by(lambda first: first.device, "deviceType"),
        "browsers": expected.by(lambda first: first.browser, "browserFamily"),
        "os_families": expected.by(lambda first: first.os, "osFamily"),
        "screen_resolutions": expected.by(lambda first: first.screen, "bucket"),
    }
    yield Claim("devices", {}, devices)
    for search in searches:
        yield from listed(expected, search)
    signups = {"rows": expected.event_properties("signup")}
    yield Claim("event-properties", {"event_name": "signup"}, signups)
    for steps in FUNNELS:
        yield Claim("funnel", {"steps[]": steps}, {"funnel": expected.funnel(steps)})
    for metric in METRICS:
        for path in (None, "/", "/blog/a"):
            params = {"metric": metric, "compare": "previous_period"} | ({"path": path} if path else {})
            series = {
                "series": expected.timeseries(metric, path),
                "previous": earlier.timeseries(metric, path),
            }
            yield Claim("timeseries", params, series)
            if expected.start == expected.end and path != "/":  # the model is slow
                hours = {"series": expected.timeseries(metric, path, "hour")}
                yield Claim("timeseries", params | {"interval": "hour"}, hours)


def listed(expected: Expected, search: str) -> Iterator[Claim]:
    """The lists by name, as far as they have a text in it."""
    channels = expected.by(lambda first: first.channel, "channel")
    referrers = expected.by(lambda first: first.referrer, "referrer")
    countries = expected.by(lambda first: first.country, "country")
    utm = ("utmSource", "utmMedium", "utmCampaign")
    for report, params, rows, keys in (
        ("pages", {}, expected.pages(), ("path",)),
        ("sources", {}, channels, ("channel",)),
        ("sources", {"group_by": "domain"}, referrers, ("referrer",)),
        ("sources", {"group_by": "utm"}, expected.campaigns(), utm),
        ("countries", {}, countries, ("country",)),
        ("custom-events", {}, expected.custom_events(), ("name",)),
        ("event-properties", {}, expected.event_properties(), ("property", "value")),
    ):
        yield Claim(report, params | {"search": search}, {"rows": searched(rows, search, *keys)})
    ends = {
        "landing_pages": searched(expected.landing_pages(), search, "path"),
        "exit_pages": searched(expected.exit_pages(), search, "path"),
    }
    yield Claim("flow", {"search": search}, ends)
