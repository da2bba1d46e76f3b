"""Joins the systems, the database and the scheduler into one ASGI application."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from html import escape
from typing import Any

from litestar import Litestar, MediaType, Request, Response
from litestar.datastructures import MutableScopeHeaders, State
from litestar.handlers import ASGIRouteHandler
from litestar.types import ControllerRouterHandler, Message, Scope

from tinytrail import installs, jobs, presence, product, web
from tinytrail.config import Config
from tinytrail.core.admin import no_admins
from tinytrail.core.asgi import LARGEST_BODY
from tinytrail.core.client_ip import ClientAddress
from tinytrail.core.clock import Clock, wall_clock
from tinytrail.core.db import READERS, open_database
from tinytrail.core.errors import allow_header, failure, is_below, reason_phrase
from tinytrail.core.forgetting import forget_requests, is_long
from tinytrail.core.inject import dependencies
from tinytrail.core.ratelimit import RateLimit
from tinytrail.core.tokens import read_or_make_secret
from tinytrail.core.trouble import Busy
from tinytrail.core.turns import Turns
from tinytrail.installs.errors import error_response as installs_error
from tinytrail.metrics import Requests, show_metrics
from tinytrail.openapi import show_openapi
from tinytrail.presence.errors import error_response as presence_error
from tinytrail.product.errors import error_response as product_error
from tinytrail.web.auth import is_admins
from tinytrail.web.collect import Collector
from tinytrail.web.country import Countries
from tinytrail.web.dashboard import Dashboard
from tinytrail.web.errors import error_response as web_error
from tinytrail.web.health import health
from tinytrail.web.user_agent import warm

AnyRequest = Request[Any, Any, Any]
Dialect = Callable[[AnyRequest, Exception], Response[Any]]

MOST_GUESTS_WAITING = 32  # by share links, for a report

ERROR_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{status} {phrase}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 15vh auto; padding: 0 1rem }}
</style>
<main><h1>{phrase}</h1><p>{remark}</main>
"""


def plain_error(request: AnyRequest, error: Exception) -> Response[str]:
    """The dialect of whatever belongs to no system: the reason phrase, or a small page for a browser."""
    status, message, headers = failure(request, error)
    phrase = reason_phrase(status)
    if "text/html" in request.headers.get("accept", ""):
        remark = (escape(message) or "TinyTrail has no page at this address.") if status == 404 else ""
        page = ERROR_PAGE.format(status=status, phrase=phrase, remark=remark)
        return Response(page, status_code=status, headers=headers, media_type=MediaType.HTML)
    return Response(phrase, status_code=status, headers=headers, media_type=MediaType.TEXT)


# Who speaks for a path and all below it; the first that fits. Routing's own 404 and 405 never reach a
# router's exception handlers, so the app chooses by path, for every error.
DIALECTS: tuple[tuple[str, Dialect], ...] = (
    ("/api/v1", web_error),
    ("/health", web_error),
    ("/track", product_error),
    ("/metrics", product_error),
    ("/sessions", product_error),
    ("/heartbeat", installs_error),
    ("/stats", installs_error),
    ("/api", presence_error),
)


def error_response(request: AnyRequest, error: Exception) -> Response[Any]:
    path = request.scope["path"]  # `request.url` takes Host apart, and fails where that is none
    for owned, dialect in DIALECTS:
        if is_below(path, owned):
            return dialect(request, error)
    return plain_error(request, error)


async def name_all_methods(message: Message, scope: Scope) -> None:
    """Litestar answers OPTIONS with the methods of the handler that was first registered for the path."""
    if message["type"] != "http.response.start" or message["status"] != 204:
        return
    headers = MutableScopeHeaders.from_message(message)
    if "allow" in headers:
        path, routes = scope["path_template"], scope["litestar_app"].routes
        methods = {str(method) for route in routes if route.path_format == path for method in route.methods}
        headers["allow"] = allow_header(sorted(methods))


class App(Litestar):
    """Litestar, with a short cut to the bare ASGI handlers, by which all events come.

    Routing and the layers round a handler cost as much as half of all that collecting does
    (docs/benchmarks.md). These are ordinary routes too: this only finds them sooner.

    And whatever answers GET answers HEAD, which uptime monitors send.
    """

    short_cuts: dict[str, Any]  # by path

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        handler = None
        if scope["type"] == "http":
            handler = self.short_cuts.get(scope["path"])
            if scope["method"] == "HEAD":
                # The server knows that it is HEAD, and leaves the body out.
                scope = {**scope, "method": "GET", "is_head": True}
        if handler is None:
            try:
                return await super().__call__(scope, receive, send)
            finally:
                if scope["type"] != "lifespan" and is_long(scope):
                    forget_requests(self)
        scope["app"] = scope["litestar_app"] = self
        try:
            await handler(scope, receive, send)
        except Exception as error:
            scope["path_template"] = scope["path"]  # as routing does
            request = AnyRequest(scope)
            response = error_response(request, error).to_asgi_response(app=None, request=request)
            await response(scope, receive, send)


class MeasuredApp(App):
    """The same, and what comes of each request is counted. That takes time: only where figures are wanted."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.state.requests.measure(super().__call__, scope, receive, send)


def short_cuts(handlers: list[ControllerRouterHandler]) -> dict[str, Any]:
    bare = [handler for handler in handlers if isinstance(handler, ASGIRouteHandler)]
    return {path: handler.fn for handler in bare for path in handler.paths}


def create_app(config: Config, clock: Clock = wall_clock) -> App:
    """The application. It has no globals: a test makes as many as it likes."""
    addresses = ClientAddress(config.server.trusted_proxies)
    countries = Countries(config.geo.database, config.geo.header)
    state = State({"config": config, "clock": clock, "secret": read_or_make_secret(config.key_file)})
    state.runs = {job.name: jobs.Runs() for job in jobs.JOBS}
    is_admin = is_admins if config.web.enabled else no_admins
    state.addresses = addresses
    handlers: list[ControllerRouterHandler] = [health, show_openapi]
    if config.server.metrics:
        state.requests, state.started_at = Requests(), clock()
        handlers.append(show_metrics)
    if config.web.enabled:
        state.collector = Collector(clock, RateLimit(config.web.collect_limit, clock), addresses, countries)
        state.websites = state.collector.websites
        warm()
        state.dashboard = Dashboard()
        state.api_limit = RateLimit(config.web.api_limit, clock)
        state.session_limit = RateLimit(config.web.session_limit, clock)
        state.sign_in_limit = RateLimit(config.web.sign_in_limit, clock)
        state.export_turn = asyncio.Lock()
        state.turns_of_shares = Turns(READERS // 2, most_waiting=MOST_GUESTS_WAITING)
        state.purge_due = asyncio.Event()
        handlers += web.routes(state.collector)
    if config.track.enabled:
        handlers += product.routes(
            clock,
            is_admin,
            write_key=config.track.write_key,
            read_key=config.track.read_key,
            week_start=config.track.week_start,
        )
    if config.installs.enabled:
        handlers += installs.routes(
            clock,
            is_admin,
            addresses,
            heartbeat_limit=config.installs.heartbeat_limit,
            new_limit=config.installs.new_limit,
            min_age_hours=config.installs.min_age_hours,
        )
    if config.presence.enabled:
        handlers += presence.routes(clock, is_admin, config.presence.secret_key)

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with open_database(config.database) as app.state.db:
            if config.presence.enabled:
                try:
                    await app.state.db.write(presence.note_first_start, clock())
                except (sqlite3.Error, Busy) as error:  # the other systems may well go on
                    jobs.tell_failure("note the first start", error)
            scheduler = jobs.schedule(app.state)
            aside = [
                asyncio.create_task(jobs.run_missed(app.state)),
                asyncio.create_task(jobs.follow_clock(scheduler)),
            ]
            if config.web.enabled:
                aside.append(asyncio.create_task(jobs.purge_when_due(app.state)))
                aside.append(asyncio.create_task(jobs.count_as_it_comes(app.state)))
            try:
                yield
            finally:
                scheduler.shutdown(wait=False)
                for task in aside:
                    task.cancel()
                await asyncio.wait(aside)
                countries.close()

    app = (MeasuredApp if config.server.metrics else App)(
        handlers,
        lifespan=[lifespan],
        state=state,
        dependencies=dependencies(clock),
        before_send=[name_all_methods],
        exception_handlers={Exception: error_response},
        request_max_body_size=LARGEST_BODY,
        logging_config=None,
        openapi_config=None,
    )
    app.short_cuts = short_cuts(handlers)
    if config.web.enabled:
        app.short_cuts |= state.dashboard.short_cuts()
    return app
