"""Load on all four systems at once, a ledger of what was acknowledged, and an audit of the file by it."""

import http.client
import json
import sqlite3
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.faults.wire import SECONDS, Prepared, port_of, prepare
from tests.make import BROWSER, hit
from tests.server import Server
from tinytrail.core.connect import connect, transaction
from tinytrail.core.tokens import hash_token
from tinytrail.presence.devices import insert_device

WORKERS = 6
UNLIMITED = {
    "TINYTRAIL_WEB_COLLECT_LIMIT": "",
    "TINYTRAIL_WEB_API_LIMIT": "",
    "TINYTRAIL_INSTALLS_HEARTBEAT_LIMIT": "",
    "TINYTRAIL_INSTALLS_NEW_LIMIT": "",
}


@dataclass
class Ledger:
    """What was sent, and which of it was answered as stored. Whatever lies between may be there or not."""

    prepared: Prepared
    tokens: list[str]  # of the devices 0, 1, 2 ...
    sent: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    acknowledged: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    answers: Counter[int] = field(default_factory=Counter)  # by status
    lock: threading.Lock = field(default_factory=threading.Lock)

    def total(self) -> int:
        return sum(counter.total() for counter in self.acknowledged.values())


def open_ledger(folder: Path) -> Ledger:
    """In a folder with nothing in it yet."""
    prepared = prepare(folder)
    tokens = [f"token {number}" for number in range(WORKERS)]
    with closing(connect(f"{folder}/tinytrail.db")) as tx, transaction(tx):
        for number, token in enumerate(tokens):
            insert_device(tx, f"Device {number}", hash_token(token))
    return Ledger(prepared, tokens)


class Load:
    """Workers that send until the server has gone or they are told to stop."""

    def __init__(self, server: Server, ledger: Ledger) -> None:
        self._port = port_of(server)
        self._ledger = ledger
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(number,)) for number in range(WORKERS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        self.wait()

    def wait(self) -> None:
        for thread in self._threads:
            thread.join()

    def _work(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=SECONDS * 2)
        try:
            while not self._stop.is_set():
                self._round(connection, number)
        except (OSError, http.client.HTTPException):
            pass  # it has gone
        finally:
            connection.close()

    def _round(self, connection: http.client.HTTPConnection, number: int) -> None:
        """Something for each system."""
        ledger, name = self._ledger, uuid4().hex
        for path in (f"/{name}/1", f"/{name}/2"):
            body = hit(ledger.prepared.website, path)
            self._send(connection, "web", path, 202, "/api/v1/collect", body, {"user-agent": BROWSER})
        for event in ("play", "stop"):
            body = {"event": event, "user_id": name}
            self._send(connection, "product", f"{name} {event}", 200, "/track", body)
        instance = str(uuid4())
        body = {"instance_id": instance, "version": "1.0"}
        self._send(connection, "installs", instance.replace("-", ""), 200, "/heartbeat", body)
        authorization = {"authorization": ledger.tokens[number]}
        self._send(connection, "presence", str(number), 200, "/api/beat", {}, authorization)

    def _send(
        self,
        connection: http.client.HTTPConnection,
        system: str,
        what: str,
        stored: int,
        path: str,
        body: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> None:
        ledger = self._ledger
        with ledger.lock:
            ledger.sent[system][what] += 1
        connection.request("POST", path, json.dumps(body), headers or {})
        response = connection.getresponse()
        response.read()
        with ledger.lock:
            ledger.answers[response.status] += 1
            if response.status == stored:
                ledger.acknowledged[system][what] += 1


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 3 * SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def stored(tx: sqlite3.Connection) -> dict[str, Counter[str]]:
    """What the file holds, in the ledger's words."""

    def counted(sql: str) -> Counter[str]:
        return Counter({str(what): count for what, count in tx.execute(sql)})

    return {
        "web": counted("select p.path, count(*) from events e join paths p on p.id = e.path group by p.path"),
        "product": counted(
            """select u.value || ' ' || e.value as what, count(*)
                 from product_events p
                 join product_strings u on u.id = p.user
                 join product_strings e on e.id = p.event
                group by what"""
        ),
        "installs": counted("select lower(hex(id)), 1 from instances"),
        "presence": counted("select id, num_beats from devices"),
    }


# What must be the same in any file, whatever was sent: each system's totals are those of its rows.
SAME = [
    ("select count(*) from events", "select sum(events) from visits"),
    ("select count(*) from events where kind = 0", "select sum(pageviews) from visits"),
    ("select count(*) from product_events", "select sum(events) from product_daily where user = 0"),
    ("select count(*) from product_events", "select sum(events) from product_daily where user <> 0"),
    (
        "select count(*) from product_events where not is_open",
        "select 2 * sum(sessions) from product_daily where user = 0",
    ),
    ("select count(*) from instances", "select total(active) from active_now"),
    ("select sum(num_beats) from devices", "select total_beats from presence"),
]


def audit(folder: Path, ledger: Ledger) -> None:
    """Everything acknowledged is there; nothing is there twice; nothing is there that was not sent."""
    with closing(sqlite3.connect(folder / "tinytrail.db")) as tx:
        assert tx.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert tx.execute("pragma foreign_key_check").fetchall() == []
        for system, found in stored(tx).items():
            lost = ledger.acknowledged[system] - found
            assert not lost, f"{system} lost {lost.total()} of {ledger.acknowledged[system].total()}"
            unsent = found - ledger.sent[system]
            assert not unsent, f"{system} counted {unsent.total()} that were not sent, or twice"
        for rows, totals in SAME:
            [[counted]], [[summed]] = tx.execute(rows).fetchall(), tx.execute(totals).fetchall()
            assert counted == (summed or 0), (rows, totals)
