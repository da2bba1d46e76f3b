"""Who may do what: every route that needs a key, for everybody who may come with one."""

from typing import Any, NamedTuple

import pytest
from httpx import AsyncClient

from tests.web.cast import UNKNOWN, code


class Route(NamedTuple):
    """A request about what is Alice's, and the status that Bob, Alice and the admin get."""

    method: str
    path: str
    bob: int
    alice: int
    admin: int
    body: dict[str, Any] | None = None


SITE = "?website_id={website}"
ROUTES = [
    # method  path                                             Bob  Alice admin
    Route("GET", "/accounts", 403, 403, 200),
    Route("POST", "/accounts", 403, 403, 201, {"name": "New"}),
    Route("DELETE", "/accounts/{account}", 403, 403, 200),
    Route("DELETE", f"/accounts/{UNKNOWN}", 403, 403, 404),
    Route("GET", "/users", 403, 403, 200),
    Route("POST", "/users", 403, 403, 201, {"account_id": "{account}", "role": "user"}),
    Route("GET", "/users/{user}/api-key", 403, 403, 200),
    Route("DELETE", "/users/{user}", 403, 403, 200),
    Route("GET", "/websites", 200, 200, 200),
    Route("POST", "/websites", 201, 201, 201, {"domain": "new.example"}),
    Route("PATCH", "/websites/{website}", 404, 200, 200, {"domain": "new.example"}),
    Route("PATCH", f"/websites/{UNKNOWN}", 404, 404, 404, {"domain": "new.example"}),
    Route("DELETE", "/websites/{website}", 404, 200, 200),
    Route("POST", "/admin/aggregate", 403, 403, 200, {}),
    Route("GET", f"/reports/summary{SITE}", 404, 200, 200),
    Route("GET", f"/reports/pages{SITE}", 404, 200, 200),
    Route("GET", f"/reports/sources{SITE}", 404, 200, 200),
    Route("GET", f"/reports/devices{SITE}", 404, 200, 200),
    Route("GET", f"/reports/countries{SITE}", 404, 200, 200),
    Route("GET", f"/reports/flow{SITE}", 404, 200, 200),
    Route("GET", f"/reports/funnel{SITE}&steps[]=/&steps[]=/two", 404, 200, 200),
    Route("GET", f"/reports/realtime{SITE}", 404, 200, 200),
    Route("GET", f"/reports/custom-events{SITE}", 404, 200, 200),
    Route("GET", f"/reports/timeseries{SITE}", 404, 200, 200),
    Route("GET", f"/reports/summary?website_id={UNKNOWN}", 404, 404, 404),
]
IDS = [f"{route.method} {route.path}" for route in ROUTES]
CODES = {401: "UNAUTHORIZED", 403: "FORBIDDEN", 404: "NOT_FOUND"}


@pytest.fixture
def names(alice_user: dict[str, Any], website: str) -> dict[str, str]:
    return {"account": alice_user["accountId"], "user": alice_user["id"], "website": website}


async def call(client: AsyncClient, route: Route, names: dict[str, str], key: str | None = None) -> int:
    """The status, once the code in the envelope is found to say the same."""
    headers = [(b"x-api-key", key.encode("latin-1"))] if key is not None else []
    body = route.body and {key: value.format(**names) for key, value in route.body.items()}
    path = "/api/v1" + route.path.format(**names)
    response = await client.request(route.method, path, json=body, headers=headers)
    if response.status_code >= 400:
        assert code(response) == CODES[response.status_code]
    return response.status_code


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
async def test_a_route_is_closed_without_a_good_key(
    client: AsyncClient, alice_user: dict[str, Any], names: dict[str, str], route: Route
) -> None:
    good: str = alice_user["apiKey"]
    assert await call(client, route, names) == 401
    for bad in ("", "tt_", good[:-1], good + "x", good.upper(), "' or 1=1 --", "tt_\xff"):
        assert await call(client, route, names, bad) == 401, bad


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
async def test_a_stranger_gets_403_or_404(bob: AsyncClient, names: dict[str, str], route: Route) -> None:
    assert await call(bob, route, names) == route.bob


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
async def test_an_owner_is_let_in(alice: AsyncClient, names: dict[str, str], route: Route) -> None:
    assert await call(alice, route, names) == route.alice


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
async def test_an_admin_may_do_all(admin: AsyncClient, names: dict[str, str], route: Route) -> None:
    assert await call(admin, route, names) == route.admin


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
