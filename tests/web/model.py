"""What every report should say, worked out the slow and obvious way from a list of all events.

It shares no code with the product: visits are walked through, days are dates, sums are loops.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import unquote
from zoneinfo import ZoneInfo

DEFAULT_TYPES = {"page_view", "close_tab", "scroll_25", "scroll_50", "scroll_75", "outbound_link"}


class Site(NamedTuple):
    name: str
    zone: str


@cache
def local(at: int, zone: str) -> datetime:
    return datetime.fromtimestamp(at, ZoneInfo(zone))


@cache
def hour_of(at: int, zone: str) -> str:
    return f"{local(at, zone):%Y-%m-%dT%H:00}"


class Happening(NamedTuple):
    """An event as it was sent, and what is known of its sender."""

    at: int
    site: Site
    visitor: tuple[str, str, int]  # address, agent, and how often the server had been started
    type: str
    path: str
    name: str | None  # of a custom event
    group: str | None  # of the path
    channel: str
    referrer: str | None
    utm: tuple[str | None, str | None, str | None]
    device: str
    browser: str
    os: str
    screen: str
    country: str | None
    properties: Mapping[str, Any]
    is_bot: bool
    is_excluded: bool

    @property
    def day(self) -> date:
        return local(self.at, self.site.zone).date()

    @property
    def hour(self) -> str:
        return hour_of(self.at, self.site.zone)

    @property
    def shown_properties(self) -> dict[str, str]:
        """Those that did not give the event its name; texts as they are, all else as JSON."""
        shown = dict(self.properties) if self.name else {}
        if self.type == "custom":
            for naming in ("event_name", "name"):
                if isinstance(shown.get(naming), str) and shown[naming]:
                    del shown[naming]
                    break
        return {
            name: value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
            for name, value in shown.items()
        }


class Visit:
    def __init__(self, first: Happening) -> None:
        self.events = [first]

    @property
    def first(self) -> Happening:
        return self.events[0]

    @property
    def day(self) -> date:
        return self.first.day

    @property
    def views(self) -> list[Happening]:
        return [event for event in self.events if event.type == "page_view"]

    @property
    def is_bounce(self) -> bool:
        return len(self.views) == 1 and not any(event.name for event in self.events)

    @property
    def seconds(self) -> int:
        return self.events[-1].at - self.first.at


def visits_of(events: Iterable[Happening]) -> list[Visit]:
    """A visitor of a UTC day, with no gap over half an hour."""
    visits: list[Visit] = []
    latest: dict[Any, Visit] = {}
    for event in events:
        utc_day = datetime.fromtimestamp(event.at, UTC).date()
        key = (event.site, event.visitor, utc_day, event.is_excluded)
        if key in latest and event.at - latest[key].events[-1].at <= 30 * 60:
            latest[key].events.append(event)
        else:
            latest[key] = Visit(event)
            visits.append(latest[key])
    return visits


def half_up(value: Fraction, decimals: int) -> float:
    scale = 10**decimals
    return float(int(value * scale + Fraction(1, 2)) / scale)


class Filter:
    """Values asked for by dimension: of a dimension any will do, all dimensions must hold."""

    def __init__(self, asked: Mapping[str, list[str]]) -> None:
        self.asked = asked
        self.is_of_pages = bool(asked.keys() & {"page", "content_group"})
        self.is_of_events = bool(asked.keys() & {"event", "property"})

    def has(self, dimension: str, value: str | None) -> bool:
        return dimension not in self.asked or value in self.asked[dimension]

    def is_of(self, visit: Visit) -> bool:
        """What is asked of the visit itself."""
        first, paths = visit.first, [view.path for view in visit.views]
        return (
            self.has("entry", paths[0] if paths else None)
            and self.has("exit", paths[-1] if paths else None)
            and all(self.has(f"utm_{name}", first.utm[n]) for n, name in enumerate(UTM))
            and all(self.has(name, getattr(first, name)) for name in ATTRIBUTES)
        )

    def is_on(self, event: Happening) -> bool:
        """What is asked of a page view, or of the page that something else happened on."""
        return self.has("page", event.path) and self.has("content_group", event.group)

    def is_event(self, event: Happening) -> bool:
        """What is asked of a custom event."""
        pairs = [f"{name}={text}" for name, text in event.shown_properties.items()]
        of_property = "property" not in self.asked or set(pairs) & set(self.asked["property"])
        return event.name is not None and self.has("event", event.name) and bool(of_property)

    def has_event(self, visit: Visit) -> bool:
        return not self.is_of_events or any(self.is_event(event) for event in visit.events)

    def keeps(self, visit: Visit) -> bool:
        with_page = not self.is_of_pages or any(self.is_on(view) for view in visit.views)
        return self.is_of(visit) and with_page and self.has_event(visit)

    def keeps_event(self, visit: Visit, event: Happening) -> bool:
        """A custom event must be one of those asked for; anything else belong to a visit that is kept."""
        if event.name:
            return self.is_of(visit) and self.is_on(event) and (not self.is_of_events or self.is_event(event))
        return self.keeps(visit) and self.is_on(event)


UTM = ("source", "medium", "campaign")
ATTRIBUTES = ("channel", "referrer", "device", "browser", "os", "screen", "country")


class Expected:
    """The reports of one site, period and filter."""

    def __init__(
        self,
        events: list[Happening],
        site: Site,
        start: date,
        end: date,
        include_bots: bool = False,
        filters: Mapping[str, list[str]] | None = None,
    ) -> None:
        self.start, self.end = start, end
        shown = [
            visit
            for visit in visits_of(events)
            if visit.first.site == site
            and not visit.first.is_excluded
            and (include_bots or not visit.first.is_bot)
        ]
        kept = Filter(filters or {})
        self.visits = [visit for visit in shown if start <= visit.day <= end and kept.keeps(visit)]
        self.all_visits = [visit for visit in shown if kept.keeps(visit)]
        self.all_events = [
            event for visit in shown for event in visit.events if kept.keeps_event(visit, event)
        ]
        happened = [event for event in self.all_events if start <= event.day <= end]
        self.views = [event for event in happened if event.type == "page_view"]
        self.customs = [event for event in happened if event.name]

    def realtime(self, now: float) -> dict[str, Any]:
        def is_recent(event: Happening) -> bool:
            return event.at > now - 1800 and not event.is_bot

        pages: dict[str, set[Any]] = {}
        for event in filter(is_recent, self.all_events):
            if event.type == "page_view":
                pages.setdefault(event.path, set()).add(identity(event))
        counted = Counter({path: len(seen) for path, seen in pages.items()})
        types = Counter(event.type for event in self.all_events if is_recent(event))
        active = {identity(e) for visit in self.all_visits for e in visit.events if is_recent(e)}
        return {
            "active_visitors": len(active),
            "top_pages": [{"path": path, "visitors": count} for path, count in ranked(counted)],
            "events_by_type": [{"eventType": kind, "count": count} for kind, count in ranked(types)],
        }

    def summary(self) -> dict[str, float]:
        count = len(self.visits)
        return {
            "visits": count,
            "unique_visitors": visitors(self.visits),
            "pageviews": len(self.views),
            "bounce_rate": bounce_rate(self.visits),
            "avg_session_duration_sec": average_seconds(self.visits),
        }

    def pages(self) -> list[dict[str, Any]]:
        views = Counter(event.path for event in self.views)
        groups = {event.path: event.group for event in self.views}
        return [
            {
                "path": path,
                "contentGroup": groups[path],
                "pageviews": count,
                "uniquePageviews": uniques(view for view in self.views if view.path == path),
            }
            for path, count in ranked(views)
        ]

    def by(self, key: Callable[[Happening], Any], name: str) -> list[dict[str, Any]]:
        counted = Counter(key(visit.first) for visit in self.visits if key(visit.first) is not None)
        return [{name: value, "visits": count} for value, count in ranked(counted)]

    def campaigns(self) -> list[dict[str, Any]]:
        counted = Counter(visit.first.utm for visit in self.visits if any(visit.first.utm))
        keys = ("utmSource", "utmMedium", "utmCampaign")
        nulls_first = sorted(counted.items(), key=lambda row: (-row[1], [part or "" for part in row[0]]))
        return [dict(zip(keys, utm, strict=True)) | {"visits": count} for utm, count in nulls_first]

    def landing_pages(self) -> list[dict[str, Any]]:
        counted = Counter(visit.views[0].path for visit in self.visits if visit.views)
        return [{"path": path, "entries": count} for path, count in ranked(counted)]

    def exit_pages(self) -> list[dict[str, Any]]:
        counted = Counter(visit.views[-1].path for visit in self.visits if visit.views)
        return [{"path": path, "exits": count} for path, count in ranked(counted)]

    def custom_events(self) -> list[dict[str, Any]]:
        counted = Counter(event.name for event in self.customs)
        return [{"name": name, "count": count} for name, count in ranked(counted)]

    def event_properties(self, event_name: str | None = None) -> list[dict[str, Any]]:
        counted = Counter(
            pair
            for event in self.customs
            if event_name in (None, event.name)
            for pair in event.shown_properties.items()
        )
        return [{"property": name, "value": text, "count": n} for (name, text), n in ranked(counted)]

    def funnel(self, steps: list[str]) -> list[dict[str, Any]]:
        counts = [0] * len(steps)
        for visit in self.visits:
            reached = 0
            for event in visit.events:
                if reached < len(steps) and takes(event, steps[reached]):
                    reached += 1
            for step in range(reached):
                counts[step] += 1
        rows = []
        for number, (name, count) in enumerate(zip(steps, counts, strict=True)):
            before = counts[number - 1] if number else 0
            rate = 100.0 if not number else half_up(Fraction(100 * count, before), 2) if before else 0.0
            rows.append({"step": name, "sessions": count, "conversion_rate": rate})
        return rows

    def timeseries(self, metric: str, path: str | None, by: str = "day") -> list[dict[str, Any]]:
        days = [self.start + timedelta(days=n) for n in range((self.end - self.start).days + 1)]
        hours = [f"{day}T{hour:02}:00" for day in days for hour in range(24)]
        return [
            {"date": str(when), "value": self.metric(metric, path, by, when)}
            for when in (hours if by == "hour" else days)
        ]

    def metric(self, metric: str, path: str | None, by: str, when: Any) -> float:
        views = [view for view in self.views if getattr(view, by) == when and path in (None, view.path)]
        visits = [visit for visit in self.visits if getattr(visit.first, by) == when]
        with_views = [visit for visit in visits if visit.views]
        if path:
            visits = [visit for visit in visits if any(view.path == path for view in visit.views)]
        match metric:
            case "pageviews":
                return len(views)
            case "unique_pageviews":
                return uniques(views)
            case "unique_visitors":
                return uniques(views) if path else visitors(visits)
            case "visits":
                return len(visits)
            case "bounce_rate":
                return bounce_rate(visits)
            case "avg_session_duration":
                return average_seconds(visits)
            case "landing_page_entries":
                return sum(path in (None, visit.views[0].path) for visit in with_views)
            case _:
                return sum(path in (None, visit.views[-1].path) for visit in with_views)


def searched(rows: list[dict[str, Any]], text: str, *keys: str) -> list[dict[str, Any]]:
    """Those rows that have the text in one of these, as it stands or decoded."""
    return [
        row
        for row in rows
        if any(
            text.lower() in one.lower() for key in keys for one in (row[key] or "", unquote(row[key] or ""))
        )
    ]


def takes(event: Happening, step: str) -> bool:
    if step.startswith("/"):
        return event.type == "page_view" and event.path == step
    return step in (event.type, event.name)


def ranked(counted: Counter[Any]) -> list[tuple[Any, int]]:
    return sorted(counted.items(), key=lambda row: (-row[1], row[0]))


def visitors(visits: Iterable[Visit]) -> int:
    """Nobody is the same visitor on two days; a site's day may touch two of the salt's."""
    return len({(visit.day, *identity(visit.first)) for visit in visits})


def uniques(views: Iterable[Happening]) -> int:
    return len({(view.day, view.path, *identity(view)) for view in views})


def identity(event: Happening) -> tuple[Any, ...]:
    return (event.visitor, datetime.fromtimestamp(event.at, UTC).date())


def bounce_rate(visits: list[Visit]) -> float:
    bounces = sum(visit.is_bounce for visit in visits)
    return half_up(Fraction(100 * bounces, len(visits)), 1) if visits else 0


def average_seconds(visits: list[Visit]) -> float:
    return half_up(Fraction(sum(visit.seconds for visit in visits), len(visits)), 0) if visits else 0
