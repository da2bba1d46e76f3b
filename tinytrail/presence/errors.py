"""How errors read below this system's paths, and below what else of /api/ is nobody's.

One line of text/plain: the bare reason phrase; a 400 goes on after it, naming the field.
"""

from typing import Any

from litestar import MediaType, Request, Response

from tinytrail.core.errors import failure, is_below, reason_phrase
from tinytrail.presence.devices import DEVICES


def error_response(request: Request[Any, Any, Any], error: Exception) -> Response[str]:
    status, message, headers = failure(request, error)
    line = reason_phrase(status)
    if status == 400 and message:
        line += f": {message}"
    if status == 405 and is_below(request.scope["path"], DEVICES):
        headers["Allow"] = "POST"  # not OPTIONS, which they take to refuse it
    return Response(line, status_code=status, headers=headers, media_type=MediaType.TEXT)
