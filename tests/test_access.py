"""Who may do what beyond the API of web: every route, for every secret, wherever a request may hold it.

What needs a key of web's is tests/web/test_auth.py's; the two tables together are all that is served.
"""

import re
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from httpx import AsyncClient

from tests.everything import READ_KEY, SECRET_KEY, WRITE_KEY, everything_in, methods_by_path
from tests.make import calling, hit
from tests.web.cast import UNKNOWN
from tests.web.conftest import new_user
from tests.web.test_auth import ROUTES as OF_WEB
from tinytrail.app import App, create_app
from tinytrail.config import Config

Caller = tuple[str, str]  # whose secret, and where it stands

# Everything that anybody could take for a way to bring a secret.
PLACES = {
    "x-api-key": "{}",
    "authorization": "{}",
    "authorization, bearer": "Bearer {}",
    "cookie": "tinytrail_session={}",
}
OUR_PAGE, ELSEWHERE = {"origin": "http://test"}, {"origin": "https://evil.example"}
NOBODY = ("nobody", "nowhere")

EVERYBODY = None
ADMINS = {("an admin", "x-api-key"), ("an admin", "session")}
WRITERS = {("the write key", "x-api-key"), ("the write key", "authorization, bearer")}
READERS = {("the read key", "x-api-key"), ("the read key", "authorization, bearer")} | ADMINS
KEEPER = {("the presence secret", "authorization")}
DEVICE = {("a device", "authorization")}


class Route(NamedTuple):
    """Who gets `status`; anybody else gets 401."""

    method: str
    path: str
    let_in: set[Caller] | None
    status: int = 200
    query: str = ""
    body: dict[str, Any] | None = None


RANGE = "?start_date=2026-03-01&end_date=2026-03-14"
INSTANCE = {"version": "2.0.0", "instance_id": "b316815f-5f81-488f-89f8-12b62013dfa4"}
ROUTES = [
    Route("GET", "/health", EVERYBODY),
    Route("GET", "/-/metrics", EVERYBODY),  # off by default; docs/operating.md says who is to see it
    Route("GET", "/", EVERYBODY),
    Route("GET", "/share/{token}", EVERYBODY),  # by its address; figures are asked for afterwards, by key
    Route("GET", "/static/{version}/{file}", EVERYBODY),
    Route("GET", "/js/tracker.js", EVERYBODY),
    Route("GET", "/api/v1/openapi.json", EVERYBODY),
    Route("POST", "/api/v1/collect", EVERYBODY, 204, body=hit(UNKNOWN)),
    Route("POST", "/track", WRITERS, body={"event": "play", "user_id": "alice"}),
    Route("GET", "/metrics", READERS, query=RANGE),
    Route("GET", "/sessions", READERS, query=RANGE),
    Route("POST", "/heartbeat", EVERYBODY, body=INSTANCE),
    Route("GET", "/stats", EVERYBODY),
    Route("GET", "/stats/versions", ADMINS),
    Route("GET", "/badge/installs.svg", EVERYBODY),
    Route("POST", "/api/devices", KEEPER, body={"name": "Laptop"}),
    Route("POST", "/api/devices/{device_id}/token/generate", KEEPER),
    Route("POST", "/api/beat", DEVICE),
    Route("GET", "/api/stats", EVERYBODY),
    Route("GET", "/api/absences", ADMINS),
    Route("GET", "/api/stats/ws", EVERYBODY, 426),  # the same figures as /api/stats
    Route("GET", "/presence", EVERYBODY),
    Route("GET", "/static/presence.css", EVERYBODY),
    Route("GET", "/static/presence.js", EVERYBODY),
    Route("GET", "/static/presence.svg", EVERYBODY),
    Route("GET", "/badge/last-seen.svg", EVERYBODY),
    Route("GET", "/badge/total-beats.svg", EVERYBODY),
]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return everything_in(tmp_path)


def test_every_route_is_in_a_table(tmp_path: Path) -> None:
    def asked(method: str, path: str) -> tuple[str, str]:
        return method, re.sub(rf"\{{\w+\}}|{UNKNOWN}", "{}", path.partition("?")[0])

    served = {
        asked(method, path)
        for path, methods in methods_by_path(create_app(everything_in(tmp_path))).items()
        for method in methods
    }
    of_web = {asked(route.method, "/api/v1" + route.path) for route in OF_WEB}
    here = {asked(route.method, route.path) for route in ROUTES}
    assert here | of_web == served
    assert not here & of_web


class Cast(NamedTuple):
    callers: dict[Caller, dict[str, str]]  # what each sends
    names: dict[str, str]  # what stands in paths


@pytest.fixture
async def cast(app: App, client: AsyncClient, admin: AsyncClient, admin_key: str) -> Cast:
    user = await new_user(admin, "Acme Corp", "alice@example.com")
    stranger = await new_user(admin, "Strangers", "bob@example.net")
    async with calling(app, x_api_key=user["apiKey"]) as alice:
        website = (await alice.post("/api/v1/websites", json={"domain": "example.com"})).json()["data"]["id"]
        shared = await alice.post(f"/api/v1/websites/{website}/shares", json={"name": "For the board"})
    share = shared.json()["data"]["token"]
    device = await client.post("/api/devices", json={"name": "Phone"}, headers={"authorization": SECRET_KEY})
    people = {"a user": user["apiKey"], "a stranger": stranger["apiKey"], "an admin": admin_key}
    secrets = people | {
        "a share link": share,
        "the write key": WRITE_KEY,
        "the read key": READ_KEY,
        "the presence secret": SECRET_KEY,
        "a device": device.json()["token"],
        "a wrong key": "tt_wrong",
        "an empty key": "",
    }
    callers = {
        (whose, place): {place.partition(",")[0]: form.format(secret)} | OUR_PAGE
        for whose, secret in secrets.items()
        for place, form in PLACES.items()
    }
    for whose, key in people.items():
        async with calling(app, **OUR_PAGE) as browser:
            await browser.post("/api/v1/sessions", json={"api_key": key})
            cookie = {"cookie": f"tinytrail_session={browser.cookies['tinytrail_session']}"}
        callers[whose, "session"] = cookie | OUR_PAGE
        callers[whose, "session, from a page elsewhere"] = cookie | ELSEWHERE
    names = {"token": share, "version": "0", "file": "api.js", "device_id": "0"}
    return Cast(callers | {NOBODY: {}}, names)


@pytest.mark.parametrize("route", ROUTES, ids=[f"{route.method} {route.path}" for route in ROUTES])
async def test_it_is_open_to_these_callers_and_to_nobody_else(
    client: AsyncClient, cast: Cast, route: Route
) -> None:
    got, expected = {}, {}
    path = route.path.format(**cast.names) + route.query
    for caller, headers in cast.callers.items():
        response = await client.request(route.method, path, json=route.body, headers=headers)
        got[caller] = response.status_code
        is_let_in = route.let_in is EVERYBODY or caller in route.let_in
        expected[caller] = route.status if is_let_in else 401
    assert got == expected
    assert (route.let_in or {NOBODY}) <= got.keys()


async def test_the_api_of_web_is_closed_to_every_secret_but_its_own_and_elsewhere_than_in_its_header(
    client: AsyncClient, cast: Cast
) -> None:
    web = {"a user", "a stranger", "an admin", "a share link"}
    strange = {
        caller: headers
        for caller, headers in cast.callers.items()
        if caller[1] in (*PLACES, "nowhere") and not (caller[0] in web and caller[1] == "x-api-key")
    }
    assert len(strange) > 30
    let_in = []
    for route in OF_WEB:
        # Ids of nothing: whoever is asked for a key first learns nothing of them.
        path = "/api/v1" + route.path.format_map(defaultdict(lambda: UNKNOWN))
        for caller, headers in strange.items():
            response = await client.request(route.method, path, json=route.body, headers=headers)
            if response.status_code != 401:
                let_in.append((route.method, path, caller, response.status_code))
    assert let_in == []
