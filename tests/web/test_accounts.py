"""/api/v1/accounts: list, create, delete."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.make import FakeClock, moment
from tests.web.cast import UNKNOWN, code, message

ACCOUNTS = "/api/v1/accounts"


async def test_a_new_account_is_returned_and_listed(admin: AsyncClient, clock: FakeClock) -> None:
    clock.now = moment("2026-01-15 10:30") + 0.25
    response = await admin.post(ACCOUNTS, json={"name": "Acme Corp"})
    assert response.status_code == 201
    account = response.json()["data"]
    assert response.json() == {
        "status": "success",
        "data": {"id": account["id"], "name": "Acme Corp", "createdAt": "2026-01-15T10:30:00.250Z"},
    }
    listed = await admin.get(ACCOUNTS)
    assert listed.status_code == 200
    assert listed.json()["status"] == "success"
    assert account in listed.json()["data"]


async def test_accounts_are_listed_as_they_were_made(admin: AsyncClient, clock: FakeClock) -> None:
    for name in ("Zebra", "Ant"):
        clock.now += 1
        await admin.post(ACCOUNTS, json={"name": name})
    names = [account["name"] for account in (await admin.get(ACCOUNTS)).json()["data"]]
    assert names == ["My account", "Zebra", "Ant"]


BAD_BODIES = [
    ({}, "name"),
    ({"name": None}, "name"),
    ({"name": 7}, "name"),
    ({"name": ""}, "name"),
    ({"name": " \t"}, "name"),
    ({"name": "x" * 201}, "name"),
    ([], "body"),
    ("{", "body"),
    ("", "body"),
]


@pytest.mark.parametrize(("body", "field"), BAD_BODIES)
async def test_a_bad_body_is_a_400_that_names_the_field(admin: AsyncClient, body: Any, field: str) -> None:
    sent = {"content": body} if isinstance(body, str) else {"json": body}
    response = await admin.post(ACCOUNTS, **sent)
    assert response.status_code == 400
    assert code(response) == "INVALID_PAYLOAD"
    assert message(response).startswith(field)
    assert len((await admin.get(ACCOUNTS)).json()["data"]) == 1


async def test_unknown_keys_are_ignored(admin: AsyncClient) -> None:
    response = await admin.post(ACCOUNTS, json={"name": "Acme", "plan": "pro", "id": UNKNOWN})
    assert response.status_code == 201
    assert response.json()["data"]["id"] != UNKNOWN


async def test_deleting_an_account_returns_it(admin: AsyncClient) -> None:
    account = (await admin.post(ACCOUNTS, json={"name": "Acme"})).json()["data"]
    response = await admin.delete(f"{ACCOUNTS}/{account['id']}")
    assert response.status_code == 200
    assert response.json() == {"status": "success", "data": account}
    assert account not in (await admin.get(ACCOUNTS)).json()["data"]
    again = await admin.delete(f"{ACCOUNTS}/{account['id']}")
    assert (again.status_code, code(again)) == (404, "NOT_FOUND")


async def test_an_account_takes_its_users_and_websites_with_it(
    admin: AsyncClient, alice: AsyncClient, website: str
) -> None:
    [site] = (await alice.get("/api/v1/websites")).json()["data"]
    await admin.delete(f"{ACCOUNTS}/{site['accountId']}")
    assert (await alice.get("/api/v1/websites")).status_code == 401
    assert (await admin.get("/api/v1/websites")).json()["data"] == []
    emails = [user["email"] for user in (await admin.get("/api/v1/users")).json()["data"]]
    assert emails == [None]  # the admin's own


BAD_IDS = [("1", 400), ("not-a-uuid", 400), (UNKNOWN.replace("-", ""), 400), (UNKNOWN, 404)]


@pytest.mark.parametrize(("account_id", "status"), BAD_IDS)
async def test_deleting_what_is_not_there(admin: AsyncClient, account_id: str, status: int) -> None:
    response = await admin.delete(f"{ACCOUNTS}/{account_id}")
    assert response.status_code == status
    assert code(response) == ("NOT_FOUND" if status == 404 else "INVALID_PAYLOAD")


async def test_an_id_in_capitals_is_the_same_id(admin: AsyncClient) -> None:
    account = (await admin.post(ACCOUNTS, json={"name": "Acme"})).json()["data"]
    assert (await admin.delete(f"{ACCOUNTS}/{account['id'].upper()}")).status_code == 200


async def test_the_last_admins_account_stays(admin: AsyncClient) -> None:
    [account] = (await admin.get(ACCOUNTS)).json()["data"]
    response = await admin.delete(f"{ACCOUNTS}/{account['id']}")
    assert (response.status_code, code(response)) == (400, "INVALID_PAYLOAD")
    assert (await admin.get(ACCOUNTS)).json()["data"] == [account]
