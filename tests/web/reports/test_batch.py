"""GET /reports/batch: several reports in one answer."""

from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import pytest
from httpx import AsyncClient
from litestar.datastructures import MultiDict

from tests.web.cast import UNKNOWN, Owner, Traffic, code, message
from tests.web.conftest import web_alone
from tests.web.reports.test_common import BAD_PARAMETERS
from tests.web.reports.test_common import REPORTS as ALONE
from tinytrail.config import Config
from tinytrail.web.reports import batch

ASKED: list[tuple[str, dict[str, Any]]] = [
    ("summary", {"compare": "previous_period"}),
    ("pages", {"per_page": 1}),
    ("pages", {"per_page": 1, "page": 2}),
    ("sources", {"group_by": "domain"}),
    ("devices", {"period": "30d"}),
    ("countries", {}),
    ("flow", {}),
    ("funnel", {"steps[]": ["/", "/two & three"]}),
    ("realtime", {}),
    ("custom-events", {"search": "sign"}),
    ("timeseries", {"metric": "visits", "interval": "hour"}),
]


def encoded(name: str, params: dict[str, Any]) -> str:
    return f"{name}?{urlencode(params, doseq=True)}" if params else name


async def ask(owner: Owner, *reports: str, **params: Any) -> Any:
    return (await owner.report("batch", **params | {"reports[]": list(reports)}))["reports"]


async def test_each_answer_is_that_of_the_report_alone_in_the_order_asked_for(
    visit: Traffic, owner: Owner
) -> None:
    await visit("/", "/two & three", "signup", country="DE", referrer="https://t.co/a")
    alone = [await owner.report(name, **params) for name, params in ASKED]
    assert await ask(owner, *(encoded(name, params) for name, params in ASKED)) == alone


async def test_parameters_of_its_own_go_before_those_beside(visit: Traffic, owner: Owner) -> None:
    own, beside = await ask(owner, "pages?period=yesterday&per_page=7", "pages", period="today", per_page=3)
    assert (own["period"]["end"], own["per_page"]) == ("2026-03-13", 7)
    assert (beside["period"]["end"], beside["per_page"]) == ("2026-03-14", 3)


async def test_repeated_parameters_of_its_own_replace_all_those_beside(visit: Traffic, owner: Owner) -> None:
    beside = {"steps[]": ["/a", "/b", "/c"]}
    two, three = await ask(owner, "funnel?steps[]=/x&steps[]=/y", "funnel", **beside)
    assert [row["step"] for row in two["funnel"]] == ["/x", "/y"]
    assert [row["step"] for row in three["funnel"]] == ["/a", "/b", "/c"]


async def test_a_value_encoded_within_may_hold_what_parts_parameters(visit: Traffic, owner: Owner) -> None:
    await visit("/a&b=c+d?")
    path = quote("/a&b=c+d", safe="")
    [found] = await ask(owner, f"timeseries?path={path}&period=today")
    assert (found["path"], found["series"][0]["value"]) == ("/a&b=c+d", 1)


async def test_another_website_may_be_asked_for_within_the_callers_reach(
    owner: Owner, alice: AsyncClient, bob: AsyncClient
) -> None:
    other = (await alice.post("/api/v1/websites", json={"domain": "other.example"})).json()["data"]["id"]
    strange = (await bob.post("/api/v1/websites", json={"domain": "bob.example"})).json()["data"]["id"]
    assert len(await ask(owner, "summary", f"summary?website_id={other}")) == 2
    for beyond in (strange, UNKNOWN):
        response = await owner.get("batch", **{"reports[]": ["summary", f"summary?website_id={beyond}"]})
        assert (response.status_code, code(response)) == (404, "NOT_FOUND")


BAD: list[tuple[list[str], str]] = [
    # reports[]                                          begins the message
    ([], "reports[]: is required"),
    (["summary"] * 21, "reports[]: at most 20"),
    ([""], "reports[0]: there is no report ``"),
    (["summary", "nonsense"], "reports[1]: there is no report `nonsense`"),
    (["summary", "batch"], "reports[1]: there is no report `batch`"),
    (["Summary"], "reports[0]: there is no report `Summary`"),
    (["summary", "timeseries?metric=clicks"], "reports[1]: metric: must be one of"),
    (["summary?period=", "summary"], "reports[0]: period: must be one of"),
    (["summary?website_id="], "reports[0]: website_id: is required"),
    (["pages", "pages", "funnel"], "reports[2]: steps[]: at least 2"),
    (["pages?format=csv"], "reports[0]: format: must be one of json"),
    (["timeseries?interval=hour&period=90d"], "reports[0]: interval: "),
]


@pytest.mark.parametrize(("reports", "begins"), BAD)
async def test_one_that_is_wrong_fails_the_request_and_is_named(
    owner: Owner, reports: list[str], begins: str
) -> None:
    response = await owner.get("batch", **{"reports[]": reports})
    assert (response.status_code, code(response)) == (400, "INVALID_PAYLOAD")
    assert message(response).startswith(begins)


@pytest.mark.parametrize(("params", "field"), BAD_PARAMETERS)
async def test_a_common_parameter_that_is_wrong_is_named(
    owner: Owner, params: dict[str, Any], field: str
) -> None:
    response = await owner.get("batch", **params | {"reports[]": ["summary", "pages"]})
    assert (response.status_code, code(response)) == (400, "INVALID_PAYLOAD")
    assert message(response).startswith(f"reports[0]: {field}")


async def test_twenty_fit(owner: Owner) -> None:
    assert len(await ask(owner, *["realtime"] * 20)) == 20


async def test_every_report_can_be_in_a_batch(owner: Owner) -> None:
    own = {"funnel": {"steps[]": ["/", "/two"]}}
    assert len(await ask(owner, *(encoded(name, own.get(name, {})) for name in ALONE))) == len(ALONE)


async def test_csv_is_refused(owner: Owner) -> None:
    response = await owner.get("batch", format="csv", **{"reports[]": ["summary"]})
    assert (response.status_code, code(response)) == (400, "INVALID_PAYLOAD")
    assert "format" in message(response)


async def test_without_a_key_it_is_a_401(client: AsyncClient, website: str) -> None:
    response = await client.get(
        "/api/v1/reports/batch", params={"website_id": website, "reports[]": "summary"}
    )
    assert (response.status_code, code(response)) == (401, "UNAUTHORIZED")


class TestLimit:
    @pytest.fixture
    def config(self, tmp_path: Any) -> Config:
        return web_alone(tmp_path, web={"collect_limit": "", "api_limit": "10/1m"})

    async def test_a_batch_counts_once(self, owner: Owner) -> None:
        await ask(owner, *["summary"] * 20)
        assert (await owner.get("summary")).status_code == 200


def test_each_answer_is_encoded_as_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty time series of a century, all at once, would keep everybody waiting for that."""
    monkeypatch.setattr(batch, "read_one", lambda *_: {"a": 1})
    nobody: Any = None
    found = batch.read_batch(nobody, {}, nobody, MultiDict([("reports[]", "x"), ("reports[]", "y")]), 0)
    assert found == {"reports": [msgspec.Raw(b'{"a":1}')] * 2}
