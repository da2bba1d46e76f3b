"""docs/examples.sh, run against a real server."""

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples.sh"


@pytest.fixture
def settings() -> str:
    """tinytrail.toml; override by `parametrize`."""
    return ""


@pytest.fixture
def url(tmp_path: Path, settings: str) -> Iterator[str]:
    (tmp_path / "tinytrail.toml").write_text(settings)
    command = [sys.executable, "-m", "tinytrail", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            found = re.search(r"at (http://\S+)", server.stdout.readline())
            assert found, "the server did not say where it serves"
            yield found[1]
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(20)


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
