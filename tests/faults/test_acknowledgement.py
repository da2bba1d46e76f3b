"""What is acknowledged was on disk before: by a file that is locked, by a commit that takes its time."""

import asyncio
import sqlite3
import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import httpx
import pytest
from httpx import AsyncClient

from tests.faults.load import UNLIMITED, Ledger, audit, open_ledger, stored, wait_for
from tests.faults.test_file import locked, told
from tests.faults.wire import SECONDS, serving_with
from tests.make import BROWSER, hit
from tests.server import serving
from tinytrail import jobs
from tinytrail.core.connect import Tx
from tinytrail.core.db import Database
from tinytrail.core.tokens import hash_token
from tinytrail.presence.devices import insert_device

TOO_SOON = 0.2  # seconds; an answer that waits for nothing takes some thousandths
SYSTEMS = ("web", "product", "installs", "presence")
TOKEN = "token 0"

Sent = tuple[str, str, dict[str, Any]]  # what `stored` calls it, path, body


def something_for(system: str, website: str) -> Sent:
    name = uuid4()
    return {
        "web": (f"/{name}", "/api/v1/collect", hit(website, f"/{name}")),
        "product": (f"{name} play", "/track", {"event": "play", "user_id": str(name)}),
        "installs": (name.hex, "/heartbeat", {"instance_id": str(name), "version": "1"}),
        "presence": ("0", "/api/beat", {}),
    }[system]


def count(folder: Path, system: str, what: str) -> int:
    """As another process sees the file at this very moment."""
    with closing(sqlite3.connect(folder / "tinytrail.db")) as tx:
        return stored(tx)[system][what]


def post(url: str, folder: Path, system: str, sent: Sent) -> tuple[int, int]:
    """The status, and how many are in the file as it comes."""
    what, path, body = sent
    headers = {"authorization": TOKEN, "user-agent": BROWSER}
    answer = httpx.post(f"{url}{path}", json=body, headers=headers, timeout=SECONDS)
    return answer.status_code, count(folder, system, what)


def test_nothing_is_acknowledged_before_another_process_can_see_it(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    with serving(tmp_path, **UNLIMITED) as server, ThreadPoolExecutor() as pool:

        def begin(system: str) -> "Future[tuple[int, int]]":
            sent = something_for(system, ledger.prepared.website)
            return pool.submit(post, server.url, tmp_path, system, sent)

        beats = 0
        for together in (*((system,) for system in SYSTEMS), SYSTEMS):
            with locked(tmp_path):
                answers = {system: begin(system) for system in together}
                early, _ = wait(answers.values(), timeout=TOO_SOON)
                assert not early, together
            for system, answer in answers.items():
                beats += system == "presence"
                expected = (202 if system == "web" else 200, beats if system == "presence" else 1)
                assert answer.result(SECONDS) == expected, (together, system)


@pytest.fixture(autouse=True)
def _no_commits_but_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a server makes up for at its start writes as well, aside."""
    monkeypatch.setattr(jobs, "JOBS", ())


class SlowCommits:
    """Each commit waits until it is let go; none does any more in the end, also where a test fails."""

    def __init__(self) -> None:
        self._reached, self._let_go = threading.Semaphore(0), threading.Semaphore(0)
        self._patch = pytest.MonkeyPatch()
        self._is_over = False

    def __enter__(self) -> "SlowCommits":
        end = Tx.end

        def end_slowly(tx: Tx, how: Literal["commit", "rollback"]) -> None:
            if how == "commit" and not self._is_over:
                self._reached.release()
                self._let_go.acquire(timeout=SECONDS)
            end(tx, how)

        self._patch.setattr(Tx, "end", end_slowly)
        return self

    def __exit__(self, *_: object) -> None:
        self._patch.undo()
        self._is_over = True
        self.let_go()

    async def reached(self) -> None:
        assert await asyncio.to_thread(self._reached.acquire, timeout=SECONDS)

    def let_go(self) -> None:
        self._let_go.release()


async def test_nothing_is_acknowledged_while_its_commit_is_under_way(
    client: AsyncClient, admin: AsyncClient, db: Database, tmp_path: Path
) -> None:
    made = await admin.post("/api/v1/websites", json={"domain": "example.com"})
    website: str = made.json()["data"]["id"]
    await db.write(insert_device, "Laptop", hash_token(TOKEN))

    async def post(system: str) -> int:
        what, path, body = something_for(system, website)
        answer = await client.post(path, json=body, headers={"authorization": TOKEN})
        assert answer.status_code in (200, 202)
        return count(tmp_path, system, what)

    with SlowCommits() as commits:
        alone = asyncio.create_task(post("product"))
        await commits.reached()
        # What comes meanwhile shares the next commit, another way through the writer than one alone.
        together = [asyncio.create_task(post(system)) for system in SYSTEMS]
        await asyncio.to_thread(wait_for, lambda: db.waiting == len(together))
        early, _ = await asyncio.wait([alone, *together], timeout=TOO_SOON)
        assert not early
        commits.let_go()
        await commits.reached()
        assert await alone == 1
        early, _ = await asyncio.wait(together, timeout=TOO_SOON)
        assert not early
        commits.let_go()
        assert await asyncio.gather(*together) == [1, 1, 1, 1]


FEW = 5
SHORT_QUEUE = f"from tinytrail.core import db; db.MOST_WAITING = {FEW}"


def test_a_queue_that_has_filled_refuses_all_four_systems_and_then_goes_on(tmp_path: Path) -> None:
    ledger: Ledger = open_ledger(tmp_path)
    with (
        serving_with(SHORT_QUEUE, tmp_path, **UNLIMITED) as server,
        ThreadPoolExecutor(10 * FEW) as pool,
        httpx.Client(base_url=server.url, timeout=SECONDS) as client,
    ):

        def send(system: str) -> httpx.Response:
            what, path, body = something_for(system, ledger.prepared.website)
            ledger.sent[system][what] += 1
            headers = {"authorization": TOKEN, "user-agent": BROWSER}
            answer = client.post(path, json=body, headers=headers)
            if answer.is_success:
                ledger.acknowledged[system][what] += 1
            return answer

        with locked(tmp_path):
            filling = [pool.submit(send, "product") for _ in range(6 * FEW)]
            wait_for(lambda: sum(sent.done() for sent in filling) > 0)
            refused = [send(system) for system in SYSTEMS]  # at once, while the others wait
            assert sum(not sent.done() for sent in filling) >= FEW
        for answer in [*refused, *(sent.result(SECONDS) for sent in filling)]:
            assert answer.status_code in (200, 503)
            assert (answer.headers.get("retry-after") == "1") == (answer.status_code == 503)
        assert [answer.status_code for answer in refused] == [503] * 4
        assert ledger.total() >= FEW  # those that had a place in it
        assert [send(system).status_code for system in SYSTEMS] == [202, 200, 200, 200]
    assert told(tmp_path) == [f"more comes than can be written: {FEW} wait, others must come back"]
    audit(tmp_path, ledger)
