"""What went wrong, before a system puts it into its own words.

Handlers raise; the app asks each system for its dialect (`errors.py` there), and that asks here for the
status and the sentence. Unexpected errors are logged whole and told to nobody.
"""

import logging
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, NamedTuple, NoReturn, get_args

import msgspec
from litestar import Request
from litestar.exceptions import HTTPException, ValidationException

from tinytrail.core.trouble import Busy, trouble_with_file

log = logging.getLogger("tinytrail")

AT_FIELD = re.compile(r"(?P<reason>.*) - at `(?:key in )?\$\.?(?P<field>.*)`", re.DOTALL)
MISSING = re.compile(r"Object missing required field `(?P<field>[^`]+)`")

LONGEST = 200  # characters of a sentence; it may repeat what was sent

# What msgspec says of a value, and as people say it.
WORDING = (
    (r"Expected `str` matching regex '\\\\S'", "must not be blank"),
    (r"Expected `\w+` of length >= 1", "must not be empty"),
    (r"Expected `str` of length <= (\d+)", r"must not be longer than \1 characters"),
    (r"Expected `array` of length <= (\d+)", r"must not be more than \1"),
    (r"Expected `int` >= (-?\d+)", r"must not be below \1"),
    (r"Expected `int` <= (\d+)", r"must not be above \1"),
)


class Failure(NamedTuple):
    status: int
    message: str
    headers: dict[str, str]


def is_below(path: str, owner: str) -> bool:
    """Whether it is this path, or one below it."""
    return path == owner or path.startswith(f"{owner}/")


def invalid(field: str, reason: str) -> NoReturn:
    """Answer 400, naming the field at fault."""
    raise ValidationException(f"{field}: {reason}")


def failure(request: Request[Any, Any, Any], error: Exception) -> Failure:
    """The status, sentence and headers for any exception."""
    match error:
        case Busy():
            return Failure(503, "The server cannot store this now; try again", {"Retry-After": "1"})
        case HTTPException(status_code=status) if status < 500:
            headers = {name.title(): value for name, value in (error.headers or {}).items()}
            if "Allow" in headers:
                headers["Allow"] = allow_header(headers["Allow"].split(", "))
            return Failure(status, _sentence(error), headers)
        case _ if trouble := trouble_with_file(error):
            log.error("%s", trouble)
            return Failure(503, "The server cannot do this now; try again", {"Retry-After": "60"})
        case _:
            # The route, not the path: that may hold a share's token.
            route = request.scope.get("path_template") or "a request"
            log.error("%s %s failed", request.method, route, exc_info=error)
            return Failure(500, "Unexpected server error", {})


def allow_header(methods: Sequence[str]) -> str:
    """`Allow` for a path that has these. What answers GET answers HEAD (see app.App)."""
    allowed = ", ".join(methods)
    return allowed if "HEAD" in methods else allowed.replace("GET", "GET, HEAD")


def reason_phrase(status: int) -> str:
    return HTTPStatus(status).phrase


def _sentence(error: HTTPException) -> str:
    """What the error says beyond its status; empty where it says no more."""
    match error.extra:  # the useful words of Litestar's own validation
        case [{"key": key, "message": message}, *_]:
            return name_field(message, key)
    return error.detail if error.detail != reason_phrase(error.status_code) else ""


def name_field(message: str, field: str = "", kind: Any = None) -> str:
    """Turn msgspec's "Expected `str`, got `int` - at `$.path`" into "path: Expected `str`, got `int`".

    `kind` is what was expected, so that a field which may be one of a few values can be told which.
    """
    at, reason = field_and_reason(message)
    field = at or field
    if missing := MISSING.match(reason):
        return f"{field}.{missing['field']} is required" if field else f"{missing['field']} is required"
    for theirs, ours in WORDING:
        reason = re.sub(rf"^{theirs}$", ours, reason)
    return f"{field or 'body'}: {with_choices(reason, kind, field)[:LONGEST]}"


def field_and_reason(message: str) -> tuple[str, str]:
    """What msgspec says is wrong, and of which field ("server.port"); none where it is all of it."""
    at = AT_FIELD.fullmatch(message)
    return (at["field"], at["reason"]) if at else ("", message)


def with_choices(reason: str, kind: Any, field: str = "") -> str:
    """The reason; where a value is none of a few, which ones they are. `kind` is their Literal, or a struct
    with such a field ("server.log_format")."""
    if not kind or not reason.startswith("Invalid enum value"):
        return reason
    for name in filter(None, field.split(".")):
        kind = next(each.type for each in msgspec.structs.fields(kind) if each.encode_name == name)
    return f"must be one of {', '.join(get_args(kind))}"
