"""GET /-/metrics: what the server does, for Prometheus to read, where `[server] metrics` is on.

In Prometheus' text format 0.0.4. Labels are names of ours alone: never an address, a visitor's path or a key.
docs/operating.md says what each figure is good for.
"""

import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

from litestar import Response, get
from litestar.datastructures import State

from tinytrail import __version__
from tinytrail.core.db import Database
from tinytrail.core.files import log_of, size_of
from tinytrail.core.inject import Db
from tinytrail.jobs import Runs

# What a path is counted as. Those by which events come are found at once, the rest by their beginning.
HOT = {"/api/v1/collect": "collect", "/track": "track", "/heartbeat": "heartbeat", "/api/beat": "beat"}
BY_BEGINNING = (
    ("/api/v1/reports/", "reports"),
    ("/api/v1/", "api"),
    ("/js/tracker.js", "tracker"),
    ("/metrics", "product"),
    ("/sessions", "product"),
    ("/stats", "installs"),
    ("/badge/", "badges"),
    ("/api/", "presence"),
    ("/presence", "presence"),
    ("/share/", "dashboard"),
    ("/static/", "static"),
    ("/health", "health"),
    ("/-/", "metrics"),
)
ROUTES = {*HOT.values(), *(name for _, name in BY_BEGINNING), "dashboard", "other"}

REFUSALS = {429: "limit", 503: "busy"}


def route_class(path: str) -> str:
    """One of few, whatever was asked for."""
    if hot := HOT.get(path):
        return hot
    for beginning, name in BY_BEGINNING:
        if path.startswith(beginning):
            return name
    return "dashboard" if path == "/" else "other"


class Requests:
    """How many were answered, how, and in what time."""

    def __init__(self) -> None:
        self.count: Counter[tuple[str, int]] = Counter()  # by class of route and status; 0: never answered
        self.seconds: defaultdict[str, float] = defaultdict(float)

    async def measure(self, app: Any, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        scope.pop("extensions", None)  # an answer sent at once would not come by here
        begun = time.perf_counter()
        status, is_gone = 0, False

        async def note_hanging_up() -> Any:
            nonlocal is_gone
            message = await receive()
            is_gone = is_gone or message["type"] == "http.disconnect"
            return message

        async def note_status(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start" and not is_gone:
                status = message["status"]
            await send(message)

        try:
            await app(scope, note_hanging_up, note_status)
        finally:
            route = route_class(scope["path"])
            self.count[route, status] += 1
            self.seconds[route] += time.perf_counter() - begun


class Sample(NamedTuple):
    value: float
    labels: dict[str, str] = {}  # never changed
    suffix: str = ""  # "_sum" or "_count", of a summary


class Family(NamedTuple):
    name: str
    kind: Literal["counter", "gauge", "summary"]
    help: str
    samples: Iterable[Sample]

    def text(self) -> str:
        lines = [f"# HELP {self.name} {self.help}", f"# TYPE {self.name} {self.kind}"]
        for value, labels, suffix in self.samples:
            pairs = ",".join(f'{label}="{text}"' for label, text in labels.items())  # nothing to escape
            lines.append(f"{self.name}{suffix}{f'{{{pairs}}}' if pairs else ''} {value:.17g}")
        return "\n".join(lines)


def summary(count: float, total: float, **labels: str) -> list[Sample]:
    return [Sample(total, labels, "_sum"), Sample(count, labels, "_count")]


@get("/-/metrics", media_type="text/plain; version=0.0.4")
async def show_metrics(state: State, db: Db) -> Response[str]:
    text = "".join(
        f"{family.text()}\n"
        for families in (
            of_requests(state.requests),
            of_database(db),
            of_jobs(state.runs),
            of_process(state.started_at),
        )
        for family in families
    )
    return Response(text, headers={"cache-control": "no-store"})


def of_requests(requests: Requests) -> Iterator[Family]:
    classes: Counter[tuple[str, str]] = Counter()
    by_route: Counter[str] = Counter()
    refused = Counter({(route, reason): 0 for route in ROUTES for reason in REFUSALS.values()})
    for (route, status), count in requests.count.items():
        classes[route, f"{status // 100}xx" if status else "none"] += count
        by_route[route] += count
        if reason := REFUSALS.get(status):
            refused[route, reason] += count
    yield Family(
        "tinytrail_requests_total",
        "counter",
        "Requests by class of route and of status; none: the client hung up first.",
        [Sample(n, {"route": route, "status": status}) for (route, status), n in sorted(classes.items())],
    )
    yield Family(
        "tinytrail_request_seconds",
        "summary",
        "How long requests took, from their head to the end of the answer.",
        [
            line
            for route, n in sorted(by_route.items())
            for line in summary(n, requests.seconds[route], route=route)
        ],
    )
    yield Family(
        "tinytrail_refused_total",
        "counter",
        "Requests refused: limit, too many of one caller (429); busy, the database cannot take it now (503).",
        [Sample(n, {"route": route, "reason": reason}) for (route, reason), n in sorted(refused.items())],
    )


def of_database(db: Database) -> Iterator[Family]:
    yield Family(
        "tinytrail_writes_waiting", "gauge", "Writes that wait for the next commit.", [Sample(db.waiting)]
    )
    yield Family(
        "tinytrail_commit_seconds",
        "summary",
        "How long groups of writes took until they were on disk.",
        summary(db.commits.count, db.commits.seconds),
    )
    yield Family(
        "tinytrail_commit_writes",
        "summary",
        "How many writes shared a commit.",
        summary(db.commits.count, db.commits.writes),
    )
    sizes = [("main", db.path), ("wal", log_of(db.path))]
    yield Family(
        "tinytrail_database_bytes",
        "gauge",
        "Size of the database's files.",
        [Sample(size_of(path), {"file": name}) for name, path in sizes],
    )


def of_jobs(runs: dict[str, Runs]) -> Iterator[Family]:
    yield Family(
        "tinytrail_task_seconds",
        "summary",
        "How long the server's own tasks took, the rollup among them.",
        [line for task, run in runs.items() for line in summary(run.count, run.seconds, task=task)],
    )
    yield Family(
        "tinytrail_task_failures_total",
        "counter",
        "Runs of the server's own tasks that failed.",
        [Sample(run.failures, {"task": task}) for task, run in runs.items()],
    )
    yield Family(
        "tinytrail_task_last_success_timestamp_seconds",
        "gauge",
        "When a task last ended well; 0: not since the start.",
        [Sample(run.succeeded_at, {"task": task}) for task, run in runs.items()],
    )


def of_process(started_at: float) -> Iterator[Family]:
    """By the names that all of Prometheus' own libraries use."""
    yield Family("tinytrail_info", "gauge", "The version that runs.", [Sample(1, {"version": __version__})])
    yield Family("process_start_time_seconds", "gauge", "When the server started.", [Sample(started_at)])
    yield Family(
        "process_cpu_seconds_total", "counter", "CPU time, user and system.", [Sample(time.process_time())]
    )
    if Path("/proc/self/statm").exists():  # Linux
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        memory = pages * os.sysconf("SC_PAGE_SIZE")
        yield Family("process_resident_memory_bytes", "gauge", "Memory in use.", [Sample(memory)])
        files = len(os.listdir("/proc/self/fd"))
        yield Family("process_open_fds", "gauge", "Open files and sockets.", [Sample(files)])
