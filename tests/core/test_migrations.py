"""A file of every earlier schema becomes this version's, with what it holds."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.make import DAY, HOUR, SATURDAY, FakeClock, calling, config_in
from tinytrail.app import create_app
from tinytrail.core.connect import APPLICATION_ID, Tx, connect, schema_version
from tinytrail.core.migrations import MIGRATIONS
from tinytrail.core.tokens import derive_api_key, hash_token, read_or_make_secret
from tinytrail.web.dimensions import DIMENSIONS, PATHS

# schema_N.sql is schema.sql as it was when N migrations were known.
SCHEMAS = {
    int(file.stem.removeprefix("schema_")): file for file in Path(__file__).parent.glob("schema_*.sql")
}

ADMIN = "11111111-1111-4111-8111-111111111111"
WEBSITE = "22222222-2222-4222-8222-222222222222"
ROWS = f"""
    insert into accounts values ('an account', 'Acme Corp', 1);
    insert into users (id, account_id, email, role, key_hash, created_at)
    values ('{ADMIN}', 'an account', 'alice@example.com', 'admin', :key_hash, 2);
    insert into websites (site, id, account_id, domain, timezone, content_groups, excluded_ips, created_at)
    values (7, '{WEBSITE}', 'an account', 'example.com', 'Europe/Berlin', '[]', '["192.0.2.7"]', 3);
    insert into strings values (1, 7, 'Direct');
    insert into instances values
        (zeroblob(16), {SATURDAY - 9 * DAY}, {SATURDAY - 9 * DAY}, '1.0'),
        (randomblob(16), {SATURDAY - 9 * DAY}, {SATURDAY - DAY}, '1.1'),
        (randomblob(16), {SATURDAY - 2 * DAY}, {SATURDAY - HOUR}, '1.1'),
        (randomblob(16), {SATURDAY - HOUR}, {SATURDAY - HOUR}, '1.2');
    insert into active_now values (1, {SATURDAY}, 2, {24 * HOUR});
    insert into presence (only, first_start, last_seen) values (1, 1, {SATURDAY - DAY});
    insert into daily values
        (7, 1, 20000, 1, 0, 2, 2, 4, 1, 9, 1, 1, 0),
        (7, 1, 20000, 2, 0, 2, 1, 1, 1, 9, 1, 1, 0),
        (7, 1, 20000, 2, 1, 1, 1, 1, 1, 0, 1, 1, 0),
        (7, 1, 20001, 2, 0, 1, 0, 0, 0, 9, 0, 1, 0);
    insert into open_days (site, day, changes) values (7, 20002, 3);
"""


@pytest.fixture
def key(tmp_path: Path) -> str:
    return derive_api_key(read_or_make_secret(f"{tmp_path}/tinytrail.key"), ADMIN)


@pytest.fixture(params=sorted(SCHEMAS))
def path(request: pytest.FixtureRequest, tmp_path: Path, key: str) -> str:
    """A file of an earlier schema, with a row in the tables that matter most."""
    path = f"{tmp_path}/tinytrail.db"
    with closing(sqlite3.connect(path)) as tx:
        tx.executescript(SCHEMAS[request.param].read_text())
        tx.executescript(ROWS.replace(":key_hash", f"x'{hash_token(key).hex()}'"))
        tx.execute(f"pragma application_id = {APPLICATION_ID}")
        tx.execute(f"pragma user_version = {request.param}")
    return path


def structure(tx: Tx) -> dict[str, Any]:
    """Every table's columns, indexes and foreign keys."""
    names = [name for (name,) in tx.execute("select name from sqlite_master where type = 'table'")]
    pragmas = ("table_xinfo", "index_list", "foreign_key_list")
    return {
        f"{pragma} {name}": tx.execute(f"pragma {pragma}({name})").fetchall()
        for name in sorted(names)
        for pragma in pragmas
    }


def test_there_is_a_schema_before_each_migration() -> None:
    assert sorted(SCHEMAS) == list(range(len(MIGRATIONS)))


def test_an_upgraded_file_is_built_as_a_new_one(path: str, tmp_path: Path) -> None:
    with closing(connect(path)) as upgraded, closing(connect(f"{tmp_path}/new.db")) as new:
        assert structure(upgraded) == structure(new)
        assert schema_version(upgraded) == schema_version(new) == len(MIGRATIONS)
        assert upgraded.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert upgraded.execute("pragma foreign_key_check").fetchall() == []


async def test_keys_and_websites_of_an_upgraded_file_are_what_they_were(
    path: str, tmp_path: Path, key: str, clock: FakeClock
) -> None:
    app = create_app(config_in(tmp_path), clock)
    async with app.lifespan(), calling(app, x_api_key=key) as admin:
        [user] = (await admin.get("/api/v1/users")).json()["data"]
        assert (user["id"], user["email"]) == (ADMIN, "alice@example.com")
        assert (await admin.get(f"/api/v1/users/{ADMIN}/api-key")).json()["data"]["apiKey"] == key
        [website] = (await admin.get("/api/v1/websites")).json()["data"]
        assert website["id"] == WEBSITE
        assert website["excludedIps"] == ["192.0.2.7"]


BEFORE_VERSIONS = pytest.mark.parametrize("path", [0, 1], indirect=True)


@BEFORE_VERSIONS
async def test_instances_of_an_upgraded_file_are_counted_by_version(
    path: str, tmp_path: Path, key: str, clock: FakeClock
) -> None:
    """Even where the server was down for days before, which are written down now."""
    clock.now += 26 * HOUR
    app = create_app(config_in(tmp_path, installs={"min_age_hours": 24}), clock)
    async with app.lifespan(), calling(app, x_api_key=key) as admin:
        assert (await admin.get("/stats/versions")).json() == [
            {"version": "1.1", "count": 1},
            {"version": "1.2", "count": 1},
        ]
        assert (await admin.get("/stats")).json() == {
            "total": 2,
            "history": [{"date": "2026-03-14", "count": 2}, {"date": "2026-03-15", "count": 2}],
        }


@BEFORE_VERSIONS
async def test_the_absence_that_an_upgrade_falls_into_is_one(
    path: str, tmp_path: Path, key: str, clock: FakeClock
) -> None:
    app = create_app(config_in(tmp_path), clock)
    async with app.lifespan(), calling(app, x_api_key=key) as admin:
        present = {"began": SATURDAY - DAY, "ended": None, "seconds": DAY}
        assert (await admin.get("/api/absences")).json() == [present]


def test_new_columns_begin_with_what_was_true_before(path: str) -> None:
    with closing(connect(path)) as tx:
        assert tx.execute("select key_version from users").fetchall() == [(1,)]
        assert tx.execute("select retention_days from websites").fetchall() == [(None,)]


@pytest.mark.parametrize("path", [0, 1, 2], indirect=True)
def test_unique_page_views_of_all_paths_are_the_sum_over_paths(path: str) -> None:
    with closing(connect(path)) as tx:
        paths = DIMENSIONS.index(PATHS)
        found = tx.execute("select day, value, is_bot, visitors from daily where dimension = ?", [paths])
        assert found.fetchall() == [(20000, 0, 0, 3), (20000, 0, 1, 1)]


def test_an_open_day_begins_with_nothing_counted(path: str) -> None:
    with closing(connect(path)) as tx:
        found = tx.execute("select site, day, changes, counting, counted, first_open from open_days")
        assert found.fetchall() == [(7, 20002, 3, 0, 0, 0)]


@pytest.mark.parametrize("path", [3, 4, 5, 6], indirect=True)
def test_what_was_counted_of_a_day_that_is_not_over_is_counted_anew(path: str) -> None:
    """Visit by visit, as it used to be; other days stay."""
    with closing(sqlite3.connect(path)) as old:
        old.execute("update open_days set counting = 9, counted = 9, first_open = 2")
        old.execute("insert into daily values (7, 1, 20002, 2, 0, 1, 1, 1, 1, 1, 1, 1, 1)")
        old.commit()
    with closing(connect(path)) as tx:
        found = tx.execute("select changes, counting, counted, first_open, seen from open_days")
        assert found.fetchall() == [(3, 0, 0, 0, 0)]
        assert tx.execute("select distinct day from daily order by 1").fetchall() == [(20000,), (20001,)]
