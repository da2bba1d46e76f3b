"""The reports. A new one is a module here and a line in REPORTS."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from tinytrail.core.asgi import gzipped
from tinytrail.core.clock import iso_date
from tinytrail.core.connect import Tx
from tinytrail.core.db import Database
from tinytrail.core.inject import Db, Now
from tinytrail.web.auth import OPEN_TO_SHARES, Caller, CurrentCaller
from tinytrail.web.errors import success
from tinytrail.web.reports import (
    countries,
    custom_events,
    devices,
    event_properties,
    flow,
    funnel,
    pages,
    realtime,
    sources,
    summary,
    timeseries,
)
from tinytrail.web.reports.batch import read_batch
from tinytrail.web.reports.common import Query, Report, as_csv, parse_query
from tinytrail.web.reports.overview import read_overview
from tinytrail.web.reports.params import Params

REPORTS: tuple[Report, ...] = (
    summary.REPORT,
    pages.REPORT,
    sources.REPORT,
    devices.REPORT,
    countries.REPORT,
    flow.REPORT,
    funnel.REPORT,
    realtime.REPORT,
    custom_events.REPORT,
    event_properties.REPORT,
    timeseries.REPORT,
)

Answer = tuple[bytes, dict[str, str]]  # body and headers

BY_NAME = {report.name: report for report in REPORTS}


def answer(
    tx: Tx, caller: Caller, params: Params, now: float, accept_encoding: str, *, report: Report
) -> Answer:
    """The body of a report and its headers."""
    query = parse_query(tx, caller, params, now)
    data = report.read(tx, query)
    if query.format == "csv":
        disposition = f'attachment; filename="{file_name(report, query)}"'
        headers = {"content-type": "text/csv; charset=utf-8", "content-disposition": disposition}
        body, coding = gzipped(as_csv(report.table(query, data)), accept_encoding)
        return body, headers | coding
    return as_json(data, accept_encoding)


def answer_batch(tx: Tx, caller: Caller, params: Params, now: float, accept_encoding: str) -> Answer:
    return as_json(read_batch(tx, BY_NAME, caller, params, now), accept_encoding)


def answer_overview(tx: Tx, caller: Caller, params: Params, now: float, accept_encoding: str) -> Answer:
    return as_json(read_overview(tx, caller, params, now), accept_encoding)


def as_json(data: Any, accept_encoding: str) -> Answer:
    body, coding = gzipped(msgspec.json.encode(success(data)), accept_encoding)
    return body, {"content-type": "application/json"} | coding


def file_name(report: Report, query: Query) -> str:
    parts = [query.website.domain, report.name]
    if report.part:
        parts.append(report.part(query))
    if report.is_of_days:
        parts += (iso_date(day) for day in query.period)
    return f"{'-'.join(parts)}.csv"


async def respond(
    request: Request[Any, Any, Any], caller: Caller, db: Database, now: float, work: Callable[..., Answer]
) -> Response[bytes]:
    # Anybody may know a share link, and a year with filters takes seconds: half of the readers are others.
    async with request.app.state.turns_of_shares if caller.is_share else nullcontext():
        accepted = request.headers.get("accept-encoding", "")
        # Encoded and gzipped there too, off the event loop: an overview may be megabytes.
        body, headers = await db.read(work, caller, request.query_params, now, accepted)
    return Response(body, headers=headers)


@get("/reports/batch", opt=OPEN_TO_SHARES)
async def show_batch(
    request: Request[Any, Any, Any], caller: CurrentCaller, db: Db, now: Now
) -> Response[bytes]:
    return await respond(request, caller, db, now, answer_batch)


@get("/reports/overview")
async def show_overview(
    request: Request[Any, Any, Any], caller: CurrentCaller, db: Db, now: Now
) -> Response[bytes]:
    return await respond(request, caller, db, now, answer_overview)


def report_handlers() -> list[HTTPRouteHandler]:
    """A handler for each report; key, limit and scope come from the router they are mounted in."""

    def handler(report: Report) -> HTTPRouteHandler:
        @get(f"/reports/{report.name}", name=report.name, opt=OPEN_TO_SHARES)
        async def read(
            request: Request[Any, Any, Any], caller: CurrentCaller, db: Db, now: Now
        ) -> Response[bytes]:
            return await respond(request, caller, db, now, partial(answer, report=report))

        return read

    return [*(handler(report) for report in REPORTS), show_batch, show_overview]
