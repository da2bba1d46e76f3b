"""GET /api/v1/openapi.json: what is served, as OpenAPI 3.1.

Paths, methods, statuses and keys are read off the routes, bodies off the structs that decode them, so a new
route is in it by itself. By hand are the names of query parameters, and what is no JSON. docs/api/ says what
it all means.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.routes import ASGIRoute, BaseRoute, HTTPRoute

from tinytrail import __version__
from tinytrail.installs import heartbeat
from tinytrail.presence import devices
from tinytrail.product import track
from tinytrail.web import (
    accounts,
    auth,
    collect,
    content_group_preview,
    sessions,
    shares,
    users,
    websites,
)
from tinytrail.web.aggregate import TARGET
from tinytrail.web.reports.period import PERIODS

Json = dict[str, Any]

# What is for programs; the rest are pages and their files.
PREFIXES = ("/api/", "/health", "/track", "/metrics", "/sessions", "/heartbeat", "/stats", "/badge/")

BODIES: dict[tuple[str, str], msgspec.json.Decoder[Any]] = {
    ("post", "/api/v1/accounts"): accounts.NEW_ACCOUNT,
    ("post", "/api/v1/users"): users.NEW_USER,
    ("post", "/api/v1/sessions"): sessions.CREDENTIALS,
    ("post", "/api/v1/websites"): websites.NEW_WEBSITE,
    ("patch", "/api/v1/websites/{website_id}"): websites.CHANGE,
    ("post", "/api/v1/websites/{website_id}/shares"): shares.NEW_SHARE,
    ("post", "/api/v1/websites/{website_id}/content-groups/preview"): content_group_preview.PREVIEW,
    ("post", "/api/v1/admin/aggregate"): TARGET,
    ("post", "/api/v1/collect"): collect.DECODER,
    ("post", "/track"): track.DECODER,
    ("post", "/heartbeat"): heartbeat.DECODER,
    ("post", "/api/devices"): devices.NEW_DEVICE,
}

# Bare ASGI handlers tell nothing of themselves: what they answer where all is well.
BARE: dict[str, dict[int, str]] = {
    "/api/v1/collect": {202: "application/json", 204: ""},
    "/track": {200: "application/json"},
    "/heartbeat": {200: "text/plain"},
    "/api/beat": {200: "text/plain"},
}

TEXT: Json = {"type": "string"}
DATE: Json = {"type": "string", "format": "date"}
UUID: Json = {"type": "string", "format": "uuid"}
SPAN: Json = {"period": {"enum": list(PERIODS)}, "start_date": DATE, "end_date": DATE}
LISTED: Json = {"page": {"type": "integer"}, "per_page": {"type": "integer"}, "search": TEXT}
REPORT: Json = SPAN | LISTED | {
    "website_id": UUID,
    "compare": {"enum": ["previous_period", "yoy"]},
    "include_bots": {"enum": ["false", "true"]},
    "format": {"enum": ["json", "csv"]},
    "filters[]": {"type": "array", "items": TEXT, "maxItems": 20},
    "content_group": TEXT,
}  # fmt: skip
QUERIES: dict[str, Json] = {
    "/api/v1/reports/sources": {"group_by": TEXT},
    "/api/v1/reports/devices": {"list": TEXT},
    "/api/v1/reports/flow": {"list": TEXT},
    "/api/v1/reports/funnel": {"steps[]": {"type": "array", "items": TEXT, "minItems": 2}},
    "/api/v1/reports/custom-events": {"event_name": TEXT},
    "/api/v1/reports/timeseries": {"metric": TEXT, "interval": {"enum": ["day", "hour"]}, "path": TEXT},
    "/api/v1/reports/batch": {"reports[]": {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 20}},
    "/api/v1/websites/{website_id}/export": SPAN | {"format": {"enum": ["ndjson", "csv"]}, "table": TEXT},
    "/metrics": {"start_date": DATE, "end_date": DATE, "group_by": TEXT, "user_id": TEXT},
    "/sessions": {"start_date": DATE, "end_date": DATE, "group_by": TEXT, "user_id": TEXT},
    "/stats": {"timeframe": {"enum": ["daily", "monthly"]}},
}
REPORTS = "/api/v1/reports/"

ENVELOPE: Json = {
    "type": "object",
    "required": ["status", "error"],
    "properties": {
        "status": {"const": "error"},
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {"code": TEXT, "message": TEXT},
        },
    },
}
MESSAGE: Json = {
    "type": "object",
    "required": ["status", "message"],
    "properties": {"status": {"const": "error"}, "message": TEXT},
}


def describe(routes: Sequence[BaseRoute]) -> Json:
    """The document of these routes."""
    paths: dict[str, Json] = {}
    decoders = list(BODIES.values())
    schemas, components = msgspec.json.schema_components(
        [decoder.type for decoder in decoders], ref_template="#/components/schemas/{name}"
    )
    bodies = dict(zip(BODIES, schemas, strict=True))
    for route in routes:
        path = route.path_format
        if path.startswith(PREFIXES) and (isinstance(route, HTTPRoute) or path in BARE):
            paths[path] = {
                method: operation | body_of(bodies.get((method, path)))
                for method, operation in operations(route)
            }
    return {
        "openapi": "3.1.0",
        "info": {"title": "TinyTrail", "version": __version__},
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-API-KEY"}},
        },
    }


def operations(route: BaseRoute) -> list[tuple[str, Json]]:
    """What a path is asked by, in lower case, and what is then expected and answered."""
    path = route.path_format
    if isinstance(route, ASGIRoute):
        return [("post", {"responses": answers(path, BARE[path])})]
    assert isinstance(route, HTTPRoute)
    return [
        (method.lower(), operation(path, handler))
        for handler in route.route_handlers
        for method in sorted(handler.http_methods - {"OPTIONS"})
    ]


def operation(path: str, handler: HTTPRouteHandler) -> Json:
    in_path = [
        {
            "name": part[1:-1],
            "in": "path",
            "required": True,
            "schema": UUID if path.startswith("/api/v1/") else TEXT,
        }
        for part in path.split("/")
        if part.startswith("{")
    ]
    names = QUERIES.get(path, {}) | (REPORT if path.startswith(REPORTS) else {})
    in_query = [{"name": name, "in": "query", "schema": schema} for name, schema in names.items()]
    described: Json = {
        "parameters": in_path + in_query,
        "responses": answers(path, {handler.status_code: media_type(path)}),
    }
    needs_key = auth.require_key in handler.resolve_guards()
    if needs_key and handler.opt.get("open_to") != "everybody":
        described["security"] = [{"key": []}]
    return described


def media_type(path: str) -> str:
    return "image/svg+xml" if path.endswith(".svg") else "application/json"


def answers(path: str, well: dict[int, str]) -> Json:
    """The answers of a path, where all is well and where it is not."""
    described: Json = {}
    for status, kind in well.items():
        content: Json = {kind: {}} if kind else {}
        if path.startswith(REPORTS):
            content["text/csv"] = {}
        if path.endswith("/export"):
            content = {"application/x-ndjson": {}, "text/csv": {}}
        described[str(status)] = {"description": "Done"} | ({"content": content} if content else {})
    if path.startswith("/api/v1/") or path == "/health":
        trouble = {"application/json": {"schema": ENVELOPE}}
    elif path.startswith(("/track", "/metrics", "/sessions")):
        trouble = {"application/json": {"schema": MESSAGE}}
    else:
        trouble = {"text/plain": {}}
    described["4XX"] = {"description": "Refused, in words", "content": trouble}
    if path != "/health":  # which answers {"status": "degraded"} then
        described["503"] = {"description": "Come back after Retry-After seconds", "content": trouble}
    return described


def body_of(schema: Json | None) -> Json:
    content = {"application/json": {"schema": schema}}
    return {} if schema is None else {"requestBody": {"required": True, "content": content}}


@get("/api/v1/openapi.json")
async def show_openapi(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Of this server: a system that is switched off is not in it."""
    state = request.app.state
    if "openapi" not in state:
        state.openapi = msgspec.json.encode(describe(request.app.routes))
    return Response(state.openapi, media_type="application/json")
