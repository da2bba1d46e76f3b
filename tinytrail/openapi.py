"""GET /api/v1/openapi.json: what is served, as OpenAPI 3.1.

Paths, methods, statuses and keys are read off the routes, bodies off the structs that decode them, so a new
route is in it by itself. By hand are the names of query parameters and the examples (openapi_inputs.py), and
what is no JSON. docs/api/ says what it all means.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.routes import ASGIRoute, BaseRoute, HTTPRoute

from tinytrail import __version__
from tinytrail.openapi_inputs import BODIES, EXAMPLES, QUERIES, REPORTS, TEXT, UUID, Json, is_required
from tinytrail.web import auth

# What is for programs; the rest are pages and their files.
PREFIXES = ("/api/", "/health", "/track", "/metrics", "/sessions", "/heartbeat", "/stats", "/badge/")

# Bare ASGI handlers tell nothing of themselves: what they answer where all is well.
BARE: dict[str, dict[int, str]] = {
    "/api/v1/collect": {202: "application/json", 204: ""},
    "/track": {200: "application/json"},
    "/heartbeat": {200: "text/plain"},
    "/api/beat": {200: "text/plain"},
}

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
    bodies = {key: body(schema, EXAMPLES[key]) for key, schema in zip(BODIES, schemas, strict=True)}
    for route in routes:
        path = route.path_format
        if path.startswith(PREFIXES) and (isinstance(route, HTTPRoute) or path in BARE):
            paths[path] = {
                method: operation | bodies.get((method, path), {}) for method, operation in operations(route)
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
    in_query = [
        {"name": name, "in": "query", "required": is_required(path, name), "schema": schema}
        for name, schema in QUERIES.get(path, {}).items()
    ]
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


def body(schema: Json, examples: list[Any]) -> Json:
    named = {f"example {number}": {"value": value} for number, value in enumerate(examples, 1)}
    content = {"application/json": {"schema": schema, "examples": named}}
    return {"requestBody": {"required": True, "content": content}}


@get("/api/v1/openapi.json")
async def show_openapi(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Of this server: a system that is switched off is not in it."""
    state = request.app.state
    if "openapi" not in state:
        state.openapi = msgspec.json.encode(describe(request.app.routes))
    return Response(state.openapi, media_type="application/json")
