"""How errors read below this system's paths."""

from typing import Any

from litestar import Request, Response

from tinytrail.core.errors import failure, reason_phrase


def error_response(request: Request[Any, Any, Any], error: Exception) -> Response[str]:
    status, message, headers = failure(request, error)
    return Response(message or reason_phrase(status), status_code=status, headers=headers)
