"""docs/examples.sh, run against a real server."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import serving

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples.sh"


@pytest.fixture
def settings() -> str:
    """tinytrail.toml; override by `parametrize`."""
    return ""


@pytest.fixture
def url(tmp_path: Path, settings: str) -> Iterator[str]:
    (tmp_path / "tinytrail.toml").write_text(settings)
    with serving(tmp_path) as server:
        yield server.url


def run_examples(url: str, **environment: str) -> subprocess.CompletedProcess[str]:
    if not shutil.which("curl"):
        pytest.fail("docs/examples.sh needs curl; install it: sudo apt-get install -y curl")
    variables = {"PATH": "/usr/local/bin:/usr/bin:/bin"} | environment
    command = [str(EXAMPLES), url]
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("settings", ["", '[track]\nwrite_key = "w"\nread_key = "r"'], ids=["open", "keys"])
def test_every_example_is_answered_as_written(url: str) -> None:
    done = run_examples(url, WRITE_KEY="w", READ_KEY="r")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("All as documented.\n")


@pytest.mark.parametrize("settings", ['[track]\nwrite_key = "w"'])
def test_an_unexpected_answer_fails(url: str) -> None:
    done = run_examples(url, WRITE_KEY="wrong")
    assert done.returncode == 1
    assert "FAILED" in done.stdout
