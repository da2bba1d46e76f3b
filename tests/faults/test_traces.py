"""A day's mixed traffic on the installed server. Then the database, its WAL and all that was printed are
searched for what must not be there, byte by byte: what a request brings by itself, and what web cuts off."""

import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.faults.wire import prepare
from tests.make import BROWSER, hit
from tests.server import Server, serving
from tinytrail.core.tokens import read_or_make_secret

ADDRESSES = ["198.51.100.77", "192.0.2.211", "2001:db8:77:88::9"]
AGENT = BROWSER.replace("Chrome/139.0.0.0", "Chrome/139.0.4711.0")
QUERY = "?email=jane.doe%40example.com&password=hunter2&utm_source=news"
SECRETS = ["jane.doe", "hunter2", "Zaphod", "a-wrong-key-of-somebody", "a-wrong-token"]
SETTINGS = {
    "TINYTRAIL_SERVER_TRUSTED_PROXIES": "127.0.0.1",
    "TINYTRAIL_PRESENCE_SECRET_KEY": "presence-secret-key",
    "TINYTRAIL_TRACK_WRITE_KEY": "track-write-key",
    "TINYTRAIL_TRACK_READ_KEY": "track-read-key",
    "TINYTRAIL_WEB_COLLECT_LIMIT": "5/10s",
}
# So that a search which finds nothing is known to search. An app's metadata are stored as it sends them, a
# query string too (tests/product/test_track.py): here it sends none.
KEPT, KEPT_METADATA = b"/a-path-that-is-kept", b"https://app.example/metadata-that-are-kept"


def a_day(server: Server, website: str, api_key: str) -> list[str]:
    """What went well and what did not, for all four systems; the tokens that were made on the way."""
    made = []
    with httpx.Client(base_url=server.url, headers={"user-agent": AGENT}) as client:
        for ip in ADDRESSES:
            seen = {"x-forwarded-for": ip, "referer": f"https://a.example/{QUERY}", "cookie": "id=Zaphod"}
            page = hit(
                website, KEPT.decode(), url=f"https://example.com/{QUERY}#Zaphod",
                referrer=f"https://www.google.com/search{QUERY}",
                properties={"href": f"https://b.example/{QUERY}"},
            )  # fmt: skip
            for body in (page, page, page | {"path": 1}, {"q": QUERY}, page, page, page):  # the last: 429
                client.post(f"/api/v1/collect{QUERY}", json=body, headers=seen)
            client.post("/api/v1/collect", content=b"{" + QUERY.encode(), headers=seen)
            for key in ("track-write-key", "a-wrong-key-of-somebody"):
                event = {"event": "play", "user_id": "alice", "metadata": {"page": KEPT_METADATA.decode()}}
                client.post(f"/track{QUERY}", json=event, headers=seen | {"x-api-key": key})
                client.get(f"/metrics{QUERY}", headers=seen | {"authorization": f"Bearer {key}"})
            client.post("/heartbeat", json={"instance_id": "x" * 36, "version": "1"}, headers=seen)
            client.post(
                "/heartbeat",
                json={"instance_id": "b316815f-5f81-488f-89f8-12b62013dfa4", "version": "1"},
                headers=seen,
            )
            for key in ("presence-secret-key", "a-wrong-key-of-somebody"):
                device = client.post(
                    "/api/devices", json={"name": "Laptop"}, headers=seen | {"authorization": key}
                )
                token = device.json()["token"] if device.status_code == 200 else "a-wrong-token"
                made.append(token)
                client.post(f"/api/beat{QUERY}", headers=seen | {"authorization": token})
            for key in (api_key, "a-wrong-key-of-somebody"):
                auth = seen | {"x-api-key": key}
                client.get(
                    "/api/v1/reports/pages", params={"website_id": website, "period": "today"}, headers=auth
                )
                share = client.post(
                    f"/api/v1/websites/{website}/shares", json={"name": "For the board"}, headers=auth
                )
                if share.status_code == 201:
                    made.append(share.json()["data"]["token"])
                    client.get(f"/share/{made[-1]}", headers=seen)
                    shared = seen | {"x-api-key": made[-1]}
                    client.get(
                        "/api/v1/reports/pages",
                        params={"website_id": website, "period": "today"},
                        headers=shared,
                    )
                session = client.post("/api/v1/sessions", json={"api_key": key}, headers=seen)
                if cookie := session.cookies.get("tinytrail_session"):
                    made.append(cookie)
            client.get(f"/presence{QUERY}", headers=seen)
            client.get(f"/nowhere{QUERY}", headers=seen)
    return made


def test_nothing_private_is_in_the_database_its_wal_or_the_logs(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    website, api_key = prepare(tmp_path)
    log = tmp_path / "log"
    with serving(tmp_path, log=str(log), **SETTINGS) as server:
        made = a_day(server, website, api_key)
        # A problem of ours, which is logged whole, amid requests that hold all of it.
        with closing(sqlite3.connect(tmp_path / "tinytrail.db")) as other:
            other.execute("alter table product_events rename to nowhere")
        a_day(server, website, api_key)
        files = {path.name: path.read_bytes() for path in tmp_path.glob("tinytrail.db*")}
        server.stop()
        assert server.process.stdout
        files["stdout"] = server.process.stdout.read().encode()
    files |= {path.name: path.read_bytes() for path in tmp_path.glob("tinytrail.db*")} | {
        "log": log.read_bytes()
    }

    assert len(made) == 4 * len(ADDRESSES)
    assert b"no such table: product_events" in files["log"]
    for kept in (KEPT, KEPT_METADATA):
        assert any(kept in content for content in files.values())
    secret = read_or_make_secret(f"{tmp_path}/tinytrail.key").hex()
    keys = [api_key, secret, "presence-secret-key", "track-write-key", "track-read-key"]
    private = [*ADDRESSES, AGENT, "AppleWebKit", "139.0.4711", *SECRETS, *keys, *made]
    found = {name: [text for text in private if text.encode() in content] for name, content in files.items()}
    assert found == dict.fromkeys(files, [])
