"""What `tinytrail serve` writes to stderr: a line a problem, and nothing of a request that is merely wrong.

Whoever scans the port could else fill the disk; and a line a hit would hold the addresses that nothing else
keeps. stdout has the greeting, and no more.
"""

import logging
import re
import time
from asyncio import CancelledError
from typing import Literal

import msgspec

LogFormat = Literal["text", "json"]

AGAIN_AFTER = 60  # seconds that one and the same problem is not told again
MOST_PROBLEMS = 1000  # remembered at once

# What must never be written, should it stand in some exception's words: API keys and share tokens, and the
# hexadecimal digits of device tokens and of the server's secret; and what follows a question mark.
SECRET = re.compile(r"\b(t[ts]_)[a-z2-7]{16,}|\b[0-9a-f]{40,}\b")
QUERY = re.compile(r"(?<=[\w/])\?[^\s'\"<>]+")

# A line is a line, whatever was sent: nobody can write one of their own by a line feed in a name.
CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))} | {
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}
CONTROL_IN_TRACEBACK = {code: text for code, text in CONTROL.items() if code != ord("\n")}


def without_secrets(text: str) -> str:
    return QUERY.sub("?…", SECRET.sub(lambda found: f"{found[1] or ''}…", text))


class TextFormatter(logging.Formatter):
    """`2026-03-14T09:30:00Z ERROR tinytrail: GET /health failed`; a traceback follows, set in, so that
    no words of an exception look like a line of the log."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{moment(record)} {record.levelname} {record.name}: {message_of(record)}"
        traceback = traceback_of(self, record)
        return f"{line}\n{traceback}".replace("\n", "\n    ") if traceback else line


class JsonFormatter(logging.Formatter):
    """An object a line; a traceback is in it."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message_of(record),
        }
        if traceback := traceback_of(self, record):
            entry["traceback"] = traceback
        return msgspec.json.encode(entry).decode()


def moment(record: logging.LogRecord) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))


def message_of(record: logging.LogRecord) -> str:
    return without_secrets(record.getMessage()).translate(CONTROL)


def traceback_of(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    """Empty without an exception."""
    if not record.exc_info or record.exc_info[0] is None:
        return ""
    return without_secrets(formatter.formatException(record.exc_info)).translate(CONTROL_IN_TRACEBACK)


class NotAgain(logging.Filter):
    """Lets a problem through once a minute, and then says how often it has come meanwhile: a full disk
    under load is one problem, not a thousand a second."""

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[tuple[str, str, object], list[float]] = {}  # when, and how often it came since

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        problem = (record.name, message, record.exc_info and record.exc_info[0])
        told = self._told.get(problem)
        if told and 0 <= record.created - told[0] < AGAIN_AFTER:
            told[1] += 1
            return False
        if len(self._told) >= MOST_PROBLEMS:
            self._told.clear()
        self._told[problem] = [record.created, 0]
        if told and told[1]:
            times = "once more" if told[1] == 1 else f"{told[1]:.0f} times more"
            record.msg, record.args = "%s (and %s since this was last told)", (message, times)
        return True


def is_news(record: logging.LogRecord) -> bool:
    """Of requests that a stop has cut off uvicorn says in a line how many, and then a traceback of each."""
    return not (record.exc_info and isinstance(record.exc_info[1], CancelledError))


def log_problems_only(form: LogFormat) -> None:
    """From here on, to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    handler.addFilter(is_news)
    handler.addFilter(NotAgain())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.captureWarnings(True)
    logging.getLogger("uvicorn").setLevel(logging.ERROR)  # below are requests that no one could parse
