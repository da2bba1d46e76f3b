"""What every report should say, worked out the slow and obvious way from a list of all events.

It shares no code with the product: visits are walked through, days are dates, sums are loops.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

DEFAULT_TYPES = {"page_view", "close_tab", "scroll_25", "scroll_50", "scroll_75", "outbound_link"}


class Site(NamedTuple):
    name: str
    zone: str


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
    is_bot: bool
    is_excluded: bool

    @property
    def day(self) -> date:
        return datetime.fromtimestamp(self.at, ZoneInfo(self.site.zone)).date()

    @property
    def hour(self) -> str:
        return f"{datetime.fromtimestamp(self.at, ZoneInfo(self.site.zone)):%Y-%m-%dT%H:00}"


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


class Expected:
    """The reports of one site, period and filter."""

    def __init__(
        self,
        events: list[Happening],
        site: Site,
        start: date,
        end: date,
        include_bots: bool = False,
        group: str | None = None,
    ) -> None:
        self.start, self.end = start, end
        shown = [
            visit
            for visit in visits_of(events)
            if visit.first.site == site
            and not visit.first.is_excluded
            and (include_bots or not visit.first.is_bot)
        ]
        in_group: Callable[[Happening], bool] = lambda event: group is None or event.group == group  # noqa: E731
        self.visits = [
            visit
            for visit in shown
            if start <= visit.day <= end and (group is None or any(map(in_group, visit.views)))
        ]
        happened = [event for visit in shown for event in visit.events if start <= event.day <= end]
        self.views = [event for event in happened if event.type == "page_view" and in_group(event)]
        self.customs = [event for event in happened if event.name and in_group(event)]

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
    """Those rows that have the text in one of these."""
    return [row for row in rows if any(text.lower() in (row[key] or "").lower() for key in keys)]


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
