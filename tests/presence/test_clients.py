"""docs/clients/: the script, run for real, and what systemd thinks of its units."""

import json
import os
import re
import shutil
import subprocess
import urllib.request
from pathlib import Path

import pytest

from tests.presence.wire import add_device
from tests.server import Server

CLIENTS = Path(__file__).parents[2] / "docs" / "clients"
SCRIPT = CLIENTS / "heartbeat.sh"


def run(**settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"]} | {
        f"TINYTRAIL_{key}": value for key, value in settings.items()
    }
    return subprocess.run([SCRIPT], env=environment, capture_output=True, text=True, timeout=30, check=False)


def beats(server: Server, name: str) -> int:
    with urllib.request.urlopen(f"{server.url}/api/stats") as answer:
        [found] = [device for device in json.load(answer)["devices"] if device["name"] == name]
    return int(found["num_beats"])


def test_it_sends_a_beat_with_a_token_from_the_environment_or_a_file(server: Server, tmp_path: Path) -> None:
    token = add_device(server, "Script")
    file = tmp_path / "token"
    file.write_text(f"{token}\n")

    answers = [run(URL=server.url, TOKEN=token), run(URL=server.url + "/", TOKEN_FILE=str(file))]

    for answer in answers:
        assert (answer.returncode, answer.stderr) == (0, "")
        assert answer.stdout.strip().isdigit()
    assert beats(server, "Script") == 2


def test_it_fails_aloud_and_keeps_the_token_to_itself(server: Server) -> None:
    answer = run(URL=server.url, TOKEN="wrong-token")

    assert answer.returncode == 1
    assert "401" in answer.stderr
    assert "wrong-token" not in answer.stderr + answer.stdout


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({}, "TINYTRAIL_URL is not set"),
        ({"URL": "http://127.0.0.1:1"}, "gives a token"),
        ({"URL": "http://127.0.0.1:1", "TOKEN_FILE": "/nowhere"}, "cannot read /nowhere"),
    ],
    ids=["no url", "no token", "no file"],
)
def test_it_says_what_is_missing(settings: dict[str, str], complaint: str) -> None:
    answer = run(**settings)

    assert answer.returncode == 2
    assert complaint in answer.stderr


def test_the_line_for_cron_needs_nothing_but_the_steps_before_it(server: Server, tmp_path: Path) -> None:
    token = add_device(server, "Cron")
    text = (CLIENTS / "README.md").read_text()
    [steps] = re.findall(r"```sh\n(mkdir .*?)```", text, re.DOTALL)
    [command] = re.findall(r"^\* \* \* \* \* (.*)$", text, re.MULTILINE)
    steps = re.sub(r"^systemctl .*\n", "", steps, flags=re.MULTILINE)
    steps = steps.replace("https://stats.example.com", server.url).replace("the token", token)

    for script in (steps, command):
        environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
        subprocess.run(["sh", "-ec", script], cwd=CLIENTS, env=environment, check=True, timeout=30)

    assert beats(server, "Cron") == 1


def test_its_token_is_in_no_argument() -> None:
    """Arguments can be read by every user of a machine."""
    curl = SCRIPT.read_text().partition("curl --silent")[2]

    assert "$token" not in curl


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="this machine has no systemd")
def test_systemd_accepts_its_units(tmp_path: Path) -> None:
    for unit in ("tinytrail-beat.service", "tinytrail-beat.timer"):
        text = (CLIENTS / unit).read_text()
        (tmp_path / unit).write_text(text.replace("%h/.local/bin/tinytrail-heartbeat", "/bin/true"))
    command = ["systemd-analyze", "verify", "--recursive-errors=no", *map(str, tmp_path.iterdir())]

    answer = subprocess.run(command, capture_output=True, text=True, check=False)

    assert answer.returncode == 0, answer.stderr
    assert not [line for line in answer.stderr.splitlines() if "tinytrail" in line]
