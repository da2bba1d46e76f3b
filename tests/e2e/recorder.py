"""A web server that stands in for a blog and for TinyTrail, and writes down what it is sent.

One port serves both; the browser tells them apart by host name: http://blog.example has the pages,
http://stats.example has /js/tracker.js and /api/v1/collect. Any path is a page with the snippet,
unless `pages` has HTML for it.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Condition, Event, Thread
from typing import Any

from playwright.sync_api import Page

import tinytrail

TRACKER = Path(tinytrail.__file__).parent / "static" / "tracker.js"
WEBSITE = "550e8400-e29b-41d4-a716-446655440000"
DEADLINE = 30.0  # seconds; nothing takes so long, and a failing test should not hang


@dataclass(frozen=True)
class Sent:
    """A request to the collect endpoint."""

    method: str
    path: str
    headers: dict[str, str]
    body: str

    @property
    def events(self) -> list[dict[str, Any]]:
        parsed: list[dict[str, Any]] = json.loads(self.body)
        return parsed

    @property
    def types(self) -> list[str]:
        return [event["event_type"] for event in self.events]


@dataclass
class Recorder:
    port: int
    attributes: str = ""  # of the snippet on every page
    prefix: str = ""  # the path under which TinyTrail is served
    status: int = 202  # what collect answers
    pages: dict[str, str] = field(default_factory=dict)
    released: Event = field(default_factory=Event)  # what GET /wait waits for
    sent: list[Sent] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    changed: Condition = field(default_factory=Condition)

    def url(self, path: str, host: str = "blog.example") -> str:
        return f"http://{host}:{self.port}{path}"

    @property
    def snippet(self) -> str:
        src = self.url(f"{self.prefix}/js/tracker.js", "stats.example")
        return f'<script defer {self.attributes} data-id="{WEBSITE}" src="{src}"></script>'

    def html(self, path: str) -> str:
        other = self.url("/landing?token=secret#top", "other.example")
        return self.pages.get(
            path,
            f"""<!doctype html><title>{path}</title>{self.snippet}
            <p><a id="inside" href="/inside">inside</a> <a id="nowhere">nowhere</a>
            <a id="mail" href="mailto:alice@other.example">mail</a>
            <a id="outside" href="{other}"><b>outside</b></a>
            <a id="tab" href="{other}" target="_blank" rel="noopener">a new tab</a>
            <div style="height: 4000px"></div>""",
        )

    def record(self, sent: Sent) -> None:
        with self.changed:
            self.sent.append(sent)
            self.changed.notify_all()

    def mark(self, path: str) -> None:
        with self.changed:
            self.marks.append(path)
            self.changed.notify_all()

    def wait_until(self, condition: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, DEADLINE), f"after {DEADLINE} s: {self.sent} {self.marks}"

    def wait_for(self, requests: int) -> list[Sent]:
        """All requests to collect, once there are so many; one more is a failure."""
        self.wait_until(lambda: len(self.sent) >= requests)
        assert len(self.sent) == requests
        return self.sent

    def wait_for_types(self, *types: str) -> list[dict[str, Any]]:
        """All events, in the order of these types, once they have arrived; any other is a failure.

        One request may overtake another, so events of different types say nothing by their order.
        """
        self.wait_until(lambda: len(self.events) >= len(types))
        events = self.events
        assert sorted(event["event_type"] for event in events) == sorted(types)
        by_type = {name: iter([event for event in events if event["event_type"] == name]) for name in types}
        return [next(by_type[name]) for name in types]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for sent in self.sent for event in sent.events]

    def settle(self, page: Page) -> None:
        """Let what the page has sent arrive: two requests, one after the other, have since made the trip."""
        for trip in ("/mark/1", "/mark/2"):
            page.evaluate("url => fetch(url, {mode: 'no-cors'})", self.url(trip, "stats.example"))


class Handler(BaseHTTPRequestHandler):
    recorder: Recorder

    def do_GET(self) -> None:
        recorder, path = self.recorder, self.path.partition("?")[0]
        if path == f"{recorder.prefix}/js/tracker.js":
            self.answer(200, TRACKER.read_bytes(), "application/javascript")
        elif path == "/wait":
            recorder.released.wait(DEADLINE)
            self.answer(204)
        elif path.startswith("/mark/"):
            recorder.mark(path)
            self.answer(204)
        elif path == "/favicon.ico":
            self.answer(204)
        else:
            self.answer(200, recorder.html(path).encode(), "text/html; charset=utf-8")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.recorder.record(Sent(self.command, self.path, headers, body))
        self.answer(self.recorder.status)

    def do_OPTIONS(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.recorder.record(Sent(self.command, self.path, headers, "[]"))
        self.answer(204)

    def answer(self, status: int, body: bytes = b"", content_type: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Access-Control-Allow-Origin", self.headers.get("Origin", "*"))
        self.send_header("Access-Control-Allow-Credentials", "true")
        self.send_header("Access-Control-Allow-Headers", "Content-Type")
        self.send_header("Vary", "Origin")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up in the middle of an answer is no error; anything else is."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


@contextmanager
def recording() -> Iterator[Recorder]:
    class Bound(Handler):
        pass

    with Server(("127.0.0.1", 0), Bound) as server:
        recorder = Bound.recorder = Recorder(server.server_port)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield recorder
        recorder.released.set()
        server.shutdown()
        thread.join()
