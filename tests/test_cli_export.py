"""`tinytrail export`: what the API exports, into a file."""

import csv
import json
import os
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.test_cli import folder, key, output, rows, trouble
from tinytrail.cli import websites
from tinytrail.core.connect import connect, transaction
from tinytrail.web import export_events
from tinytrail.web.events import PAGE_VIEW, Event, Visitor, store_events

__all__ = ["folder", "key"]  # fixtures

DAY = 20_526  # 2026-03-14
VISITOR = Visitor(7, "Direct", None, None, "desktop", "Firefox", "Linux", "1441+", None, False, False)


@pytest.fixture(autouse=True)
def five_days(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page view a day from 14 to 18 March 2026."""
    monkeypatch.setattr(export_events, "SLICE", 2)
    output("website", "add", "example.com")
    with closing(connect("tinytrail.db")) as tx, transaction(tx):
        for day in range(DAY, DAY + 5):
            store_events(tx, [[Event(1, day * 86_400, day, PAGE_VIEW, f"/{day - DAY}", None, None, VISITOR)]])


def paths(lines: str) -> list[str]:
    return [json.loads(line)["path"] for line in lines.splitlines()]


ALL = ["/0", "/1", "/2", "/3", "/4"]


def test_events_go_to_a_file_for_its_owner_alone() -> None:
    said = output("export", "example.com", "events.ndjson")
    assert said == f"events.ndjson: {os.path.getsize('events.ndjson')} bytes\n"
    assert paths(Path("events.ndjson").read_text()) == ALL
    assert stat.S_IMODE(os.stat("events.ndjson").st_mode) == 0o600


def test_or_to_standard_output_and_nothing_else() -> None:
    [[website_id]] = rows("select id from websites")
    assert paths(output("export", str(website_id), "-")) == ALL


@pytest.mark.parametrize("words", [["events.csv"], ["events", "--format", "csv"]])
def test_csv_is_asked_for_by_name_or_by_ending(words: list[str]) -> None:
    output("export", "example.com", *words)
    with open(words[0], newline="") as file:
        head, *lines = csv.reader(file)
    assert [line[head.index("path")] for line in lines] == ALL


@pytest.mark.parametrize("file", ["events.xlsx", "events.json", "events.2026"])
def test_an_ending_that_names_no_format_is_told(file: str) -> None:
    said = trouble("export", "example.com", file)
    assert said == f"{file}: must end in .ndjson or .csv, or name its --format"
    assert not os.path.exists(file)
    output("export", "example.com", file, "--format", "ndjson")
    assert paths(Path(file).read_text()) == ALL


@pytest.mark.parametrize("file", ["events", "./events", ".events", "EVENTS.NDJSON"])
def test_a_file_without_an_ending_is_ndjson(file: str) -> None:
    output("export", "example.com", file)
    assert paths(Path(file).read_text()) == ALL


def test_daily_totals() -> None:
    written = output("export", "example.com", "-", "--table", "daily", "--format", "csv")
    assert written.startswith("date,dimension,value,isBot,visits,")
    assert "2026-03-14,path,/0,false,1,1,1,1,0,1,1,0" in written


def test_of_some_days() -> None:
    of_two = ["--start-date", "2026-03-15", "--end-date", "2026-03-16"]
    assert paths(output("export", "example.com", "-", *of_two)) == ["/1", "/2"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--start-date", "2026-03-15"], "end_date: start_date and end_date go together"),
        (["--start-date", "2026-02-30", "--end-date", "2026-03-16"], "start_date: there is no such date"),
    ],
)
def test_bad_dates_are_told(words: list[str], said: str) -> None:
    assert trouble("export", "example.com", "events.ndjson", *words) == said
    assert not os.path.exists("events.ndjson")


def test_a_file_that_is_there_is_left_alone() -> None:
    Path("notes.txt").write_text("mine")
    assert trouble("export", "example.com", "notes.txt") == "notes.txt exists already; nothing was written"
    assert Path("notes.txt").read_text() == "mine"


def test_an_export_that_fails_leaves_no_half_file(monkeypatch: pytest.MonkeyPatch) -> None:
    before = sorted(os.listdir())

    def fail(*_: object) -> None:
        Path("whole.ndjson.unfinished").write_text("half")
        raise OSError(28, "No space left on device", "whole.ndjson")

    monkeypatch.setattr(websites, "write_lines", fail)
    assert trouble("export", "example.com", "whole.ndjson") == "whole.ndjson: No space left on device"
    assert sorted(os.listdir()) == before


def test_a_reader_that_has_enough_is_no_trouble(folder: Path) -> None:
    """`tinytrail export example.com - | head`: far more than a pipe holds."""
    with closing(connect("tinytrail.db")) as tx, transaction(tx):
        events = [Event(1, DAY * 86_400, DAY, PAGE_VIEW, f"/{'x' * 2000}", None, None, VISITOR)] * 1000
        store_events(tx, [events])
    command = [sys.executable, "-m", "tinytrail", "export", "example.com", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        process.wait(30)
