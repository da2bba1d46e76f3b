"""The four dialects of errors, and the plain one of whatever belongs to no system."""

import re

from httpx import Response

CODES = {
    400: "INVALID_PAYLOAD",
    401: "UNAUTHORIZED",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "PAYLOAD_TOO_LARGE",
    500: "INTERNAL_ERROR",
    503: "UNAVAILABLE",
}
PHRASES = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    500: "Internal Server Error",
}


def dialect_of(path: str) -> str:
    """The rule of app.DIALECTS, once more and by other means."""
    match path.split("/")[1:]:
        case ["api", "v1", *_] | ["health", *_]:
            return "envelope"
        case ["track" | "metrics" | "sessions", *_]:
            return "message"
        case ["heartbeat" | "stats", *_]:
            return "line"
        case ["api", *_]:
            return "phrase"
        case _:
            return "plain"


def must_speak(dialect: str, status: int, response: Response) -> None:
    assert response.status_code == status, response.text
    content_type = response.headers["content-type"]
    match dialect:
        case "envelope":
            assert content_type == "application/json"
            body = response.json()
            assert body == {
                "status": "error",
                "error": {"code": CODES[status], "message": body["error"]["message"]},
            }
            assert body["error"]["message"]
        case "message":
            assert content_type == "application/json"
            body = response.json()
            assert body == {"status": "error", "message": body["message"]}
            assert body["message"]
            assert response.headers["access-control-allow-origin"] == "*"
        case "line":
            assert content_type == "text/plain; charset=utf-8"
            assert re.fullmatch(r"[^{\n]+\n?", response.text)
        case "phrase" | "plain":
            assert content_type == "text/plain; charset=utf-8"
            assert response.text == PHRASES[status]
