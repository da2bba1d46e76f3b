"""All four systems in one installed server: driven through real sockets, killed, started again."""

import json
import signal
from pathlib import Path
from typing import Any

from httpx import Client
from websockets.sync.client import connect

from tests.make import BROWSER
from tests.server import Server, serving

INSTANCE = "b316815f-5f81-488f-89f8-12b62013dfa4"
SETTINGS = {"TINYTRAIL_PRESENCE_SECRET_KEY": "secret", "TINYTRAIL_TRACK_READ_KEY": "reader"}
MARCH = {"start_date": "2026-03-01", "end_date": "2026-03-31"}


def drive(client: Client, website: str) -> None:
    """An event for each system; every one is acknowledged."""
    hit = {"website_id": website, "event_type": "page_view", "url": "https://blog.example/a", "path": "/a"}
    assert client.post("/api/v1/collect", json=hit).status_code == 202
    for event, at in (("play", "2026-03-14T10:00:00Z"), ("stop", "2026-03-14T10:05:00Z")):
        sent = client.post("/track", json={"event": event, "user_id": "alice", "timestamp": at})
        assert sent.json() == {"status": "success", "message": "Event logged."}
    beat = client.post("/heartbeat", json={"version": "2.0.0", "instance_id": INSTANCE})
    assert beat.status_code == 200
    device = client.post("/api/devices", json={"name": "Laptop"}, headers={"authorization": "secret"}).json()
    assert client.post("/api/beat", headers={"authorization": device["token"]}).text.isdigit()
    assert client.get("/presence").status_code == 200


def found(server: Server, client: Client, website: str) -> dict[str, Any]:
    """What each system has to show for it."""
    pages = client.get("/api/v1/reports/pages", params={"website_id": website, "period": "all"})
    metrics = client.get("/metrics", params=MARCH, headers={"authorization": "Bearer reader"})
    sessions = client.get("/sessions", params=MARCH, headers={"x-api-key": "reader"})
    with connect(f"{server.url.replace('http', 'ws', 1)}/api/stats/ws") as socket:
        presence = json.loads(socket.recv())
    return {
        "web": [(row["path"], row["pageviews"]) for row in pages.json()["data"]["rows"]],
        "product": metrics.json()["data"],
        "sessions": sessions.json()["data"],
        "installs": client.get("/stats").json()["total"],
        "presence": (presence["total_beats"], presence["num_visits"], presence["devices"][0]["name"]),
    }


def test_what_was_acknowledged_is_there_after_a_kill(tmp_path: Path) -> None:
    with serving(tmp_path, **SETTINGS) as server, a_client(server) as client:
        website = server.add_website("blog.example")
        drive(client, website)
        before = found(server, client, website)
        assert server.stop(by=signal.SIGKILL) == -signal.SIGKILL

    assert before == {
        "web": [("/a", 1)],
        "product": [{"date": "2026-03-14", "play": 1, "stop": 1}],
        "sessions": [{"date": "2026-03-14", "totalDuration": 300, "sessionCount": 1, "averageDuration": 300}],
        "installs": 1,
        "presence": (1, 1, "Laptop"),
    }
    with serving(tmp_path, **SETTINGS) as server, a_client(server) as client:
        assert found(server, client, website) == before
        assert server.run("check").count("ok") == 3


def a_client(server: Server) -> Client:
    headers = {"user-agent": BROWSER, "x-api-key": server.api_key()}
    return Client(base_url=server.url, headers=headers)
