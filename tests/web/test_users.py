"""/api/v1/users: list, create, show the key, delete."""

from typing import Any

import pytest
from httpx import AsyncClient
from litestar import Litestar

from tests.conftest import SignIn
from tests.make import FakeClock, moment
from tests.web.cast import UNKNOWN, code, message
from tinytrail.core.db import Database

USERS = "/api/v1/users"


@pytest.fixture
async def account_id(admin: AsyncClient) -> str:
    account: str = (await admin.post("/api/v1/accounts", json={"name": "Acme"})).json()["data"]["id"]
    return account


async def test_a_new_user_is_returned_with_the_key(
    admin: AsyncClient, account_id: str, clock: FakeClock
) -> None:
    clock.now = moment("2026-01-15 10:30")
    body = {"account_id": account_id, "role": "user", "email": "user@example.com"}
    response = await admin.post(USERS, json=body)
    assert response.status_code == 201
    user = response.json()["data"]
    assert response.json() == {
        "status": "success",
        "data": {
            "id": user["id"],
            "accountId": account_id,
            "email": "user@example.com",
            "role": "user",
            "apiKey": user["apiKey"],
            "createdAt": "2026-01-15T10:30:00.000Z",
        },
    }
    assert user["apiKey"].startswith("tt_")


async def test_a_list_of_users_never_has_a_key(admin: AsyncClient, alice_user: dict[str, Any]) -> None:
    response = await admin.get(USERS)
    assert response.status_code == 200
    listed = {user["email"]: user for user in response.json()["data"]}
    assert listed.keys() == {None, "alice@example.com"}
    assert listed["alice@example.com"] == {key: value for key, value in alice_user.items() if key != "apiKey"}
    assert "tt_" not in response.text


@pytest.mark.parametrize("role", ["admin", "user"])
async def test_the_email_is_optional(admin: AsyncClient, sign_in: SignIn, account_id: str, role: str) -> None:
    user = (await admin.post(USERS, json={"account_id": account_id, "role": role})).json()["data"]
    assert (user["email"], user["role"]) == (None, role)
    its_client = await sign_in(user["apiKey"])
    assert (await its_client.get(USERS)).status_code == (200 if role == "admin" else 403)


BAD_BODIES = [
    # what differs from a good body          field named
    ({"role": ...}, "role"),
    ({"account_id": ...}, "account_id"),
    ({"role": "owner"}, "role"),
    ({"role": "Admin"}, "role"),
    ({"role": None}, "role"),
    ({"account_id": None}, "account_id"),
    ({"account_id": 7}, "account_id"),
    ({"account_id": "acme"}, "account_id"),
    ({"account_id": UNKNOWN}, "account_id"),
    ({"email": 7}, "email"),
    ({"email": "x" * 321}, "email"),
]


@pytest.mark.parametrize(("change", "field"), BAD_BODIES)
async def test_a_bad_body_is_a_400_that_names_the_field(
    admin: AsyncClient, account_id: str, change: dict[str, Any], field: str
) -> None:
    body = {"account_id": account_id, "role": "user"} | change
    response = await admin.post(USERS, json={key: value for key, value in body.items() if value != ...})
    assert response.status_code == 400
    assert code(response) == "INVALID_PAYLOAD"
    assert message(response).startswith(field)
    assert len((await admin.get(USERS)).json()["data"]) == 1


@pytest.mark.parametrize("body", ["", "{", "[]", "null"])
async def test_what_is_no_json_object_is_a_400(admin: AsyncClient, body: str) -> None:
    response = await admin.post(USERS, content=body)
    assert (response.status_code, code(response)) == (400, "INVALID_PAYLOAD")


async def test_the_key_can_be_looked_up_again(admin: AsyncClient, alice_user: dict[str, Any]) -> None:
    response = await admin.get(f"{USERS}/{alice_user['id']}/api-key")
    assert response.status_code == 200
    assert response.json() == {
        "status": "success",
        "data": {"id": alice_user["id"], "apiKey": alice_user["apiKey"]},
    }


async def test_the_database_does_not_hold_the_key(
    admin: AsyncClient, alice_user: dict[str, Any], app: Litestar, db: Database
) -> None:
    """Neither the key nor what it is derived from; test_privacy.py searches the file itself."""
    stored = await db.read(lambda tx: tx.execute("select * from users").fetchall())
    assert alice_user["apiKey"] not in str(stored)
    assert app.state.secret not in [value for row in stored for value in row]


async def test_a_key_of_another_secret_works_on_but_cannot_be_shown(
    admin: AsyncClient, alice: AsyncClient, alice_user: dict[str, Any], app: Litestar
) -> None:
    app.state.secret = b"another tinytrail.key, 32 bytes of it"
    response = await admin.get(f"{USERS}/{alice_user['id']}/api-key")
    assert (response.status_code, code(response)) == (404, "NOT_FOUND")
    assert (await alice.get("/api/v1/websites")).status_code == 200


async def test_deleting_a_user_returns_it_and_ends_its_key(
    admin: AsyncClient, alice: AsyncClient, alice_user: dict[str, Any]
) -> None:
    response = await admin.delete(f"{USERS}/{alice_user['id']}")
    assert response.status_code == 200
    without_key = {key: value for key, value in alice_user.items() if key != "apiKey"}
    assert response.json() == {"status": "success", "data": without_key}
    assert (await alice.get("/api/v1/websites")).status_code == 401
    assert (await admin.delete(f"{USERS}/{alice_user['id']}")).status_code == 404


async def test_a_users_websites_stay_with_the_account(
    admin: AsyncClient, alice_user: dict[str, Any], website: str
) -> None:
    await admin.delete(f"{USERS}/{alice_user['id']}")
    assert [site["id"] for site in (await admin.get("/api/v1/websites")).json()["data"]] == [website]


@pytest.mark.parametrize(("user_id", "status"), [("1", 400), ("x" * 36, 400), (UNKNOWN, 404)])
@pytest.mark.parametrize(("method", "tail"), [("GET", "/api-key"), ("DELETE", "")])
async def test_what_is_not_there(
    admin: AsyncClient, method: str, tail: str, user_id: str, status: int
) -> None:
    response = await admin.request(method, f"{USERS}/{user_id}{tail}")
    assert response.status_code == status
    assert code(response) == ("NOT_FOUND" if status == 404 else "INVALID_PAYLOAD")


async def test_the_last_admin_stays_another_may_go(admin: AsyncClient, account_id: str) -> None:
    [first] = (await admin.get(USERS)).json()["data"]
    refused = await admin.delete(f"{USERS}/{first['id']}")
    assert (refused.status_code, code(refused)) == (400, "INVALID_PAYLOAD")
    assert (await admin.get(USERS)).json()["data"] == [first]

    await admin.post(USERS, json={"account_id": account_id, "role": "admin"})
    assert (await admin.delete(f"{USERS}/{first['id']}")).status_code == 200
