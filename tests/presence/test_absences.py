"""GET /api/absences: when nobody was there, and for how long. For admins alone."""

from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import SignIn
from tests.make import DAY, HOUR, MINUTE, SATURDAY, FakeClock, calling, config_in
from tests.presence.make import SECRET_KEY, beat, beaten, register, stats
from tests.web.conftest import new_user
from tinytrail.app import create_app
from tinytrail.config import Config
from tinytrail.presence.absences import read_absences


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """With web, whose admins they are."""
    return config_in(tmp_path, presence={"secret_key": SECRET_KEY})


def absence(began: int, ended: int | None, now: int = 0) -> dict[str, int | None]:
    """Its row; moments in seconds since SATURDAY."""
    end = now if ended is None else ended
    return {
        "began": SATURDAY + began,
        "ended": None if ended is None else SATURDAY + ended,
        "seconds": end - began,
    }


async def absences(admin: AsyncClient, **params: Any) -> list[dict[str, int | None]]:
    response = await admin.get("/api/absences", params=params)
    assert response.status_code == 200, response.text
    rows: list[dict[str, int | None]] = response.json()
    return rows


async def beat_at(admin: AsyncClient, clock: FakeClock, *moments: int) -> None:
    """A beat at each of these moments, in seconds since SATURDAY, of a device made for the occasion."""
    device = await register(admin)
    for at in moments:
        clock.now = SATURDAY + at
        assert (await beat(admin, device)).status_code == 200


async def test_before_the_first_beat_ever_nobody_is_absent(admin: AsyncClient, clock: FakeClock) -> None:
    await register(admin)
    clock.now += 9 * DAY
    assert await absences(admin) == []

    await beat_at(admin, clock, 10 * DAY)
    assert await absences(admin) == []


async def test_newest_first_and_the_present_one_before_them(admin: AsyncClient, clock: FakeClock) -> None:
    await beat_at(admin, clock, 0, 2 * HOUR, 3 * HOUR, 10 * HOUR, 10 * HOUR + MINUTE)
    clock.now = SATURDAY + 12 * HOUR
    response = await admin.get("/api/absences")

    assert response.json() == [
        absence(10 * HOUR + MINUTE, None, now=12 * HOUR),
        absence(3 * HOUR, 10 * HOUR),
        absence(2 * HOUR, 3 * HOUR),
        absence(0, 2 * HOUR),
    ]
    assert list(response.json()[0]) == ["began", "ended", "seconds"]
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("seconds", "count"), [(0, 0), (1, 0), (HOUR - 1, 0), (HOUR, 1), (HOUR + 1, 1)])
async def test_an_absence_is_an_hour_at_least(
    admin: AsyncClient, clock: FakeClock, seconds: int, count: int
) -> None:
    await beat_at(admin, clock, 0)
    clock.now = SATURDAY + seconds
    assert await absences(admin) == [absence(0, None, now=seconds)] * count

    await beat_at(admin, clock, seconds)
    assert await absences(admin) == [absence(0, seconds)] * count


async def test_any_device_ends_an_absence(admin: AsyncClient, clock: FakeClock) -> None:
    laptop, phone = await register(admin, "Laptop"), await register(admin, "Phone")
    for number in range(9):
        await beat(admin, (laptop, phone)[number % 2])
        clock.now += HOUR - 1
    assert await absences(admin) == []

    clock.now += 1
    await beat(admin, laptop)
    await beat(admin, phone)
    assert await absences(admin) == [absence(8 * (HOUR - 1), 9 * (HOUR - 1) + 1)]


async def test_a_stranger_ends_none(admin: AsyncClient, clock: FakeClock) -> None:
    await beat_at(admin, clock, 0)
    clock.now += DAY
    assert (await beat(admin, {"token": "wrong"})).status_code == 401

    assert await absences(admin) == [absence(0, None, now=DAY)]


async def test_restarts_neither_end_an_absence_nor_part_it(
    config: Config, clock: FakeClock, admin_key: str
) -> None:
    async def run(*moments: int) -> list[dict[str, int | None]]:
        app = create_app(config, clock)
        async with app.lifespan(), calling(app, x_api_key=admin_key) as admin:
            await beat_at(admin, clock, *moments)
            return await absences(admin)

    assert await run(0) == []
    clock.now += 5 * HOUR
    assert await run() == [absence(0, None, now=5 * HOUR)]
    clock.now += 5 * HOUR
    assert await run() == [absence(0, None, now=10 * HOUR)]
    assert await run(11 * HOUR) == [absence(0, 11 * HOUR)]
    assert await run(11 * HOUR + 1) == [absence(0, 11 * HOUR)]


WRONG_CLOCKS: list[tuple[str, list[int], list[tuple[int, int]]]] = [
    ("set back, and gone on", [0, -9 * DAY, -9 * DAY + MINUTE], []),
    ("set back, and set right", [0, -9 * DAY, -9 * DAY + MINUTE, MINUTE, 2 * MINUTE], []),
    ("set back, and set right while nobody was there", [0, -9 * DAY, 5 * HOUR], []),
    ("set right, and an absence later", [0, -DAY, MINUTE, 9 * HOUR], [(MINUTE, 9 * HOUR)]),
    ("set back by seconds", [0, -2, 9 * HOUR], [(0, 9 * HOUR)]),
    ("an absence while it is behind", [0, -9 * DAY, -8 * DAY], [(-9 * DAY, -8 * DAY)]),
    ("ahead, and set right", [0, DAY, MINUTE, 2 * MINUTE], []),
    ("ahead, and set right to before", [0, DAY, -MINUTE, MINUTE], []),
    ("ahead for years, and an absence", [0, 900 * DAY, MINUTE, 8 * HOUR], [(MINUTE, 8 * HOUR)]),
    ("ahead, and true again a day later", [0, DAY, MINUTE, DAY - MINUTE, DAY + MINUTE], [(60, DAY - 60)]),
    ("what was before stays", [0, 9 * HOUR, 2 * DAY, 9 * HOUR + MINUTE], [(0, 9 * HOUR)]),
]


@pytest.mark.parametrize(
    ("moments", "found"), [case[1:] for case in WRONG_CLOCKS], ids=[c[0] for c in WRONG_CLOCKS]
)
async def test_a_wrong_clock_makes_no_absence(
    admin: AsyncClient, clock: FakeClock, moments: list[int], found: list[tuple[int, int]]
) -> None:
    await beat_at(admin, clock, *moments)

    assert await absences(admin) == [absence(began, ended) for began, ended in reversed(found)]


async def test_nor_does_it_tell_of_one_now(admin: AsyncClient, clock: FakeClock) -> None:
    await beat_at(admin, clock, 0)
    clock.now = SATURDAY - DAY
    assert await absences(admin) == []

    await beat_at(admin, clock, -DAY)
    clock.now = SATURDAY + MINUTE
    assert await absences(admin) == []


async def test_a_clock_set_back_and_right_makes_no_longest_absence(
    admin: AsyncClient, clock: FakeClock
) -> None:
    await beat_at(admin, clock, 0, -9 * DAY, MINUTE)

    assert (await stats(admin))["longest_absence"] == 0


@pytest.mark.parametrize(
    ("given", "count"), [({}, 50), ({"limit": 1}, 1), ({"limit": 500}, 500), ({"limit": "007"}, 7)]
)
async def test_the_limit_counts_the_present_one_too(
    admin: AsyncClient, clock: FakeClock, given: dict[str, Any], count: int
) -> None:
    await beat_at(admin, clock, *(HOUR * number for number in range(506)))
    clock.now += HOUR
    rows = await absences(admin, **given)

    assert len(rows) == count
    assert rows[0]["ended"] is None
    assert [row["began"] for row in rows] == [SATURDAY + HOUR * (505 - number) for number in range(count)]


@pytest.mark.parametrize("limit", ["0", "501", "-1", "1.5", "", "ten", "1e2", "٣", "99999999999999999999"])
async def test_any_other_limit_is_a_400_that_names_it(admin: AsyncClient, limit: str) -> None:
    response = await admin.get("/api/absences", params={"limit": limit})

    assert response.status_code == 400
    assert response.text == "Bad Request: limit: must be a whole number from 1 to 500"


async def test_a_signed_in_admin_reads_them_from_the_servers_own_pages(
    client: AsyncClient, admin_key: str
) -> None:
    await client.post("/api/v1/sessions", json={"api_key": admin_key}, headers={"origin": "http://test"})

    assert (await client.get("/api/absences")).json() == []
    elsewhere = {"sec-fetch-site": "same-site"}
    assert (await client.get("/api/absences", headers=elsewhere)).status_code == 401


async def test_they_are_for_admins_alone(client: AsyncClient, admin: AsyncClient, sign_in: SignIn) -> None:
    bob = await sign_in((await new_user(admin, "Strangers", "bob@example.net"))["apiKey"])
    device = await register(client)

    for stranger in (client, bob, await sign_in("tt_wrong")):
        for authorization in ("", device["token"]):
            headers = {"authorization": authorization}
            response = await stranger.get("/api/absences?limit=x", headers=headers)
            assert (response.status_code, response.text) == (401, "Unauthorized")
            assert not [name for name in response.headers if name.startswith("access-control")]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_only_get_is_served(admin: AsyncClient, method: str) -> None:
    response = await admin.request(method, "/api/absences")

    assert (response.status_code, response.text) == (405, "Method Not Allowed")


async def test_without_web_there_are_no_admins(tmp_path: Path, admin_key: str) -> None:
    app = create_app(config_in(tmp_path, web={"enabled": False}))
    async with app.lifespan(), calling(app, x_api_key=admin_key) as admin:
        assert (await admin.get("/api/absences")).status_code == 401


async def test_switched_off_they_are_not_there(tmp_path: Path) -> None:
    app = create_app(config_in(tmp_path, presence={"enabled": False}))
    async with app.lifespan(), calling(app) as client:
        assert (await client.get("/api/absences")).status_code == 404


GAPS = st.sampled_from([0, 1, MINUTE, HOUR - 1, HOUR, HOUR + 1, 8 * HOUR, 30 * DAY]) | st.integers(
    0, 3 * HOUR
)


@given(steps=st.lists(st.tuples(st.integers(0, 2), GAPS), max_size=30), groups=st.integers(1, 5), rest=GAPS)
@settings(deadline=None)
def test_they_are_those_of_the_obvious_model(steps: list[tuple[int, int]], groups: int, rest: int) -> None:
    with beaten(steps, groups) as (tx, beats):
        times = [at for _, at in beats]
        now = max(times, default=SATURDAY) + rest
        found = [(row.began, row.ended, row.seconds) for row in read_absences(tx, now, 500)]

    ends: list[int | None] = [*times, None]
    gaps = [
        (began, ended, (now if ended is None else ended) - began)
        for began, ended in zip(times, ends[1:], strict=True)
    ]
    assert found == [gap for gap in reversed(gaps) if gap[2] >= HOUR]
