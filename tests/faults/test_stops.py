"""The process ends, at any moment and under load: nothing acknowledged is lost, nothing counted twice."""

import random
import signal
import time
from pathlib import Path

import httpx
import pytest

from tests.faults.load import UNLIMITED, Ledger, Load, audit, open_ledger, wait_for
from tests.faults.wire import SECONDS
from tests.server import Server, serving


def wait_for_acknowledgements(ledger: Ledger, more: int) -> None:
    wanted = ledger.total() + more
    wait_for(lambda: ledger.total() >= wanted)


def aggregate(server: Server, ledger: Ledger) -> None:
    """Roll up the day that is being written."""
    headers = {"x-api-key": ledger.prepared.api_key}
    day = time.strftime("%Y-%m-%d", time.gmtime())
    with httpx.Client(base_url=server.url, headers=headers, timeout=SECONDS) as client:
        client.post("/api/v1/admin/aggregate", json={"date": day})


def pageviews_reported(server: Server, ledger: Ledger) -> int:
    params = {"website_id": ledger.prepared.website, "period": "all"}
    headers = {"x-api-key": ledger.prepared.api_key}
    answer = httpx.get(f"{server.url}/api/v1/reports/summary", params=params, headers=headers)
    value: int = answer.json()["data"]["metrics"]["pageviews"]["value"]
    return value


@pytest.mark.parametrize("kills", [3, pytest.param(200, marks=pytest.mark.long)])
def test_kill_at_random_moments(tmp_path: Path, kills: int) -> None:
    ledger = open_ledger(tmp_path)
    for number in range(kills):
        with serving(tmp_path, **UNLIMITED) as server:
            load = Load(server, ledger)
            wait_for_acknowledgements(ledger, 50)
            if number % 2:
                aggregate(server, ledger)
            time.sleep(random.uniform(0, 0.3))
            assert server.stop(signal.SIGKILL) == -signal.SIGKILL
            load.wait()
        audit(tmp_path, ledger)
    with serving(tmp_path, **UNLIMITED) as server:
        reported = pageviews_reported(server, ledger)
        assert ledger.acknowledged["web"].total() <= reported <= ledger.sent["web"].total()
    assert ledger.answers.keys() == {200, 202}


@pytest.mark.parametrize("stops", [1, pytest.param(50, marks=pytest.mark.long)])
def test_a_stop_under_load(tmp_path: Path, stops: int) -> None:
    ledger = open_ledger(tmp_path)
    for _ in range(stops):
        with serving(tmp_path, log=f"{tmp_path}/log", **UNLIMITED) as server:
            load = Load(server, ledger)
            wait_for_acknowledgements(ledger, 200)
            assert server.stop(signal.SIGTERM) == 0
            load.wait()
        assert (tmp_path / "log").read_text() == ""
        assert not (tmp_path / "tinytrail.db-wal").exists()
        audit(tmp_path, ledger)
    assert ledger.answers.keys() == {200, 202}


def test_a_backup_under_load_restores_to_a_file_that_passes_check(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    with serving(tmp_path, **UNLIMITED) as server:
        load = Load(server, ledger)
        wait_for_acknowledgements(ledger, 200)
        with ledger.lock:
            before = {system: counter.copy() for system, counter in ledger.acknowledged.items()}
        server.run("backup", "copy.db")
        load.stop()
    restored = tmp_path / "restored"
    restored.mkdir()
    (tmp_path / "copy.db").rename(restored / "tinytrail.db")
    (tmp_path / "tinytrail.key").rename(restored / "tinytrail.key")
    with serving(restored, **UNLIMITED) as server:
        assert server.run("check").count(" ok") == 3
        load = Load(server, ledger)
        wait_for_acknowledgements(ledger, 50)
        load.stop()
        assert pageviews_reported(server, ledger) >= before["web"].total()
    ledger.acknowledged.clear()  # all that came after the backup was begun may be missing from it
    ledger.acknowledged.update(before)
    audit(restored, ledger)
