"""Made-up traffic of a website, day by day: what a random generator draws is what it draws again.

Paths and referrers have long tails (Zipf's: the second is half as frequent as the first), hours and weekdays
differ, some visitors come back within the day, 5 % are bots, custom events have properties.
"""

from collections.abc import Mapping
from itertools import accumulate
from random import Random
from typing import Any

from tinytrail.core.clock import DAY, local_day
from tinytrail.web.content_groups import ContentGroup
from tinytrail.web.enrich import KIND_OF, SCREENS, encode_properties
from tinytrail.web.events import NAMED, PAGE_VIEW, Event, Visitor
from tinytrail.web.referrer import classify_referrer
from tinytrail.web.websites import Website

MOST_PATHS, MOST_REFERRERS = 10_000, 3_000
EVENTS_A_VISIT = 3.68  # on average, by the lengths drawn
LONGEST_VISIT = 40  # events

GROUPS = (ContentGroup("Blog", "/blog/*"), ContentGroup("Docs", "/docs/*"))
SECTIONS = ("blog", "blog", "docs", "products", "help")
WORDS = ("fast", "small", "quiet", "open", "new", "plain", "simple", "green", "first", "good")

# What is drawn, each with its weight.
AGENTS: dict[tuple[str, str, str, str], float] = {
    # device, browser, system and screen, as `Visitor` has them
    ("desktop", "Chrome", "Windows", SCREENS[4]): 26,
    ("mobile", "Safari", "iOS", SCREENS[1]): 22,
    ("mobile", "Chrome", "Android", SCREENS[0]): 21,
    ("desktop", "Chrome", "macOS", SCREENS[4]): 8,
    ("desktop", "Safari", "macOS", SCREENS[3]): 6,
    ("desktop", "Firefox", "Windows", SCREENS[4]): 4,
    ("desktop", "Edge", "Windows", SCREENS[3]): 4,
    ("desktop", "Firefox", "Linux", SCREENS[4]): 3,
    ("tablet", "Safari", "iOS", SCREENS[2]): 3,
    ("mobile", "Samsung Internet", "Android", SCREENS[1]): 2,
    ("tv", "Chrome", "Linux", SCREENS[4]): 1,
}
COUNTRIES = {
    "US": 30,
    "DE": 18,
    "GB": 9,
    "FR": 8,
    "NL": 5,
    "JP": 5,
    "IN": 5,
    "BR": 4,
    "PL": 3,
    "CH": 2,
    None: 1,
}
REFERRERS = {
    "": 40,
    "https://www.google.com/": 22,
    "https://duckduckgo.com/": 4,
    "https://www.bing.com/": 3,
    "https://t.co/abc": 3,
    "https://news.ycombinator.com/": 3,
    "https://www.reddit.com/": 2,
    "https://mail.google.com/": 1,
}
OTHER_REFERRERS = 22  # the weight of all unknown sites together
CAMPAIGNS = {
    None: 90,
    '["newsletter","email","spring"]': 4,
    '["newsletter","email","launch"]': 3,
    '["x","social",null]': 3,
}
TYPES = {
    # type, name of a custom event, a property of it and its values
    ("page_view", None, None, ()): 62,
    ("scroll_25", None, None, ()): 9,
    ("scroll_50", None, None, ()): 7,
    ("scroll_75", None, None, ()): 4,
    ("close_tab", None, None, ()): 10,
    ("outbound_link", None, "url", ("https://example.org/",)): 2,
    ("custom", "signup", "plan", ("free", "pro", "team")): 2,
    ("custom", "download", "file", ("app.zip", "guide.pdf")): 2,
    ("search", "search", "results", (0, 3, 12, 40)): 1,
    ("add_to_cart", "add_to_cart", "price", (9.5, 19, 49)): 1,
}
HOURS = (3, 2, 2, 1, 1, 2, 3, 5, 7, 8, 9, 9, 9, 9, 9, 9, 8, 8, 8, 9, 9, 8, 6, 4)  # how busy each is, UTC
WEEKDAYS = (1.1, 1.0, 0.7, 0.8, 1.1, 1.15, 1.15)  # likewise; 1970-01-01 was a Thursday


class Drawn:
    """A weighted list to draw from."""

    def __init__(self, random: Random, weights: Mapping[Any, float]) -> None:
        self.random, self.values = random, list(weights)
        self.cumulative = list(accumulate(weights.values()))

    def draw(self, count: int) -> list[Any]:
        return self.random.choices(self.values, cum_weights=self.cumulative, k=count)


def long_tail(values: list[str], total: float) -> dict[str, float]:
    weights = [1 / place for place in range(1, len(values) + 1)]
    scale = total / sum(weights)
    return {value: scale * weight for value, weight in zip(values, weights, strict=True)}


def kinds_of_events() -> dict[tuple[int, str | None, str | None], float]:
    """`kind`, `name` and `properties` of an event, each with its weight."""
    kinds: dict[tuple[int, str | None, str | None], float] = {}
    for (event_type, name, key, values), weight in TYPES.items():
        kind = KIND_OF.get(event_type, NAMED)
        if key is None:
            kinds[kind, name, None] = weight
            continue
        given: dict[str, Any] = {"event_name": name} if event_type == "custom" else {}
        for value in values:
            kinds[kind, name, encode_properties(given | {key: value})] = weight / len(values)
    return kinds


class Traffic:
    """A website's traffic. Busier ones have more pages, and more others link to them."""

    def __init__(self, website: Website, events_a_day: float, random: Random) -> None:
        self.website, self.random = website, random

        def name(number: int) -> str:
            section, first, second = (random.choice(words) for words in (SECTIONS, WORDS, WORDS))
            return f"/{section}/{first}-{second}-{number}"

        def most(limit: int, wanted: float) -> int:
            return max(20, min(limit, round(wanted)))

        paths = ["/", *(name(number) for number in range(1, most(MOST_PATHS, events_a_day / 1.75)))]
        others = [f"https://site-{n}.example/" for n in range(most(MOST_REFERRERS, events_a_day / 6))]
        referrers = REFERRERS | long_tail(others, OTHER_REFERRERS)
        self.paths = Drawn(random, long_tail(paths, 1))
        self.kinds = Drawn(random, kinds_of_events())
        self.sources = Drawn(
            random,
            {
                classify_referrer(referrer, website.domain, ""): weight
                for referrer, weight in referrers.items()
            },
        )
        self.agents, self.countries, self.campaigns, self.hours = (
            Drawn(random, weights) for weights in (AGENTS, COUNTRIES, CAMPAIGNS, dict(enumerate(HOURS)))
        )

    def of_day(self, day: int, count: float) -> list[Event]:
        """About so many events of a UTC day, in order of time; fewer on a weekend."""
        random, site, zone = self.random, self.website.site, self.website.timezone
        visits = int(count * WEEKDAYS[day % 7] / EVENTS_A_VISIT + random.random())
        lengths = [min(LONGEST_VISIT, int(random.paretovariate(1.1))) for _ in range(visits)]
        paths, kinds = (iter(drawn.draw(sum(lengths))) for drawn in (self.paths, self.kinds))
        begins = [day * DAY + hour * 3600 + random.randrange(3600) for hour in self.hours.draw(visits)]
        columns = (
            drawn.draw(visits) for drawn in (self.sources, self.campaigns, self.agents, self.countries)
        )
        hashes: list[int] = []
        events = []
        for at, length, source, utm, agent, country in zip(begins, lengths, *columns, strict=True):
            comes_back = hashes and random.random() < 0.12
            hashes.append(random.choice(hashes) if comes_back else random.getrandbits(63))
            device, browser, os, screen = agent
            is_bot = random.random() < 0.05
            came = (source.channel, source.referrer, utm)
            visitor = Visitor(hashes[-1], *came, device, browser, os, screen, country, is_bot, False)
            kind, name, properties = PAGE_VIEW, None, None
            for _ in range(length):
                path = next(paths)
                events.append(Event(site, at, local_day(zone, at), kind, path, name, properties, visitor))
                kind, name, properties = next(kinds)
                at = min(at + random.randrange(3, 90), day * DAY + DAY - 1)  # the salt turns at midnight
        return sorted(events, key=lambda event: event.at)
