"""Who is shut out while a request is under way gets no further with it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx import AsyncClient

from tests.conftest import SignIn
from tests.make import calling
from tests.web.cast import FIREFOX
from tests.web.conftest import new_user
from tinytrail.app import App
from tinytrail.core.connect import Tx
from tinytrail.core.db import Database

WRITES = [
    ("POST", "websites", {"domain": "example.net"}),
    ("PATCH", "websites/{website}", {"domain": "example.net"}),
    ("DELETE", "websites/{website}", None),
    ("POST", "websites/{website}/shares", {"name": "a way back"}),
    ("DELETE", "websites/{website}/shares/{share}", None),
    ("POST", "accounts", {"name": "another"}),
    ("DELETE", "accounts/{account}", None),
    ("POST", "users", {"account_id": "{account}", "role": "admin"}),
    ("POST", "users/{user}/api-key", None),
    ("DELETE", "users/{user}", None),
]


def everything(tx: Tx) -> list[Any]:
    tables = ("accounts", "users", "sessions", "websites", "shares")
    return [tx.execute(f"select * from {table} order by id").fetchall() for table in tables]


@pytest.fixture
async def mallory(admin: AsyncClient) -> dict[str, Any]:
    """Another admin, who is about to be shut out."""
    return await new_user(admin, "Mallory", "mallory@example.org", "admin")


@pytest.fixture
async def ids(admin: AsyncClient, website: str, alice_user: dict[str, Any]) -> dict[str, str]:
    made = await admin.post(f"/api/v1/websites/{website}/shares", json={"name": "x"})
    user, account = alice_user["id"], alice_user["accountId"]
    return {"website": website, "share": made.json()["data"]["id"], "user": user, "account": account}


@pytest.mark.parametrize(("method", "path", "body"), WRITES, ids=[f"{each[0]} {each[1]}" for each in WRITES])
async def test_nothing_is_written_for_a_key_that_was_replaced_as_its_request_waited(
    admin: AsyncClient, sign_in: SignIn, mallory: dict[str, Any], ids: dict[str, str], db: Database,
    monkeypatch: pytest.MonkeyPatch, method: str, path: str, body: dict[str, str] | None,
) -> None:  # fmt: skip
    before: list[Any] = []
    write = db.write

    async def late(*args: Any) -> Any:
        monkeypatch.setattr(db, "write", write)
        await admin.post(f"/api/v1/users/{mallory['id']}/api-key")
        before.extend(await db.read(everything))
        return await write(*args)

    client = await sign_in(mallory["apiKey"])
    monkeypatch.setattr(db, "write", late)
    sent = body and {name: value.format(**ids) for name, value in body.items()}
    response = await client.request(method, f"/api/v1/{path.format(**ids)}", json=sent)

    assert response.status_code == 401
    assert before == await db.read(everything)


@pytest.mark.parametrize("how", ["key", "session"])
async def test_a_body_that_comes_once_its_sender_is_shut_out_is_refused(
    app: App, admin: AsyncClient, sign_in: SignIn, website: str, alice_user: dict[str, Any], how: str
) -> None:
    async with calling(app, user_agent=FIREFOX, origin="http://test") as browser:
        await browser.post("/api/v1/sessions", json={"api_key": alice_user["apiKey"]})
        client = browser if how == "session" else await sign_in(alice_user["apiKey"])

        async def body() -> AsyncIterator[bytes]:
            await admin.delete(f"/api/v1/users/{alice_user['id']}")
            yield b'{"name": "a way back"}'

        response = await client.post(f"/api/v1/websites/{website}/shares", content=body())

    assert response.status_code == 401
    shares = await admin.get(f"/api/v1/websites/{website}/shares")
    assert shares.json()["data"] == []
