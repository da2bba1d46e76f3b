"""How errors read below this system's paths: one line of text."""

from typing import Any

from litestar import MediaType, Request, Response

from tinytrail.core.errors import failure, is_below, reason_phrase

CORS = {"Access-Control-Allow-Origin": "*"}  # of /stats: a project's website shows its figures
ADMINS_ONLY = "/stats/versions"  # below it, and no other page's business


def error_response(request: Request[Any, Any, Any], error: Exception) -> Response[str]:
    """Render any exception of a request to /heartbeat or /stats, or below them."""
    status, message, headers = failure(request, error)
    line = " ".join(message.split()) or reason_phrase(status)
    path = request.scope["path"]
    if is_below(path, "/stats") and not is_below(path, ADMINS_ONLY):
        headers = headers | CORS
    return Response(line, status_code=status, headers=headers, media_type=MediaType.TEXT)
