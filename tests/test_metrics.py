"""GET /-/metrics, read by Prometheus' own parser."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx import AsyncClient
from prometheus_client.parser import text_string_to_metric_families

from tests.make import BROWSER, SATURDAY, FakeClock, calling, config_in, hit, until_started
from tests.test_docs import BARE
from tinytrail import __version__
from tinytrail.app import App, create_app
from tinytrail.config import Config
from tinytrail.core.connect import Tx
from tinytrail.core.db import Database
from tinytrail.first_run import make_first_admin
from tinytrail.jobs import JOBS, Job, run
from tinytrail.metrics import route_class
from tinytrail.web.accounts import insert_account
from tinytrail.web.websites import NewWebsite, insert_website

Figures = dict[str, float]  # by the name and labels of a sample, as they stand in the text

DOCUMENTED = Path(__file__).parent.parent / "docs/operating.md"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return config_in(tmp_path, server={"metrics": True}, presence={"secret_key": "geheim"})


@pytest.fixture
async def client(app: App) -> AsyncIterator[AsyncClient]:
    async with calling(app, user_agent=BROWSER) as client:
        yield client


async def figures(client: AsyncClient) -> Figures:
    response = await client.get("/-/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = {}
    for family in text_string_to_metric_families(response.text):
        assert family.documentation
        assert family.type in ("counter", "gauge", "summary")
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sample.labels.items())
            name = f"{sample.name}{{{labels}}}" if labels else sample.name
            assert name not in found
            found[name] = sample.value
    return found


async def changes(client: AsyncClient, before: Figures, beginning: str) -> Figures:
    """What has grown since, of the figures that begin so."""
    now = await figures(client)
    grown = {name: value - before.get(name, 0) for name, value in now.items() if name.startswith(beginning)}
    return {name: value for name, value in grown.items() if value}


def add_website(tx: Tx) -> str:
    account = insert_account(tx, "Alice", 0)
    return insert_website(tx, NewWebsite(domain="example.com"), account.id, 0).id


async def test_they_are_off_by_default(tmp_path: Path, clock: FakeClock) -> None:
    app = create_app(config_in(tmp_path), clock)
    async with app.lifespan(), calling(app) as client:
        assert (await client.get("/-/metrics")).status_code == 404


async def test_requests_are_counted_by_classes_of_route_and_status(db: Database, client: AsyncClient) -> None:
    website = await db.write(add_website)
    before = await figures(client)
    for _ in range(12):  # the last two are one too many in ten seconds
        await client.post("/api/v1/collect", json=hit(website))
    await client.post("/track", content=b"{")
    await client.get("/api/v1/reports/summary")
    await client.get("/health")
    await client.head("/health")
    await client.get("/nope/../../etc/passwd")
    assert await changes(client, before, "tinytrail_requests_total") == {
        "tinytrail_requests_total{route=collect,status=2xx}": 10,
        "tinytrail_requests_total{route=collect,status=4xx}": 2,
        "tinytrail_requests_total{route=track,status=4xx}": 1,
        "tinytrail_requests_total{route=reports,status=4xx}": 1,
        "tinytrail_requests_total{route=health,status=2xx}": 2,
        "tinytrail_requests_total{route=other,status=4xx}": 1,
        "tinytrail_requests_total{route=metrics,status=2xx}": 1,  # the one before
    }
    assert await changes(client, before, "tinytrail_refused_total") == {
        "tinytrail_refused_total{route=collect,reason=limit}": 2
    }
    taken = await changes(client, before, "tinytrail_request_seconds")
    assert taken["tinytrail_request_seconds_count{route=collect}"] == 12
    assert 0 < taken["tinytrail_request_seconds_sum{route=collect}"] < 12


async def test_refusals_are_there_before_there_are_any(client: AsyncClient) -> None:
    found = await figures(client)
    for route in ("collect", "track", "heartbeat", "beat", "reports", "dashboard"):
        for reason in ("limit", "busy"):
            assert found[f"tinytrail_refused_total{{route={route},reason={reason}}}"] == 0


async def receive() -> dict[str, str]:
    return {"type": "http.disconnect"}


async def test_a_client_that_hangs_up_amid_its_body_is_counted_as_such(app: App, client: AsyncClient) -> None:
    async def nobody_listens(message: object) -> None:
        pass

    scope = {"type": "http", "method": "POST", "path": "/track", "headers": [], "query_string": b""}
    before = await figures(client)
    await app(scope, receive, nobody_listens)
    assert await changes(client, before, "tinytrail_requests_total{route=track") == {
        "tinytrail_requests_total{route=track,status=none}": 1
    }


async def test_a_client_that_hangs_up_before_the_answer_is_counted_too(app: App, client: AsyncClient) -> None:
    async def gone(message: object) -> None:
        raise OSError

    scope = {"type": "http", "method": "GET", "path": "/health", "headers": [], "query_string": b""}
    before = await figures(client)
    with pytest.raises(OSError):  # noqa: PT011 - the one of `gone`
        await app.state.requests.measure(refuse_to_answer, scope, receive, gone)
    assert await changes(client, before, "tinytrail_requests_total{route=health") == {
        "tinytrail_requests_total{route=health,status=none}": 1
    }


async def refuse_to_answer(scope: object, receive: object, send: object) -> None:
    raise OSError


async def test_commits_tell_how_many_writes_they_held(app: App, db: Database, client: AsyncClient) -> None:
    await until_started(app)  # what runs then writes as well
    before = await figures(client)
    writes = [asyncio.ensure_future(db.write(count_accounts)) for _ in range(10)]
    await asyncio.sleep(0)
    assert db.waiting == 10
    await asyncio.gather(*writes)
    grown = await changes(client, before, "tinytrail_commit")
    assert grown["tinytrail_commit_writes_sum"] == 10
    assert grown["tinytrail_commit_writes_count"] == grown["tinytrail_commit_seconds_count"] <= 2
    assert 0 < grown["tinytrail_commit_seconds_sum"] < 10
    assert (await figures(client))["tinytrail_writes_waiting"] == 0


def count_accounts(tx: Tx) -> int:
    [number] = tx.execute("select count(*) from accounts").fetchone()
    return int(number)


async def test_tasks_tell_how_long_they_took_and_whether_they_failed(app: App, client: AsyncClient) -> None:
    async def break_down(_: object) -> None:
        raise RuntimeError

    before = await figures(client)
    rollup = next(job for job in JOBS if job.name.startswith("roll up"))
    await run(rollup, app.state)
    await run(Job("give free pages back", "* * * * *", False, break_down), app.state)
    grown = await changes(client, before, "tinytrail_task")
    assert grown["tinytrail_task_seconds_count{task=roll up finished days}"] >= 1
    assert 0 < grown["tinytrail_task_seconds_sum{task=roll up finished days}"] < 10
    assert grown["tinytrail_task_failures_total{task=give free pages back}"] == 1
    now = await figures(client)
    assert now["tinytrail_task_last_success_timestamp_seconds{task=roll up finished days}"] == SATURDAY
    assert now["tinytrail_task_last_success_timestamp_seconds{task=give free pages back}"] == 0


async def test_the_process_and_the_file_tell_their_size(client: AsyncClient, config: Config) -> None:
    now = await figures(client)
    assert now["process_start_time_seconds"] == SATURDAY
    assert now["process_cpu_seconds_total"] > 0
    assert 20e6 < now["process_resident_memory_bytes"] < 2e9
    assert now["process_open_fds"] > 3
    assert now["tinytrail_database_bytes{file=main}"] == os.path.getsize(config.database)  # noqa: ASYNC240
    assert now[f"tinytrail_info{{version={__version__}}}"] == 1


class TestBehindALink:
    @pytest.fixture
    def config(self, config: Config, tmp_path: Path) -> Config:
        (tmp_path / "disk").mkdir()
        (tmp_path / "disk" / "tinytrail.db").touch()
        Path(config.database).symlink_to(tmp_path / "disk" / "tinytrail.db")
        return config

    async def test_the_log_is_measured_where_it_lies(self, client: AsyncClient, tmp_path: Path) -> None:
        log = tmp_path / "disk" / "tinytrail.db-wal"
        assert (await figures(client))["tinytrail_database_bytes{file=wal}"] == log.stat().st_size > 0


async def test_nothing_of_callers_is_in_it(app: App, db: Database, client: AsyncClient) -> None:
    website = await db.write(add_website)
    key = await db.write(make_first_admin, app.state.secret, 0) or "tt_none"
    await client.post("/api/v1/collect", json=hit(website, "/private-page"))
    await client.get(f"/api/v1/websites/{website}?token=hunter2", headers={"x-api-key": key})
    await client.get("/share/ts_private%0A%7B%7D%22")
    text = (await client.get("/-/metrics")).text
    for private in (website, key, "private", "203.0.113.9", "hunter2", "Mozilla", "example.com"):
        assert private not in text


async def test_every_figure_is_documented_and_every_documented_one_is_served(
    db: Database, client: AsyncClient
) -> None:
    website = await db.write(add_website)
    for _ in range(12):
        await client.post("/api/v1/collect", json=hit(website))
    await figures(client)
    served = {re.sub(r"_(sum|count)$", "", name.partition("{")[0]) for name in await figures(client)}
    table = re.findall(r"^\| `(\w+)", DOCUMENTED.read_text(), re.MULTILINE)
    assert served == {re.sub(r"_sum$", "", name) for name in table}


def test_every_route_has_a_class(app: App) -> None:
    paths = {route.path_format for route in app.routes} | set(BARE)
    assert {path for path in paths if route_class(path.replace("{", "").replace("}", "")) == "other"} == set()
