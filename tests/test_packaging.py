"""What docs/ ships for Docker and systemd: that it does what it says, and agrees with the program.

Without Docker and systemd's PID 1 the steps are followed one by one: what the Dockerfile copies is enough to
install, its commands start, and its health check tells a server that is well from one that is not.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from configparser import ConfigParser
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.e2e.proxy import free_port
from tests.faults.load import wait_for
from tests.server import started
from tinytrail.config import Config, load_config
from tinytrail.core.client_ip import ClientAddress
from tinytrail.protocol import MOST_OPEN
from tinytrail.serve import GRACE

ROOT = Path(__file__).parent.parent
DOCKERFILE = ROOT / "docs/docker/Dockerfile"
COMPOSE = ROOT / "docs/docker/compose.yaml"
UNIT = ROOT / "docs/systemd/tinytrail.service"
INSTALLED = "/opt/tinytrail"


class Step(NamedTuple):
    stage: int
    name: str
    words: str


def steps() -> list[Step]:
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.startswith("#")]
    found: list[Step] = []
    stage = -1
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        if line.strip():
            name, _, words = line.partition(" ")
            stage += name == "FROM"
            found.append(Step(stage, name, " ".join(words.split())))
    return found


def words_of(name: str, stage: int = 1) -> list[str]:
    return [step.words for step in steps() if (step.stage, step.name) == (stage, name)]


def command_of(words: str) -> list[str]:
    """The words of CMD and HEALTHCHECK, in their form without a shell."""
    command: list[str] = yaml.safe_load(words[words.index("[") :])
    return command


def image_environment() -> dict[str, str]:
    pairs = [pair for words in words_of("ENV") for pair in shlex.split(words)]
    return dict(pair.split("=", 1) for pair in pairs)


def settings_in(environment: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith("TINYTRAIL_")}


def compose() -> dict[str, Any]:
    service: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]["tinytrail"]
    return service


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the image's first stage leaves in /opt/tinytrail, from nothing but the files that it copies."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("image") / "tinytrail"
    for words in words_of("COPY", stage=0):
        *names, destination = words.split()
        for name in names:
            if (ROOT / name).is_dir():
                shutil.copytree(
                    ROOT / name, source / destination, ignore=shutil.ignore_patterns("__pycache__")
                )
            else:
                shutil.copy(ROOT / name, source / destination)
    [command] = words_of("RUN", stage=0)
    command = command.replace(INSTALLED, str(target)).replace(
        "python -m venv", f"{sys.executable} -m venv", 1
    )
    subprocess.run(["sh", "-ec", command], cwd=source, check=True, capture_output=True)
    return target


@pytest.fixture
def environment(installed: Path) -> dict[str, str]:
    environment = image_environment()
    environment["PATH"] = (
        environment["PATH"].replace(INSTALLED, str(installed)).replace("$PATH", os.environ["PATH"])
    )
    return environment


def test_what_the_image_copies_is_let_through_to_it() -> None:
    ignored = (ROOT / "docs/docker/Dockerfile.dockerignore").read_text().split()
    copied = [name for words in words_of("COPY", stage=0) for name in words.split()[:-1]]
    assert ignored[0] == "*"
    assert {f"!{name}" for name in copied} == {line for line in ignored if line.startswith("!")}
    assert words_of("COPY") == [f"--from=build {INSTALLED} {INSTALLED}"]


def test_the_images_commands_serve_and_its_health_check_tells_well_from_ill(
    environment: dict[str, str], tmp_path: Path
) -> None:
    port = free_port()
    command = [*command_of(words_of("CMD")[0]), "--port", str(port)]
    [health] = [command_of(words) for words in words_of("HEALTHCHECK")]
    check = [word.replace(":8000", f":{port}") for word in health]

    def is_well() -> bool:
        done = subprocess.run(check, env=os.environ | environment, capture_output=True, check=False)
        return done.returncode == 0

    assert not is_well()
    with started(command, tmp_path, environment) as server:
        assert server.url == f"http://0.0.0.0:{port}"
        assert is_well()
        key = subprocess.run(
            ["tinytrail", "key"], cwd=tmp_path, env=os.environ | environment, capture_output=True, check=True
        ).stdout
        assert key.startswith(b"tt_")
    assert not is_well()
    assert sorted(os.listdir(tmp_path)) == ["tinytrail.db", "tinytrail.key"]


def test_nobody_in_the_container_is_root_and_the_data_are_theirs() -> None:
    [user] = words_of("USER")
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)
    assert words_of("RUN") == [f"mkdir /data && chown {user} /data"]
    assert words_of("WORKDIR") == words_of("VOLUME") == ["/data"]


def test_ports_paths_and_settings_agree() -> None:
    port = str(Config().server.port)
    assert words_of("EXPOSE") == [port]
    assert f"127.0.0.1:{port}/health" in words_of("HEALTHCHECK")[0]
    service = compose()
    assert service["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert [volume.partition(":")[2] for volume in service["volumes"]] == words_of("VOLUME")
    assert (COMPOSE.parent / service["build"]["context"]).resolve() == ROOT
    assert (ROOT / service["build"]["dockerfile"]) == DOCKERFILE
    config = load_config(environ=settings_in(image_environment()) | service["environment"])
    assert config.server.host == "0.0.0.0"
    assert config.server.public_url.startswith("https://")


# Where a home's own machines are, and what Docker would give a network that asks for none in particular.
ELSEWHERE = ["192.168.1.50", "192.168.178.20", "10.0.0.5", "172.17.0.2", "172.31.0.2", "203.0.113.9"]


@pytest.mark.parametrize("caller", ELSEWHERE)
def test_through_a_proxy_before_the_container_nobody_is_believed_about_the_own_address(caller: str) -> None:
    config = load_config(environ=compose()["environment"])
    [network] = yaml.safe_load(COMPOSE.read_text())["networks"]["default"]["ipam"]["config"]
    gateway = str(next(ip_network(network["subnet"]).hosts()))  # whom the host's own callers seem to be
    seen = ClientAddress(config.server.trusted_proxies)
    assert seen.resolve((gateway, 1), f"198.51.100.7, {caller}".encode()) == (caller, True)
    assert seen.resolve((caller, 1), b"198.51.100.7") == (caller, False)


def test_a_stop_is_given_the_time_that_it_may_take() -> None:
    assert int(compose()["stop_grace_period"].removesuffix("s")) > GRACE
    assert int(unit()["TimeoutStopSec"]) > GRACE


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout.strip()


def test_the_image_is_built_and_serves_as_compose_runs_it() -> None:
    if (
        not shutil.which("docker")
        or subprocess.run(["docker", "info"], capture_output=True, check=False).returncode
    ):
        pytest.skip("no Docker daemon here: the image itself was not built, only its steps were followed")
    image = docker("build", "--quiet", "--file", str(DOCKERFILE), str(ROOT))
    service = compose()
    options = [f"--env={name}={value}" for name, value in service["environment"].items()]
    options += [f"--tmpfs={folder}" for folder in service["tmpfs"]]
    options += [f"--cap-drop={name}" for name in service["cap_drop"]]
    options += [f"--security-opt={option}" for option in service["security_opt"]]
    assert service["read_only"]
    container = docker("run", "--detach", "--read-only", "--health-interval=1s", *options, image)
    try:

        def health() -> str:
            return docker("inspect", "--format", "{{.State.Health.Status}}", container)

        wait_for(lambda: health() != "starting")
        assert health() == "healthy", docker("logs", container)
        assert docker("exec", container, "tinytrail", "key").startswith("tt_")
        assert docker("exec", container, "id", "--user") == "10001"
        docker("stop", container)
        assert docker("inspect", "--format", "{{.State.ExitCode}}", container) == "0"
    finally:
        docker("rm", "--force", "--volumes", container)


def unit() -> dict[str, str]:
    """Section [Service]; of keys that come more than once, the last."""
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(UNIT)
    return dict(parser["Service"])


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze here: the unit was not looked at")
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)


def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    text = UNIT.read_text()
    assert text.count("/usr/local/bin/tinytrail serve") == 1
    here = tmp_path / UNIT.name
    here.write_text(text.replace("/usr/local/bin/tinytrail", str(Path(sys.executable).parent / "tinytrail")))
    told = analyze("verify", str(here))
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")


def test_systemd_rates_the_unit_as_little_exposed() -> None:
    told = analyze("security", "--offline=true", "--threshold=15", str(UNIT))  # of 100; 1.2 of 10 was told
    assert told.returncode == 0, told.stdout


def test_the_unit_lets_the_server_have_the_files_it_asks_for() -> None:
    assert int(unit()["LimitNOFILE"]) > MOST_OPEN


def test_the_unit_denies_no_system_call_that_is_worth_dying_for() -> None:
    """A call that is denied fails as for anybody who may not; it does not end the process."""
    assert unit()["SystemCallErrorNumber"] == "EPERM"


def test_the_readmes_command_enters_the_units_folder_as_its_user_whom_alone_it_is_open_to() -> None:
    [command] = re.findall(r"`([^`]*sudo -u[^`]*)`", (ROOT / "README.md").read_text())
    service = unit()
    assert service["StateDirectoryMode"] == "0700"
    *before, script = shlex.split(command)
    assert before == ["sudo", "-u", service["User"], "sh", "-c"]
    assert script.startswith(f"cd {service['WorkingDirectory']} && tinytrail ")


def what_make_does(target: str) -> list[str]:
    make = ["make", "--dry-run", "--always-make", "--no-print-directory", target]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.check_output(make, cwd=ROOT, text=True, env=environment).splitlines()


@pytest.mark.parametrize("target", ["serve", "test"])
def test_make_says_that_it_installs_before_it_does(target: str) -> None:
    first, second, *_ = what_make_does(target)
    assert first.startswith('echo "Installing what is needed into .venv')
    assert second.endswith("-m venv .venv")


def test_the_readme_tells_where_the_commands_are_after_make_serve() -> None:
    """They are on no PATH, while what the server prints, and all documents, say just `tinytrail`."""
    program = what_make_does("serve")[-1].removesuffix(" serve")
    assert f"`{program}`" in (ROOT / "README.md").read_text()


def test_the_readme_and_the_docs_name_these_files() -> None:
    told = (ROOT / "README.md").read_text() + (ROOT / "docs/operating.md").read_text()
    for name in ("docker/compose.yaml", "systemd/tinytrail.service", "litestream.yml"):
        assert name in told
