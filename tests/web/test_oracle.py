"""Every report equals the model of model.py, whatever came in, whenever it was rolled up.

TINYTRAIL_TEST_EXAMPLES=2000 makes it look longer (the default is what a commit can wait for).
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from httpx import ASGITransport, AsyncClient
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tests.make import BROWSER, EXAMPLES, FakeClock, config_in
from tests.web.claims import SEARCHES, claims_of
from tests.web.model import DEFAULT_TYPES, Expected, Happening, Site
from tinytrail.app import create_app
from tinytrail.first_run import make_first_admin
from tinytrail.web import rollup, running
from tinytrail.web.reports import segments
from tinytrail.web.rollup import roll_up_finished

START = 1_773_531_000  # 2026-03-14 23:30 UTC, half an hour before the salt turns

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)
SITES = (
    Site("example.com", "UTC"),
    Site("example.org", "Asia/Kolkata"),
    Site("example.net", "America/St_Johns"),
)
EXCLUDED = "192.0.2.77"

# What is sent, and what it should be taken for.
AGENTS = (
    (BROWSER, ("desktop", "Chrome", "Windows"), False),
    (IPHONE, ("mobile", "Safari", "iOS"), False),
    ("curl/8.5.0", ("other", "Other", "Other"), True),
)
REFERRERS = (
    ("", "Direct", None),
    ("https://www.google.com/search?q=x", "Organic Search", "google.com"),
    ("https://t.co/abc", "Social", "t.co"),
    ("https://blog.friend.example/post", "Referral", "blog.friend.example"),
)
CAMPAIGNS = ((None, None, None), ("news", "mail", None), ("news", "mail", "may"), (None, None, "may"))
PATHS = (("/", None), ("/blog/a", "Blog"), ("/blog/b", "Blog"), ("/docs/x", "Docs"))
GROUPS = [{"name": "Blog", "pattern": "/blog/*"}, {"name": "Docs", "pattern": "^/docs/"}]
WIDTHS = ((320, "320-375"), (1440, "1025-1440"), (None, "unknown"))
COUNTRIES = ("", "DE", "AT")
PROPERTIES: tuple[dict[str, Any], ...] = (
    {},
    {"plan": "pro"},
    {"plan": "free", "seats": 5, "trial": True},
    {"event_name": "bought", "name": "plan", "price": 0.1 + 0.2, "tags": ["a", {"b": None}]},
    {"event_name": "", "name": "played", "seats": "5", "left": None},
)
TYPES = (
    "page_view", "page_view", "page_view", "scroll_25", "close_tab", "outbound_link",
    "custom", "custom", "signup", "signup",
)  # fmt: skip
GAPS = (0, 0, 0, 1, 59, 59, 600, 600, 1799, 1800, 1800, 1801, 5000, 20_000, 86_400)

# Some of what occurs, and some that never does.
FILTER_VALUES = (
    "page:/", "page:/blog/a", "page:/docs/x", "page:/nowhere", "content_group:Blog", "content_group:Docs",
    "entry:/", "entry:/blog/a", "exit:/", "exit:/blog/b", "channel:Direct", "channel:Social",
    "channel:direct", "referrer:google.com", "referrer:t.co", "utm_source:news", "utm_medium:mail",
    "utm_campaign:may", "utm_campaign:june", "device:desktop", "device:mobile", "browser:Safari",
    "os:Windows", "screen:unknown", "screen:320-375", "country:DE", "country:AT", "event:signup",
    "event:custom", "event:bought", "event:played", "property:plan=pro", "property:plan=free",
    "property:seats=5", "property:trial=true", "property:left=null",
    "property:price=0.30000000000000004", 'property:tags=["a",{"b":null}]', "property:event_name=bought",
    "property:name=plan", "property:event_name=",
)  # fmt: skip
FILTERS = st.lists(st.sampled_from(FILTER_VALUES), min_size=1, max_size=3)


class Post(NamedTuple):
    """What a visitor does after `gap` seconds."""

    gap: int
    site: int
    address: str
    agent: int
    type: str
    path: int
    referrer: int
    campaign: int
    width: int
    country: int = 0
    properties: int = 0


class RollUp(NamedTuple):
    """An admin has the day that is so many days back rolled up."""

    days_back: int


class Hourly(NamedTuple):
    """The job that rolls up what is over, of today too."""


class Restart(NamedTuple):
    """The server is stopped and started: a new salt, so everybody is new."""


Step = Post | RollUp | Hourly | Restart


def index(table: tuple[Any, ...]) -> st.SearchStrategy[int]:
    return st.integers(0, len(table) - 1)


POSTS = st.builds(
    Post,
    gap=st.sampled_from(GAPS),
    # Few people, so that most events meet a visit that may or may not be over.
    site=st.sampled_from((0, 0, 0, 1, 1, 2)),
    address=st.sampled_from(("198.51.100.1",) * 6 + ("198.51.100.2", EXCLUDED)),
    agent=st.sampled_from((0, 0, 0, 0, 1, 2)),
    type=st.sampled_from(TYPES),
    path=index(PATHS),
    referrer=index(REFERRERS),
    campaign=index(CAMPAIGNS),
    width=index(WIDTHS),
    country=index(COUNTRIES),
    properties=index(PROPERTIES),
)
ROLL_UPS = st.builds(RollUp, st.integers(0, 2))
RARE: dict[int, st.SearchStrategy[Any]] = {0: ROLL_UPS, 1: ROLL_UPS, 2: st.just(Restart())} | {
    number: st.just(Hourly()) for number in (3, 4, 5)
}
STEPS = st.integers(0, 19).flatmap(lambda die: RARE.get(die, POSTS))
STREAMS = st.lists(STEPS, min_size=20, max_size=50)


class World:
    """A server under test, and the model's list of all that happened."""

    def __init__(self, folder: str) -> None:
        settings = {"collect_limit": "", "api_limit": ""}
        self.config = config_in(
            Path(folder),
            web=settings,
            server={"trusted_proxies": ["127.0.0.1"]},
            geo={"header": "CF-IPCountry"},
        )
        self.clock = FakeClock(START)
        self.events: list[Happening] = []
        self.ids: dict[Site, str] = {}
        self.starts = 0
        self.running = AsyncExitStack()

    async def start(self) -> None:
        await self.running.aclose()
        self.starts += 1
        app = create_app(self.config, self.clock)
        await self.running.enter_async_context(app.lifespan())
        self.db = app.state.db
        if self.starts == 1:
            self.key = await app.state.db.write(make_first_admin, app.state.secret, self.clock.now)
        client = AsyncClient(transport=ASGITransport(app), base_url="http://test")
        self.client = await self.running.enter_async_context(client)
        self.client.headers["x-api-key"] = self.key

    async def add_sites(self) -> None:
        for site in SITES:
            settings = {"domain": site.name, "timezone": site.zone, "content_groups": GROUPS}
            made = await self.client.post("/api/v1/websites", json=settings | {"excluded_ips": [EXCLUDED]})
            self.ids[site] = made.json()["data"]["id"]

    async def take(self, step: Step) -> None:
        match step:
            case Post():
                self.clock.now += step.gap
                await self.post(step)
            case RollUp():
                day = datetime.fromtimestamp(self.clock.now, ZoneInfo("UTC")).date()
                await self.roll_up(day - timedelta(days=step.days_back))
            case Hourly():
                await roll_up_finished(self.db, self.clock.now)
            case Restart():
                await self.start()

    async def post(self, step: Post) -> None:
        site, (agent, (device, browser, os_name), is_bot) = SITES[step.site], AGENTS[step.agent]
        referrer, channel, domain = REFERRERS[step.referrer]
        (path, group), (width, screen) = PATHS[step.path], WIDTHS[step.width]
        source, medium, campaign = CAMPAIGNS[step.campaign]
        properties = PROPERTIES[step.properties]
        body = {
            "website_id": self.ids[site],
            "event_type": step.type,
            "url": f"https://{site.name}{path}?private=1",
            "path": path,
            "referrer": referrer,
            "screen_width": width,
            "utm_source": source,
            "utm_medium": medium,
            "utm_campaign": campaign,
            "properties": properties,
        }
        country = COUNTRIES[step.country]
        headers = {"user-agent": agent, "x-forwarded-for": step.address, "cf-ipcountry": country}
        answer = await self.client.post("/api/v1/collect", json=body, headers=headers)
        is_excluded = step.address == EXCLUDED
        assert answer.status_code == (204 if is_bot or is_excluded else 202), answer.text
        name = None if step.type in DEFAULT_TYPES else step.type
        if name == "custom":
            name = properties.get("event_name") or properties.get("name") or "custom"
        self.events.append(
            Happening(
                int(self.clock.now), site, (step.address, agent, self.starts), step.type, path, name, group,
                channel, domain, (source, medium, campaign), device, browser, os_name, screen,
                country or None, properties, is_bot, is_excluded,
            )
        )  # fmt: skip

    async def roll_up(self, day: date) -> None:
        answer = await self.client.post("/api/v1/admin/aggregate", json={"date": str(day)})
        assert answer.status_code == 200, answer.text

    async def check(
        self,
        site: Site,
        start: date,
        end: date,
        include_bots: bool,
        filters: list[str],
        searches: tuple[str, ...] = ("",),
    ) -> None:
        """All claims hold, asked in batches."""
        asked_for: dict[str, list[str]] = {}
        for dimension, _, value in (one.partition(":") for one in filters):
            asked_for.setdefault(dimension, []).append(value)

        def model(start: date, end: date) -> Expected:
            return Expected(self.events, site, start, end, include_bots, asked_for)

        days = end - start + timedelta(days=1)
        earlier = model(start - days, end - days)
        claims = list(claims_of(model(start, end), earlier, self.clock.now, searches))
        beside: dict[str, Any] = {"website_id": self.ids[site], "per_page": 500}
        beside |= {"start_date": str(start), "end_date": str(end)}
        beside |= {"include_bots": str(include_bots).lower(), "filters[]": filters}
        for first in range(0, len(claims), 20):
            some = claims[first : first + 20]
            asked = [f"{claim.report}?{urlencode(claim.params, doseq=True)}" for claim in some]
            query = urlencode(beside | {"reports[]": asked}, doseq=True)
            answer = await self.client.get(f"http://test/api/v1/reports/batch?{query}")
            assert answer.status_code == 200, answer.text
            for claim, data in zip(some, answer.json()["data"]["reports"], strict=True):
                found = {key: data[key] for key in claim.expected}
                assert found == claim.expected, (claim.report, claim.params, beside)

    async def check_overview(self, start: date, end: date, include_bots: bool) -> None:
        days = {"start_date": str(start), "end_date": str(end), "include_bots": str(include_bots).lower()}
        answer = await self.client.get(
            "/api/v1/reports/overview", params=days | {"compare": "previous_period"}
        )
        assert answer.status_code == 200, answer.text
        rows = {row["website"]["id"]: row for row in answer.json()["data"]["rows"]}
        assert rows.keys() == set(self.ids.values())
        length = end - start + timedelta(days=1)
        for site, website_id in self.ids.items():
            expected = Expected(self.events, site, start, end, include_bots)
            earlier = Expected(self.events, site, start - length, end - length, include_bots).summary()
            row = rows[website_id]
            shown = {name: (metric["value"], metric["previous"]) for name, metric in row["metrics"].items()}
            assert shown == {name: (value, earlier[name]) for name, value in expected.summary().items()}
            assert row["series"] == expected.timeseries("visits", None)
            assert row["active_visitors"] == expected.realtime(self.clock.now)["active_visitors"]

    async def check_all(self, filters: list[list[str]], searches: tuple[str, ...]) -> None:
        days = [event.day for event in self.events] or [date(2026, 3, 14)]
        first, last = min(days), max(days)
        await self.check_overview(first, last, include_bots=False)
        await self.check_overview(last, last, include_bots=True)
        for site in SITES:
            for include_bots in (False, True):
                await self.check(site, first, last, include_bots, [], searches)
            await self.check(site, min(first + timedelta(days=1), last), last, False, [])
            for day in sorted(set(days))[:2]:
                await self.check(site, day, day, False, [])
            for number, kept in enumerate(filters):
                await self.check(site, first, last, number % 2 == 0, kept)
                for day in sorted(set(days))[:3]:
                    await self.check(site, day, day, number % 2 == 1, kept)


@asynccontextmanager
async def a_world() -> AsyncIterator[World]:
    with tempfile.TemporaryDirectory() as folder:
        world = World(folder)
        await world.start()
        try:
            await world.add_sites()
            yield world
        finally:
            await world.running.aclose()


async def play(stream: list[Step], filters: list[list[str]]) -> None:
    async with a_world() as world:
        for step in stream:
            await world.take(step)
        await world.check_all(filters, SEARCHES)
        for day in {event.day for event in world.events}:
            await world.roll_up(day)
        await world.check_all(filters[:1], ("",))


def view(gap: int, site: int = 0, path: int = 0) -> Post:
    return Post(gap, site, "198.51.100.1", 0, "page_view", path, 0, 0, 0)


HALF_AN_HOUR = [view(0), view(1800), view(1801)]
# 18:30 UTC is midnight in Kolkata: a visit goes on past it, after the day it belongs to was rolled up.
PAST_MIDNIGHT = [
    view(0),
    view(86_400 - 5 * 3600 - 60, site=1, path=1),
    view(50, site=1)._replace(type="signup"),
    RollUp(0),
    view(120, site=1),
]


# One visit with events of two names, and of one name with two properties, on two pages.
ALL_SORTS = [
    view(0),
    view(1)._replace(type="signup", properties=1),
    view(1)._replace(type="custom", properties=3),
    view(1, path=1),
    view(1, path=1)._replace(type="signup", properties=2),
    view(5000, path=1),
]


FOR_ALL_SORTS = [
    ["event:signup"],
    ["property:plan=free"],
    ["page:/", "event:signup", "property:plan=pro"],
    ["page:/", "channel:Social"],
    ["content_group:Blog", "country:DE"],
]


@given(STREAMS, st.lists(FILTERS, min_size=1, max_size=3))
@example(HALF_AN_HOUR, [["page:/"]])
@example(ALL_SORTS, FOR_ALL_SORTS)
@example(PAST_MIDNIGHT, [["page:/"], ["event:signup"], ["channel:Direct"]])
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking such a stream takes minutes
)
def test_every_report_equals_the_model_before_and_after_rollups(
    stream: list[Step], filters: list[list[str]]
) -> None:
    with (  # so that these few days are busy, and have running totals and segments
        patch.object(rollup, "BUSY", 1),
        patch.multiple(running, FEWEST_ROWS=1, FEW_ROWS=1, FEWEST_DAYS=1),
        patch.multiple(segments, DAYS=1, SHARE=1000, FEWEST_PAGE_VIEWS=1),
    ):
        asyncio.run(play(stream, filters))
