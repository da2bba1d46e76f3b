"""What runs by itself, and when."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import NamedTuple

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from litestar.datastructures import State

from tinytrail.core.db import Commits
from tinytrail.core.trouble import Busy, trouble_with_file
from tinytrail.installs.active import catch_up
from tinytrail.presence.alert import tell_of_absence
from tinytrail.product.expiry import purge_old_events
from tinytrail.web import rollup
from tinytrail.web.deletion import purge_leftovers, purge_old_days
from tinytrail.web.sessions import delete_expired_sessions

log = logging.getLogger(__name__)

MOMENT = timedelta(microseconds=1)
LOOK_AGAIN = 0.5  # seconds until it is seen that much has come
SHARE = 2  # times as long as counting it took, until it is looked at again,
SHARE_OF_RUSH = 19  # or, where those who send wait for a processor,
RUSH = 8  # as so many writes a commit tell
A_WHILE = 60.0  # seconds until it is seen that the clock was set back


class Job(NamedTuple):
    name: str
    when: str  # crontab, UTC
    at_start: bool  # too, so that what a stopped server missed is made up for
    run: Callable[[State], Awaitable[None]]


async def roll_up_days(state: State) -> None:
    await rollup.roll_up_finished(state.db, state.clock())


async def count_days_so_far(state: State) -> None:
    await rollup.catch_up(state.db, state.clock())


async def sum_up_days(state: State) -> None:
    await rollup.sum_up_all(state.db)


async def turn_salt(state: State) -> None:
    if state.config.web.enabled:
        state.collector.salt.at(state.clock())  # a quiet night would leave yesterday's in memory


async def purge(state: State) -> None:
    await purge_leftovers(state.db)
    await purge_old_days(state.db, state.config.web.retention_days, state.clock())


async def expire_events(state: State) -> None:
    await purge_old_events(state.db, state.config.track.retention_days, state.clock())


async def watch_for_absence(state: State) -> None:
    await tell_of_absence(state.db, state.config.presence, state.clock())


async def count_installs(state: State) -> None:
    if state.config.installs.enabled:
        min_age = state.config.installs.min_age_hours * 3600
        await state.db.write(catch_up, int(state.clock()), min_age)


async def forget_sessions(state: State) -> None:
    await state.db.write(delete_expired_sessions, state.clock())


async def give_pages_back(state: State) -> None:
    await state.db.give_pages_back()


COUNT = Job("count busy days", "as it comes", False, count_days_so_far)
PURGE = Job("forget what is too old or deleted", "35 * * * *", True, purge)
JOBS = (
    Job("roll up finished days", "5-55/10 * * * *", True, roll_up_days),
    Job("sum up rolled up days", "20 4 * * *", True, sum_up_days),
    Job("turn the daily salt", "0 0 * * *", False, turn_salt),
    PURGE,
    Job("forget product events past their time", "50 * * * *", True, expire_events),
    Job("tell the webhook of an absence", "* * * * *", False, watch_for_absence),
    Job("write down how many installs were active", "0 * * * *", True, count_installs),
    Job("forget sessions past their time", "40 * * * *", True, forget_sessions),
    Job("give free pages back", "15 3 * * *", False, give_pages_back),
)


@dataclass
class Runs:
    """How a job has fared since the start."""

    count: int = 0
    failures: int = 0
    seconds: float = 0.0
    succeeded_at: float = 0.0  # Unix time; 0: never


async def run(job: Job, state: State) -> None:
    """Run a job; a failure is logged, and the next time is another try."""
    runs: Runs = state.runs.setdefault(job.name, Runs())
    begun = perf_counter()
    try:
        await job.run(state)
        runs.succeeded_at = state.clock()
    except Exception as error:
        runs.failures += 1
        tell_failure(job.name, error)
    finally:
        runs.count += 1
        runs.seconds += perf_counter() - begun


def tell_failure(what: str, error: Exception) -> None:
    """A sentence where it is the file's fault, else a traceback."""
    if reason := str(error) if isinstance(error, Busy) else trouble_with_file(error):
        log.error("could not %s: %s", what, reason)
    else:
        log.error("could not %s", what, exc_info=error)


class Times(CronTrigger):  # type: ignore[misc]  # it has no types
    """When a job is due, without the times that have gone by.

    APScheduler's own goes through all of them to find the last one. When a clock leaps from 1970 to the
    present, as that of a machine without a battery does, they are 30 million, and nobody is served meanwhile.
    """

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        due: datetime | None = super().get_next_fire_time(previous and max(previous, now - MOMENT), now)
        return due


def schedule(state: State) -> AsyncIOScheduler:
    """A started scheduler. APScheduler awaits `run` because it is an `async def`; a lambda it would not."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    for job in JOBS:
        when = Times.from_crontab(job.when, timezone="UTC")  # its default is local time
        scheduler.add_job(
            run, when, (job, state), id=job.name, coalesce=True, max_instances=1, misfire_grace_time=None
        )
    scheduler.start()
    return scheduler


async def follow_clock(scheduler: AsyncIOScheduler) -> None:
    """Until cancelled: have no job wait for months until a clock that was set back has caught up."""
    while True:
        await asyncio.sleep(A_WHILE)
        schedule_anew(scheduler, datetime.now(UTC))


def schedule_anew(scheduler: AsyncIOScheduler, now: datetime) -> None:
    """Where a job is due later than it would be if it had been scheduled `now`, have it due then."""
    late = [
        (job, due)
        for job in scheduler.get_jobs()
        if job.next_run_time > (due := job.trigger.get_next_fire_time(None, now))
    ]
    if late:
        log.warning("the clock was set back; what is to run by itself goes by it from now on")
    for job, due in late:
        job.modify(next_run_time=due)


async def run_missed(state: State) -> None:
    """Run what a stopped server may have missed."""
    for job in JOBS:
        if job.at_start:
            await run(job, state)


async def count_as_it_comes(state: State) -> None:
    """Until cancelled: count what much has come of lately, so that no report has to."""
    commits, seen, rest = state.db.commits, Commits(), LOOK_AGAIN
    while True:
        await asyncio.sleep(rest)
        writes, count = commits.writes - seen.writes, commits.count - seen.count
        if not writes:
            continue  # a server at rest reads nothing
        seen, begun = replace(commits), perf_counter()
        await run(COUNT, state)
        share = SHARE_OF_RUSH if writes > RUSH * count else SHARE
        rest = max(LOOK_AGAIN, share * (perf_counter() - begun))


async def purge_when_due(state: State) -> None:
    """Run PURGE at once whenever a website has been deleted, until cancelled."""
    while True:
        await state.purge_due.wait()
        state.purge_due.clear()
        await run(PURGE, state)
