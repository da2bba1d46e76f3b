"""Share links: a website's reports for whoever has one."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient
from litestar import Litestar

from tests.conftest import SignIn
from tests.make import FakeClock, calling
from tests.web.cast import UNKNOWN, Owner, Traffic, code, message
from tests.web.conftest import PEER, web_alone
from tinytrail import __version__
from tinytrail.app import MOST_GUESTS_WAITING, create_app
from tinytrail.config import Config
from tinytrail.core.db import READERS, Database
from tinytrail.first_run import make_first_admin
from tinytrail.web.reports import BY_NAME, pages

CURRENT = "/api/v1/sessions/current"


@pytest.fixture
def shares(website: str) -> str:
    return f"/api/v1/websites/{website}/shares"


async def share(owner: AsyncClient, shares: str, **fields: Any) -> dict[str, Any]:
    made = await owner.post(shares, json={"name": "For the board"} | fields)
    assert made.status_code == 201, made.text
    data: dict[str, Any] = made.json()["data"]
    return data


async def stored(db: Database) -> int:
    [[count]] = await db.read(lambda tx: tx.execute("select count(*) from shares").fetchall())
    return int(count)


async def test_a_share_is_returned_with_its_link_and_listed(alice: AsyncClient, shares: str) -> None:
    made = await share(alice, shares, name="  For the board ")
    assert made == {
        "id": made["id"],
        "name": "For the board",
        "isEmbeddable": False,
        "url": f"http://test/share/{made['token']}",
        "token": made["token"],
        "createdAt": "2026-03-14T09:30:00.000Z",
    }
    assert made["token"].startswith("ts_")
    assert len(made["token"]) == 43  # 200 bits
    embedded = await share(alice, shares, name="Embedded", is_embeddable=True)
    assert embedded["isEmbeddable"] is True
    listed = (await alice.get(shares)).json()["data"]
    assert sorted(listed, key=str) == sorted([made, embedded], key=str)


async def test_shares_are_listed_as_they_were_made(alice: AsyncClient, shares: str, clock: FakeClock) -> None:
    for name in "cab":
        await share(alice, shares, name=name)
        clock.now += 1
    assert [one["name"] for one in (await alice.get(shares)).json()["data"]] == ["c", "a", "b"]


BAD_BODIES = [
    # body                                     field named
    ({}, "name"),
    ({"name": None}, "name"),
    ({"name": 7}, "name"),
    ({"name": ""}, "name"),
    ({"name": " \t"}, "name"),
    ({"name": "x" * 201}, "name"),
    ({"name": "A", "is_embeddable": "yes"}, "is_embeddable"),
    ({"name": "A", "is_embeddable": None}, "is_embeddable"),
]


@pytest.mark.parametrize(("body", "field"), BAD_BODIES)
async def test_a_bad_body_is_a_400_that_names_the_field(
    alice: AsyncClient, shares: str, db: Database, body: dict[str, Any], field: str
) -> None:
    response = await alice.post(shares, json=body)
    assert (response.status_code, code(response)) == (400, "INVALID_PAYLOAD")
    assert message(response).startswith(field)
    assert await stored(db) == 0


async def test_a_share_reads_what_its_owner_reads(
    alice: AsyncClient, shares: str, sign_in: SignIn, visit: Traffic, owner: Owner
) -> None:
    await visit("/", "/about", "signup")
    guest = Owner(await sign_in((await share(alice, shares))["token"]), owner.website_id)
    for report, params in (
        ("summary", {"period": "today", "compare": "yoy"}),
        ("pages", {}),
        ("sources", {"group_by": "utm"}),
        ("funnel", {"steps": ["/", "/about"]}),
        ("realtime", {}),
        ("timeseries", {"metric": "pageviews"}),
        ("batch", {"reports[]": ["pages", "sources"]}),
    ):
        assert await guest.report(report, **params) == await owner.report(report, **params), report
    assert await guest.csv("pages") == await owner.csv("pages") != []


async def test_guests_do_not_keep_the_owner_waiting_however_much_they_ask_for(
    alice: AsyncClient, shares: str, website: str, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, goes_on = [], threading.Event()
    loop, are_busy = asyncio.get_running_loop(), asyncio.Event()

    def read_for_long(*_: object) -> dict[str, Any]:
        asked.append(1)
        if len(asked) == READERS // 2:
            loop.call_soon_threadsafe(are_busy.set)
        goes_on.wait(20)
        return {}

    monkeypatch.setitem(BY_NAME, "pages", pages.REPORT._replace(read=read_for_long))
    guest = await sign_in((await share(alice, shares))["token"])
    batch = f"/api/v1/reports/batch?website_id={website}&reports[]=pages"
    turns = READERS // 2 + MOST_GUESTS_WAITING
    asking = {asyncio.create_task(guest.get(batch)) for _ in range(turns + 1)}
    try:
        await asyncio.wait_for(are_busy.wait(), 10)
        refused, asking = await asyncio.wait(asking, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        [one_too_many] = [task.result() for task in refused]
        assert (one_too_many.status_code, one_too_many.headers["retry-after"]) == (503, "1")
        summary = alice.get("/api/v1/reports/summary", params={"website_id": website})
        assert (await asyncio.wait_for(summary, 10)).status_code == 200
        assert len(asked) == READERS // 2
    finally:
        goes_on.set()
    assert {answer.status_code for answer in await asyncio.gather(*asking)} == {200}
    assert len(asked) == turns


async def test_a_guest_is_told_of_the_website_and_nothing_of_users_and_server(
    alice: AsyncClient, shares: str, website: str, sign_in: SignIn
) -> None:
    guest = await sign_in((await share(alice, shares))["token"])
    assert (await guest.get(CURRENT)).json() == {
        "status": "success",
        "data": {
            "user": None,
            "share": {
                "name": "For the board",
                "website": {"id": website, "domain": "example.com", "timezone": "UTC"},
            },
            "baseUrl": "http://test",
            "version": __version__,
            "expiresAt": None,
        },
    }


async def test_a_token_opens_no_session_and_is_no_cookie(
    alice: AsyncClient, shares: str, client: AsyncClient, db: Database
) -> None:
    token = (await share(alice, shares))["token"]
    response = await client.post("/api/v1/sessions", json={"api_key": token})
    assert response.status_code == 401
    assert "set-cookie" not in response.headers
    assert (await client.get(CURRENT, headers={"cookie": f"tinytrail_session={token}"})).status_code == 401


async def test_a_deleted_share_is_worth_nothing_at_once_and_the_others_stay(
    alice: AsyncClient, shares: str, sign_in: SignIn, client: AsyncClient
) -> None:
    kept, revoked = await share(alice, shares), await share(alice, shares)
    guest = await sign_in(revoked["token"])
    assert (await guest.get(CURRENT)).status_code == 200
    response = await alice.delete(f"{shares}/{revoked['id']}")
    assert response.status_code == 200
    assert response.json()["data"] == revoked
    assert (await guest.get(CURRENT)).status_code == 401
    assert (await client.get(f"/share/{revoked['token']}")).status_code == 404
    assert (await client.get(f"/share/{kept['token']}")).status_code == 200
    assert (await alice.delete(f"{shares}/{revoked['id']}")).status_code == 404


async def test_a_share_is_deleted_by_its_own_website_only(
    alice: AsyncClient, shares: str, client: AsyncClient
) -> None:
    made = await share(alice, shares)
    other = (await alice.post("/api/v1/websites", json={"domain": "other.example"})).json()["data"]["id"]
    response = await alice.delete(f"/api/v1/websites/{other}/shares/{made['id']}")
    assert (response.status_code, code(response)) == (404, "NOT_FOUND")
    assert (await client.get(f"/share/{made['token']}")).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"), [("x/shares", 400), (f"{UNKNOWN}/shares", 404), (f"{UNKNOWN}/shares/x", 400)]
)
async def test_what_is_not_there(alice: AsyncClient, path: str, status: int) -> None:
    method = "DELETE" if path.endswith("x") else "GET"
    assert (await alice.request(method, f"/api/v1/websites/{path}")).status_code == status


@pytest.mark.parametrize("deleted", ["websites/{website}", "accounts/{account}"])
async def test_shares_end_with_their_website(
    admin: AsyncClient,
    alice: AsyncClient,
    alice_user: dict[str, Any],
    website: str,
    shares: str,
    client: AsyncClient,
    db: Database,
    deleted: str,
) -> None:
    token = (await share(alice, shares))["token"]
    path = deleted.format(website=website, account=alice_user["accountId"])
    assert (await admin.delete(f"/api/v1/{path}")).status_code == 200
    assert (await client.get(CURRENT, headers={"x-api-key": token})).status_code == 401
    assert (await client.get(f"/share/{token}")).status_code == 404
    assert await stored(db) == 0


async def test_shares_outlive_the_user_who_made_them(
    admin: AsyncClient, alice: AsyncClient, alice_user: dict[str, Any], shares: str, client: AsyncClient
) -> None:
    """They are the website's."""
    token = (await share(alice, shares))["token"]
    await admin.delete(f"/api/v1/users/{alice_user['id']}")
    assert (await client.get(f"/share/{token}")).status_code == 200


async def test_a_share_of_another_secret_works_on_but_cannot_be_shown(
    app: Litestar, alice: AsyncClient, shares: str, client: AsyncClient
) -> None:
    made = await share(alice, shares)
    app.state.secret = b"another tinytrail.key, 32 bytes of it"
    assert (await alice.get(shares)).json()["data"] == [made | {"token": None, "url": None}]
    assert (await client.get(f"/share/{made['token']}")).status_code == 200


class TestHowOften:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return web_alone(tmp_path, web={"session_limit": "4/60s"}, server={"trusted_proxies": [PEER]})

    async def test_a_share_is_limited_by_address_and_its_owner_not_by_it(
        self, client: AsyncClient, alice: AsyncClient, shares: str, clock: FakeClock
    ) -> None:
        first, second = await share(alice, shares), await share(alice, shares)
        clock.now += 60

        async def ask(token: str, ip: str) -> int:
            headers = {"x-api-key": token, "x-forwarded-for": ip}
            return (await client.get(CURRENT, headers=headers)).status_code

        assert [await ask(first["token"], "198.51.100.1") for _ in range(5)] == [200] * 4 + [429]
        assert await ask(first["token"], "198.51.100.2") == 200
        assert await ask(second["token"], "198.51.100.1") == 200
        assert [await ask(second["token"], f"2001:db8::{last}") for last in range(5)] == [200] * 4 + [429]
        assert (await alice.get(shares)).status_code == 200


class TestPage:
    async def test_the_link_is_the_dashboards_page_with_links_of_its_own_depth(
        self, alice: AsyncClient, shares: str, client: AsyncClient
    ) -> None:
        made = await share(alice, shares)
        path = made["url"].removeprefix("http://test")
        page, ours = await client.get(path), await client.get("/")
        assert page.status_code == 200
        assert page.text.replace('="../', '="') == ours.text != page.text
        same = (
            "content-security-policy",
            "x-frame-options",
            "cache-control",
            "referrer-policy",
            "content-type",
        )
        assert [page.headers[name] for name in same] == [ours.headers[name] for name in same]
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]

    async def test_an_embeddable_one_may_be_framed_by_anybody(
        self, alice: AsyncClient, shares: str, client: AsyncClient
    ) -> None:
        made = await share(alice, shares, is_embeddable=True)
        page, ours = await client.get(f"/share/{made['token']}"), await client.get("/")
        policy = ours.headers["content-security-policy"].replace(
            "frame-ancestors 'none'", "frame-ancestors *"
        )
        assert page.headers["content-security-policy"] == policy
        assert "x-frame-options" not in page.headers

    @pytest.mark.parametrize("token", ["ts_", "ts_unknown", "tt_", "%ff", "<b>"])
    async def test_an_unknown_token_is_a_small_page(self, client: AsyncClient, token: str) -> None:
        response = await client.get(f"/share/{token}", headers={"accept": "text/html"})
        assert response.status_code == 404
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert "This link leads nowhere, or no longer." in response.text
        assert token not in response.text

    async def test_an_api_key_is_no_share(self, client: AsyncClient, alice_user: dict[str, Any]) -> None:
        assert (await client.get(f"/share/{alice_user['apiKey']}")).status_code == 404

    async def test_a_slash_too_many_leads_back(
        self, alice: AsyncClient, shares: str, client: AsyncClient
    ) -> None:
        """To a page whose relative links lead somewhere."""
        token = (await share(alice, shares))["token"]
        for query in ("", "?period=7d&f=page:/"):
            response = await client.get(f"/share/{token}/{query}")
            assert (response.status_code, response.headers["location"]) == (308, f"../{token}{query}")
        assert (await client.get("/share/ts_unknown/")).status_code == 404


async def test_a_failure_does_not_write_the_token_to_the_log(
    app: Litestar, client: AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("the canary")

    monkeypatch.setattr(app.state.db, "read", fail)
    for path in ("/share/ts_secret", "/share/ts_secret/"):
        assert (await client.get(path)).status_code == 500
    assert (await client.get(CURRENT, headers={"x-api-key": "ts_secret"})).status_code == 500
    assert (await client.get(CURRENT, headers={"cookie": "tinytrail_session=ts_secret"})).status_code == 500
    assert "the canary" in caplog.text
    assert "ts_secret" not in caplog.text


async def test_by_a_public_url_the_link_is_what_the_world_sees(tmp_path: Path) -> None:
    config = web_alone(tmp_path, server={"public_url": "https://example.com/stats/"})
    app = create_app(config, FakeClock())
    async with app.lifespan():
        key = await app.state.db.write(make_first_admin, app.state.secret, 0)
        async with calling(app, x_api_key=key) as admin:
            made = await admin.post("/api/v1/websites", json={"domain": "example.com"})
            shared = await share(admin, f"/api/v1/websites/{made.json()['data']['id']}/shares")
    assert shared["url"] == f"https://example.com/stats/share/{shared['token']}"
