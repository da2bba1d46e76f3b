"""Who may do what: every route of /api/v1, for everybody who may come to it.

All other routes are in tests/test_access.py.
"""

import re
from typing import Any, NamedTuple

import pytest
from httpx import AsyncClient
from litestar import Litestar
from litestar.routes import HTTPRoute

from tests.make import calling
from tests.web.cast import UNKNOWN, code


class Route(NamedTuple):
    """A request about what is Alice's, and the status that each caller gets.

    The stranger is a user of another account. The share link is one of Alice's website; one of another
    website of hers gets the same, but 404 for the reports.
    """

    method: str
    path: str
    stranger: int
    user: int
    admin: int
    share: int
    body: dict[str, Any] | None = None
    cookie: int | None = None  # Alice's, from our own page; None: what she gets by key


SITE = "?website_id={website}"
SHARED = "/websites/{website}/shares"
PREVIEW: dict[str, Any] = {"content_groups": []}
ROUTES = [
    # method  path                                  stranger user admin share
    Route("GET", "/accounts", 403, 403, 200, 403),
    Route("POST", "/accounts", 403, 403, 201, 403, {"name": "New"}),
    Route("DELETE", "/accounts/{account}", 403, 403, 200, 403),
    Route("DELETE", f"/accounts/{UNKNOWN}", 403, 403, 404, 403),
    Route("GET", "/users", 403, 403, 200, 403),
    Route("POST", "/users", 403, 403, 201, 403, {"account_id": "{account}", "role": "user"}),
    Route("GET", "/users/{user}/api-key", 403, 403, 200, 403),
    Route("POST", "/users/{user}/api-key", 403, 403, 201, 403),
    Route("DELETE", "/users/{user}", 403, 403, 200, 403),
    Route("POST", "/sessions", 401, 401, 401, 401, {"api_key": "tt_wrong"}),  # judged by its body alone
    Route("GET", "/sessions", 200, 200, 200, 403),
    Route("GET", "/sessions/current", 200, 200, 200, 200),
    Route("DELETE", "/sessions/current", 404, 404, 404, 403, cookie=200),
    Route("DELETE", "/sessions/{session}", 404, 200, 404, 403),
    Route("GET", "/websites", 200, 200, 200, 403),
    Route("POST", "/websites", 201, 201, 201, 403, {"domain": "new.example"}),
    Route("GET", "/websites/{website}", 404, 200, 200, 403),
    Route("PATCH", "/websites/{website}", 404, 200, 200, 403, {"domain": "new.example"}),
    Route("PATCH", f"/websites/{UNKNOWN}", 404, 404, 404, 403, {"domain": "new.example"}),
    Route("DELETE", "/websites/{website}", 404, 200, 200, 403),
    Route("GET", "/websites/{website}/status", 404, 200, 200, 403),
    Route("POST", "/websites/{website}/content-groups/preview", 404, 200, 200, 403, PREVIEW),
    Route("GET", "/websites/{website}/export", 404, 200, 200, 403),
    Route("GET", SHARED, 404, 200, 200, 403),
    Route("POST", SHARED, 404, 201, 201, 403, {"name": "For the board"}),
    Route("DELETE", f"{SHARED}/{{shared}}", 404, 200, 200, 403),
    Route("DELETE", f"{SHARED}/{UNKNOWN}", 404, 404, 404, 403),
    Route("POST", "/admin/aggregate", 403, 403, 200, 403, {}),
    Route("GET", f"/reports/summary{SITE}", 404, 200, 200, 200),
    Route("GET", f"/reports/pages{SITE}", 404, 200, 200, 200),
    Route("GET", f"/reports/sources{SITE}", 404, 200, 200, 200),
    Route("GET", f"/reports/devices{SITE}", 404, 200, 200, 200),
    Route("GET", f"/reports/countries{SITE}", 404, 200, 200, 200),
    Route("GET", f"/reports/flow{SITE}", 404, 200, 200, 200),
    Route("GET", f"/reports/funnel{SITE}&steps[]=/&steps[]=/two", 404, 200, 200, 200),
    Route("GET", f"/reports/realtime{SITE}", 404, 200, 200, 200),
    Route("GET", f"/reports/custom-events{SITE}", 404, 200, 200, 200),
    Route("GET", f"/reports/timeseries{SITE}", 404, 200, 200, 200),
    Route("GET", f"/reports/event-properties{SITE}", 404, 200, 200, 200),
    Route("GET", "/reports/overview", 200, 200, 200, 403),
    Route("GET", f"/reports/batch{SITE}&reports[]=pages", 404, 200, 200, 200),
    Route("GET", "/reports/batch?reports[]=pages%3Fwebsite_id%3D{website}", 404, 200, 200, 200),
    Route("GET", f"/reports/summary?website_id={UNKNOWN}", 404, 404, 404, 404),
]
IDS = [f"{route.method} {route.path}" for route in ROUTES]
CODES = {401: "UNAUTHORIZED", 403: "FORBIDDEN", 404: "NOT_FOUND"}
NEEDS_NO_KEY = {
    ("POST", "/api/v1/collect"),
    ("OPTIONS", "/api/v1/collect"),  # a bare ASGI handler
    ("GET", "/api/v1/openapi.json"),
}


def test_every_route_is_in_the_table(app: Litestar) -> None:
    served = {
        (method, re.sub(r"\{\w+\}", "{}", route.path_format))
        for route in app.routes
        if route.path.startswith("/api/v1") and isinstance(route, HTTPRoute)
        for method in route.methods - {"OPTIONS"}
    }
    listed = {
        (route.method, "/api/v1" + re.sub(rf"\{{\w+\}}|{UNKNOWN}", "{}", route.path.partition("?")[0]))
        for route in ROUTES
    }
    assert listed == served - NEEDS_NO_KEY


class Cast(NamedTuple):
    """What each caller sends, and the ids of what is Alice's."""

    headers: dict[str, dict[str, str]]
    names: dict[str, str]


@pytest.fixture
async def cast(
    app: Litestar,
    alice: AsyncClient,
    bob: AsyncClient,
    admin: AsyncClient,
    alice_user: dict[str, Any],
    website: str,
) -> Cast:
    async def share(website_id: str) -> dict[str, Any]:
        made = await alice.post(f"/api/v1/websites/{website_id}/shares", json={"name": "Shared"})
        data: dict[str, Any] = made.json()["data"]
        return data

    other = await alice.post("/api/v1/websites", json={"domain": "other.example"})
    shared, revoked = await share(website), await share(website)
    of_other = await share(other.json()["data"]["id"])
    assert (await alice.delete(f"/api/v1/websites/{website}/shares/{revoked['id']}")).status_code == 200
    async with calling(app, origin="http://test") as browser:
        await browser.post("/api/v1/sessions", json={"api_key": alice_user["apiKey"]})
        cookie = f"tinytrail_session={browser.cookies['tinytrail_session']}"
        [session] = (await browser.get("/api/v1/sessions")).json()["data"]
    return Cast(
        headers={
            "nobody": {},
            "a cookie from elsewhere": {"cookie": cookie, "origin": "https://evil.example"},
            "a revoked share": {"x-api-key": revoked["token"]},
            "a key as a session": {"cookie": f"tinytrail_session={alice_user['apiKey']}"},
            "a share as a session": {"cookie": f"tinytrail_session={shared['token']}"},
            "a share of another website": {"x-api-key": of_other["token"]},
            "a share": {"x-api-key": shared["token"]},
            "a stranger": {"x-api-key": bob.headers["x-api-key"]},
            "the user": {"x-api-key": alice_user["apiKey"]},
            "the user by cookie": {"cookie": cookie, "origin": "http://test"},
            "an admin": {"x-api-key": admin.headers["x-api-key"]},
        },
        names={
            "account": alice_user["accountId"],
            "user": alice_user["id"],
            "session": session["id"],
            "shared": shared["id"],
            "website": website,
        },
    )


async def call(
    client: AsyncClient, route: Route, names: dict[str, str], headers: dict[str, str] | None = None
) -> int:
    """The status, once the code in the envelope is found to say the same."""
    sent = [(name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
    body = route.body and {
        key: value.format(**names) if isinstance(value, str) else value for key, value in route.body.items()
    }
    path = "/api/v1" + route.path.format(**names)
    response = await client.request(route.method, path, json=body, headers=sent)
    if response.status_code >= 400:
        assert code(response) == CODES[response.status_code]
    return response.status_code


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
async def test_who_has_no_business_here_is_refused(client: AsyncClient, cast: Cast, route: Route) -> None:
    is_reports = route.path.startswith("/reports") and route.share != 403
    refused = {
        "nobody": 401,
        "a cookie from elsewhere": 403,
        "a revoked share": 401,
        "a key as a session": 401,
        "a share as a session": 401,
        "a share of another website": 404 if is_reports and route.share == 200 else route.share,
        "a share": route.share,
        "a stranger": route.stranger,
    }
    got = {caller: await call(client, route, cast.names, cast.headers[caller]) for caller in refused}
    assert got == refused


@pytest.mark.parametrize("caller", ["the user", "the user by cookie", "an admin"])
@pytest.mark.parametrize("route", ROUTES, ids=IDS)
async def test_who_has_business_here_is_let_in(
    client: AsyncClient, cast: Cast, route: Route, caller: str
) -> None:
    expected = route.admin if caller == "an admin" else route.user
    if caller == "the user by cookie" and route.cookie:
        expected = route.cookie
    assert await call(client, route, cast.names, cast.headers[caller]) == expected


async def test_every_route_is_closed_without_a_good_key(
    client: AsyncClient, alice_user: dict[str, Any], website: str
) -> None:
    good: str = alice_user["apiKey"]
    names = {"account": alice_user["accountId"], "user": alice_user["id"], "website": website}
    names |= {"session": UNKNOWN, "shared": UNKNOWN}
    for bad in (
        "",
        "tt_",
        "ts_",
        good[:-1],
        good + "x",
        good.upper(),
        "ts_" + good[3:],
        "' or 1=1 --",
        "tt_\xff",
    ):
        for route in ROUTES:
            assert await call(client, route, names, {"x-api-key": bad}) == 401, (route, bad)


@pytest.mark.parametrize("header", ["authorization", "cookie", "x-api-token"])
async def test_a_key_goes_in_no_other_header(
    client: AsyncClient, alice_user: dict[str, Any], header: str
) -> None:
    headers = {header: f"Bearer {alice_user['apiKey']}"}
    assert (await client.get("/api/v1/websites", headers=headers)).status_code == 401
    by_query = await client.get(f"/api/v1/websites?api_key={alice_user['apiKey']}")
    assert by_query.status_code == 401


async def test_nothing_of_a_request_is_judged_before_its_key(client: AsyncClient) -> None:
    for method, path, body in (
        ("POST", "/api/v1/accounts", "{"),
        ("DELETE", "/api/v1/accounts/no-uuid", ""),
        ("PATCH", "/api/v1/websites/no-uuid", "[]"),
        ("GET", "/api/v1/reports/summary?period=never", ""),
    ):
        response = await client.request(method, path, content=body)
        assert (response.status_code, code(response)) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize("path", ["/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v1/reports/nothing"])
async def test_an_unknown_path_is_a_404_in_the_envelope(client: AsyncClient, path: str) -> None:
    response = await client.get(path)
    assert (response.status_code, code(response)) == (404, "NOT_FOUND")


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/api/v1/accounts", "/api/v1/reports/summary", "/health"])
async def test_an_unknown_method_is_a_405_in_the_envelope(admin: AsyncClient, path: str, method: str) -> None:
    response = await admin.request(method, path)
    assert (response.status_code, code(response)) == (405, "METHOD_NOT_ALLOWED")
    assert "GET" in response.headers["allow"]


async def test_a_body_of_over_64_kib_is_a_413_in_the_envelope(admin: AsyncClient) -> None:
    response = await admin.post("/api/v1/accounts", json={"name": "x" * 70_000})
    assert (response.status_code, code(response)) == (413, "PAYLOAD_TOO_LARGE")
