"""What must never reach the disk or a log, searched for byte by byte."""

import hmac
import logging
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from tests.make import BROWSER, HOUR, FakeClock, hit
from tests.web.cast import COLLECT, FIREFOX, GOOGLEBOT, IPHONE, Owner, Traffic
from tinytrail.config import Config
from tinytrail.core.db import Database
from tinytrail.core.tokens import read_or_make_secret

VISITORS = ["198.51.100.77", "192.0.2.211", "2001:db8:77:88::9"]
AGENTS = [BROWSER, FIREFOX, IPHONE, GOOGLEBOT]
SECRETS = ["jane.doe%40example.com", "jane.doe@example.com", "hunter2", "Zaphod", "Beeblebrox"]

WRONG_KEY = "tt_not_a_key_but_somebodys_secret"
KEPT = b"/a-path-that-is-kept"  # so that a search which finds nothing is known to search


@pytest.fixture
async def a_day(client: AsyncClient, visit: Traffic, owner: Owner, alice: AsyncClient, website: str) -> None:
    """Page views, events, bots, nonsense and reports, with things in them that are nobody's business."""
    query = "?email=jane.doe%40example.com&password=hunter2&utm_source=news"
    for number, ip in enumerate(VISITORS):
        await visit(
            "/a-path-that-is-kept",
            f"/account{query}",
            "signup",
            ip=ip,
            agent=AGENTS[number],
            url=f"https://example.com/account{query}#Zaphod",
            referrer=f"https://www.google.com/search?q=Beeblebrox&from={ip}",
            properties={
                "plan": "pro",
                "links": [{"to": 'HTTPS://a.example/"?q=Beeblebrox#Zaphod'}],
                "page": "/find?email=jane.doe@example.com",
                "said": "no such page: //b.example/x?hunter2 (from app://c/d#Zaphod)",
                "e.example?password=hunter2": True,
            },
            utm_campaign="https://f.example/?Zaphod",
        )
        await visit("https://g.example/?Beeblebrox", ip=ip, agent=AGENTS[number])
        visit.clock.now += HOUR
    await visit("/", ip=VISITORS[0], agent=GOOGLEBOT, status=204)
    await visit("outbound_link", ip=VISITORS[1], properties={"href": "https://b.example/x?password=hunter2"})
    for body in (hit("no-website", f"/x{query}"), hit(website, path=7, url=query), {"q": query}):
        await client.post(COLLECT, json=body, headers={"x-forwarded-for": VISITORS[0]})
    await client.post(COLLECT, content=b"{" + query.encode(), headers={"x-forwarded-for": VISITORS[0]})
    for report in ("summary", "pages", "sources", "realtime"):
        await owner.report(report)
    await alice.get("/api/v1/reports/pages", params={"website_id": "Zaphod"})
    await client.get("/api/v1/websites", headers={"x-api-key": WRONG_KEY})


def on_disk(config: Config) -> dict[str, bytes]:
    """The database and what SQLite keeps beside it."""
    file = Path(config.database)
    found = {path.name: path.read_bytes() for path in file.parent.glob(file.name + "*")}
    assert f"{file.name}-wal" in found
    return found


def traces(text: bytes, words: list[str]) -> list[str]:
    return [word for word in words if word.encode() in text]


@pytest.fixture
async def session_token(client: AsyncClient, alice_user: dict[str, Any], website: str) -> str:
    """Of a session that is used well and badly, and stays."""
    headers = {"origin": "http://test", "user-agent": FIREFOX}
    for key in (WRONG_KEY, alice_user["apiKey"]):
        signed_in = await client.post("/api/v1/sessions", json={"api_key": key}, headers=headers)
    token = signed_in.cookies["tinytrail_session"]
    client.cookies.clear()
    headers |= {"cookie": f"tinytrail_session={token}"}
    for path in ("sessions", f"reports/summary?website_id={website}", "reports/summary", "users", "nothing"):
        await client.get(f"/api/v1/{path}", headers=headers)
    await client.get("/api/v1/websites", headers=headers | {"sec-fetch-site": "same-site"})
    return token


@pytest.fixture
async def share_token(client: AsyncClient, alice: AsyncClient, website: str) -> str:
    """Of a link that is followed, and stays."""
    made = await alice.post(f"/api/v1/websites/{website}/shares", json={"name": "For the board"})
    token: str = made.json()["data"]["token"]
    await client.get(f"/share/{token}")
    for path in ("sessions/current", f"reports/pages?website_id={website}", "reports/pages", "users"):
        await client.get(f"/api/v1/{path}", headers={"x-api-key": token})
    return token


@pytest.fixture
async def private(
    admin_key: str,
    alice_user: dict[str, Any],
    website: str,
    config: Config,
    a_day: None,
    session_token: str,
    share_token: str,
) -> list[str]:
    keys = [admin_key, alice_user["apiKey"], read_or_make_secret(config.key_file).hex(), WRONG_KEY]
    return [
        session_token,
        share_token,
        *VISITORS,
        *AGENTS,
        "AppleWebKit",
        "Googlebot",
        "Gecko",
        *SECRETS,
        *keys,
    ]


async def test_nothing_private_is_in_the_database(
    private: list[str], config: Config, db: Database, clock: FakeClock, admin: AsyncClient, owner: Owner
) -> None:
    for date in ("2026-03-14", None):
        await admin.post("/api/v1/admin/aggregate", json={"date": date})
    files = on_disk(config)
    assert any(KEPT in content for content in files.values())
    assert {name: traces(content, private) for name, content in files.items()} == dict.fromkeys(files, [])

    stored = await db.read(lambda tx: "\n".join(tx.iterdump()))
    assert KEPT.decode() in stored
    assert traces(stored.encode(), private) == []


async def test_no_address_is_there_as_bytes_or_as_a_number(
    private: list[str], config: Config, db: Database
) -> None:
    for ip in VISITORS:
        address = ip_address(ip)
        if address.version == 6:
            assert all(address.packed not in content for content in on_disk(config).values())
        stored = await db.read(lambda tx: "\n".join(tx.iterdump()))
        assert str(int(address)) not in stored
        assert address.packed.hex() not in stored.lower()


@pytest.fixture
def salt(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The salt, made known; ask for it before the traffic."""
    known = b"a salt of as many as 32 bytes..."
    monkeypatch.setattr("tinytrail.web.salts.secrets.token_bytes", lambda size: known[:size])
    return known


async def test_the_salt_is_in_memory_only(salt: bytes, visit: Traffic, config: Config, db: Database) -> None:
    await visit("/a-path-that-is-kept")
    key = VISITORS[0], BROWSER, visit.website_id
    await visit("/", ip=VISITORS[0])
    digest = hmac.digest(salt, "\0".join(key).encode(), "sha256")
    names = await db.read(lambda tx: tx.execute("select visitor from visits").fetchall())
    assert (int.from_bytes(digest[:8], "big", signed=True),) in names  # so it is this salt that was used
    for content in on_disk(config).values():
        assert salt not in content
        assert salt.hex().encode() not in content
        assert digest not in content  # nor more of the hash than a visit needs


async def test_a_visitor_is_called_by_another_name_the_next_day(
    visit: Traffic, db: Database, clock: FakeClock
) -> None:
    await visit("/")
    clock.now += 24 * HOUR
    await visit("/")
    names = await db.read(lambda tx: tx.execute("select visitor from visits").fetchall())
    assert len(set(names)) == 2


async def test_one_visitor_of_two_websites_has_two_names(
    visit: Traffic, db: Database, alice: AsyncClient
) -> None:
    await visit("/")
    made = await alice.post("/api/v1/websites", json={"domain": "other.example"})
    await Traffic(visit.client, visit.clock, made.json()["data"]["id"])("/")
    names = await db.read(lambda tx: tx.execute("select visitor from visits").fetchall())
    assert len(set(names)) == 2


class TestLogs:
    @pytest.fixture(autouse=True)
    def _more_than_is_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        """`tinytrail serve` logs warnings; here all that others inform of, and all that we could say."""
        caplog.set_level(logging.CRITICAL, "httpx")  # the tests' own client
        caplog.set_level(logging.INFO)
        caplog.set_level(logging.DEBUG, "tinytrail")

    async def test_nothing_private_is_logged(
        self, private: list[str], caplog: pytest.LogCaptureFixture
    ) -> None:
        logging.getLogger("tinytrail").debug("a canary")
        assert "a canary" in caplog.text
        assert traces(caplog.text.encode(), private) == []

    async def test_not_even_when_a_request_fails(
        self,
        client: AsyncClient,
        website: str,
        db: Database,
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        async def fail(*_: object) -> bool:
            raise RuntimeError("the canary")

        monkeypatch.setattr(db, "append", fail)
        body = hit(website, "/account?password=hunter2", url="https://example.com/?password=hunter2")
        headers = {"x-forwarded-for": VISITORS[0], "origin": "https://example.com"}
        response = await client.post(COLLECT, json=body, headers=headers)
        assert response.status_code == 500
        assert response.json() == {
            "status": "error",
            "error": {"code": "INTERNAL_ERROR", "message": "Unexpected server error"},
        }
        assert "the canary" in caplog.text
        assert traces(caplog.text.encode(), [VISITORS[0], "hunter2", BROWSER]) == []
