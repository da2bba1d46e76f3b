"""GET /reports/countries: visits by country, where `[geo]` tells it."""

from typing import Any

from tinytrail.core.connect import Tx
from tinytrail.web.reports.common import Query, Report, Table
from tinytrail.web.reports.visits_by import visits_by


def read(tx: Tx, query: Query) -> dict[str, Any]:
    counted = visits_by(tx, query, "country", paged=True)
    return query.page_json([{"country": row.name, "visits": row.visits} for row in counted])


def table(query: Query, data: dict[str, Any]) -> Table:
    return Table(("country", "visits"), [tuple(row.values()) for row in data["rows"]])


REPORT = Report("countries", read, table)
