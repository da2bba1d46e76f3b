"""What runs by itself: that it runs, when it is due, and what it does."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from time import monotonic
from typing import Self
from zoneinfo import ZoneInfo

import msgspec
import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from httpx import AsyncClient
from litestar import Litestar
from litestar.datastructures import State

from tests.make import DAY, HOUR, SATURDAY, FakeClock, config_in, hit, moment
from tinytrail import jobs
from tinytrail.app import create_app
from tinytrail.config import Config
from tinytrail.core.clock import utc_day
from tinytrail.core.connect import Tx
from tinytrail.core.db import Database
from tinytrail.first_run import make_first_admin
from tinytrail.jobs import JOBS, Job, run, run_missed, schedule
from tinytrail.web.accounts import insert_account
from tinytrail.web.salts import DailySalt
from tinytrail.web.sessions import Session, insert_session
from tinytrail.web.websites import NewWebsite, insert_website

SECONDS = 10  # that anything may take here before a test fails
BY_NAME = {job.name: job for job in JOBS}


def add_website(tx: Tx, timezone: str = "UTC") -> str:
    account = insert_account(tx, "Alice", 0)
    return insert_website(tx, NewWebsite(domain="example.com", timezone=timezone), account.id, 0).id


def open_days(tx: Tx) -> list[int]:
    return [day for (day,) in tx.execute("select day from open_days order by day")]


def days_in(tx: Tx, table: str) -> list[int]:
    return [day for (day,) in tx.execute(f"select distinct day from {table} order by day")]


@pytest.fixture
def due_clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """What APScheduler goes by, and stands still: nothing is due but what a test makes due, though a full
    minute of the real clock come amid it."""
    clock = FakeClock(SATURDAY + 30)

    class StandingStill(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(clock.now, tz)

    monkeypatch.setattr("apscheduler.schedulers.base.datetime", StandingStill)
    return clock


def time_of(clock: FakeClock) -> datetime:
    return datetime.fromtimestamp(clock.now, UTC)


async def until_no_day_is_open(db: Database) -> None:
    async with asyncio.timeout(SECONDS):
        while await db.read(open_days):  # noqa: ASYNC110 - nothing tells when a rollup is through
            await asyncio.sleep(0.01)


async def visit(client: AsyncClient, website_id: str) -> None:
    assert (await client.post("/api/v1/collect", json=hit(website_id))).status_code == 202


def bare_state() -> State:
    """What running a job needs, whatever the job itself does."""
    return State({"runs": {}, "clock": FakeClock()})


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> asyncio.Queue[str]:
    """The names of the jobs that have run, in place of the work they do."""
    ran: asyncio.Queue[str] = asyncio.Queue()

    def noting(job: Job) -> Job:
        async def note(state: State) -> None:
            ran.put_nowait(job.name)

        return job._replace(run=note)

    monkeypatch.setattr(jobs, "JOBS", tuple(noting(job) for job in JOBS))
    return ran


@pytest.fixture
async def scheduler(ran: asyncio.Queue[str], due_clock: FakeClock) -> AsyncIterator[AsyncIOScheduler]:
    yield (scheduler := schedule(bare_state()))
    scheduler.shutdown()


async def fire_all(scheduler: AsyncIOScheduler, ran: asyncio.Queue[str], clock: FakeClock) -> set[str]:
    """Have the running scheduler find every job due now; as many names as there are jobs."""
    for job in scheduler.get_jobs():
        job.modify(next_run_time=time_of(clock))
    names: set[str] = set()
    async with asyncio.timeout(SECONDS):
        while len(names) < len(JOBS):
            names.add(await ran.get())
    return names


async def test_the_scheduler_runs_every_job(
    scheduler: AsyncIOScheduler, ran: asyncio.Queue[str], due_clock: FakeClock
) -> None:
    assert await fire_all(scheduler, ran, due_clock) == {job.name for job in JOBS}


async def test_a_job_that_fails_is_logged_and_stops_no_other_and_not_its_next_run(
    ran: asyncio.Queue[str],
    due_clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(state: State) -> None:
        ran.put_nowait("failed")
        raise ZeroDivisionError

    first, *others = jobs.JOBS
    monkeypatch.setattr(jobs, "JOBS", (first._replace(run=fail), *others))
    scheduler = schedule(bare_state())
    for _ in range(2):
        assert await fire_all(scheduler, ran, due_clock) == {"failed"} | {job.name for job in others}
    scheduler.shutdown()

    failures = [record for record in caplog.records if record.exc_info]
    assert [record.getMessage() for record in failures] == [f"could not {first.name}"] * 2


@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("turn the daily salt", ["03-15 00:00", "03-16 00:00"]),
        ("roll up finished days", ["03-14 09:35", "03-14 09:45"]),
        ("forget what is too old or deleted", ["03-14 09:35", "03-14 10:35"]),
        ("forget sessions past their time", ["03-14 09:40", "03-14 10:40"]),
        ("give free pages back", ["03-15 03:15", "03-16 03:15"]),
    ],
)
async def test_jobs_are_due_by_utc_whatever_the_machines_zone(
    name: str, times: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("triggers.cron", "schedulers.base"):
        monkeypatch.setattr(f"apscheduler.{module}.get_localzone", lambda: ZoneInfo("Asia/Kathmandu"))
    scheduler = schedule(bare_state())
    at = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
    due = []
    for _ in times:
        at = scheduler.get_job(name).trigger.get_next_fire_time(None, at)
        due.append(f"{at.astimezone(UTC):%m-%d %H:%M}")
        at += timedelta(seconds=1)
    scheduler.shutdown()
    assert due == times


def due_times(scheduler: AsyncIOScheduler) -> dict[str, datetime]:
    return {job.id: job.next_run_time for job in scheduler.get_jobs()}


@pytest.mark.parametrize(
    ("set_back", "is_noticed"), [(40 * DAY, True), (2 * HOUR, True), (0, False), (-40 * DAY, False)]
)
async def test_jobs_do_not_wait_for_a_clock_that_was_set_back_to_catch_up(
    scheduler: AsyncIOScheduler,
    due_clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
    set_back: float,
    is_noticed: bool,
) -> None:
    before = due_times(scheduler)
    due_clock.now -= set_back
    now = time_of(due_clock)
    jobs.schedule_anew(scheduler, now)
    for name, due in due_times(scheduler).items():
        assert due - now <= timedelta(days=1) or due == before[name]
        assert is_noticed or due == before[name]
    assert [record.getMessage().partition(";")[0] for record in caplog.records] == [
        "the clock was set back"
    ] * is_noticed
    jobs.schedule_anew(scheduler, now)
    assert len(caplog.records) == is_noticed  # once


async def test_a_clock_that_leaps_by_years_has_each_job_run_once_at_once(
    scheduler: AsyncIOScheduler, ran: asyncio.Queue[str], due_clock: FakeClock
) -> None:
    began = monotonic()
    due_clock.now += 1000 * DAY
    scheduler.wakeup()
    names = [await ran.get() for _ in JOBS]
    assert monotonic() - began < SECONDS  # nothing else ran meanwhile, a timeout neither
    assert sorted(names) == sorted(job.name for job in JOBS)
    assert min(due_times(scheduler).values()) > time_of(due_clock)
    assert ran.empty()


async def test_a_running_server_sees_that_its_clock_was_set_back(
    ran: asyncio.Queue[str], config: Config, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "A_WHILE", 0.01)
    schedulers: list[AsyncIOScheduler] = []

    def schedule_for_later(state: State) -> AsyncIOScheduler:
        schedulers.append(scheduler := schedule(state))
        for job in scheduler.get_jobs():
            job.modify(next_run_time=datetime.now(UTC) + timedelta(days=40))
        return scheduler

    monkeypatch.setattr(jobs, "schedule", schedule_for_later)
    app = create_app(config, clock)
    async with app.lifespan(), asyncio.timeout(SECONDS):
        [scheduler] = schedulers
        while max(due_times(scheduler).values()) - datetime.now(UTC) > timedelta(days=1):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_at_start_runs_what_may_have_been_missed(ran: asyncio.Queue[str]) -> None:
    await run_missed(bare_state())
    names = {ran.get_nowait() for _ in range(ran.qsize())}
    assert {"roll up finished days", "forget what is too old or deleted"} <= names
    assert names == {job.name for job in JOBS if job.at_start}


async def test_days_that_a_stopped_server_missed_are_rolled_up_at_the_next_start(
    client: AsyncClient, db: Database, clock: FakeClock, config: Config
) -> None:
    website = await db.write(add_website)
    first = utc_day(clock.now)
    for _ in range(3):
        await visit(client, website)
        clock.now += DAY
    await visit(client, website)
    assert await db.read(open_days) == [first, first + 1, first + 2, first + 3]
    clock.now += 9 * DAY

    restarted = create_app(config, clock)
    async with restarted.lifespan():
        await until_no_day_is_open(restarted.state.db)

    assert await db.read(days_in, "daily") == [first, first + 1, first + 2, first + 3]


async def test_a_day_is_rolled_up_half_an_hour_after_its_midnight_where_the_website_is(
    app: Litestar, client: AsyncClient, db: Database, clock: FakeClock
) -> None:
    clock.now = moment("2026-03-14 09:30")
    website = await db.write(add_website, "Pacific/Kiritimati")  # UTC+14
    await visit(client, website)
    day = utc_day(moment("2026-03-14"))
    for now, is_open in (("2026-03-14 10:30", True), ("2026-03-14 10:30:01", False)):
        clock.now = moment(now)
        await run(BY_NAME["roll up finished days"], app.state)
        assert await db.read(open_days) == ([day] if is_open else [])
    assert await db.read(days_in, "daily") == [day]


async def test_the_salt_is_gone_at_midnight_though_nobody_comes(app: Litestar, clock: FakeClock) -> None:
    salt: DailySalt = app.state.collector.salt
    clock.now = moment("2026-03-14 23:59:59.9")
    old = salt.at(clock.now)
    assert old in vars(salt).values()
    clock.now = moment("2026-03-15")
    await run(BY_NAME["turn the daily salt"], app.state)
    assert old not in vars(salt).values()


async def test_visits_past_their_time_are_forgotten_and_their_totals_stay(
    app: Litestar, client: AsyncClient, db: Database, clock: FakeClock, tmp_path: Path
) -> None:
    app.state.config = config_in(tmp_path, web={"retention_days": 2})
    website = await db.write(add_website)
    first = utc_day(clock.now)
    for days in range(5):
        clock.now = SATURDAY + days * DAY
        await visit(client, website)
    for name in ("roll up finished days", "forget what is too old or deleted"):
        await run(BY_NAME[name], app.state)
    assert (
        await db.read(days_in, "visits")
        == await db.read(days_in, "events")
        == [first + 2, first + 3, first + 4]
    )
    assert await db.read(days_in, "daily") == [first, first + 1, first + 2, first + 3]


async def test_sessions_past_their_time_are_forgotten(app: Litestar, db: Database, clock: FakeClock) -> None:
    key = await db.write(make_first_admin, app.state.secret, clock.now)
    [[user_id]] = await db.read(lambda tx: tx.execute("select id from users").fetchall())
    for number, expires_at in enumerate((clock.now + 1, clock.now + 2)):
        session = Session(f"{number}", user_id, clock.now, clock.now, expires_at, "Firefox", "Linux")
        await db.write(insert_session, session, f"token {number}", key or "", "")
    clock.now += 1
    await run(BY_NAME["forget sessions past their time"], app.state)
    assert await db.read(lambda tx: tx.execute("select id from sessions").fetchall()) == [("1",)]


@pytest.mark.parametrize("off", ["web", "track", "installs", "presence"])
async def test_no_job_fails_where_a_system_is_switched_off(
    off: str, config: Config, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    section = msgspec.structs.replace(getattr(config, off), enabled=False)
    app = create_app(msgspec.structs.replace(config, **{off: section}), clock)
    async with app.lifespan():
        for job in JOBS:
            await run(job, app.state)
    assert [record.getMessage() for record in caplog.records] == []
