"""The log of the installed server when something is broken: told once, without a trace of who asked."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.make import BROWSER, hit
from tests.server import serving


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_failure_is_told_once_and_tells_nothing_of_the_caller(tmp_path: Path, form: str) -> None:
    log = tmp_path / "log"
    environment = {
        "TINYTRAIL_SERVER_LOG_FORMAT": form,
        "TINYTRAIL_SERVER_TRUSTED_PROXIES": "127.0.0.1",
        "TINYTRAIL_WEB_COLLECT_LIMIT": "",
    }
    with serving(tmp_path, log=str(log), **environment) as server:
        website, key = server.add_website("example.com"), server.api_key()
        with closing(sqlite3.connect(tmp_path / "tinytrail.db")) as tx:
            tx.executescript("drop table events; drop table daily;")
        headers = {"x-api-key": key, "user-agent": BROWSER, "x-forwarded-for": "203.0.113.77"}
        with httpx.Client(base_url=server.url, headers=headers) as client:
            for _ in range(5):
                body = hit(website, "/private-page", referrer="https://example.org/?q=hunter2")
                assert client.post("/api/v1/collect?token=hunter2", json=body).status_code == 500
                report = f"/api/v1/reports/summary?website_id={website}&period=7d&token=hunter2"
                assert client.get(report).status_code == 500
                assert client.get("/nope?token=hunter2").status_code == 404
        assert server.stop() == 0

    written = log.read_text()
    for private in (key, website, "203.0.113.77", "hunter2", "private-page", "Mozilla", "example.org"):
        assert private not in written
    if form == "json":
        entries = [json.loads(line) for line in written.splitlines()]
        said = [entry["message"] for entry in entries]
        assert all("sqlite3.OperationalError: no such table" in entry["traceback"] for entry in entries)
    else:
        said = [line.partition(" ERROR tinytrail: ")[2] for line in written.splitlines() if " ERROR " in line]
    assert sorted(said) == ["GET /api/v1/reports/summary failed", "POST /api/v1/collect failed"]
