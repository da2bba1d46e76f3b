"""Whatever comes in a body, a query, a path or a header is answered by the application, and never with a 500.

What there is to send is read off the OpenAPI document, so that a new body or parameter is here by itself.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from httpx import AsyncClient, Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faults.test_parsers import BOMBS, JSON, SENDABLE
from tests.faults.wire import SECONDS
from tests.make import BROWSER, calling, config_in
from tinytrail.app import App
from tinytrail.config import Config
from tinytrail.openapi import describe
from tinytrail.openapi_inputs import AN_ID, BODIES, EXAMPLES, QUERIES

SECRET_KEY = "the presence secret"
TAKEN = {200, 201, 202, 204}
REFUSED = {400, 401, 403, 404, 405, 413}  # 429 is switched off

HEADERS = [
    "accept", "accept-encoding", "authorization", "content-encoding", "content-length", "content-type",
    "cookie", "host", "origin", "referer", "sec-fetch-site", "user-agent", "x-api-key", "x-forwarded-for",
    "x-forwarded-proto",
]  # fmt: skip
LIKELY = [
    b"gzip;q=0", b"*", b"application/json; charset=", b"text/html", b"Bearer ", b"same-origin", b"none",
    b"tinytrail_session=\xff", b"tinytrail_session=\"\\", b"=; a=b;; ,", b"https://[", b"http://test",
    b"null", b"http://[x", b"x:y", b"10.0.0.1, [::1]:80, x", b"-1", b"9" * 5000, b"https", b"\xff",
]  # fmt: skip
# What the server lets through; it refuses line breaks itself (test_connections.py).
VALUES = (
    st.sampled_from(LIKELY)
    | st.binary(max_size=60)
    | st.builds(bytes.__add__, st.sampled_from(LIKELY), st.binary())
)
HEADER = st.tuples(
    st.sampled_from(HEADERS).map(str.encode),
    VALUES.map(lambda value: value.translate(None, b"\r\n\0").strip()),
)
TO_HEADERS = [
    ("GET", "/"), ("GET", "/nowhere"), ("GET", "/presence"), ("GET", "/api/absences"), ("GET", "/metrics"),
    ("GET", "/stats"), ("GET", "/api/v1/websites"), ("GET", "/api/v1/sessions/current"),
    ("DELETE", "/api/v1/sessions/current"), ("POST", "/api/v1/sessions"), ("POST", "/api/v1/collect"),
    ("OPTIONS", "/api/v1/collect"), ("POST", "/track"), ("POST", "/heartbeat"), ("POST", "/api/beat"),
    ("POST", "/api/devices"),
]  # fmt: skip

SWEPT = [("GET", "/api/v1/websites"), ("POST", "/api/v1/sessions"), ("POST", "/api/v1/collect")]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return config_in(
        tmp_path,
        server={"trusted_proxies": ["203.0.113.0/24"]},
        web=dict.fromkeys(("api_limit", "session_limit", "collect_limit", "sign_in_limit"), ""),
        installs={"heartbeat_limit": "", "new_limit": ""},
        presence={"secret_key": SECRET_KEY},
    )


@pytest.fixture
async def website(admin: AsyncClient) -> str:
    made = await admin.post("/api/v1/websites", json={"domain": "example.com"})
    website: str = made.json()["data"]["id"]
    return website


Send = Callable[..., None]


@pytest.fixture
async def send(app: App, admin_key: str, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Send]:
    """For a thread beside the application's, which is where hypothesis runs. With a key, unless headers are
    given."""
    loop = asyncio.get_running_loop()
    keys = {"x-api-key": admin_key, "authorization": SECRET_KEY, "user-agent": BROWSER}
    async with calling(app) as client:

        def send(method: str, url: str, **more: Any) -> None:
            request = client.request(method, url, **{"headers": keys, **more})
            answer: Response = asyncio.run_coroutine_threadsafe(request, loop).result(SECONDS)
            assert answer.status_code in TAKEN | REFUSED, (answer.request.url, answer.text)
            assert not [record for record in caplog.records if record.name.startswith("tinytrail")]
            client.cookies.clear()  # of a sign-in

        yield send


async def fuzz(strategy: st.SearchStrategy[Any], examples: int, check: Callable[[Any], None]) -> None:
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def run(sent: Any) -> None:
        check(sent)  # which gives up after SECONDS

    await asyncio.to_thread(run)


def nearly(example: Any, fields: list[str]) -> st.SearchStrategy[Any]:
    """A valid body with some fields replaced, added or left out."""
    if isinstance(example, list):
        return st.lists(nearly(example[-1], fields), max_size=3)
    inner = {key: nearly(value, ["name"]) for key, value in example.items() if isinstance(value, dict)}
    strange = st.dictionaries(st.sampled_from(fields), JSON, max_size=2)
    without = st.sets(st.sampled_from(fields), max_size=1)
    return st.builds(
        lambda inner, strange, without: {
            key: value for key, value in {**example, **inner, **strange}.items() if key not in without
        },
        st.fixed_dictionaries(inner),
        strange,
        without,
    )


def fields_of(kind: Any) -> list[str]:
    """Of the struct, or of each that the type mentions."""
    info: Any = msgspec.inspect.type_info(kind)
    while not isinstance(info, msgspec.inspect.StructType):
        info = info.types[0]
    return [field.encode_name for field in info.fields]


def bodies(key: tuple[str, str], website: str) -> st.SearchStrategy[bytes]:
    examples = json.loads(json.dumps(EXAMPLES[key]).replace(AN_ID, website))
    fields = fields_of(BODIES[key].type)
    likely = st.one_of([nearly(example, fields) for example in examples])
    encoded = (likely | JSON).map(lambda value: json.dumps(value).encode())
    return encoded | st.binary() | st.sampled_from(BOMBS)


EXAMPLES_EACH = [12, pytest.param(2000, marks=pytest.mark.long)]


@pytest.mark.parametrize("examples", EXAMPLES_EACH)
async def test_any_body_is_taken_or_refused(send: Send, website: str, examples: int) -> None:
    for method, path in BODIES:

        def check(
            body: bytes, method: str = method, url: str = path.replace("{website_id}", website)
        ) -> None:
            send(method, url, content=body)

        await fuzz(bodies((method, path), website), examples, check)


STRANGE_TEXTS = [
    "", "0", "-1", "1.5", "9" * 5000, "\u0663", "\0", "\U0001f600", "0001-01-01", "9999-12-31", "2026-02-30",
    "page", "page:", "property:=", "property:=x", "nothing:x", "summary?format=csv", "nothing?", "?",
    "x" * 9000,
]  # fmt: skip
STRANGE_JSON: list[Any] = [
    None, True, 0, -1, 10**30, 1e308, "", " ", "\0", "\u00e9\u2028", "x" * 5000, "2026-02-30", "9999-12-31",
    "^(", [], [[]], {}, ["x"], [{"name": "x", "pattern": "^("}], {"x": {}},
]  # fmt: skip


async def test_each_parameter_header_and_field_bears_strange_values_one_by_one(
    send: Send, website: str
) -> None:
    dates = {"start_date": "2026-03-01", "end_date": "2026-03-14"}
    valid = {"website_id": website, "compare": "yoy", "interval": "hour"} | dates

    def send_all() -> None:
        seen = set()
        for path, parameters in QUERIES.items():
            for name, schema in parameters.items():
                if (name, str(schema)) not in seen:
                    seen.add((name, str(schema)))
                    for value in STRANGE_TEXTS:
                        url = path.replace("{website_id}", website)
                        names = dates if name == "start_date" else [name]
                        given = [value] * 2 if "[]" in name else value
                        send("GET", url, params=valid | dict.fromkeys(names, given))
        for method, path in SWEPT:
            for name in HEADERS:
                for likely in LIKELY:
                    send(method, path, headers=[(name.encode(), likely)], content=b"{}")
        for (method, path), decoder in BODIES.items():
            example = json.loads(json.dumps(EXAMPLES[method, path][0]).replace(AN_ID, website))
            for field in fields_of(decoder.type):
                for strange in STRANGE_JSON:
                    url = path.replace("{website_id}", website)
                    send(method, url, json=example | {field: strange})

    await asyncio.to_thread(send_all)


def queries(path: str, website: str) -> st.SearchStrategy[list[tuple[str, str]]]:
    """Mostly valid ones, so that what is strange in them is come to."""
    strange = SENDABLE | st.dates().map(str) | st.integers().map(str)
    strange |= st.sampled_from(STRANGE_TEXTS)
    parameters = {}
    for name, schema in QUERIES[path].items():
        valid = schema.get("enum") or schema.get("examples") or [website]
        lists = [value if isinstance(value, list) else [value] for value in valid]
        parameters[name] = st.sampled_from(lists)
    needed = {name for name in parameters if name in ("website_id", "steps[]", "reports[]")}
    right = st.fixed_dictionaries(
        {name: parameters[name] for name in sorted(needed)},
        optional={name: values for name, values in parameters.items() if name not in needed},
    )
    wrong = st.dictionaries(
        st.sampled_from(list(parameters)), st.lists(strange, min_size=1, max_size=2), max_size=2
    )
    return st.builds(
        lambda right, wrong: [
            (name, str(value)) for name, values in (right | wrong).items() for value in values
        ],
        right,
        wrong,
    )


@pytest.mark.parametrize("examples", EXAMPLES_EACH)
async def test_any_query_is_answered_or_refused(send: Send, website: str, examples: int) -> None:
    for path in QUERIES:

        def check(query: list[tuple[str, str]], url: str = path.replace("{website_id}", website)) -> None:
            send("GET", url, params=query)

        await fuzz(queries(path, website), examples, check)


@pytest.mark.parametrize("examples", [60, pytest.param(10_000, marks=pytest.mark.long)])
async def test_any_id_in_a_path_is_found_or_not(app: App, send: Send, examples: int) -> None:
    operations = [
        (method.upper(), path)
        for path, methods in describe(app.routes)["paths"].items()
        for method in methods
        if "{" in path
    ]
    assert operations
    texts = st.lists(SENDABLE.filter(bool) | st.just(AN_ID), min_size=2, max_size=2)

    def check(sent: tuple[tuple[str, str], list[str]]) -> None:
        (method, path), ids = sent
        parts = [ids.pop() if part.startswith("{") else part for part in path.split("/")]
        send(method, "/".join(quoted(part) for part in parts))

    await fuzz(st.tuples(st.sampled_from(operations), texts), examples, check)


def quoted(part: str) -> str:
    return "".join(f"%{byte:02x}" for byte in part.encode()) if not part.isalnum() else part


@pytest.mark.parametrize("examples", [150, pytest.param(20_000, marks=pytest.mark.long)])
async def test_any_headers_are_taken_or_refused(send: Send, admin_key: str, examples: int) -> None:
    with_key = st.sampled_from([[], [(b"x-api-key", admin_key.encode())]])
    headers = st.builds(list[Any].__add__, with_key, st.lists(HEADER, min_size=1, max_size=5))
    sent = st.tuples(st.sampled_from(TO_HEADERS), headers)
    await fuzz(sent, examples, lambda sent: send(*sent[0], headers=sent[1], content=b"{}"))


async def test_a_host_that_is_none_is_no_failure(admin: AsyncClient) -> None:
    """An error's dialect goes by the path, for which nothing must take the URL apart."""
    for host in ("http://x", "x:y", "[", "[::1", "x:99999", "", "x/?#"):
        for method, path in TO_HEADERS:
            answer = await admin.request(method, path, headers={"host": host})
            assert answer.status_code in TAKEN | REFUSED, (host, path)
