"""The answers of /api/v1/collect, status by status, and the headers a browser needs on each of them."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.make import hit
from tests.web.cast import COLLECT, UNKNOWN, Owner, Traffic, code, message
from tinytrail.core.db import Database

ORIGIN = {"origin": "https://example.com"}


def assert_cors(headers: Any) -> None:
    assert headers["access-control-allow-origin"] == "https://example.com"
    assert headers["access-control-allow-credentials"] == "true"
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert headers["vary"] == "Origin"


CONTRACT = [
    # what is sent                     fields of the hit                       status
    ("a page view", {}, 202),
    ("a default event", {"event_type": "scroll_50"}, 202),
    ("a custom event", {"event_type": "custom", "properties": {"plan": "pro"}}, 202),
    ("an event type of one's own", {"event_type": "signup"}, 202),
    ("every field", {"referrer": "https://t.co/a", "screen_width": 1920, "screen_height": 1080.5}, 202),
    ("null for what is optional", {"properties": None, "utm_source": None}, 202),
    ("unknown keys", {"hostname": "example.com", "language": ["de"]}, 202),
    ("an unknown website", {"website_id": UNKNOWN}, 204),
    ("a website id that is no UUID", {"website_id": "1'; drop table"}, 204),
    ("an empty website id", {"website_id": ""}, 204),
    ("no website id", {"website_id": None}, 400),
    ("no event type", {"event_type": None}, 400),
    ("no url", {"url": None}, 400),
    ("no path", {"path": None}, 400),
]


@pytest.mark.parametrize(("name", "fields", "status"), CONTRACT, ids=[row[0] for row in CONTRACT])
async def test_contract(
    client: AsyncClient, website: str, name: str, fields: dict[str, Any], status: int
) -> None:
    response = await client.post(COLLECT, json=hit(website, **fields), headers=ORIGIN)

    assert response.status_code == status
    assert_cors(response.headers)
    if status == 202:
        assert response.text == '{"status":"accepted"}'
        assert response.headers["content-type"] == "application/json"
    elif status == 204:
        assert response.content == b""
    else:
        assert code(response) == "INVALID_PAYLOAD"


async def test_a_website_id_in_capitals_is_the_same_website(
    client: AsyncClient, website: str, owner: Owner
) -> None:
    assert (await client.post(COLLECT, json=hit(website.upper()))).status_code == 202
    assert (await owner.metrics())["pageviews"] == 1


WRONG_TYPES: list[tuple[str, Any]] = [
    ("website_id", 7),
    ("website_id", None),
    ("event_type", 7),
    ("event_type", ""),
    ("event_type", "x" * 201),
    ("url", ["https://example.com/"]),
    ("path", 7),
    ("path", "no-slash"),
    ("referrer", {}),
    ("screen_width", "1920"),
    ("screen_height", True),
    ("properties", "plan=pro"),
    ("properties", [1]),
    ("utm_source", 1),
    ("utm_medium", ["cpc"]),
    ("utm_campaign", {}),
]


@pytest.mark.parametrize(("field", "value"), WRONG_TYPES)
async def test_a_wrong_type_is_a_400_that_names_the_field(
    client: AsyncClient, website: str, owner: Owner, field: str, value: object
) -> None:
    response = await client.post(COLLECT, json=hit(website) | {field: value})

    assert response.status_code == 400
    assert code(response) == "INVALID_PAYLOAD"
    assert message(response).startswith(field)
    assert (await owner.report("realtime"))["active_visitors"] == 0


@pytest.mark.parametrize("field", ["website_id", "event_type", "url", "path"])
async def test_a_missing_field_is_named(client: AsyncClient, website: str, field: str) -> None:
    response = await client.post(COLLECT, json=hit(website, **{field: None}))
    assert message(response) == f"{field} is required"


@pytest.mark.parametrize("body", ["", "{", "nope", "null", "7", '"x"', b"\xff\xfe", "[" * 9000])
async def test_what_is_no_json_object_is_a_400(client: AsyncClient, website: str, body: str | bytes) -> None:
    response = await client.post(COLLECT, content=body, headers=ORIGIN)
    assert response.status_code == 400
    assert code(response) == "INVALID_PAYLOAD"
    assert_cors(response.headers)


async def test_preflight_tells_what_may_be_sent(client: AsyncClient) -> None:
    response = await client.options(
        COLLECT,
        headers=ORIGIN
        | {"access-control-request-method": "POST", "access-control-request-headers": "content-type"},
    )
    assert response.status_code == 204
    assert response.content == b""
    assert_cors(response.headers)
    assert response.headers["access-control-allow-methods"] == "POST, OPTIONS"
    assert response.headers["access-control-allow-headers"] == "Content-Type"


async def test_without_an_origin_none_is_allowed_but_caches_are_told(
    client: AsyncClient, website: str
) -> None:
    response = await client.post(COLLECT, json=hit(website))
    assert response.status_code == 202
    assert "access-control-allow-origin" not in response.headers
    assert response.headers["vary"] == "Origin"


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
async def test_other_methods_are_405(client: AsyncClient, method: str) -> None:
    response = await client.request(method, COLLECT, headers=ORIGIN)
    assert response.status_code == 405
    assert code(response) == "METHOD_NOT_ALLOWED"
    assert response.headers["allow"] == "POST, OPTIONS"
    assert_cors(response.headers)


@pytest.mark.parametrize("media_type", ["text/plain;charset=UTF-8", "application/json", "image/png", None])
async def test_json_is_read_whatever_it_is_called(
    client: AsyncClient, website: str, media_type: str | None
) -> None:
    headers = {"content-type": media_type} if media_type else {}
    body = f'{{"website_id":"{website}","event_type":"page_view","url":"https://example.com/","path":"/"}}'
    assert (await client.post(COLLECT, content=body, headers=headers)).status_code == 202


@pytest.mark.parametrize(("size", "status"), [(16 * 1024, 202), (16 * 1024 + 1, 413), (70_000, 413)])
async def test_a_body_may_have_16_kib(client: AsyncClient, website: str, size: int, status: int) -> None:
    body = f'{{"website_id":"{website}","event_type":"page_view","url":"https://example.com/","path":"/"}}'
    response = await client.post(COLLECT, content=body.ljust(size), headers=ORIGIN)

    assert response.status_code == status
    assert_cors(response.headers)
    if status == 413:
        assert code(response) == "PAYLOAD_TOO_LARGE"


async def test_a_body_of_unknown_length_is_not_read_past_16_kib(client: AsyncClient) -> None:
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        for _ in range(100):
            sent += 1
            yield b" " * 4096

    response = await client.post(COLLECT, content=endless())

    assert response.status_code == 413
    assert sent <= 6


async def test_a_full_queue_is_a_503_that_tells_when_to_return(
    client: AsyncClient, website: str, visit: Traffic, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("tinytrail.core.db.MOST_WAITING", 0)
        response = await client.post(COLLECT, json=hit(website), headers=ORIGIN)

    assert response.status_code == 503
    assert code(response) == "UNAVAILABLE"
    assert response.headers["retry-after"] == "1"
    assert_cors(response.headers)
    await visit("/")  # and it goes on as soon as there is room


async def test_an_error_of_ours_is_a_500_that_a_browser_may_read(
    client: AsyncClient, website: str, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(db, "append", fail)
    response = await client.post(COLLECT, json=hit(website), headers=ORIGIN)
    assert (response.status_code, code(response)) == (500, "INTERNAL_ERROR")
    assert "a bug" not in response.text
    assert_cors(response.headers)
