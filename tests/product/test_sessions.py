"""GET /sessions, and how plays and stops are paired as they are stored."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.make import FakeClock
from tests.product.make import ask, raw_events, track
from tinytrail.app import create_app
from tinytrail.config import Config

DAY = "2025-01-18"


def row(total: int, sessions: int, average: int, date: str = DAY) -> dict[str, Any]:
    return {"date": date, "totalDuration": total, "sessionCount": sessions, "averageDuration": average}


PAIRING = [
    # in order of arrival                                       what sessions come of it
    ("a play and its stop", "play 10:00:00, stop 10:01:00", [60]),
    ("two sessions", "play 10:00:00, stop 10:01:00, play 11:00:00, stop 11:02:00", [60, 120]),
    ("a play alone", "play 10:00:00", []),
    ("a stop alone", "stop 10:00:00", []),
    ("a stop before the play", "stop 10:00:00, play 10:01:00", []),
    ("the stop arrives first", "stop 10:01:00, play 10:00:00", [60]),
    ("the most recent play wins", "play 10:00:00, play 10:05:00, stop 10:06:00", [60]),
    ("by timestamp, not by arrival", "play 10:05:00, play 10:00:00, stop 10:06:00", [60]),
    ("the older play is still open", "play 10:00:00, play 10:05:00, stop 10:06:00, stop 10:07:00", [60, 420]),
    ("never a play after the stop", "play 10:05:00, play 10:00:00, stop 10:01:00", [60]),
    ("a second stop finds nothing", "play 10:00:00, stop 10:01:00, stop 10:02:00", [60]),
    ("a late play takes the first stop", "stop 10:02:00, stop 10:01:00, play 10:00:00", [60]),
    ("but none before it", "stop 10:02:00, stop 10:00:00, play 10:01:00", [60]),
    ("a finished session is not paired anew", "play 10:00:00, stop 10:05:00, play 10:04:00", [300]),
    ("nor for an earlier stop", "play 10:00:00, stop 10:05:00, stop 10:01:00", [300]),
    ("one instant", "play 10:00:00, stop 10:00:00", [0]),
    ("one instant, the stop first", "stop 10:00:00, play 10:00:00", [0]),
    ("one instant, twice", "play 10:00:00, play 10:00:00, stop 10:00:00, stop 10:00:00", [0, 0]),
    ("order within a second", "play 10:00:00.9, stop 10:00:00.8", []),
    ("order within a millisecond", "play 10:00:00.000002, stop 10:00:00.000001", []),
    ("under half a second", "play 10:00:00, stop 10:00:00.499999", [0]),
    ("half a second", "play 10:00:00.5, stop 10:00:01", [1]),
    ("other events do not matter", "play 10:00:00, pause 10:00:30, stop 10:01:00", [60]),
    ("nor do other cases", "Play 10:00:00, STOP 10:01:00", []),
]


@pytest.mark.parametrize(
    ("arrivals", "seconds"), [case[1:] for case in PAIRING], ids=[case[0] for case in PAIRING]
)
async def test_pairing(client: AsyncClient, arrivals: str, seconds: list[int]) -> None:
    await track(client, *(arrival.replace(" ", f" {DAY}T") + "Z" for arrival in arrivals.split(", ")))

    expected = [row(sum(seconds), len(seconds), round_half_up(sum(seconds), len(seconds)))] if seconds else []
    assert await ask(client, "/sessions") == expected
    assert await ask(client, "/sessions", user_id="alice") == expected


def round_half_up(total: int, number: int) -> int:
    return int(total / number + 0.5)


async def test_one_users_stop_does_not_end_anothers_play(client: AsyncClient) -> None:
    await track(client, f"play {DAY}T10:00:00Z", user_id="alice")
    await track(client, f"stop {DAY}T10:01:00Z", user_id="bob")
    assert await ask(client, "/sessions") == []


async def test_a_session_belongs_to_the_day_its_play_began(client: AsyncClient) -> None:
    await track(client, "play 2025-01-31T23:59:00Z", "stop 2025-02-01T00:01:00Z")
    await track(client, "stop 2025-03-01T00:01:00Z", "play 2025-02-28T23:59:00Z")  # this way round too

    expected = [row(120, 1, 120, "2025-01-31"), row(120, 1, 120, "2025-02-28")]
    assert await ask(client, "/sessions") == expected
    assert await ask(client, "/sessions", end_date="2025-01-31") == expected[:1]
    assert await ask(client, "/sessions", start_date="2025-02-01", end_date="2025-02-27") == []


async def test_averages_are_rounded_half_up(client: AsyncClient) -> None:
    await track(client, f"play {DAY}T10:00:00Z", f"stop {DAY}T10:00:02Z")
    await track(client, f"play {DAY}T11:00:00Z", f"stop {DAY}T11:00:03Z")
    assert await ask(client, "/sessions") == [row(5, 2, 3)]


async def test_groups_and_users(client: AsyncClient) -> None:
    await track(client, "play 2025-01-30T10:00:00Z", "stop 2025-01-30T10:00:10Z")
    await track(client, "play 2025-02-02T10:00:00Z", "stop 2025-02-02T10:00:20Z")
    await track(client, "play 2025-02-03T10:00:00Z", "stop 2025-02-03T10:00:40Z", user_id="bob")

    weeks = [row(30, 2, 15, "2025-01-27"), row(40, 1, 40, "2025-02-03")]
    assert await ask(client, "/sessions", group_by="week") == weeks
    months = [row(10, 1, 10, "2025-01-01"), row(60, 2, 30, "2025-02-01")]
    assert await ask(client, "/sessions", group_by="month") == months
    assert await ask(client, "/sessions", user_id="bob") == [row(40, 1, 40, "2025-02-03")]
    assert await ask(client, "/sessions", user_id="eve") == []


async def test_a_play_in_the_future_counts_from_now(client: AsyncClient, clock: FakeClock) -> None:
    await track(client, "play 2030-01-01T00:00:00Z")
    clock.now += 90
    await track(client, "stop 2030-01-01T00:00:01Z")
    year = {"start_date": "2026-01-01", "end_date": "2026-12-31"}
    assert await ask(client, "/sessions", **year) == [row(90, 1, 90, "2026-03-14")]


# The model: the rule as docs/api/product.md has it, for one user after the other, in order of arrival.

Arrived = tuple[str, datetime]
START = datetime(2025, 1, 18, 23, 59, 50, tzinfo=UTC)


def sessions_of(arrived: Iterable[Arrived]) -> list[dict[str, Any]]:
    open_plays: list[datetime] = []
    open_stops: list[datetime] = []
    days: defaultdict[str, list[int]] = defaultdict(list)
    for name, at in arrived:
        mine, others = (open_plays, open_stops) if name == "play" else (open_stops, open_plays)
        fitting = [other for other in others if (other >= at if name == "play" else other <= at)]
        if not fitting:
            mine.append(at)
            continue
        other = min(fitting) if name == "play" else max(fitting)
        others.remove(other)
        seconds = abs(at - other).total_seconds()
        days[min(at, other).date().isoformat()].append(int(seconds + 0.5))
    return [
        row(sum(lengths), len(lengths), round_half_up(sum(lengths), len(lengths)), day)
        for day, lengths in sorted(days.items())
    ]


ARRIVAL = st.tuples(
    st.sampled_from(["alice", "bob"]),
    st.sampled_from(["play", "stop"]),
    st.sampled_from([0, 0.001, 0.5, 1, 1.5, 2, 9.999, 10, 60, 86_400]),
)
BURSTS = st.lists(st.lists(ARRIVAL, min_size=1, max_size=12), min_size=1, max_size=6)


def test_pairing_is_the_models_however_events_arrive(config: Config, clock: FakeClock) -> None:
    """Each burst is sent at once, the bursts one after the other; the database tells who came first."""
    example = count()

    async def check(client: AsyncClient, app: Any, bursts: list[list[tuple[str, str, float]]]) -> None:
        tag = next(example)
        for burst in bursts:
            await asyncio.gather(
                *(
                    track(
                        client,
                        f"{name} {(START + timedelta(seconds=at)).isoformat()}",
                        user_id=f"{user}{tag}",
                    )
                    for user, name, at in burst
                )
            )
        arrived: dict[str, list[Arrived]] = {f"alice{tag}": [], f"bob{tag}": []}
        for stored in await app.state.db.read(raw_events):
            if stored["user_id"] in arrived:
                at = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=stored["at"])
                arrived[stored["user_id"]].append((stored["event"], at))
        assert sum(map(len, arrived.values())) == sum(map(len, bursts))
        for user, events in arrived.items():
            assert await ask(client, "/sessions", user_id=user) == sessions_of(events)

    async def check_all() -> None:
        app: Any = create_app(config, clock)
        loop = asyncio.get_running_loop()
        async with app.lifespan(), AsyncClient(transport=ASGITransport(app), base_url="http://t") as client:

            @settings(deadline=None, max_examples=100)
            @given(BURSTS)
            def examples(bursts: list[list[tuple[str, str, float]]]) -> None:
                asyncio.run_coroutine_threadsafe(check(client, app, bursts), loop).result(60)

            await asyncio.to_thread(examples)

    asyncio.run(check_all())
