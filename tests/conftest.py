"""One app on one empty database per test, with a clock that stands still.

The client is httpx's own, not Litestar's AsyncTestClient: that one runs the app on a second event loop,
and a test could then not touch the app's database.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from httpx import AsyncClient
from litestar.datastructures import State

from tests.make import BROWSER, FakeClock, calling, config_in
from tinytrail import jobs
from tinytrail.app import App, create_app
from tinytrail.config import Config
from tinytrail.core import connect
from tinytrail.core.db import Database
from tinytrail.first_run import make_first_admin


class SignIn(Protocol):
    async def __call__(self, key: str) -> AsyncClient: ...


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _run_async_tests_on_anyio(anyio_backend: str) -> None:
    """anyio runs a coroutine test that uses its backend fixture; this spares each test a marker."""


@pytest.fixture(autouse=True)
def _without_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    """An app within a test's own process leaves it to the kernel when its file reaches the disk. Only a power
    cut could tell; and of twenty times a test that it would wait for the disk, each may take a while.

    Servers in a process of their own are as installed, and tests/core/test_connect.py reads what is set.
    """
    assert "synchronous = full" in connect.PRAGMAS
    pragmas = connect.PRAGMAS.replace("synchronous = full", "synchronous = off")
    monkeypatch.setattr(connect, "PRAGMAS", pragmas)


@pytest.fixture(autouse=True)
def _nothing_is_due_by_the_real_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a job might run amid a test, at a full minute of the real clock."""
    start = jobs.schedule

    def start_paused(state: State) -> AsyncIOScheduler:
        scheduler = start(state)
        scheduler.pause()
        return scheduler

    monkeypatch.setattr(jobs, "schedule", start_paused)
    monkeypatch.setattr(jobs, "LOOK_AGAIN", 1e6)


@pytest.fixture(autouse=True)
def niceness(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What commands run within a test's own process add to it: really added, it would stay."""
    added: list[int] = []
    monkeypatch.setattr("os.nice", added.append, raising=False)
    return added


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Override in a module or by `parametrize` for other settings."""
    return config_in(tmp_path)


@pytest.fixture
async def app(config: Config, clock: FakeClock) -> AsyncIterator[App]:
    app = create_app(config, clock)
    async with app.lifespan():
        yield app


@pytest.fixture
async def client(app: App) -> AsyncIterator[AsyncClient]:
    async with calling(app, user_agent=BROWSER) as client:
        yield client


@pytest.fixture
def db(app: App) -> Database:
    db: Database = app.state.db
    return db


@pytest.fixture
async def sign_in(app: App) -> AsyncIterator[SignIn]:
    """A client that sends this key with every request."""
    async with AsyncExitStack() as stack:

        async def sign_in(key: str) -> AsyncClient:
            return await stack.enter_async_context(calling(app, x_api_key=key))

        yield sign_in


@pytest.fixture
async def admin_key(app: App, db: Database, clock: FakeClock) -> str:
    key = await db.write(make_first_admin, app.state.secret, clock.now)
    assert key
    return key


@pytest.fixture
async def admin(sign_in: SignIn, admin_key: str) -> AsyncClient:
    return await sign_in(admin_key)
