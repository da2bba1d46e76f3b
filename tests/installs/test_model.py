"""Whatever happens when, /stats says what a slow and obvious count over all heartbeats ever sent says."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.installs.make import beat, client_at, history, versions
from tests.make import DAY, EXAMPLES, HOUR, FakeClock, config_in
from tinytrail.app import create_app
from tinytrail.first_run import make_first_admin
from tinytrail.jobs import count_installs


class Model:
    def __init__(self, min_age: int) -> None:
        self.min_age = min_age
        self.beats: list[tuple[int, int]] = []
        self.version: dict[int, str] = {}  # of each instance, as last sent

    def active(self, now: int, beats: list[tuple[int, int]]) -> list[int]:
        """The instances that are."""
        active = []
        for instance in {instance for instance, _ in beats}:
            times = [at for number, at in beats if number == instance]
            if now - max(times) < 48 * HOUR and now - min(times) >= self.min_age:
                active.append(instance)
        return active

    def versions(self, now: int) -> dict[str, int]:
        return dict(Counter(self.version[instance] for instance in self.active(now, self.beats)))

    def days(self, now: int) -> dict[str, int]:
        """Each day from the first heartbeat on, the last being today."""
        if not self.beats:
            return {}
        counts = {}
        for day in range(self.beats[0][1] // DAY, now // DAY + 1):
            end = min((day + 1) * DAY, now)
            heard = [beat for beat in self.beats if beat[1] < (day + 1) * DAY]
            counts[datetime.fromtimestamp(day * DAY, UTC).date().isoformat()] = len(self.active(end, heard))
        return counts

    def daily(self, now: int) -> dict[str, int]:
        return from_first_active(dict(list(self.days(now).items())[-30:]))

    def monthly(self, now: int) -> dict[str, int]:
        return {day[:7]: count for day, count in from_first_active(self.days(now)).items()}


def from_first_active(counts: dict[str, int]) -> dict[str, int]:
    first = next((date for date, count in counts.items() if count), "9999")
    return {date: count for date, count in counts.items() if date >= first}


VERSIONS = {"1": "2", "2": "3", "3": "1"}  # what each is followed by
INSTANTS = [1, HOUR, 12 * HOUR, DAY - 1, DAY, 2 * DAY - 1, 2 * DAY, 2 * DAY + 1, 5 * DAY, 33 * DAY]
STEPS = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from(INSTANTS)),
    st.tuples(st.just("wait"), st.integers(1, 3 * DAY)),
    st.tuples(st.just("wait until midnight"), st.sampled_from([-1, 0, 1])),
    st.tuples(st.just("beat"), st.integers(0, 3)),
    st.tuples(st.just("beat"), st.integers(0, 3)),
    st.tuples(st.just("upgrade"), st.integers(0, 3)),
    st.tuples(st.just("job"), st.just(0)),
    st.tuples(st.just("look"), st.just(0)),
    st.tuples(st.just("restart"), st.just(0)),
)


@given(st.lists(STEPS, max_size=40), st.sampled_from([0, 0, 24, 49, 100]))
@settings(max_examples=4 * EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
async def test_stats_are_what_a_count_over_all_heartbeats_gives(
    steps: list[tuple[str, int]], min_age: int
) -> None:
    clock, model, admin_key = FakeClock(), Model(min_age * HOUR), ""
    with TemporaryDirectory() as folder:
        no_limits = {"heartbeat_limit": "", "new_limit": "", "min_age_hours": min_age}
        config = config_in(Path(folder), installs=no_limits)
        runs: list[list[tuple[str, int]]] = [[]]
        for step in [*steps, ("look", 0)]:
            runs.append([]) if step[0] == "restart" else runs[-1].append(step)
        for run in runs:
            app = create_app(config, clock)
            async with app.lifespan(), client_at(app) as client:
                admin_key = await app.state.db.write(make_first_admin, app.state.secret, 0) or admin_key
                client.headers["x-api-key"] = admin_key
                for what, number in run:
                    now = int(clock.now)
                    match what:
                        case "wait":
                            clock.now += number
                        case "wait until midnight":
                            clock.now = max(now, (now // DAY + 1) * DAY + number)
                        case "beat" | "upgrade":
                            model.beats.append((number, now))
                            version = model.version.setdefault(number, "1")
                            if what == "upgrade":
                                version = model.version[number] = VERSIONS[version]
                            await beat(client, number, version=version)
                        case "job":
                            await count_installs(app.state)
                        case _:
                            assert await history(client) == model.daily(now)
                            assert await history(client, "monthly") == model.monthly(now)
                            assert await versions(client) == model.versions(now)
