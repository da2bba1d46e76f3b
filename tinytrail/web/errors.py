"""TinyTrail's envelope, for what went well and for what did not."""

from typing import Any

from litestar import Request, Response

from tinytrail.core.asgi import Headers
from tinytrail.core.errors import failure, is_below

COLLECT = "/api/v1/collect"  # the one path that browsers call from other origins

# What an answer with somebody's figures goes with: no browser or proxy keeps it, or takes it for a page.
GUARDED = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

CODES = {
    400: "INVALID_PAYLOAD",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "PAYLOAD_TOO_LARGE",
    429: "RATE_LIMITED",
    503: "UNAVAILABLE",
}
MESSAGES = {
    404: "There is nothing here",
    405: "This path does not know that method",
    413: "The body is too large",
}


def success(data: Any) -> dict[str, Any]:
    return {"status": "success", "data": data}


def error_body(status: int, message: str) -> dict[str, Any]:
    """`{"status": "error", "error": {"code", "message"}}`."""
    code = CODES.get(status, "INVALID_PAYLOAD" if status < 500 else "INTERNAL_ERROR")
    return {"status": "error", "error": {"code": code, "message": message}}


def error_response(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    """Render any exception of a request below /api/v1, or to /health."""
    status, message, headers = failure(request, error)
    body = error_body(status, message or MESSAGES.get(status, "The request cannot be answered"))
    if is_below(request.scope["path"], COLLECT):
        cors = cors_headers(request.headers.get("origin", "").encode("latin-1"))
        headers |= {name.decode(): value.decode("latin-1") for name, value in cors}
    else:
        headers |= GUARDED
    return Response(body, status_code=status, headers=headers)


def cors_headers(origin: bytes) -> Headers:
    """Echo the Origin with credentials, on every answer: sendBeacon sends them, and needs it."""
    if not origin:
        return ((b"vary", b"Origin"),)
    return (
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"cross-origin-resource-policy", b"cross-origin"),  # a beacon's answer is not asked for by CORS
        (b"vary", b"Origin"),
    )
