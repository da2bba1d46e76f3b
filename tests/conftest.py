"""One app on one empty database per test, with a clock that stands still.

The client is httpx's own, not Litestar's AsyncTestClient: that one runs the app on a second event loop,
and a test could then not touch the app's database.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx import AsyncClient

from tests.make import BROWSER, FakeClock, calling, config_in
from tinytrail.app import App, create_app
from tinytrail.config import Config
from tinytrail.core.db import Database


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _run_async_tests_on_anyio(anyio_backend: str) -> None:
    """anyio runs a coroutine test that uses its backend fixture; this spares each test a marker."""


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
