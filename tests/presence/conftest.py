"""Presence alone, with a secret key; and the real server, for what only a socket can show."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.make import alone_in
from tests.presence.make import SECRET_KEY
from tests.presence.wire import serving
from tests.server import Server
from tinytrail.config import Config


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return alone_in(tmp_path, "presence", presence={"secret_key": SECRET_KEY})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server")) as server:
        yield server
