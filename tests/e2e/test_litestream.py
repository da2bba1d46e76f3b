"""Litestream beside the server, by the configuration in docs/: what was accepted can be restored."""

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from itertools import count
from pathlib import Path

import httpx

from tests.e2e.recorder import DEADLINE
from tests.make import BROWSER, hit
from tests.server import serving

CONFIGURATION = Path(__file__).parent.parent.parent / "docs/litestream.yml"
LITESTREAM = str(Path(sys.executable).parent / "litestream")


def paths_in(database: Path | None) -> set[str]:
    if database is None:
        return set()
    with closing(sqlite3.connect(database)) as tx:
        return {path for (path,) in tx.execute("select p.path from events e join paths p on p.id = e.path")}


def test_what_was_accepted_is_restored_after_the_disk_is_lost(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy"
    data.mkdir()
    text = CONFIGURATION.read_text()
    for documented, here in (("/var/lib/tinytrail", data), ("/mnt/backup/tinytrail", copy)):
        assert documented in text
        text = text.replace(documented, str(here))
    configuration = tmp_path / "litestream.yml"
    configuration.write_text(text)

    attempts = count()
    accepted = {f"/{number}" for number in range(200)}

    def restored() -> Path | None:
        to = tmp_path / f"restored-{next(attempts)}.db"
        command = [
            LITESTREAM,
            "restore",
            "-config",
            str(configuration),
            "-o",
            str(to),
            f"{data}/tinytrail.db",
        ]
        failed = subprocess.run(command, capture_output=True, check=False).returncode
        return None if failed else to

    with serving(data, TINYTRAIL_WEB_COLLECT_LIMIT="") as server, (tmp_path / "log").open("wb") as log:
        website = server.add_website("example.com")
        replicating = subprocess.Popen(
            [LITESTREAM, "replicate", "-config", configuration], stderr=log, stdout=log
        )
        try:
            with httpx.Client(base_url=server.url, headers={"user-agent": BROWSER}) as client:
                for path in accepted:
                    assert client.post("/api/v1/collect", json=hit(website, path)).status_code == 202
            deadline = time.monotonic() + 3 * DEADLINE
            while paths_in(restored()) != accepted:
                assert time.monotonic() < deadline
                time.sleep(0.2)
        finally:
            replicating.terminate()
            assert replicating.wait(DEADLINE) == 0
        server.process.kill()

    last = restored()
    assert paths_in(last) == accepted
    with serving(tmp_path, "--database", str(last)) as server:
        assert httpx.get(f"{server.url}/health").json()["db"] == "connected"
        assert "database  ok" in server.run("check", "--database", str(last))
