"""The lines of the log: one a problem, and never a secret."""

import asyncio
import json
import logging
import sys

import pytest

from tinytrail.logs import (
    AGAIN_AFTER,
    MOST_PROBLEMS,
    JsonFormatter,
    NotAgain,
    TextFormatter,
    log_problems_only,
)

KEY = "tt_" + "abcdefgh234567" * 3
SHARE = KEY.replace("tt_", "ts_")
DEVICE = "0123456789abcdef" * 3
BEGUN = 1_773_480_600  # 2026-03-14T09:30:00Z


def record(
    message: str, *args: object, at: float = BEGUN, error: BaseException | None = None
) -> logging.LogRecord:
    about = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord("tinytrail.db", logging.ERROR, "db.py", 1, message, args, about)
    made.created = at
    return made


def raised(message: str) -> Exception:
    try:
        raise ValueError(message)
    except ValueError as error:
        return error


def test_a_line_has_the_moment_in_utc_the_level_and_who_says_it() -> None:
    line = TextFormatter().format(record("disk %s", "full"))
    assert line == "2026-03-14T09:30:00Z ERROR tinytrail.db: disk full"


def test_in_json_a_traceback_is_in_the_one_line() -> None:
    line = JsonFormatter().format(record("it failed", error=raised("not a\nnumber")))
    assert "\n" not in line
    entry = json.loads(line)
    traceback = entry.pop("traceback")
    assert entry == {
        "time": "2026-03-14T09:30:00Z",
        "level": "error",
        "logger": "tinytrail.db",
        "message": "it failed",
    }
    assert traceback.startswith("Traceback (most recent call last):\n")
    assert traceback.endswith("ValueError: not a\nnumber")
    assert "in raised" in traceback


def test_of_what_a_stop_has_cut_off_there_is_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        log_problems_only("text")
        uvicorn = logging.getLogger("uvicorn.error")
        uvicorn.error("Cancel %s running task(s)", 1)
        uvicorn.error("Exception in ASGI application", exc_info=asyncio.CancelledError())
        uvicorn.error("Exception in ASGI application", exc_info=raised("a fault"))
        said = capsys.readouterr().err
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        logging.captureWarnings(False)
    assert "Cancel 1 running task(s)" in said
    assert said.count("Exception in ASGI application") == said.count("ValueError: a fault") == 1


def test_as_text_a_traceback_follows() -> None:
    error = raised("no\n2026-03-14T09:30:00Z ERROR all is lost")
    first, *others = TextFormatter().format(record("it failed", error=error)).splitlines()
    assert first == "2026-03-14T09:30:00Z ERROR tinytrail.db: it failed"
    assert others[0] == "    Traceback (most recent call last):"
    assert others[-2] == "    ValueError: no"
    assert all(line.startswith("    ") for line in others)


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"no user has {KEY}", KEY),
        (f"GET /share/{SHARE} failed", SHARE),
        (f"a beat of {DEVICE!r}", DEVICE),
        ("GET /reports?website_id=7&token=hunter2 failed", "hunter2"),
        ("cannot reach 'https://example.com/hook?key=hunter2'", "hunter2"),
    ],
)
def test_a_secret_is_not_written_wherever_it_stands(
    formatter: logging.Formatter, text: str, secret: str
) -> None:
    for said in (
        formatter.format(record("%s", text)),
        formatter.format(record("it failed", error=raised(text))),
    ):
        assert secret not in said
        assert "…" in said


@pytest.mark.parametrize("control", ["\n", "\r\n", "\x1b[2J", "\x85", "\u2028"])
def test_nobody_writes_a_line_of_their_own(control: str) -> None:
    for formatter in (TextFormatter(), JsonFormatter()):
        line = formatter.format(record("no file %s", f"a{control}2026-03-14T09:30:00Z ERROR all is lost"))
        assert len(line.splitlines()) == 1
        assert line.isprintable()


def test_a_problem_is_told_once_a_minute_and_then_how_often_it_came() -> None:
    told = NotAgain()

    def says(message: str, at: float) -> str | None:
        made = record(message, at=BEGUN + at)
        return made.getMessage() if told.filter(made) else None

    assert says("disk full", 0) == "disk full"
    assert says("another", 1) == "another"
    assert says("disk full", 2) is None
    assert says("disk full", AGAIN_AFTER - 1) is None
    assert says("disk full", AGAIN_AFTER) == "disk full (and 2 times more since this was last told)"
    assert says("disk full", AGAIN_AFTER + 1) is None
    assert says("disk full", 2 * AGAIN_AFTER) == "disk full (and once more since this was last told)"
    assert says("disk full", 3 * AGAIN_AFTER) == "disk full"
    assert says("disk full", 0) == "disk full"  # the clock was set back


def test_the_same_words_about_another_error_are_another_problem() -> None:
    told = NotAgain()
    assert told.filter(record("it failed", error=raised("a")))
    assert not told.filter(record("it failed", error=raised("b")))
    assert told.filter(record("it failed", error=OSError("c")))
    assert told.filter(record("it failed"))


def test_what_is_remembered_of_problems_is_bounded() -> None:
    told = NotAgain()
    for number in range(3 * MOST_PROBLEMS):
        assert told.filter(record("problem %s", number))
    assert sys.getsizeof(told._told) < 200_000
