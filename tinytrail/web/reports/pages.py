"""GET /reports/pages: traffic by path, most read first."""

from typing import Any

import msgspec

from tinytrail.core.connect import Tx
from tinytrail.web.reports.common import Query, Report, Table, struct_table
from tinytrail.web.reports.search import matching


class PageRow(msgspec.Struct, rename="camel"):
    path: str
    content_group: str | None
    pageviews: int
    unique_pageviews: int


def read(tx: Tx, query: Query) -> dict[str, Any]:
    pages = f"""
        select path, content_group, pageviews, visitors as unique_pageviews
          from ({query.page_totals(tx)})
          join paths on paths.id = value
         where pageviews > 0 and {matching(tx, query, "path")}
         order by pageviews desc, path
         limit :limit offset :offset
    """
    return query.page_json(query.rows(tx, PageRow, pages))


def table(query: Query, data: dict[str, Any]) -> Table:
    return struct_table(("path", "contentGroup", "pageviews", "uniquePageviews"), data["rows"])


REPORT = Report("pages", read, table)
