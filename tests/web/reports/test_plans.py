"""How SQLite goes about the reports: for every file the same, as it has no statistics (core/connect.py)."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.make import DAY
from tests.web.cast import IPHONE, Owner, Traffic
from tests.web.reports.test_common import REPORTS
from tinytrail.core.connect import Tx
from tinytrail.core.db import Database
from tinytrail.web import rollup
from tinytrail.web.reports import segments
from tinytrail.web.rollup import roll_up_finished

FILTERS: tuple[tuple[str, ...], ...] = (
    (),
    ("country:DE",),
    ("page:/",),
    ("device:mobile", "page:/"),
    ("content_group:Blog",),
    ("event:signup",),
    ("property:plan=pro",),
    ("event:signup", "page:/"),
)

# A day's events or visits lie in one stretch, and so do those of many days.
OF_DAYS = re.compile(
    r"SEARCH \w+ USING (PRIMARY KEY|(COVERING )?INDEX visits_day) \(site=\? AND day>\? AND day<\?\)"
)

# Through all visits, for the sake of a few: what is made of two tables of a statement's own may well be.
OF_ALL = re.compile(
    r"BLOOM FILTER ON \w|SEARCH \w+ USING AUTOMATIC (?!(PARTIAL )?COVERING INDEX \(id=\? AND sign=\?\))"
)


def inner_loops(plan: list[tuple[int, int, int, str]]) -> Iterator[str]:
    """The steps that are taken once for each row of a step before them."""
    begun = set()
    for _, parent, _, step in plan:
        if step.startswith(("SEARCH", "SCAN")):
            if parent in begun:
                yield step
            begun.add(parent)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Statements that look through the period's days once for each of many rows, or through all visits."""
    found: list[str] = []
    execute = Tx.execute

    def explained(tx: Tx, sql: str, *args: Any) -> Any:
        if sql.lstrip().startswith(("select", "insert", "with")):
            plan = execute(tx, f"explain query plan {sql}", *args).fetchall()
            found.extend(f"{step}: {sql}" for step in inner_loops(plan) if OF_DAYS.match(step))
            found.extend(f"{step}: {sql}" for *_, step in plan if OF_ALL.match(step))
        return execute(tx, sql, *args)

    monkeypatch.setattr(Tx, "execute", explained)
    return found


@pytest.mark.parametrize("filters", FILTERS, ids=" ".join)
async def test_no_report_looks_through_the_period_once_for_each_visit(
    visit: Traffic, owner: Owner, slow: list[str], filters: tuple[str, ...]
) -> None:
    for _ in range(2):
        await visit("/", "/two", "signup", agent=IPHONE, country="DE", properties={"plan": "pro"})
        visit.clock.now += DAY
    for report, params in REPORTS.items():
        await owner.report(report, **params, **{"period": "12m", "filters[]": list(filters)})
    assert slow == []


async def test_nor_does_what_counts_days_beforehand_or_lists_all_websites(
    visit: Traffic, owner: Owner, db: Database, slow: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollup, "BUSY", 1)
    monkeypatch.setattr(segments, "FEWEST_PAGE_VIEWS", 1)
    for _ in range(17):
        await visit("/", "/two", "signup", agent=IPHONE, country="DE", properties={"plan": "pro"})
        visit.clock.now += DAY
        await roll_up_finished(db, visit.clock.now)
    assert await db.read(lambda tx: tx.execute("select is_counted from segment_weeks").fetchall()) == [(1,)]
    await owner.client.get("/api/v1/reports/overview", params={"period": "12m"})
    await owner.client.get(f"/api/v1/websites/{owner.website_id}/export")
    assert [step for step in slow if OF_ALL.match(step)] == []
