"""Parameters of a report as they come, and what is made of them."""

from typing import Any

from litestar.datastructures import MultiDict

from tinytrail.core.errors import invalid

Params = MultiDict[Any]


def one_of(params: Params, name: str, choices: tuple[str, ...]) -> str:
    """A parameter with a fixed set of values, of which the first is the default."""
    value: str = params.get(name, choices[0])
    if value not in choices:
        invalid(name, f"must be one of {', '.join(filter(None, choices))}")
    return value


def number(params: Params, name: str, default: int) -> int:
    """A whole number; below 1 counts as 1."""
    text = str(params.get(name, default))
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        invalid(name, "must be a whole number")
    if text != digits:
        return 1
    return max(1, int(digits.lstrip("0")[:20] or "0"))  # no page is as far as what is cut off
