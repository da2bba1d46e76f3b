"""What all reports have in common: errors, paging, order and csv."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.make import hit
from tests.web.cast import COLLECT, UNKNOWN, Owner, Traffic, code, message

REPORTS: dict[str, dict[str, Any]] = {
    "summary": {},
    "pages": {},
    "sources": {},
    "devices": {},
    "countries": {},
    "flow": {},
    "funnel": {"steps": ["/", "/two"]},
    "realtime": {},
    "custom-events": {},
    "event-properties": {},
    "timeseries": {},
}

BAD_PARAMETERS = [
    # parameters                                                     field named
    ({"website_id": None}, "website_id"),
    ({"website_id": ""}, "website_id"),
    ({"website_id": "example.com"}, "website_id"),
    ({"website_id": UNKNOWN[:-1]}, "website_id"),
    ({"period": "never"}, "period"),
    ({"period": ""}, "period"),
    ({"period": "7D"}, "period"),
    ({"start_date": "2026-03-01"}, "end_date"),
    ({"end_date": "2026-03-01"}, "start_date"),
    ({"start_date": "2026-03-02", "end_date": "2026-03-01"}, "start_date"),
    ({"start_date": "2026-02-29", "end_date": "2026-03-01"}, "start_date"),
    ({"start_date": "2026-02-28", "end_date": "2026-02-30"}, "end_date"),
    ({"start_date": "2026-2-1", "end_date": "2026-03-01"}, "start_date"),
    ({"start_date": "20260201", "end_date": "2026-03-01"}, "start_date"),
    ({"start_date": "", "end_date": ""}, "start_date"),
    ({"start_date": "0000-01-01", "end_date": "2026-03-01"}, "start_date"),
    ({"start_date": "1900-01-01", "end_date": "2026-03-01"}, "start_date"),  # more than a century
    ({"compare": "last_week"}, "compare"),
    ({"include_bots": "yes"}, "include_bots"),
    ({"include_bots": "1"}, "include_bots"),
    ({"page": "two"}, "page"),
    ({"page": "1.5"}, "page"),
    ({"page": ""}, "page"),
    ({"page": "--1"}, "page"),
    ({"per_page": "all"}, "per_page"),
    ({"per_page": "٣"}, "per_page"),
    ({"format": "xml"}, "format"),
    ({"format": ""}, "format"),
]


@pytest.mark.parametrize(("params", "field"), BAD_PARAMETERS)
async def test_a_bad_parameter_is_a_400_that_names_it(
    owner: Owner, params: dict[str, Any], field: str
) -> None:
    for report, own in REPORTS.items():
        response = await owner.get(report, **own | params)
        assert (response.status_code, code(response)) == (400, "INVALID_PAYLOAD"), report
        assert message(response).startswith(field), report


@pytest.mark.parametrize("report", REPORTS)
async def test_another_accounts_website_answers_as_if_it_did_not_exist(
    owner: Owner, bob: AsyncClient, website: str, report: str
) -> None:
    stranger = Owner(bob, website)
    theirs = await stranger.get(report, **REPORTS[report])
    nobodys = await stranger.get(report, **REPORTS[report] | {"website_id": UNKNOWN})
    assert (theirs.status_code, code(theirs)) == (404, "NOT_FOUND")
    assert theirs.json() == nobodys.json()
    assert (await owner.get(report, **REPORTS[report])).status_code == 200


@pytest.mark.parametrize("report", REPORTS)
async def test_one_websites_traffic_is_in_no_other_report(
    visit: Traffic, owner: Owner, alice: AsyncClient, report: str
) -> None:
    other = (await alice.post("/api/v1/websites", json={"domain": "other.example"})).json()["data"]["id"]
    quiet = await owner.report(report, **REPORTS[report] | {"website_id": other})
    await visit("/", "/two", "signup", country="DE", referrer="https://t.co/a", properties={"plan": "pro"})
    assert await owner.report(report, **REPORTS[report]) != quiet
    assert await owner.report(report, **REPORTS[report] | {"website_id": other}) == quiet


async def test_unknown_parameters_are_ignored(owner: Owner) -> None:
    for report, own in REPORTS.items():
        assert (await owner.get(report, **own, colour="blue")).status_code == 200


ENDS_OF_THE_CALENDAR = [
    ("0001-01-01", "0001-01-02", None),
    ("0001-01-02", "0001-01-02", "previous_period"),
    ("0002-01-01", "0002-01-31", "yoy"),
    ("9999-12-01", "9999-12-31", "previous_period"),
    ("9999-12-31", "9999-12-31", "yoy"),
]


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/Los_Angeles"])
@pytest.mark.parametrize(("start", "end", "compare"), ENDS_OF_THE_CALENDAR)
async def test_a_report_reaches_to_the_ends_of_the_calendar(
    owner: Owner, zone: str, start: str, end: str, compare: str | None
) -> None:
    await owner.client.patch(f"/api/v1/websites/{owner.website_id}", json={"timezone": zone})
    for report, own in {**REPORTS, "timeseries": {"interval": "hour"}}.items():
        response = await owner.get(report, **own, start_date=start, end_date=end, compare=compare)
        assert response.status_code == 200, (report, response.text)


CLAMPED = [
    # sent                                     page  per_page
    ({}, 1, 50),
    ({"page": 3, "per_page": 7}, 3, 7),
    ({"page": 0}, 1, 50),
    ({"page": "0" * 30 + "2", "per_page": "007"}, 2, 7),
    ({"page": "-" + "9" * 30}, 1, 50),
    ({"page": -5, "per_page": -5}, 1, 1),
    ({"per_page": 0}, 1, 1),
    ({"per_page": 500}, 1, 500),
    ({"per_page": 501}, 1, 500),
    ({"per_page": 10**17}, 1, 500),
]


@pytest.mark.parametrize(("params", "page", "per_page"), CLAMPED)
async def test_page_and_per_page_are_clamped(
    owner: Owner, params: dict[str, int], page: int, per_page: int
) -> None:
    for report in ("pages", "sources", "countries", "custom-events", "event-properties"):
        found = await owner.report(report, **params)
        assert found.keys() == {"period", "page", "per_page", "rows"}
        assert (found["page"], found["per_page"]) == (page, per_page)


async def test_a_page_past_the_end_is_empty(visit: Traffic, owner: Owner) -> None:
    await visit("/", "signup", country="DE", properties={"plan": "pro"})
    for report in ("pages", "sources", "countries", "custom-events", "event-properties"):
        assert len(await owner.rows(report)) == 1
        for page in (2, 10**17):
            assert await owner.rows(report, page=page) == []


async def test_500_rows_fit_a_page_and_all_of_them_a_csv(
    client: AsyncClient, website: str, owner: Owner
) -> None:
    paths = [f"/{number}" for number in range(501)]
    for start in range(0, 501, 32):
        await client.post(COLLECT, json=[hit(website, path) for path in paths[start : start + 32]])
    first = await owner.rows("pages", per_page=1000)
    second = await owner.rows("pages", per_page=1000, page=2)
    assert (len(first), len(second)) == (500, 1)
    assert [row["path"] for row in first + second] == sorted(paths)
    assert [row[0] for row in (await owner.csv("pages"))[1:]] == sorted(paths)


LISTS: list[tuple[str, str, dict[str, str]]] = [
    ("pages", "rows", {}),
    ("sources", "rows", {"group_by": "domain"}),
    ("sources", "rows", {"group_by": "utm"}),
    ("countries", "rows", {}),
    ("custom-events", "rows", {}),
    ("event-properties", "rows", {}),
    ("flow", "landing_pages", {}),
    ("flow", "exit_pages", {}),
]


@pytest.mark.parametrize(("report", "name", "params"), LISTS)
async def test_ties_are_broken_by_name_so_that_pages_never_overlap(
    visit: Traffic, owner: Owner, report: str, name: str, params: dict[str, str]
) -> None:
    letters = "gcafbed"
    for number, letter in enumerate(letters + "d"):  # d comes twice, and so first
        await visit(
            f"/{letter}",
            letter,
            ip=f"192.0.2.{number}",
            referrer=f"https://{letter}.example/",
            utm_source=letter,
            country=f"d{letter}",
            properties={letter: 1},
        )
    whole = (await owner.report(report, **params))[name]
    by_pages = []
    for page in (1, 2, 3):
        by_pages += (await owner.report(report, page=page, per_page=3, **params))[name]
    assert by_pages == whole
    named = [next(iter(row.values())).strip("/").removesuffix(".example")[-1].lower() for row in whole]
    assert "".join(named) == "dabcefg"

    table = await owner.csv(report, **params)
    if name != "exit_pages":  # which is not in the csv
        assert [row[0] for row in table[1:]] == [next(iter(row.values())) for row in whole]
        page_2 = await owner.csv(report, page=2, per_page=3, **params)
        assert page_2 == [table[0], *table[4:7]]
        assert await owner.csv(report, page=1, **params) == table  # 7 of 50


# Of these, a csv has one of several lists, or the last half hour.
PARTS = {
    "sources": "-channel-2026-03-08-2026-03-14",
    "devices": "-device_types-2026-03-08-2026-03-14",
    "flow": "-landing_pages-2026-03-08-2026-03-14",
    "realtime": "",
}


@pytest.mark.parametrize("report", REPORTS)
async def test_a_csv_is_named_after_website_report_and_days(owner: Owner, website: str, report: str) -> None:
    response = await owner.get(report, format="csv", **REPORTS[report])
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    name = report + PARTS.get(report, "-2026-03-08-2026-03-14")
    assert response.headers["content-disposition"] == f'attachment; filename="example.com-{name}.csv"'


@pytest.mark.usefixtures("website")
@pytest.mark.parametrize(
    ("report", "params", "name"),
    [
        ("sources", {"group_by": "domain"}, "sources-domain"),
        ("sources", {"group_by": "utm"}, "sources-utm"),
        ("devices", {"list": "browsers"}, "devices-browsers"),
        ("flow", {"list": "exit_pages"}, "flow-exit_pages"),
    ],
)
async def test_the_csv_files_of_a_reports_lists_differ_in_name(
    owner: Owner, report: str, params: dict[str, str], name: str
) -> None:
    response = await owner.get(report, format="csv", **params)
    assert f'"example.com-{name}-2026-03-08-2026-03-14.csv"' in response.headers["content-disposition"]


@pytest.mark.parametrize("format", ["json", "csv"])
@pytest.mark.parametrize(("paths", "coding"), [(1, None), (100, "gzip")])
async def test_what_is_long_is_gzipped_for_whoever_takes_that(
    visit: Traffic, owner: Owner, format: str, paths: int, coding: str | None
) -> None:
    for n in range(paths):
        await visit(f"/a-page-with-a-name/{n}")
    packed = await owner.get("pages", format=format, per_page=500)
    owner.client.headers["accept-encoding"] = "identity"
    plain = await owner.get("pages", format=format, per_page=500)
    assert packed.headers.get("content-encoding") == coding
    assert "content-encoding" not in plain.headers
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert packed.text == plain.text


async def test_an_error_is_json_in_the_envelope_for_csv_too(owner: Owner) -> None:
    response = await owner.get("pages", format="csv", period="never")
    assert (response.status_code, code(response)) == (400, "INVALID_PAYLOAD")
    assert "content-disposition" not in response.headers
