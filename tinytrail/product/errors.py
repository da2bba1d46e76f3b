"""How errors read below /track, /metrics and /sessions: `{"status": "error", "message": …}`, with CORS."""

from typing import Any

from litestar import Request, Response

from tinytrail.core.errors import failure, reason_phrase

ANY_ORIGIN = {"Access-Control-Allow-Origin": "*"}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type, Authorization, X-API-KEY",
    "Access-Control-Max-Age": "86400",
}

FAILED = {
    "track": "Failed to log event",
    "metrics": "Failed to fetch metrics",
    "sessions": "Failed to fetch session metrics",
}


def error_response(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, str]]:
    """Render any exception of a request to one of these paths, or below it."""
    status, message, headers = failure(request, error)
    if status == 500:
        message = FAILED[request.scope["path"].split("/")[1]]
    body = {"status": "error", "message": message or reason_phrase(status)}
    return Response(body, status_code=status, headers=headers | ANY_ORIGIN)
