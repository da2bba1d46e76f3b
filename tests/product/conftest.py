"""Product alone."""

from pathlib import Path

import pytest

from tests.make import alone_in
from tinytrail.config import Config


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return alone_in(tmp_path, "track")
