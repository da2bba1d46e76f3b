"""The installed server in a process of its own, as tests and benchmarks start it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, NamedTuple

COMMAND = [sys.executable, "-m", "tinytrail"]


class Server(NamedTuple):
    url: str
    folder: Path
    process: subprocess.Popen[str]
    printed: list[str]  # until it said where it serves; the rest stays in the pipe

    def run(self, *arguments: str) -> str:
        """What another command of the program prints, run in the server's folder."""
        command = [*COMMAND, *arguments]
        return subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True).stdout

    def add_website(self, domain: str) -> str:
        """The id of a new website."""
        found = re.search(r"[0-9a-f-]{36}", self.run("website", "add", domain))
        assert found
        return found[0]

    def api_key(self) -> str:
        return self.run("key").strip()

    def memory(self) -> float:
        """Resident megabytes (Linux)."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def cpu_seconds(self) -> float:
        """Of a processor's time, user and system, since it was started (Linux)."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """The exit code."""
        self.process.send_signal(by)
        return self.process.wait(60)


@contextmanager
def serving(folder: Path, *arguments: str, log: str | None = None, **environment: str) -> Iterator[Server]:
    """`tinytrail serve` in this folder, on any free port; stopped in the end if it still runs."""
    command = [*COMMAND, "serve", "--port", "0", *arguments]
    with (
        nullcontext() if log is None else open(log, "w") as stderr,
        started(command, folder, environment, stderr) as server,
    ):
        yield server


@contextmanager
def started(
    command: list[str], folder: Path, environment: dict[str, str], stderr: IO[str] | None = None
) -> Iterator[Server]:
    """A server that prints its address."""
    process = subprocess.Popen(
        command, cwd=folder, env=os.environ | environment, stdout=subprocess.PIPE, stderr=stderr, text=True
    )
    assert process.stdout
    printed: list[str] = []
    with process:
        try:
            for line in process.stdout:
                printed.append(line)
                if found := re.search(r"http://[\w.\[\]:]+", line):
                    yield Server(found[0], folder, process, printed)
                    break
            else:
                raise AssertionError(f"the server stopped without saying where it serves: {printed}")
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(60)
