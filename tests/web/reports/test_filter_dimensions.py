"""`filters[]=dimension:value`, dimension by dimension; what is wrong with one; several together."""

import json
from typing import Any

import pytest

from tests.make import MINUTE, hit, moment
from tests.web.cast import COLLECT, FIREFOX, IPHONE, Owner, Traffic, code, message
from tests.web.reports.test_common import REPORTS


@pytest.fixture
def website_settings() -> dict[str, Any]:
    return {"content_groups": [{"name": "Blog", "pattern": "/blog/*"}]}


@pytest.fixture
async def traffic(visit: Traffic) -> None:
    """Three visits: A reads the blog and signs up, B looks at prices, C comes for one page."""
    await visit("/", "/blog/a", ip="192.0.2.1", agent=IPHONE, country="DE", referrer="https://t.co/a")
    await visit(
        "signup", ip="192.0.2.1", agent=IPHONE, path="/blog/a", properties={"plan": "pro", "seats": 5}
    )
    await visit("/pricing", "/", ip="192.0.2.2", agent=FIREFOX, country="AT", screen_width=1300)
    await visit("play", ip="192.0.2.2", agent=FIREFOX, path="/", properties={"plan": "free", "hd": True})
    await visit("/blog/b", ip="192.0.2.3", utm_source="news", utm_medium="email", utm_campaign="may")


# Which of the visits are kept, and how many page views and custom events.
KEPT: list[tuple[list[str], str, int, int]] = [
    # filters                                   visits  views  events
    ([], "ABC", 5, 2),
    (["page:/"], "AB", 2, 1),
    (["page:/blog/a"], "A", 1, 1),
    (["page:/blog"], "", 0, 0),
    (["content_group:Blog"], "AC", 2, 1),
    (["entry:/"], "A", 2, 1),
    (["exit:/"], "B", 2, 1),
    (["channel:Social"], "A", 2, 1),
    (["channel:Email"], "C", 1, 0),
    (["referrer:t.co"], "A", 2, 1),
    (["utm_source:news"], "C", 1, 0),
    (["utm_medium:email"], "C", 1, 0),
    (["utm_campaign:may"], "C", 1, 0),
    (["utm_source:may"], "", 0, 0),  # of another field
    (["device:mobile"], "A", 2, 1),
    (["browser:Firefox"], "B", 2, 1),
    (["os:Windows"], "C", 1, 0),
    (["screen:1025-1440"], "B", 2, 1),
    (["country:AT"], "B", 2, 1),
    (["event:signup"], "A", 2, 1),
    (["property:plan=pro"], "A", 2, 1),
    (["property:seats=5"], "A", 2, 1),
    (["property:hd=true"], "B", 2, 1),
    (["property:plan=PRO"], "", 0, 0),
    (["property:plan="], "", 0, 0),
    # any value of a dimension
    (["country:AT", "country:DE"], "AB", 4, 2),
    (["page:/pricing", "page:/blog/b"], "BC", 2, 0),
    (["event:signup", "event:play"], "AB", 4, 2),
    (["property:plan=pro", "property:hd=true"], "AB", 4, 2),
    (["country:AT", "country:FR"], "B", 2, 1),
    # all dimensions
    (["country:DE", "device:mobile"], "A", 2, 1),
    (["country:DE", "device:desktop"], "", 0, 0),
    (["page:/", "content_group:Blog"], "", 0, 0),  # of one page view
    (["page:/blog/a", "content_group:Blog"], "A", 1, 1),
    (["page:/", "country:AT"], "B", 1, 1),
    (["page:/", "event:signup"], "A", 1, 0),  # which happened on another page
    (["event:signup", "property:plan=free"], "", 0, 0),  # of one event
    (["event:signup", "property:plan=free", "property:plan=pro"], "A", 2, 1),
    (["page:/blog/a", "country:DE", "event:signup"], "A", 1, 1),
    # what never occurred, or is written otherwise
    (["country:XX"], "", 0, 0),
    (["channel:social"], "", 0, 0),
    (["page:' or 1=1 --"], "", 0, 0),
    (['utm_source:["news"'], "", 0, 0),
]
OF_VISIT = {"A": "DE", "B": "AT"}


@pytest.mark.usefixtures("traffic")
@pytest.mark.parametrize(("filters", "visits", "views", "events"), KEPT)
async def test_what_is_kept(owner: Owner, filters: list[str], visits: str, views: int, events: int) -> None:
    asked = {"filters[]": filters}
    metrics = await owner.metrics(**asked)
    assert (metrics["visits"], metrics["unique_visitors"]) == (len(visits), len(visits))
    assert metrics["pageviews"] == views
    known = [OF_VISIT[letter] for letter in visits if letter in OF_VISIT]
    assert [row["country"] for row in await owner.rows("countries", **asked)] == sorted(known)
    assert sum(row["pageviews"] for row in await owner.rows("pages", **asked)) == views
    for report in ("custom-events", "event-properties"):
        rows = await owner.rows(report, **asked)
        assert sum(row["count"] for row in rows) == events * (1 if report == "custom-events" else 2)
    flow = await owner.report("flow", **asked)
    assert sum(row["entries"] for row in flow["landing_pages"]) == len(visits)  # entire, so with their ends
    realtime = await owner.report("realtime", **asked)
    assert realtime["active_visitors"] == len(visits)
    by_type = {row["eventType"]: row["count"] for row in realtime["events_by_type"]}
    assert by_type.pop("page_view", 0) == views
    assert sum(by_type.values()) == events
    [first, _] = (await owner.report("funnel", steps=["page_view", "/nowhere"], **asked))["funnel"]
    assert first["sessions"] == len(visits)
    for metric, value in (("visits", len(visits)), ("pageviews", views)):
        series = (await owner.report("timeseries", metric=metric, period="today", **asked))["series"]
        assert series[0]["value"] == value


@pytest.mark.usefixtures("traffic")
@pytest.mark.parametrize("report", REPORTS)
async def test_every_report_is_filtered(owner: Owner, report: str) -> None:
    everything = await owner.report(report, **REPORTS[report])
    assert await owner.report(report, **REPORTS[report] | {"filters[]": ["page:/nowhere"]}) != everything


@pytest.mark.usefixtures("traffic")
async def test_content_group_is_one_of_its_filters(owner: Owner) -> None:
    for report, own in REPORTS.items():
        filtered = await owner.report(report, **own | {"filters[]": "content_group:Blog"})
        assert await owner.report(report, **own, content_group="Blog") == filtered
    both = {"content_group": "Docs", "filters[]": "content_group:Blog"}
    assert await owner.metrics(**both) == await owner.metrics(content_group="Blog")


BAD = [
    # filter                    begins the message
    ("", "filters[]: begins with one of page, "),
    ("page", "filters[]: page needs a value"),
    ("page:", "filters[]: page needs a value"),
    (":/", "filters[]: begins with one of"),
    ("Page:/", "filters[]: begins with one of"),
    ("path:/", "filters[]: begins with one of"),
    (" page:/", "filters[]: begins with one of"),
    ("property:plan", "filters[]: property needs a name and a value"),
    ("property:=pro", "filters[]: property needs a name and a value"),
]


@pytest.mark.parametrize(("text", "begins"), BAD)
async def test_a_malformed_filter_is_a_400(owner: Owner, text: str, begins: str) -> None:
    for report, own in REPORTS.items():
        response = await owner.get(report, **own | {"filters[]": ["page:/", text]})
        assert (response.status_code, code(response)) == (400, "INVALID_PAYLOAD"), report
        assert message(response).startswith(begins), report


async def test_an_unknown_dimension_is_told_those_there_are(owner: Owner) -> None:
    said = message(await owner.get("summary", **{"filters[]": "colour:blue"}))
    for dimension in {filter.partition(":")[0] for filters, *_ in KEPT for filter in filters}:
        assert dimension in said


@pytest.mark.parametrize(("count", "status"), [(20, 200), (21, 400)])
async def test_twenty_filters_are_taken(owner: Owner, count: int, status: int) -> None:
    filters = [f"page:/{number}" for number in range(count)]
    assert (await owner.get("summary", **{"filters[]": filters})).status_code == status


async def test_the_first_colon_separates_and_the_first_equals_sign(visit: Traffic, owner: Owner) -> None:
    await visit("/a:b", "save", properties={"at": "a=b:c"})
    for text in ("page:/a:b", "property:at=a=b:c"):
        assert (await owner.metrics(**{"filters[]": text}))["visits"] == 1


PROPERTIES: list[tuple[Any, str]] = [
    # value sent                 as it is asked for
    ("text", "text"),
    ("", ""),
    ("5", "5"),
    (5, "5"),
    (-1.5, "-1.5"),
    (0.1 + 0.2, "0.30000000000000004"),
    (1e22, "1e22"),
    (2**53, "9007199254740992"),
    (True, "true"),
    (False, "false"),
    (None, "null"),
    ([1, {"a": None}], '[1,{"a":null}]'),
    ({}, "{}"),
    ("ünïcode ✓", "ünïcode ✓"),
    ('a "quote" and \\', 'a "quote" and \\'),
]


@pytest.mark.parametrize("name", ["plan", "pl an", 'pl"an', "pl.an", "$", "ü", "event_name"])
async def test_a_property_is_asked_for_by_its_text(visit: Traffic, owner: Owner, name: str) -> None:
    for number, (value, _) in enumerate(PROPERTIES):
        await visit("save", ip=f"192.0.2.{number}", properties={name: value, "other": "x"})
    texts = [text for _, text in PROPERTIES]
    for text in texts:
        kept = await owner.metrics(**{"filters[]": f"property:{name}={text}"})
        assert kept["visits"] == texts.count(text), text
    assert (await owner.metrics(**{"filters[]": f"property:{name}=tex"}))["visits"] == 0


async def test_the_property_that_named_a_custom_event_is_none(visit: Traffic, owner: Owner) -> None:
    await visit("custom", properties={"event_name": "save", "name": "x"})
    assert (await owner.metrics(**{"filters[]": "property:event_name=save"}))["visits"] == 0
    assert (await owner.metrics(**{"filters[]": "property:name=x"}))["visits"] == 1
    await visit("custom", ip="192.0.2.2", properties={"name": "play"})
    assert (await owner.metrics(**{"filters[]": "property:name=play"}))["visits"] == 0


async def test_properties_nested_too_deep_for_the_database_break_no_report(
    visit: Traffic, owner: Owner
) -> None:
    """What takes thousands of levels to decode is refused; what lies between is stored, and has none."""
    await visit("save", properties={"plan": "pro"})
    for depth in (100, 990, 1500, 3000, 7000):
        nested = '{"plan":' + "[" * depth + "]" * depth + "}"
        body = hit(visit.website_id, "/", event_type="save", properties="?")
        text = json.dumps(body).replace('"?"', nested)
        assert (await visit.client.post(COLLECT, content=text)).status_code in (202, 400, 413)
    assert (await owner.metrics(**{"filters[]": "property:plan=pro"}))["visits"] >= 1
    assert "pro" in [row["value"] for row in await owner.rows("event-properties")]


@pytest.mark.parametrize("website_settings", [{"timezone": "Asia/Kolkata"}])
async def test_a_visit_past_midnight_is_judged_whole(visit: Traffic, owner: Owner) -> None:
    visit.clock.now = moment("2026-03-14 18:20")  # ten minutes before midnight there
    await visit("/one", "/two", every=20 * MINUTE)
    await visit("save", path="/two")
    first, second = ({"start_date": day, "end_date": day} for day in ("2026-03-14", "2026-03-15"))
    assert (await owner.metrics(**first, **{"filters[]": "page:/two"}))["visits"] == 1
    assert (await owner.metrics(**second, **{"filters[]": "page:/two"}))["visits"] == 0
    assert (await owner.metrics(**first, **{"filters[]": "event:save"}))["pageviews"] == 1
    assert (await owner.metrics(**second, **{"filters[]": "event:save"}))["pageviews"] == 1
    assert (await owner.metrics(**second, **{"filters[]": "entry:/one"}))["pageviews"] == 1
