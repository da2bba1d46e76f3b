"""Hostile callers: with spoofed addresses and with poison in every field. Guesses at keys: test_keys.py."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from tests.make import BROWSER, calling, config_in, hit
from tinytrail.app import App
from tinytrail.config import Config
from tinytrail.core.db import Database

PROXY = "203.0.113.9"  # where `client` calls from
SECRET_KEY = "the presence secret"
WRITE_KEY, READ_KEY = "the write key", "the read key"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return config_in(
        tmp_path,
        server={"trusted_proxies": [PROXY]},
        track={"write_key": WRITE_KEY, "read_key": READ_KEY},
        presence={"secret_key": SECRET_KEY},
        web={"api_limit": ""},
    )


@pytest.fixture
async def website(admin: AsyncClient) -> str:
    made = await admin.post("/api/v1/websites", json={"domain": "example.com"})
    website: str = made.json()["data"]["id"]
    return website


async def test_a_spoofed_header_is_no_way_round_the_limit(app: App, website: str) -> None:
    async with calling(app, ip="198.51.100.66", user_agent=BROWSER) as attacker:
        statuses = [
            (
                await attacker.post(
                    "/api/v1/collect", json=hit(website), headers={"x-forwarded-for": f"192.0.2.{number}"}
                )
            ).status_code
            for number in range(20)
        ]
    assert statuses == [202] * 10 + [429] * 10
    async with calling(app, ip=PROXY, user_agent=BROWSER) as through_the_proxy:
        statuses = [
            (
                await through_the_proxy.post(
                    "/api/v1/collect",
                    json=hit(website),
                    headers={"x-forwarded-for": f"192.0.2.{number}, 198.51.100.67"},
                )
            ).status_code
            for number in range(20)
        ]
    assert statuses == [202] * 10 + [429] * 10


POISON = [
    "'; drop table events; --",
    '" or 1=1 --',
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "+1-1",
    "-2+3",
    "\t=1",
    "\r=1",
    "a\r\nSet-Cookie: x=1\r\n\r\n<b>",
    "a\n2026-01-01T00:00:00Z ERROR tinytrail: a line of its own",
    "%s%n{0}${x}{{7*7}}",
    "../../etc/passwd",
    "\u202egnp.exe",
    "\x00x",
    "NULL",
]
REPORTS = ("pages", "sources", "flow", "custom-events", "realtime", "event-properties")


@pytest.fixture
async def poisoned(
    client: AsyncClient, admin: AsyncClient, website: str, db: Database, clock: Any
) -> dict[str, Any]:
    for number, poison in enumerate(POISON):
        body = hit(
            website, f"/{poison}", referrer=f"https://{poison}/{poison}", utm_source=poison,
            utm_medium=poison, utm_campaign=poison, properties={poison: poison, "name": poison},
        )  # fmt: skip
        ip = {"x-forwarded-for": f"192.0.2.{number}"}
        for kind in (poison, "page_view"):
            sent = await client.post("/api/v1/collect", json=body | {"event_type": kind}, headers=ip)
            assert sent.status_code == 202, sent.text
        event = {"event": poison, "user_id": poison, "metadata": {poison: poison}}
        sent = await client.post("/track", json=event, headers={"x-api-key": WRITE_KEY})
        assert sent.status_code == 200, sent.text
        await client.post(
            "/heartbeat", json={"instance_id": f"b316815f-5f81-488f-89f8-{number:012x}", "version": poison}
        )
        await client.post("/api/devices", json={"name": poison}, headers={"authorization": SECRET_KEY})
        await admin.post("/api/v1/accounts", json={"name": poison})
    return {"website_id": website, "period": "today", "per_page": 500}


async def test_what_is_sql_elsewhere_is_text_here(
    poisoned: dict[str, Any], admin: AsyncClient, client: AsyncClient, db: Database
) -> None:
    rows = (await admin.get("/api/v1/reports/pages", params=poisoned)).json()["data"]["rows"]
    paths = {f"/{poison}".replace("\0", "").partition("?")[0].partition("#")[0] for poison in POISON}
    assert {row["path"] for row in rows} == paths
    assert [row["pageviews"] for row in rows] == [1] * len(paths)
    for poison in POISON:
        for report in REPORTS:
            asked = poisoned | {"search": poison, "filters[]": f"page:/{poison}"}
            assert (await admin.get(f"/api/v1/reports/{report}", params=asked)).status_code == 200
    found = await client.get(
        "/metrics",
        params={"start_date": "2026-03-14", "end_date": "2026-03-14"},
        headers={"x-api-key": READ_KEY},
    )
    assert found.json()["data"][0].keys() == {"date", *POISON}
    tables = await db.read(lambda tx: tx.execute("select count(*) from sqlite_master").fetchone())
    assert tables[0] > 20


async def test_no_cell_of_a_csv_is_a_formula(poisoned: dict[str, Any], admin: AsyncClient) -> None:
    for report in REPORTS:
        answer = await admin.get(f"/api/v1/reports/{report}", params=poisoned | {"format": "csv"})
        cells = [cell for row in csv.reader(io.StringIO(answer.text, newline="")) for cell in row]
        assert len(cells) > 5
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


async def test_no_page_and_no_badge_holds_markup_that_was_sent(
    poisoned: dict[str, Any], client: AsyncClient
) -> None:
    for path in (
        "/presence",
        "/badge/installs.svg",
        "/badge/last-seen.svg?label=<script>alert(1)</script>",
        "/",
    ):
        answer = await client.get(path, headers={"accept": "text/html"})
        assert answer.status_code in (200, 400), path
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text
        assert "set-cookie" not in answer.headers
    for path in ("/<script>alert(1)</script>", "/share/<script>alert(1)</script>"):
        answer = await client.get(path, headers={"accept": "text/html"})
        assert answer.status_code == 404
        assert "<script>alert" not in answer.text
