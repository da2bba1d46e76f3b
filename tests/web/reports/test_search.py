"""`search` on the reports that list by name."""

import pytest

from tests.make import hit
from tests.web.cast import COLLECT, Owner, Traffic


@pytest.fixture
async def traffic(visit: Traffic) -> None:
    await visit(
        "/", "/Blog/a", "/blog/b", "/caf\u00c9", "signup", ip="192.0.2.1", referrer="https://a.example"
    )
    await visit("/blog/b", "Sign-in", "/100%", "play", ip="192.0.2.2", country="DE", utm_medium="Mail")
    await visit("/a_b", ip="192.0.2.3", country="AT", utm_source="mailer", utm_campaign="may")
    await visit("signup", ip="192.0.2.1", properties={"plan": "pro", "seats": 5})
    await visit("signup", ip="192.0.2.1", properties={"plan": "free"})
    await visit("/acb", ip="192.0.2.4", utm_campaign="gmail", utm_source="x", referrer="https://t.co")


FOUND: list[tuple[str, str, dict[str, str], str, list[str | None]]] = [
    # report         list             parameters               search     first column of the rows
    ("pages", "rows", {}, "blog", ["/blog/b", "/Blog/a"]),
    ("pages", "rows", {}, "BLOG/", ["/blog/b", "/Blog/a"]),
    ("pages", "rows", {}, "/a", ["/Blog/a", "/a_b", "/acb"]),
    ("pages", "rows", {}, "caf\u00e9", ["/caf\u00c9"]),  # not only the letters of ASCII
    ("pages", "rows", {}, "%", ["/100%"]),
    ("pages", "rows", {}, "a_b", ["/a_b"]),
    ("pages", "rows", {}, "' or true --", []),
    ("pages", "rows", {}, "signup", []),
    ("sources", "rows", {}, "dir", ["Direct"]),
    ("sources", "rows", {"group_by": "domain"}, ".CO", ["t.co"]),
    ("sources", "rows", {"group_by": "utm"}, "mail", [None, "mailer", "x"]),
    ("sources", "rows", {"group_by": "utm"}, "may", ["mailer"]),
    ("sources", "rows", {"group_by": "utm"}, "null", []),
    ("sources", "rows", {"group_by": "utm"}, "[", []),
    ("countries", "rows", {}, "d", ["DE"]),
    ("flow", "landing_pages", {}, "b", ["/a_b", "/acb", "/blog/b"]),
    ("flow", "exit_pages", {}, "b", ["/a_b", "/acb"]),
    ("custom-events", "rows", {}, "SIGN", ["signup", "Sign-in"]),
    ("event-properties", "rows", {}, "PLA", ["plan", "plan"]),
    ("event-properties", "rows", {}, "pro", ["plan"]),
    ("event-properties", "rows", {}, "5", ["seats"]),
    ("custom-events", "rows", {"event_name": "signup"}, "in", []),
]


@pytest.mark.usefixtures("traffic")
@pytest.mark.parametrize(("report", "name", "params", "search", "names"), FOUND)
async def test_rows_whose_name_has_the_text_in_it_are_listed(
    owner: Owner, report: str, name: str, params: dict[str, str], search: str, names: list[str | None]
) -> None:
    rows = (await owner.report(report, search=search, **params))[name]
    assert [next(iter(row.values())) for row in rows] == names
    everything = (await owner.report(report, **params))[name]
    assert [row for row in everything if row in rows] == rows  # figures and order are those without it


@pytest.mark.usefixtures("traffic")
@pytest.mark.parametrize(
    "report", ["pages", "sources", "countries", "flow", "custom-events", "event-properties"]
)
async def test_an_empty_search_finds_everything(owner: Owner, report: str) -> None:
    assert await owner.report(report, search="") == await owner.report(report)


@pytest.mark.parametrize(
    ("search", "path"),
    [
        ("\u00fcber/stra\u00dfe", "/%C3%9Cber/stra%c3%9fe"),  # as people read it
        ("%C3%9F", "/%C3%9Cber/stra%c3%9fe"),  # as it is stored
        ("\u65e5\u672c", "/%E6%97%A5%E6%9C%AC"),
        ("\u65e5\u672c", "/\u65e5\u672c"),
        ("n%C3/", "/broken%C3/x%"),
    ],
)
async def test_what_a_browser_encoded_is_found_as_it_reads_and_as_it_is_stored(
    visit: Traffic, owner: Owner, search: str, path: str
) -> None:
    await visit("/", "/other", path, "/%ZZ%")
    assert [row["path"] for row in await owner.rows("pages", search=search)] == [path]


@pytest.mark.usefixtures("traffic")
async def test_pages_are_made_of_what_was_found(owner: Owner) -> None:
    assert [row["path"] for row in await owner.rows("pages", search="b", per_page=2, page=2)] == [
        "/a_b",
        "/acb",
    ]


@pytest.mark.usefixtures("traffic")
async def test_the_csv_has_what_was_found(owner: Owner) -> None:
    assert await owner.csv("pages", search="blog") == [
        ["path", "contentGroup", "pageviews", "uniquePageviews"],
        ["/blog/b", "", "2", "2"],
        ["/Blog/a", "", "1", "1"],
    ]


@pytest.mark.usefixtures("traffic")
@pytest.mark.parametrize("report", ["summary", "devices", "realtime", "timeseries"])
async def test_reports_that_list_no_names_take_no_notice(owner: Owner, report: str) -> None:
    assert await owner.report(report, search="blog") == await owner.report(report)


async def test_a_name_that_is_json_is_still_text(visit: Traffic, owner: Owner) -> None:
    for name in ("[1", '["x","y",null]', "null"):
        body = hit(visit.website_id, "/", event_type=name)
        assert (await visit.client.post(COLLECT, json=body)).status_code == 202
    assert [row["name"] for row in await owner.rows("custom-events", search="[")] == ['["x","y",null]', "[1"]
    assert await owner.rows("sources", group_by="utm", search="x") == []
