"""GET /reports/sources: where visits came from, by channel, referring domain or campaign."""

from typing import Any

import msgspec

from tinytrail.core.connect import Tx
from tinytrail.web.reports.common import Query, Report, Table
from tinytrail.web.reports.params import one_of
from tinytrail.web.reports.search import matching
from tinytrail.web.reports.visits_by import visits_by


class UtmRow(msgspec.Struct, rename="camel"):
    utm_source: str | None
    utm_medium: str | None
    utm_campaign: str | None
    visits: int


COLUMNS = {
    "channel": ("channel", "visits"),
    "domain": ("referrer", "visits"),
    "utm": ("utmSource", "utmMedium", "utmCampaign", "visits"),
}

# `utm` is stored as one string, since it is reported as one: [source, medium, campaign].
CAMPAIGNS = """
    select strings.value ->> 0 as utm_source,
           strings.value ->> 1 as utm_medium,
           strings.value ->> 2 as utm_campaign,
           visits
      from ({totals}) totals
      join strings on strings.id = totals.value
     where {matching}
     order by visits desc, 1, 2, 3
     limit :limit offset :offset
"""


def grouping(query: Query) -> str:
    return one_of(query.params, "group_by", tuple(COLUMNS))


def read(tx: Tx, query: Query) -> dict[str, Any]:
    group_by = grouping(query)
    if group_by == "utm":
        matches = matching(tx, query, *(f"strings.value ->> {place}" for place in range(3)))
        sql = CAMPAIGNS.format(totals=query.visit_totals(tx, "utm"), matching=matches)
        campaigns = query.rows(tx, UtmRow, sql)
        found = [msgspec.to_builtins(row) for row in campaigns]
    else:
        dimension = COLUMNS[group_by][0]  # by channel or referrer: named as the API names them
        found = [
            {dimension: row.name, "visits": row.visits} for row in visits_by(tx, query, dimension, paged=True)
        ]
    return query.page_json(found)


def table(query: Query, data: dict[str, Any]) -> Table:
    return Table(COLUMNS[grouping(query)], [tuple(row.values()) for row in data["rows"]])


REPORT = Report("sources", read, table, grouping)
