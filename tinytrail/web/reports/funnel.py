"""GET /reports/funnel: how many visits took all of some steps, one after the other."""

from itertools import pairwise
from typing import Any

import msgspec

from tinytrail.core.connect import Tx
from tinytrail.core.errors import invalid
from tinytrail.web.events import KINDS, PAGE_VIEW
from tinytrail.web.reports.common import Query, Report, Table, rate, struct_table
from tinytrail.web.reports.kept import Kept

MOST_STEPS = 20

STEP_IS_PAGE = (
    f"e.kind = {PAGE_VIEW} and e.path in (select id from paths where site = :site and path = {{step}})"
)
STEP_IS_EVENT = (
    "(e.kind = {kind} or e.name in (select id from strings where site = :site and value = {step}))"
)

# The first step: events of visits that began in the period; such a visit may go on past its last midnight.
EVENTS = """
    events e
      cross join visits v on v.id = e.visit
     where e.site = :site and e.day between :start and :end + 1
       and v.day between :start and :end and v.is_bot <= :include_bots and v.is_excluded = 0
"""

# A later step: events of visits that took the one before, after it. The order of the joins is ours ("cross"):
# each of these visits has its events side by side under (site, day, visit, n), and few have come so far.
LATER_EVENTS = """
    {before} p
      cross join visits v on v.id = p.visit
      cross join events e on e.site = :site and e.day in (v.day, v.day + 1) and e.visit = v.id and e.n > p.n
     where true
"""


class Step(msgspec.Struct):
    step: str
    sessions: int
    conversion_rate: float


def funnel_sql(steps: list[str], kept: Kept | None) -> str:
    """One row: for each step, how many visits took it after all those before it."""
    first = LATER_EVENTS.format(before=f"(select visit, 0 as n from {kept.visits})") if kept else EVENTS
    tables, sums = [], []
    for number, step in enumerate(steps):
        if step.startswith("/"):
            matches = STEP_IS_PAGE.format(step=f":step{number}")
        else:
            kind = KINDS.index(step) if step in KINDS else -1
            matches = STEP_IS_EVENT.format(kind=kind, step=f":step{number}")
        source = LATER_EVENTS.format(before=f"step{number - 1}") if number else first
        tables.append(
            f"step{number} as materialized "
            f"(select e.visit, min(e.n) as n from {source} and {matches} group by e.visit)"
        )
        sums.append(f"(select count(*) from step{number})")
    return f"with {', '.join(tables)} select {', '.join(sums)}"


def read(tx: Tx, query: Query) -> dict[str, Any]:
    steps = query.params.getall("steps[]", [])
    if len(steps) < 2:
        invalid("steps[]", "at least 2 steps are needed")
    if len(steps) > MOST_STEPS:
        invalid("steps[]", f"at most {MOST_STEPS} steps are followed")
    if not all(steps):
        invalid("steps[]", "a step must not be empty")
    named = {f"step{number}": step for number, step in enumerate(steps)}
    [counted] = tx.execute(funnel_sql(steps, query.kept(tx)), query.values(**named))
    rates = [100.0, *(rate(now, before, 2) for before, now in pairwise(counted))]
    return {
        "period": query.period.as_json(),
        "funnel": [Step(*row) for row in zip(steps, counted, rates, strict=True)],
    }


def table(query: Query, data: dict[str, Any]) -> Table:
    return struct_table(("step", "sessions", "conversion_rate"), data["funnel"])


REPORT = Report("funnel", read, table)
