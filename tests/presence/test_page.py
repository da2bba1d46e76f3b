"""GET /presence and what it is made of, as a client without JavaScript sees it."""

import asyncio
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from httpx import AsyncClient
from litestar import Litestar

from tests.make import FakeClock, alone_in
from tests.presence.make import SECRET_KEY, beat, register, stats
from tinytrail.config import Config
from tinytrail.core.db import Database
from tinytrail.core.trouble import Busy
from tinytrail.presence import page as presence_page

NAME = "Robin's <b>desk</b> & $ago"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return alone_in(tmp_path, "presence", presence={"secret_key": SECRET_KEY, "server_name": NAME})


@pytest.fixture(autouse=True)
def _each_page_waits_to_be_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence_page, "COUNT_SECONDS", 60)


async def test_it_says_everything_without_javascript(client: AsyncClient, clock: FakeClock) -> None:
    await register(client, "Workstation")
    await beat(client, await register(client, "Laptop"))
    clock.now += 3725

    page = (await client.get("/presence")).text

    text = re.sub(r"<[^>]+>|\n", "|", page)
    for said in (
        "1 hour 2 minutes ago",
        "14 March 2026 at 09:30:00 UTC",
        "Longest absence||1 hour 2 minutes",
        "Beats||1|",
        "Visits to this page||1|",
        "Running for||1 hour 2 minutes|",
        "Laptop|||1 hour ago|||1|",
        "Workstation||never||0|",
    ):
        assert said in text, said


async def test_it_says_that_there_is_nothing_yet(client: AsyncClient) -> None:
    page = (await client.get("/presence")).text

    assert 'id="ago">never<' in page
    assert "No beat has come yet." in page
    assert "No device is registered yet." in page


async def test_markup_in_names_is_text(client: AsyncClient) -> None:
    await register(client, "<script>alert(1)</script> $name")

    page = (await client.get("/presence")).text

    assert "<b>desk" not in page
    assert "Robin&#x27;s &lt;b&gt;desk&lt;/b&gt; &amp; $ago" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; $name" in page


async def test_only_its_own_files_may_run(client: AsyncClient) -> None:
    response = await client.get("/presence")

    assert (
        "default-src 'none'; script-src 'self'; style-src 'self'"
        in response.headers["content-security-policy"]
    )
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert not re.search(r"<style|<script(?! src)| style=| on\w+=", response.text)


async def test_every_link_is_relative_and_leads_somewhere(client: AsyncClient) -> None:
    page = (await client.get("/presence")).text

    links = re.findall(r'(?:href|src)="([^"]*)"', page)
    assert len(links) == 4
    for link in links:
        assert not link.startswith(("/", "http"))
        response = await client.get(f"/{link}")
        assert response.status_code == 200
        if link.startswith("static/"):
            assert response.headers["cache-control"] == "max-age=86400, public"


async def test_a_slash_too_many_leads_back(client: AsyncClient) -> None:
    response = await client.get("/presence/")

    assert (response.status_code, response.headers["location"]) == (308, "../presence")
    assert (await stats(client))["num_visits"] == 0


async def test_only_pages_are_visits(client: AsyncClient) -> None:
    for path in ("/api/stats", "/static/presence.css", "/badge/last-seen.svg", "/nowhere"):
        await client.get(path)
    assert (await stats(client))["num_visits"] == 0

    await asyncio.gather(*(client.get("/presence") for _ in range(20)))

    assert (await stats(client))["num_visits"] == 20


async def test_a_page_that_cannot_be_counted_is_served_all_the_same(
    app: Litestar, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(*_: object) -> None:
        raise Busy("full")

    monkeypatch.setattr(app.state.db, "write", busy)
    response = await client.get("/presence")

    assert response.status_code == 200


async def test_a_page_does_not_wait_for_its_count_and_is_counted_in_the_end(
    client: AsyncClient, config: Config, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence_page, "COUNT_SECONDS", 0.05)
    with closing(sqlite3.connect(config.database)) as other:
        other.execute("begin immediate")
        response = await client.get("/presence")
        assert response.status_code == 200
        assert not db._is_idle.is_set()
        other.execute("rollback")
    await db.flush()
    assert (await stats(client))["num_visits"] == 1


async def test_a_head_is_no_visit(client: AsyncClient) -> None:
    assert (await client.head("/presence")).status_code == 200
    assert (await client.get("/api/stats")).json()["num_visits"] == 0
