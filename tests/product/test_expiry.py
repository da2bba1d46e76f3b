"""Raw events go after 30 days; what was counted of them stays."""

from pathlib import Path

import pytest
from httpx import AsyncClient
from litestar import Litestar

from tests.make import DAY, FakeClock, alone_in
from tests.product.make import ask, event, raw_events, track
from tinytrail import jobs
from tinytrail.config import Config
from tinytrail.core.db import Database
from tinytrail.product.expiry import purge_old_events

[EXPIRY] = [job for job in jobs.JOBS if job.run is jobs.expire_events]
ALL_TIME = {"start_date": "2025-01-01", "end_date": "2027-01-01"}


async def test_it_runs_at_start_and_hourly() -> None:
    assert EXPIRY.at_start
    minute, *rest = EXPIRY.when.split()
    assert minute.isdigit()
    assert rest == ["*"] * 4


async def test_an_event_lives_30_days_from_when_it_came(
    app: Litestar, client: AsyncClient, db: Database, clock: FakeClock
) -> None:
    await track(client, "old 2025-01-01T00:00:00Z")  # long ago, yet it came today
    clock.now += 1
    await track(client, "new")

    clock.now += 30 * DAY - 1
    await jobs.run(EXPIRY, app.state)
    assert [stored["event"] for stored in await db.read(raw_events)] == ["old", "new"]

    clock.now += 1
    await jobs.run(EXPIRY, app.state)
    assert [stored["event"] for stored in await db.read(raw_events)] == ["new"]


async def test_counts_and_finished_sessions_stay(
    app: Litestar, client: AsyncClient, db: Database, clock: FakeClock
) -> None:
    await track(client, "play 2025-01-18T14:30:00Z", "stop 2025-01-18T14:31:00Z", "view")
    before = [await ask(client, path, **ALL_TIME) for path in ("/metrics", "/sessions")]

    clock.now += 400 * DAY
    await jobs.run(EXPIRY, app.state)

    assert await db.read(raw_events) == []
    assert [await ask(client, path, **ALL_TIME) for path in ("/metrics", "/sessions")] == before


async def test_an_open_play_is_forgotten_with_its_event(
    app: Litestar, client: AsyncClient, clock: FakeClock
) -> None:
    await track(client, "play")
    clock.now += 31 * DAY
    await jobs.run(EXPIRY, app.state)

    await track(client, "stop")

    assert await ask(client, "/sessions", **ALL_TIME) == []


async def test_events_that_come_after_all_have_gone_are_kept(
    app: Litestar, client: AsyncClient, db: Database, clock: FakeClock
) -> None:
    await track(client, "play")
    clock.now += 31 * DAY
    await jobs.run(EXPIRY, app.state)
    await track(client, "play", "stop")

    assert [stored["event"] for stored in await db.read(raw_events)] == ["play", "stop"]
    assert [row["sessionCount"] for row in await ask(client, "/sessions", **ALL_TIME)] == [1]


async def test_more_than_a_slice_goes_too(
    client: AsyncClient, db: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tinytrail.core.slices.FIRST_SLICE", 3)
    for number in range(9):
        await client.post("/track", json=event(event=f"event{number}", timestamp=...))

    await purge_old_events(db, 30, clock.now + 31 * DAY)

    assert await db.read(raw_events) == []


async def test_what_a_clock_that_was_ahead_has_dated_keeps_nothing_else(
    app: Litestar, client: AsyncClient, db: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes with what came after it, and not before: whether it is old cannot be told until then."""
    monkeypatch.setattr("tinytrail.core.slices.FIRST_SLICE", 3)
    clock.now += 4000 * DAY
    await track(client, "ahead1", "ahead2", "ahead3", "ahead4")
    clock.now -= 4000 * DAY
    await track(client, "old1", "old2", "old3", "old4", "old5")
    clock.now += 29 * DAY
    await track(client, "new")

    await jobs.run(EXPIRY, app.state)
    assert len(await db.read(raw_events)) == 10
    clock.now += 2 * DAY
    await jobs.run(EXPIRY, app.state)
    assert [stored["event"] for stored in await db.read(raw_events)] == ["new"]


@pytest.mark.parametrize("days", [-20_000, -60, -1])
async def test_a_clock_that_is_behind_deletes_nothing(
    app: Litestar, client: AsyncClient, db: Database, clock: FakeClock, days: int
) -> None:
    """As that of a machine without a battery at its start; nor does its being right again."""
    await track(client, "new")
    clock.now += days * DAY
    await track(client, "behind")
    await jobs.run(EXPIRY, app.state)
    assert len(await db.read(raw_events)) == 2

    clock.now -= days * DAY
    await track(client, "newer")
    await jobs.run(EXPIRY, app.state)
    assert {"new", "newer"} <= {stored["event"] for stored in await db.read(raw_events)}


class TestForever:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return alone_in(tmp_path, "track", track={"retention_days": 0})

    async def test_0_days_keep_all(
        self, app: Litestar, client: AsyncClient, db: Database, clock: FakeClock
    ) -> None:
        await track(client, "view")
        clock.now += 10_000 * DAY
        await jobs.run(EXPIRY, app.state)
        assert len(await db.read(raw_events)) == 1
