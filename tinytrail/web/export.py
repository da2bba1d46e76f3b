"""GET /api/v1/websites/:id/export: all that is kept of a website's traffic, as a stream of lines.

However much that is, it takes little memory: a slice is read, encoded and sent before the next. Between
slices no reader is held, and of all exports only one reads at a time: the other readers are everybody else's.
"""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple, Protocol

import msgspec
from litestar import Request, get
from litestar.params import FromPath
from litestar.response import Stream

from tinytrail.core.clock import iso_date
from tinytrail.core.connect import Tx
from tinytrail.core.db import Database
from tinytrail.core.inject import Db, Now
from tinytrail.web.auth import Caller, CurrentCaller, is_still, parse_uuid
from tinytrail.web.export_daily import DailyExport
from tinytrail.web.export_events import EventsExport
from tinytrail.web.reports.common import cell
from tinytrail.web.reports.params import one_of
from tinytrail.web.reports.period import Period, parse_dates
from tinytrail.web.websites import Website, website_for

Columns = tuple[str, ...]
Rows = list[list[Any]]

EVERYTHING = Period(-(10**6), 10**6)


class Table(Protocol):
    """What is exported, read bit by bit."""

    columns: Columns

    def read(self, tx: Tx) -> Rows | None:
        """The next rows, perhaps none yet; None at the end."""


TABLES = ("events", "daily")


def table_of(website: Website, name: str, period: Period, now: float) -> Table:
    """One of TABLES: what happened in that period, and until now."""
    if name == "daily":
        return DailyExport(website.site, period)
    return EventsExport(website.site, period, until=now)


def as_ndjson(columns: Columns, rows: Rows) -> bytes:
    """A JSON object a line."""
    return msgspec.json.Encoder().encode_lines([dict(zip(columns, row, strict=True)) for row in rows])


def as_csv(columns: Columns, rows: Rows) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([csv_cell(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8", "replace")


def csv_cell(value: Any) -> Any:
    if isinstance(value, str):
        return cell(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return cell(bytes(value).decode()) if isinstance(value, msgspec.Raw) else value


class Format(NamedTuple):
    media_type: str
    encode: Callable[[Columns, Rows], bytes]
    has_head: bool  # a line of column names

    def head(self, table: Table) -> bytes:
        return self.encode(table.columns, [list(table.columns)]) if self.has_head else b""

    def read_lines(self, tx: Tx, table: Table) -> bytes | None:
        """The next lines of the table, perhaps none yet; None at the end."""
        rows = table.read(tx)
        return None if rows is None else self.encode(table.columns, rows)


FORMATS = {
    "ndjson": Format("application/x-ndjson", as_ndjson, has_head=False),
    "csv": Format("text/csv", as_csv, has_head=True),
}


def read_lines_for(tx: Tx, caller: Caller, format: Format, table: Table) -> bytes | None:
    """The next lines; none once the caller is shut out, who may take a day over what is left."""
    return format.read_lines(tx, table) if is_still(tx, caller) else None


async def stream(
    db: Database, turn: asyncio.Lock, caller: Caller, format: Format, table: Table
) -> AsyncIterator[bytes]:
    """The lines of a table. Whoever stops listening ends it."""
    lines: bytes | None = format.head(table)
    while lines is not None:
        if lines:
            yield lines
        async with turn:
            lines = await db.read_a_slice(read_lines_for, caller, format, table)


def file_name(website: Website, table: str, period: Period, format: str) -> str:
    days = "" if period == EVERYTHING else f"-{iso_date(period.start)}-{iso_date(period.end)}"
    return f"{website.domain}-{table}{days}.{format}"


@get("/websites/{website_id:str}/export")
async def export_traffic(
    website_id: FromPath[str], request: Request[Any, Any, Any], caller: CurrentCaller, db: Db, now: Now
) -> Stream:
    params = request.query_params
    name, format = one_of(params, "table", TABLES), one_of(params, "format", tuple(FORMATS))
    period = parse_dates(params.get("start_date"), params.get("end_date")) or EVERYTHING
    website = await db.read(website_for, caller, parse_uuid(website_id, "id"))
    table, turn = table_of(website, name, period, now), request.app.state.export_turn
    lines = stream(db, turn, caller, FORMATS[format], table)
    disposition = f'attachment; filename="{file_name(website, name, period, format)}"'
    return Stream(lines, media_type=FORMATS[format].media_type, headers={"content-disposition": disposition})
