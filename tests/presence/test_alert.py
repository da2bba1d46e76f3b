"""The webhook, told by a real HTTP server of what it was sent."""

import json
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
from httpx import AsyncClient
from litestar import Litestar

from tests.make import HOUR, MINUTE, SATURDAY, FakeClock, alone_in, calling
from tests.presence.make import SECRET_KEY, beat, register
from tinytrail.app import create_app
from tinytrail.config import Config
from tinytrail.jobs import JOBS, run
from tinytrail.presence.alert import MOST_CALLS

SECRET = "T0KEN"


class Receiver:
    """Answers with `status`, and keeps what it was sent."""

    def __init__(self) -> None:
        self.status = 204
        self.received: list[dict[str, Any]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.received.append(json.loads(body) | {"path": self.path})
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://user:{SECRET}@127.0.0.1:{self.server.server_port}/hook/{SECRET}"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, args=(0.02,))
    thread.start()
    yield receiver
    receiver.server.shutdown()
    thread.join()
    receiver.server.server_close()


@pytest.fixture
def config(tmp_path: Path, receiver: Receiver) -> Config:
    presence = {"webhook_url": receiver.url, "alert_after_hours": 12, "secret_key": SECRET_KEY}
    return alone_in(tmp_path, "presence", presence={"server_name": "Robin", **presence})


@pytest.fixture
async def device(client: AsyncClient) -> dict[str, Any]:
    return await register(client)


async def look(app: Litestar) -> None:
    """What the scheduler does once a minute."""
    [job] = [job for job in JOBS if job.name == "tell the webhook of an absence"]
    assert job.when == "* * * * *"
    await run(job, app.state)


async def test_an_absence_is_told_once_and_its_end_once(
    app: Litestar, client: AsyncClient, clock: FakeClock, receiver: Receiver, device: dict[str, Any]
) -> None:
    await beat(client, device)
    for later in (12 * HOUR - 1, 1, HOUR):
        clock.now += later
        await look(app)
    for later in (HOUR, 10, MINUTE):
        clock.now += later
        await beat(client, device)
    await look(app)
    await look(app)

    told = {"server_name": "Robin", "last_seen": SATURDAY, "path": f"/hook/{SECRET}"}
    assert receiver.received == [
        {"event": "absent", "absence": 12 * HOUR, "text": "Robin: not seen for 12 hours", **told},
        {"event": "back", "absence": 14 * HOUR, "text": "Robin: back after 14 hours", **told},
    ]


async def test_a_second_absence_is_told_anew(
    app: Litestar, client: AsyncClient, clock: FakeClock, receiver: Receiver, device: dict[str, Any]
) -> None:
    for _ in range(2):
        await beat(client, device)
        await look(app)
        clock.now += 13 * HOUR
        await look(app)

    assert [told["event"] for told in receiver.received] == ["absent", "back", "absent"]


async def test_a_server_that_never_saw_a_beat_tells_of_no_absence(
    app: Litestar, clock: FakeClock, receiver: Receiver
) -> None:
    clock.now += 100 * HOUR
    await look(app)

    assert receiver.received == []


@asynccontextmanager
async def started(config: Config, clock: FakeClock) -> AsyncIterator[tuple[Litestar, AsyncClient]]:
    app = create_app(config, clock)
    async with app.lifespan(), calling(app) as client:
        yield app, client


async def test_a_restart_repeats_nothing_and_forgets_nothing(
    config: Config, clock: FakeClock, receiver: Receiver
) -> None:
    async with started(config, clock) as (app, client):
        device = await register(client)
        await beat(client, device)
        clock.now += 12 * HOUR
        await look(app)
    async with started(config, clock) as (app, client):
        await look(app)
        assert len(receiver.received) == 1
        clock.now += HOUR
        await beat(client, device)
    for _ in range(2):
        async with started(config, clock) as (app, _):
            await look(app)

    assert [(told["event"], told["absence"]) for told in receiver.received] == [
        ("absent", 12 * HOUR),
        ("back", 13 * HOUR),
    ]


async def test_a_failed_call_is_made_again_and_its_log_names_the_host_alone(
    app: Litestar,
    client: AsyncClient,
    clock: FakeClock,
    receiver: Receiver,
    device: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    await beat(client, device)
    clock.now += 12 * HOUR
    receiver.status = 500
    await look(app)
    await look(app)
    receiver.status = 200
    await look(app)
    await look(app)

    assert len(receiver.received) == 3
    assert "the webhook at 127.0.0.1 was not told (absent: it answered 500)" in caplog.text
    assert SECRET not in caplog.text
    assert SECRET_KEY not in caplog.text
    assert device["token"] not in caplog.text


async def test_a_webhook_that_always_fails_is_given_up(
    app: Litestar, client: AsyncClient, clock: FakeClock, receiver: Receiver, device: dict[str, Any]
) -> None:
    receiver.status = 500
    await beat(client, device)
    clock.now += 12 * HOUR
    for _ in range(MOST_CALLS + 5):
        await look(app)

    assert len(receiver.received) == MOST_CALLS


async def test_a_webhook_that_is_not_there_harms_nothing(
    app: Litestar,
    client: AsyncClient,
    clock: FakeClock,
    device: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    presence = msgspec.structs.replace(app.state.config.presence, webhook_url=f"http://127.0.0.1:1/{SECRET}")
    app.state.config = msgspec.structs.replace(app.state.config, presence=presence)
    await beat(client, device)
    clock.now += 12 * HOUR
    await look(app)

    assert "ConnectError" in caplog.text
    assert SECRET not in caplog.text
