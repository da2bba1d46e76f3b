"""/api/v1/websites/:id/export: all that is kept of a website's traffic, as lines."""

import csv
import io
import json
from typing import Any

import pytest
from httpx import AsyncClient, Response

from tests.make import DAY, HOUR, MINUTE, FakeClock, moment
from tests.web.cast import GOOGLEBOT, UNKNOWN, Owner, Traffic, code, message
from tinytrail.core.connect import Tx
from tinytrail.core.db import Database
from tinytrail.web import export_daily, export_events, rollup
from tinytrail.web.deletion import purge_old_days
from tinytrail.web.export_events import EventsExport
from tinytrail.web.rollup import roll_up_finished

EVENT_COLUMNS = [
    "at", "eventType", "name", "path", "contentGroup", "properties", "visit", "visitStartedAt", "channel",
    "referrer", "utmSource", "utmMedium", "utmCampaign", "deviceType", "browserFamily", "osFamily", "screen",
    "country", "isBot", "isExcluded",
]  # fmt: skip
DAILY_COLUMNS = [
    "date", "dimension", "value", "isBot", "visits", "visitors", "pageviews", "bounces", "seconds", "entries",
    "exits", "events",
]  # fmt: skip
NUMBERS = DAILY_COLUMNS[4:]

Rows = list[dict[str, Any]]


async def ask(who: AsyncClient, website: str, **params: str) -> Response:
    return await who.get(f"/api/v1/websites/{website}/export", params=params)


async def exported(who: AsyncClient, website: str, **params: str) -> Rows:
    """The rows of an export as ndjson."""
    response = await ask(who, website, **params)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/x-ndjson"
    assert response.text == "" or response.text.endswith("\n")
    return [json.loads(line) for line in response.text.split("\n")[:-1]]


async def exported_as_csv(who: AsyncClient, website: str, **params: str) -> list[list[str]]:
    response = await ask(who, website, format="csv", **params)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(response.text, newline="")))


TOKYO = {"timezone": "Asia/Tokyo"}
GROUPED = {"content_groups": [{"name": "Blog", "pattern": "/blog/*"}]}


@pytest.mark.parametrize("website_settings", [GROUPED])
async def test_a_row_is_an_event_with_what_is_known_of_its_visit(
    alice: AsyncClient, website: str, visit: Traffic
) -> None:
    await visit("/blog/a", referrer="https://t.co/x", utm_source="news", country="DE", screen_width=800)
    await visit("custom", properties={"event_name": "signup", "plan": "pro", "deep": {"list": [1, None]}})
    await visit("scroll_50", "download")
    rows = await exported(alice, website)
    first = {
        "at": "2026-03-14T09:30:00.000Z",
        "eventType": "page_view",
        "name": None,
        "path": "/blog/a",
        "contentGroup": "Blog",
        "properties": None,
        "visit": rows[0]["visit"],
        "visitStartedAt": "2026-03-14T09:30:00.000Z",
        "channel": "Social",
        "referrer": "t.co",
        "utmSource": "news",
        "utmMedium": None,
        "utmCampaign": None,
        "deviceType": "desktop",
        "browserFamily": "Chrome",
        "osFamily": "Windows",
        "screen": "769-1024",
        "country": "DE",
        "isBot": False,
        "isExcluded": False,
    }
    assert list(first) == EVENT_COLUMNS
    custom = {"event_name": "signup", "plan": "pro", "deep": {"list": [1, None]}}
    on_the_start = {"path": "/", "contentGroup": None}
    assert rows == [
        first,
        first | on_the_start | {"eventType": "custom", "name": "signup", "properties": custom},
        first | on_the_start | {"eventType": "scroll_50"},
        first
        | on_the_start
        | {"at": "2026-03-14T09:31:00.000Z", "eventType": "download", "name": "download"},
    ]
    head, *lines = await exported_as_csv(alice, website)
    assert head == EVENT_COLUMNS
    assert [dict(zip(head, line, strict=True)) for line in lines] == [as_cells(row) for row in rows]


def as_cells(row: dict[str, Any]) -> dict[str, str]:
    """How csv says what ndjson does."""
    text = {None: "", True: "true", False: "false"}
    return {
        name: json.dumps(value, separators=(",", ":"))
        if isinstance(value, dict)
        else text[value]
        if value is None or isinstance(value, bool)
        else str(value)
        for name, value in row.items()
    }


HOSTILE = [
    "=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", "\tx", "\r=1", 'a"b', "a,b", "a\nb", "a;b", "'", "<b>",
    "Ünïcode ☃ 😀", "a\u2028b", "\\", "null",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_comes_as_it_is_and_defused_in_csv(
    alice: AsyncClient, website: str, visit: Traffic, text: str
) -> None:
    tells = {"event_name": text, text: text}
    await visit("custom", properties=tells, utm_source="x" + text, utm_campaign=text)
    [row] = await exported(alice, website)
    assert (row["name"], row["utmSource"], row["properties"]) == (text, ("x" + text).strip(), tells)
    head, line = await exported_as_csv(alice, website)
    cells = dict(zip(head, line, strict=True))
    defused = "'" + text if text[0] in "=+-@\t\r" else text
    assert cells["name"] == defused
    assert cells["utmSource"] == ("x" + text).strip()
    assert cells["utmCampaign"].lstrip("'") == text.strip().lstrip("'")
    assert not [cell for cell in line if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert json.loads(cells["properties"]) == tells


async def test_deep_and_large_properties_survive(alice: AsyncClient, website: str, visit: Traffic) -> None:
    nested: Any = "end"
    for _ in range(500):
        nested = [nested]
    properties = {"nested": nested, "number": 12345678901234567890, "small": 1e-300, "text": "x" * 9000}
    await visit("signup", properties=properties)
    [row] = await exported(alice, website)
    assert row["properties"] == properties


@pytest.mark.parametrize("website_settings", [{"excluded_ips": ["192.0.2.7"]}])
async def test_bots_and_excluded_addresses_are_there_and_marked(
    alice: AsyncClient, website: str, visit: Traffic
) -> None:
    await visit("/", agent=GOOGLEBOT, status=204)
    await visit("/", ip="192.0.2.7", status=204)
    flags = [(row["isBot"], row["isExcluded"]) for row in await exported(alice, website)]
    assert flags == [(True, False), (False, True)]


@pytest.fixture
async def overlapping(visit: Traffic, clock: FakeClock) -> list[str]:
    """Three visitors who come and go at the same time, over Tokyo's midnight; what they read, in order."""
    clock.now = moment("2026-03-14 14:45")
    read = []
    for number in range(30):
        path = f"/{number}"
        await visit(path, ip=f"192.0.2.{number * number % 7 % 3}")
        read.append(path)
        clock.now += MINUTE
    return read


@pytest.mark.parametrize("website_settings", [TOKYO])
@pytest.mark.parametrize("slice_size", [1, 2, 7, 30, 200])
async def test_events_come_oldest_first_whatever_the_slices(
    alice: AsyncClient, website: str, overlapping: list[str], slice_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_events, "SLICE", slice_size)
    rows = await exported(alice, website)
    assert [row["path"] for row in rows] == overlapping
    assert len({row["visit"] for row in rows}) == 3


@pytest.mark.parametrize("website_settings", [TOKYO])
async def test_where_too_many_visits_overlap_no_event_is_lost_or_doubled(
    alice: AsyncClient, website: str, overlapping: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_events, "SLICE", 3)
    monkeypatch.setattr(export_events, "MOST_HELD", 4)
    assert sorted(row["path"] for row in await exported(alice, website)) == sorted(overlapping)


async def test_of_large_events_few_are_held(
    alice: AsyncClient, website: str, visit: Traffic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A visit of a day may have 20,000, of 16 KB each."""
    steps = [f"event {number}" for number in range(30)]
    await visit("/", *steps, properties={"text": "x" * 1000})
    monkeypatch.setattr(export_events, "SLICE", 3)
    monkeypatch.setattr(export_events, "LARGEST_HELD", 5000)
    read = EventsExport.read
    held: list[int] = []

    def noting(export: EventsExport, tx: Tx) -> Any:
        rows = read(export, tx)
        held.append(len(export._held))
        return rows

    monkeypatch.setattr(EventsExport, "read", noting)
    assert [row["name"] for row in await exported(alice, website)] == [None, *steps]
    assert max(held) == 4


async def test_it_ends_with_the_moment_it_was_asked_for(
    alice: AsyncClient, website: str, visit: Traffic, clock: FakeClock
) -> None:
    await visit("/now")
    clock.now += MINUTE
    await visit("/later")
    clock.now -= MINUTE
    assert [row["path"] for row in await exported(alice, website)] == ["/now"]


@pytest.fixture
async def three_days(visit: Traffic, clock: FakeClock) -> None:
    for day in ("14", "15", "16"):
        clock.now = moment(f"2026-03-{day} 00:30")
        await visit(f"/{day}", "/two", "signup", utm_source="x", referrer="https://t.co/", country="DE")
        await visit("/", ip="192.0.2.2")
        await visit("/bot", agent=GOOGLEBOT, status=204)


RANGES = [
    ({}, ["14", "15", "16"]),
    ({"start_date": "2026-03-15", "end_date": "2026-03-16"}, ["15", "16"]),
    ({"start_date": "2026-03-15", "end_date": "2026-03-15"}, ["15"]),
    ({"start_date": "2026-03-17", "end_date": "2027-03-17"}, []),
    ({"start_date": "2025-03-17", "end_date": "2026-03-13"}, []),
]


@pytest.mark.usefixtures("three_days")
@pytest.mark.parametrize(("dates", "days"), RANGES)
@pytest.mark.parametrize("is_rolled_up", [False, True])
async def test_the_dates_are_both_included(
    alice: AsyncClient,
    website: str,
    db: Database,
    clock: FakeClock,
    dates: dict[str, str],
    days: list[str],
    is_rolled_up: bool,
) -> None:
    if is_rolled_up:
        await roll_up_finished(db, clock.now)
    events = await exported(alice, website, **dates)
    assert sorted({row["at"][8:10] for row in events}) == days
    assert len(events) == 5 * len(days)
    daily = await exported(alice, website, table="daily", **dates)
    assert sorted({row["date"][8:10] for row in daily}) == days


@pytest.mark.parametrize("website_settings", [TOKYO])
async def test_the_days_are_the_websites(
    alice: AsyncClient, website: str, visit: Traffic, clock: FakeClock
) -> None:
    clock.now = moment("2026-03-14 14:59")  # a minute before midnight
    await visit("/14", "/15")
    of_15 = {"start_date": "2026-03-15", "end_date": "2026-03-15"}
    assert [row["path"] for row in await exported(alice, website, **of_15)] == ["/15"]
    dates = [row["date"] for row in await exported(alice, website, table="daily") if row["pageviews"]]
    assert sorted(set(dates)) == ["2026-03-14", "2026-03-15"]


@pytest.mark.usefixtures("three_days")
@pytest.mark.parametrize("slice_size", [1, 10, 200])
@pytest.mark.parametrize(
    ("busy", "days"),
    [(500, ["2026-03-14", "2026-03-15"]), (1, ["2026-03-14", "2026-03-15", "2026-03-16"])],
    ids=["a quiet day", "a busy day, counted as far as it is over"],
)
async def test_daily_totals_are_the_same_before_and_after_the_rollup(
    alice: AsyncClient,
    website: str,
    db: Database,
    clock: FakeClock,
    slice_size: int,
    busy: int,
    days: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(export_daily, "SLICE", slice_size)
    monkeypatch.setattr(rollup, "BUSY", busy)
    before = await exported(alice, website, table="daily")
    assert await db.read(rolled_up) == []
    clock.now += HOUR
    await roll_up_finished(db, clock.now)
    assert await db.read(rolled_up) == days
    assert await exported(alice, website, table="daily") == before
    assert [row["date"] for row in before] == sorted(row["date"] for row in before)
    head, *lines = await exported_as_csv(alice, website, table="daily")
    assert head == DAILY_COLUMNS == list(before[0])
    assert [dict(zip(head, line, strict=True)) for line in lines] == [as_cells(row) for row in before]


def rolled_up(tx: Tx) -> list[str]:
    sql = "select distinct date(day * 86400, 'unixepoch') from daily order by 1"
    return [day for (day,) in tx.execute(sql)]


@pytest.mark.usefixtures("three_days")
async def test_daily_totals_are_those_of_the_reports(alice: AsyncClient, website: str, owner: Owner) -> None:
    rows = await exported(alice, website, table="daily", start_date="2026-03-15", end_date="2026-03-15")
    named = {(row["dimension"], row["value"], row["isBot"]): row for row in rows}
    assert len(named) == len(rows)
    numbers = [named["site", None, False][name] for name in NUMBERS]
    assert numbers == [2, 2, 3, 1, 120, 2, 2, 0]
    assert named["site", None, True]["visits"] == 1
    assert named["path", "/15", False]["pageviews"] == named["path", "/15", False]["entries"] == 1
    assert named["event", "signup", False]["events"] == 1
    assert named["utm", '["x",null,null]', False]["visits"] == 1
    assert named["referrer", "t.co", False]["visits"] == named["country", "DE", False]["visits"] == 1
    assert {row["dimension"] for row in rows} == {
        "site", "path", "event", "channel", "referrer", "utm", "device", "browser", "os", "screen", "country",
        "paths",
    }  # fmt: skip
    metrics = await owner.metrics(start_date="2026-03-15", end_date="2026-03-15")
    assert [metrics["visits"], metrics["unique_visitors"], metrics["pageviews"]] == numbers[:3]


@pytest.mark.usefixtures("three_days")
async def test_daily_totals_outlive_the_events(
    alice: AsyncClient, website: str, db: Database, clock: FakeClock
) -> None:
    before = await exported(alice, website, table="daily")
    clock.now += 30 * DAY
    await roll_up_finished(db, clock.now)
    await purge_old_days(db, 7, clock.now)
    assert await exported(alice, website) == []
    assert await exported(alice, website, table="daily") == before


@pytest.mark.parametrize("website_settings", [TOKYO])
async def test_a_custom_event_after_midnight_alone_makes_a_day(
    alice: AsyncClient, website: str, visit: Traffic, clock: FakeClock, db: Database
) -> None:
    clock.now = moment("2026-03-14 14:59")
    await visit("/", "signup")
    for now in (clock.now + HOUR, clock.now + DAY + HOUR):  # an open day, then a finished one
        await roll_up_finished(db, now)
        rows = await exported(alice, website, table="daily", start_date="2026-03-15", end_date="2026-03-15")
        assert [(row["dimension"], row["value"], row["events"]) for row in rows] == [("event", "signup", 1)]
    assert await db.read(rolled_up) == ["2026-03-14", "2026-03-15"]


async def test_a_website_without_traffic_exports_nothing(alice: AsyncClient, website: str) -> None:
    assert await exported(alice, website) == await exported(alice, website, table="daily") == []
    assert await exported_as_csv(alice, website) == [EVENT_COLUMNS]
    assert await exported_as_csv(alice, website, table="daily") == [DAILY_COLUMNS]


async def test_no_visitor_is_given_away(
    alice: AsyncClient, website: str, visit: Traffic, db: Database
) -> None:
    await visit("/", ip="192.0.2.55")
    [[visitor]] = await db.read(lambda tx: tx.execute("select visitor from visits").fetchall())
    for format in ("ndjson", "csv"):
        said = (await ask(alice, website, format=format)).text
        assert str(visitor) not in said
        assert "192.0.2.55" not in said


async def test_another_websites_traffic_is_not_in_it(
    alice: AsyncClient, website: str, visit: Traffic
) -> None:
    other = (await alice.post("/api/v1/websites", json={"domain": "other.example"})).json()["data"]["id"]
    await visit("/")
    assert await exported(alice, other) == await exported(alice, other, table="daily") == []


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({}, "example.com-events.ndjson"),
        ({"table": "daily", "format": "csv"}, "example.com-daily.csv"),
        (
            {"start_date": "2026-03-01", "end_date": "2026-03-14"},
            "example.com-events-2026-03-01-2026-03-14.ndjson",
        ),
    ],
)
async def test_it_is_a_file_named_after_website_table_and_days(
    alice: AsyncClient, website: str, params: dict[str, str], name: str
) -> None:
    response = await ask(alice, website, **params)
    assert response.headers["content-disposition"] == f'attachment; filename="{name}"'


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"format": "json"}, "format"),
        ({"format": ""}, "format"),
        ({"table": "visits"}, "table"),
        ({"start_date": "2026-03-14"}, "end_date"),
        ({"end_date": "2026-03-14"}, "start_date"),
        ({"start_date": "2026-03-15", "end_date": "2026-03-14"}, "start_date"),
        ({"start_date": "2026-02-30", "end_date": "2026-03-14"}, "start_date"),
        ({"start_date": "2026-03-14", "end_date": "today"}, "end_date"),
    ],
)
async def test_a_bad_parameter_is_a_400_that_names_it(
    alice: AsyncClient, website: str, params: dict[str, str], field: str
) -> None:
    response = await ask(alice, website, **params)
    assert (response.status_code, code(response)) == (400, "INVALID_PAYLOAD")
    assert message(response).startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("website_id", "status", "error"), [("7", 400, "INVALID_PAYLOAD"), (UNKNOWN, 404, "NOT_FOUND")]
)
async def test_what_is_not_there(alice: AsyncClient, website_id: str, status: int, error: str) -> None:
    response = await ask(alice, website_id)
    assert (response.status_code, code(response)) == (status, error)


async def test_what_is_not_yours_answers_as_if_it_did_not_exist(
    admin: AsyncClient, bob: AsyncClient, website: str
) -> None:
    assert (await ask(admin, website)).status_code == 200
    theirs, nobodys = await ask(bob, website), await ask(bob, UNKNOWN)
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json() == nobodys.json()


async def test_it_needs_a_key(client: AsyncClient, website: str) -> None:
    assert (await ask(client, website)).status_code == 401
