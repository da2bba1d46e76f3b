"""/api/v1/sessions: signing in with a key, being known by a cookie, signing out."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from httpx import AsyncClient, Response
from litestar import Litestar

from tests.conftest import SignIn
from tests.make import DAY, HOUR, MINUTE, FakeClock, calling
from tests.web.cast import FIREFOX, IPHONE, UNKNOWN, code, message
from tests.web.conftest import PEER, web_alone
from tinytrail import __version__
from tinytrail.app import create_app
from tinytrail.config import Config
from tinytrail.core.db import Database
from tinytrail.core.tokens import hash_token
from tinytrail.core.trouble import Busy
from tinytrail.first_run import make_first_admin
from tinytrail.web.sessions import MOST_SESSIONS, Session, insert_session

SESSIONS = "/api/v1/sessions"
WEBSITES = "/api/v1/websites"
PAGE = {"user_agent": FIREFOX, "origin": "http://test"}  # what a page of ours sends


@pytest.fixture
async def browser(app: Litestar) -> AsyncIterator[AsyncClient]:
    """Nobody is signed in in it yet; it keeps its cookies."""
    async with calling(app, "198.51.100.7", **PAGE) as browser:
        yield browser


async def open_session(browser: AsyncClient, key: str) -> dict[str, Any]:
    response = await browser.post(SESSIONS, json={"api_key": key})
    assert response.status_code == 201, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


@pytest.fixture
async def signed_in(browser: AsyncClient, alice_user: dict[str, Any]) -> AsyncClient:
    """Alice's browser."""
    await open_session(browser, alice_user["apiKey"])
    return browser


def cookie_of(response: Response) -> tuple[str, dict[str, str]]:
    """The token that an answer sets, and the cookie's attributes."""
    name, _, rest = response.headers["set-cookie"].partition("=")
    token, *attributes = rest.split("; ")
    assert name in ("tinytrail_session", "__Host-tinytrail_session")
    return token, {part.partition("=")[0].lower(): part.partition("=")[2] for part in attributes}


async def stored(db: Database) -> list[tuple[Any, ...]]:
    return await db.read(
        lambda tx: tx.execute(
            "select created_at, last_used_at, expires_at from sessions order by 1"
        ).fetchall()
    )


async def test_a_key_opens_a_session(
    browser: AsyncClient, alice_user: dict[str, Any], clock: FakeClock
) -> None:
    response = await browser.post(SESSIONS, json={"api_key": f" {alice_user['apiKey']}\n"})
    assert response.status_code == 201
    assert response.json() == {
        "status": "success",
        "data": {
            "user": {key: alice_user[key] for key in ("id", "accountId", "email", "role")},
            "address": "198.51.100.7",
            "baseUrl": "http://test",
            "version": __version__,
            "systems": {"product": False, "installs": False, "presence": False},
            "expiresAt": "2026-04-13T09:30:00.000Z",
        },
    }
    assert (await browser.get(f"{SESSIONS}/current")).json() == response.json()


async def test_its_cookie_is_out_of_reach_of_scripts_and_of_other_sites(
    browser: AsyncClient, alice_user: dict[str, Any]
) -> None:
    response = await browser.post(SESSIONS, json={"api_key": alice_user["apiKey"]})
    token, attributes = cookie_of(response)
    assert len(token) >= 43  # 256 bits
    assert attributes == {"httponly": "", "samesite": "strict", "path": "/", "max-age": str(30 * DAY)}
    assert alice_user["apiKey"] not in response.text + response.headers["set-cookie"]
    assert token not in response.text


async def test_the_cookie_stands_for_the_key(signed_in: AsyncClient) -> None:
    assert (await signed_in.get(WEBSITES)).json()["data"] == []
    made = await signed_in.post(WEBSITES, json={"domain": "example.com"})
    assert made.status_code == 201
    website = f"{WEBSITES}/{made.json()['data']['id']}"
    assert (await signed_in.patch(website, json={"timezone": "Europe/Berlin"})).status_code == 200
    assert (await signed_in.get("/api/v1/users")).status_code == 403  # no more than the key's
    assert (await signed_in.delete(website)).status_code == 200


async def test_a_key_that_is_sent_goes_before_the_cookie(signed_in: AsyncClient, admin_key: str) -> None:
    assert (await signed_in.get("/api/v1/users", headers={"x-api-key": admin_key})).status_code == 200
    assert (await signed_in.get(WEBSITES, headers={"x-api-key": "tt_wrong"})).status_code == 401


async def test_a_caller_with_a_key_is_told_the_same_and_has_no_session(
    alice: AsyncClient, alice_user: dict[str, Any]
) -> None:
    response = await alice.get(f"{SESSIONS}/current")
    assert response.json()["data"]["user"]["id"] == alice_user["id"]
    assert response.json()["data"]["expiresAt"] is None
    assert "set-cookie" not in response.headers
    assert (await alice.get(SESSIONS)).json()["data"] == []
    assert (await alice.delete(f"{SESSIONS}/current")).status_code == 404


@pytest.mark.parametrize("key", ["", "tt_", "tt_wrong", "' or 1=1 --", "tt_\u00ff", "tt_\U0001f511"])
async def test_a_wrong_key_opens_none(browser: AsyncClient, db: Database, key: str) -> None:
    response = await browser.post(SESSIONS, json={"api_key": key})
    assert (response.status_code, code(response)) == (401, "UNAUTHORIZED")
    assert "set-cookie" not in response.headers
    assert await stored(db) == []


@pytest.mark.parametrize("body", [{}, {"api_key": None}, {"api_key": 7}, {"key": "tt_"}])
async def test_a_body_without_a_key_is_a_400_that_names_it(
    browser: AsyncClient, body: dict[str, Any]
) -> None:
    response = await browser.post(SESSIONS, json=body)
    assert (response.status_code, code(response)) == (400, "INVALID_PAYLOAD")
    assert message(response).startswith("api_key")


@pytest.mark.parametrize("token", ["", "x", "tt_", "%ff", '"quoted"', "a" * 4000])
async def test_a_cookie_of_no_session_is_a_401(client: AsyncClient, alice: AsyncClient, token: str) -> None:
    response = await client.get(WEBSITES, headers={"cookie": f"tinytrail_session={token}"})
    assert (response.status_code, code(response)) == (401, "UNAUTHORIZED")


class TestGuessing:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return web_alone(tmp_path, web={"sign_in_limit": "3/10m"})

    async def test_wrong_keys_are_limited_and_right_ones_are_not(
        self, browser: AsyncClient, alice_user: dict[str, Any], clock: FakeClock
    ) -> None:
        right, wrong = {"api_key": alice_user["apiKey"]}, {"api_key": "tt_wrong"}
        for body in (right, right, right, right, wrong, right, wrong, right, wrong):
            expected = 201 if body is right else 401
            assert (await browser.post(SESSIONS, json=body)).status_code == expected
        clock.now += MINUTE
        for body in (wrong, right):  # a right guess must not stand out
            response = await browser.post(SESSIONS, json=body)
            assert (response.status_code, code(response)) == (429, "RATE_LIMITED")
            assert response.headers["retry-after"] == str(9 * MINUTE)
        assert (await browser.get(WEBSITES)).status_code == 200  # who is in stays in
        clock.now += 9 * MINUTE
        assert (await browser.post(SESSIONS, json=right)).status_code == 201

    async def test_each_address_has_guesses_of_its_own(
        self, app: Litestar, browser: AsyncClient, alice_user: dict[str, Any]
    ) -> None:
        for _ in range(4):
            last = await browser.post(SESSIONS, json={"api_key": "tt_wrong"})
        assert last.status_code == 429
        async with calling(app, "198.51.100.8") as another:
            await open_session(another, alice_user["apiKey"])

    async def test_an_ipv6_caller_has_them_once_for_all_its_addresses(self, app: Litestar) -> None:
        async def guess(address: str) -> int:
            async with calling(app, address) as caller:
                return (await caller.post(SESSIONS, json={"api_key": "tt_wrong"})).status_code

        assert [await guess(f"2001:db8::{number}") for number in range(4)] == [401] * 3 + [429]
        assert await guess("2001:db8:0:1::1") == 401

    async def test_what_is_no_guess_does_not_count(self, browser: AsyncClient) -> None:
        for _ in range(10):
            assert (await browser.post(SESSIONS, json={})).status_code == 400
        assert (await browser.post(SESSIONS, json={"api_key": "tt_wrong"})).status_code == 401


class TestHowOften:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return web_alone(tmp_path, web={"api_limit": "3/60s", "session_limit": "5/60s"})

    async def test_a_person_at_the_dashboard_has_another_limit_than_the_key(
        self, browser: AsyncClient, alice: AsyncClient, alice_user: dict[str, Any]
    ) -> None:
        await open_session(browser, alice_user["apiKey"])  # with the key, so it counts as the key's
        assert [(await alice.get(WEBSITES)).status_code for _ in range(3)] == [200, 200, 429]
        assert [(await browser.get(WEBSITES)).status_code for _ in range(6)] == [200] * 5 + [429]
        assert (await browser.post(SESSIONS, json={"api_key": alice_user["apiKey"]})).status_code == 429


async def test_a_session_ends_when_it_is_not_used_for_30_days(
    signed_in: AsyncClient, clock: FakeClock
) -> None:
    for _ in range(12):
        clock.now += 30 * DAY - 1
        assert (await signed_in.get(WEBSITES)).status_code == 200
    clock.now += 30 * DAY
    for cookie in signed_in.cookies.jar:  # the server must not rely on the browser to forget
        cookie.expires = None
    response = await signed_in.get(WEBSITES)
    assert (response.status_code, code(response)) == (401, "UNAUTHORIZED")


async def test_use_is_written_down_and_the_cookie_renewed_once_an_hour(
    signed_in: AsyncClient, db: Database, clock: FakeClock
) -> None:
    began = clock.now
    token = signed_in.cookies["tinytrail_session"]
    renewed = []
    for _ in range(13):
        response = await signed_in.get(WEBSITES)
        if "set-cookie" in response.headers:
            assert cookie_of(response)[0] == token
            assert cookie_of(response)[1]["max-age"] == str(30 * DAY)
            renewed.append((clock.now - began) / MINUTE)
        clock.now += 10 * MINUTE
    assert renewed == [60, 120]
    assert await stored(db) == [(began, began + 2 * HOUR, began + 2 * HOUR + 30 * DAY)]


async def test_what_is_refused_renews_nothing(signed_in: AsyncClient, db: Database, clock: FakeClock) -> None:
    before = await stored(db)
    clock.now += 2 * HOUR
    assert (await signed_in.get(WEBSITES, headers={"sec-fetch-site": "same-site"})).status_code == 403
    assert await stored(db) == before


async def test_a_clock_set_back_lengthens_no_session(
    signed_in: AsyncClient, db: Database, clock: FakeClock
) -> None:
    clock.now -= DAY
    assert (await signed_in.get(WEBSITES)).status_code == 200
    [(_, used, expires)] = await stored(db)
    assert (used, expires) == (clock.now, clock.now + 30 * DAY)


async def test_reading_goes_on_although_nothing_can_be_written(
    app: Litestar, signed_in: AsyncClient, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(*_: object) -> None:
        raise Busy("locked")

    monkeypatch.setattr(app.state.db, "write", busy)
    clock.now += 2 * HOUR
    response = await signed_in.get(WEBSITES)
    assert response.status_code == 200
    assert "set-cookie" not in response.headers


async def test_a_user_sees_the_own_sessions_the_last_used_first(
    app: Litestar, signed_in: AsyncClient, alice_user: dict[str, Any], admin_key: str, clock: FakeClock
) -> None:
    clock.now += DAY
    async with calling(app, user_agent=IPHONE) as phone, calling(app, user_agent=FIREFOX) as admins:
        await open_session(admins, admin_key)
        await open_session(phone, alice_user["apiKey"])
        clock.now += MINUTE
        on_phone, on_desk = (await phone.get(SESSIONS)).json()["data"]
        assert on_phone == {
            "id": on_phone["id"],
            "createdAt": "2026-03-15T09:30:00.000Z",
            "lastUsedAt": "2026-03-15T09:30:00.000Z",
            "expiresAt": "2026-04-14T09:30:00.000Z",
            "isCurrent": True,
            "browser": "Safari",
            "os": "iOS",
        }
        assert (on_desk["browser"], on_desk["os"], on_desk["isCurrent"]) == ("Firefox", "Linux", False)
        current = [session["isCurrent"] for session in (await signed_in.get(SESSIONS)).json()["data"]]
        assert current == [True, False]  # it has been used just now


async def test_signing_out_ends_the_session_and_clears_the_cookie(
    signed_in: AsyncClient, db: Database, clock: FakeClock
) -> None:
    token = signed_in.cookies["tinytrail_session"]
    clock.now += 2 * HOUR  # so that it is about to be renewed
    response = await signed_in.delete(f"{SESSIONS}/current")
    assert response.status_code == 200
    assert response.json()["data"]["isCurrent"] is True
    assert response.headers.get_list("set-cookie") == [response.headers["set-cookie"]]
    cleared, attributes = cookie_of(response)
    assert (cleared.strip('"'), attributes["max-age"], attributes["path"]) == ("", "0", "/")
    assert "tinytrail_session" not in signed_in.cookies
    headers = {"cookie": f"tinytrail_session={token}"}
    assert (await signed_in.get(WEBSITES, headers=headers)).status_code == 401
    assert await stored(db) == []


async def test_another_session_can_be_ended_from_here(
    app: Litestar, signed_in: AsyncClient, alice: AsyncClient, alice_user: dict[str, Any]
) -> None:
    async with calling(app, **PAGE) as lost:
        await open_session(lost, alice_user["apiKey"])
        [other] = [one for one in (await signed_in.get(SESSIONS)).json()["data"] if not one["isCurrent"]]
        response = await signed_in.delete(f"{SESSIONS}/{other['id']}")
        assert response.status_code == 200
        assert response.json()["data"] == other
        assert "set-cookie" not in response.headers
        assert (await lost.get(WEBSITES)).status_code == 401
    assert (await signed_in.get(WEBSITES)).status_code == 200
    [mine] = (await alice.get(SESSIONS)).json()["data"]
    assert (await alice.delete(f"{SESSIONS}/{mine['id']}")).status_code == 200  # by key, too
    assert (await signed_in.get(WEBSITES)).status_code == 401


@pytest.mark.parametrize(
    ("session_id", "status"), [("1", 400), ("x" * 36, 400), (UNKNOWN, 404), ("{admins}", 404)]
)
async def test_what_is_no_session_of_ones_own_cannot_be_ended(
    app: Litestar, signed_in: AsyncClient, admin_key: str, session_id: str, status: int
) -> None:
    async with calling(app, **PAGE) as admins:
        await open_session(admins, admin_key)
        [admins_session] = (await admins.get(SESSIONS)).json()["data"]
        response = await signed_in.delete(f"{SESSIONS}/{session_id.format(admins=admins_session['id'])}")
        assert response.status_code == status
        assert (await admins.get(WEBSITES)).status_code == 200


async def test_a_new_key_ends_the_old_one_and_the_users_sessions_at_once(
    admin: AsyncClient,
    alice: AsyncClient,
    signed_in: AsyncClient,
    alice_user: dict[str, Any],
    sign_in: SignIn,
) -> None:
    keys = {alice_user["apiKey"]}
    for number in range(2, 5):
        response = await admin.post(f"/api/v1/users/{alice_user['id']}/api-key")
        assert response.status_code == 201
        renewed = response.json()["data"]
        assert renewed == {"id": alice_user["id"], "apiKey": renewed["apiKey"]}
        keys.add(renewed["apiKey"])
        assert len(keys) == number
        assert (await admin.get(f"/api/v1/users/{alice_user['id']}/api-key")).json()["data"] == renewed
    assert (await alice.get(WEBSITES)).status_code == 401
    assert (await signed_in.get(WEBSITES)).status_code == 401
    assert (await (await sign_in(renewed["apiKey"])).get(WEBSITES)).status_code == 200
    assert (await admin.get(WEBSITES)).status_code == 200


async def test_a_key_lost_with_its_secret_can_be_replaced(
    app: Litestar, admin: AsyncClient, alice_user: dict[str, Any], sign_in: SignIn
) -> None:
    app.state.secret = b"another tinytrail.key, 32 bytes of it"
    users = f"/api/v1/users/{alice_user['id']}/api-key"
    assert (await admin.get(users)).status_code == 404
    renewed = (await admin.post(users)).json()["data"]["apiKey"]
    assert (await admin.get(users)).json()["data"]["apiKey"] == renewed
    assert (await (await sign_in(renewed)).get(WEBSITES)).status_code == 200


@pytest.mark.parametrize(("user_id", "status"), [("1", 400), (UNKNOWN, 404)])
async def test_nobody_gets_no_new_key(admin: AsyncClient, user_id: str, status: int) -> None:
    assert (await admin.post(f"/api/v1/users/{user_id}/api-key")).status_code == status


@pytest.mark.parametrize("deleted", ["users/{id}", "accounts/{accountId}"])
async def test_sessions_end_with_their_user(
    admin: AsyncClient, signed_in: AsyncClient, alice_user: dict[str, Any], db: Database, deleted: str
) -> None:
    assert (await admin.delete(f"/api/v1/{deleted.format(**alice_user)}")).status_code == 200
    assert (await signed_in.get(WEBSITES)).status_code == 401
    assert await stored(db) == []


async def test_a_key_that_was_replaced_as_it_signed_in_opens_no_session(
    admin: AsyncClient, alice_user: dict[str, Any], db: Database
) -> None:
    await admin.post(f"/api/v1/users/{alice_user['id']}/api-key")
    late = Session(UNKNOWN, alice_user["id"], 0, 0, 10**10, "Firefox", "Linux")
    with pytest.raises(Exception, match="nobody's key"):
        await db.write(insert_session, late, "a token", alice_user["apiKey"], "")
    assert await stored(db) == []


async def test_signing_in_again_replaces_the_browsers_session(
    signed_in: AsyncClient, admin_key: str, db: Database
) -> None:
    before = signed_in.cookies["tinytrail_session"]
    await open_session(signed_in, admin_key)
    assert signed_in.cookies["tinytrail_session"] != before
    hashes = await db.read(lambda tx: tx.execute("select token_hash from sessions").fetchall())
    assert hashes == [(hash_token(signed_in.cookies["tinytrail_session"]),)]


async def test_a_user_has_so_many_sessions_and_the_one_longest_unused_goes_first(
    signed_in: AsyncClient, alice_user: dict[str, Any], db: Database, clock: FakeClock
) -> None:
    key = alice_user["apiKey"]
    for number in range(MOST_SESSIONS - 1):
        clock.now += 1
        one = Session(f"{number}", alice_user["id"], clock.now, clock.now, 10**10, "Firefox", "Linux")
        await db.write(insert_session, one, f"token {number}", key, "")
    assert (await signed_in.get(WEBSITES)).status_code == 200
    clock.now += 1
    last = msgspec.structs.replace(one, id="last", last_used_at=clock.now)
    await db.write(insert_session, last, "the last token", key, "")
    assert len(await stored(db)) == MOST_SESSIONS
    assert (await signed_in.get(WEBSITES)).status_code == 401


async def test_answers_are_kept_by_nobody_and_are_no_page(
    signed_in: AsyncClient, client: AsyncClient
) -> None:
    bad_key = {"x-api-key": "tt_wrong"}
    for response in (
        await signed_in.get(WEBSITES),
        await signed_in.get(f"{SESSIONS}/current"),
        await signed_in.post(WEBSITES, json={}),
        await client.get(WEBSITES, headers=bad_key),
        await client.get("/api/v1/reports/summary", headers=bad_key),
    ):
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"


HTTPS = [
    # settings of [server]                       headers                         is secure, base URL
    ({}, {}, False, "http://test"),
    ({}, {"x-forwarded-proto": "https"}, False, "http://test"),  # nobody we trust
    ({"trusted_proxies": [PEER]}, {}, False, "http://test"),
    ({"trusted_proxies": [PEER]}, {"x-forwarded-proto": "http"}, False, "http://test"),
    ({"trusted_proxies": [PEER]}, {"x-forwarded-proto": "gopher"}, False, "http://test"),
    ({"trusted_proxies": [PEER]}, {"x-forwarded-proto": "HTTPS"}, True, "https://test"),
    ({"trusted_proxies": [PEER]}, {"x-forwarded-proto": "https, http"}, True, "https://test"),
    ({"public_url": "https://a.example/stats/"}, {}, True, "https://a.example/stats"),
    ({"public_url": "http://a.example"}, {}, False, "http://a.example"),
]


@pytest.mark.parametrize(("server", "headers", "is_secure", "base_url"), HTTPS)
async def test_by_https_the_cookie_is_for_https_alone(
    tmp_path: Path, server: dict[str, Any], headers: dict[str, str], is_secure: bool, base_url: str
) -> None:
    app = create_app(web_alone(tmp_path, server=server), FakeClock())
    async with app.lifespan(), calling(app, PEER) as browser:
        key = await app.state.db.write(make_first_admin, app.state.secret, 0)
        response = await browser.post(SESSIONS, json={"api_key": key}, headers=headers)
        assert ("secure" in cookie_of(response)[1]) == is_secure
        assert response.headers["set-cookie"].startswith("__Host-") == is_secure
        assert response.json()["data"]["baseUrl"] == base_url


class TestSystems:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return msgspec.structs.replace(web_alone(tmp_path), presence=Config().presence)

    async def test_a_dashboard_is_told_what_else_is_switched_on(self, admin: AsyncClient) -> None:
        systems = (await admin.get(f"{SESSIONS}/current")).json()["data"]["systems"]
        assert systems == {"product": False, "installs": False, "presence": True}
