"""`search`: those rows of a list whose name has a text in it."""

from urllib.parse import unquote

from tinytrail.core.connect import Tx
from tinytrail.web.reports.common import Query


def contains(text: str | None, part: str) -> bool:
    """Whether `text` has `part` in it, which is case folded already: as it stands, or as it reads decoded.

    Browsers percent-encode whatever of a path is not ASCII, and people do not search for that.
    """
    return text is not None and (part in text.casefold() or part in unquote(text).casefold())


def matching(tx: Tx, query: Query, *columns: str) -> str:
    """SQL that is true for rows with the text asked for in one of these columns; for all rows without one."""
    if not query.search:
        return "true"
    # SQLite's own lower() and like know the letters of ASCII only.
    tx.create_function("contains", 2, contains, deterministic=True)
    return "(" + " or ".join(f"contains({column}, :search)" for column in columns) + ")"
