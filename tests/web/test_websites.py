"""/api/v1/websites: list, show, create, change, delete."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.make import FakeClock, moment
from tests.web.cast import UNKNOWN, code, message

WEBSITES = "/api/v1/websites"
BLOG = {"name": "Blog", "pattern": "/blog/*"}


async def test_a_new_website_is_returned_with_its_defaults(
    alice: AsyncClient, alice_user: dict[str, Any], clock: FakeClock
) -> None:
    clock.now = moment("2026-01-15 10:30")
    response = await alice.post(WEBSITES, json={"domain": "Example.com"})
    assert response.status_code == 201
    website = response.json()["data"]
    assert response.json() == {
        "status": "success",
        "data": {
            "id": website["id"],
            "accountId": alice_user["accountId"],
            "domain": "example.com",
            "contentGroups": [],
            "excludedIps": [],
            "timezone": "UTC",
            "retentionDays": None,
            "createdAt": "2026-01-15T10:30:00.000Z",
        },
    }
    assert (await alice.get(WEBSITES)).json() == {"status": "success", "data": [website]}


async def test_a_new_website_keeps_what_it_is_given(alice: AsyncClient) -> None:
    body = {
        "domain": "example.com",
        "content_groups": [BLOG, {"name": "Docs", "pattern": "^/docs/v\\d"}],
        "excluded_ips": ["192.0.2.1", "10.0.0.0/8", "2001:db8::/32", "::1"],
        "timezone": "Europe/Berlin",
        "retention_days": 90,
    }
    website = (await alice.post(WEBSITES, json=body)).json()["data"]
    assert website["contentGroups"] == body["content_groups"]
    assert website["excludedIps"] == body["excluded_ips"]
    assert website["timezone"] == "Europe/Berlin"
    assert website["retentionDays"] == 90


async def test_owners_see_their_own_an_admin_sees_all(
    admin: AsyncClient, alice: AsyncClient, bob: AsyncClient, website: str
) -> None:
    await bob.post(WEBSITES, json={"domain": "bob.example"})
    seen = {
        name: [site["domain"] for site in (await who.get(WEBSITES)).json()["data"]]
        for name, who in {"admin": admin, "alice": alice, "bob": bob}.items()
    }
    both = ["bob.example", "example.com"]
    assert seen == {"admin": both, "alice": ["example.com"], "bob": ["bob.example"]}


async def test_one_website_is_shown_as_in_the_list(
    admin: AsyncClient, alice: AsyncClient, website: str
) -> None:
    await alice.post(WEBSITES, json={"domain": "other.example"})
    [listed] = [site for site in (await alice.get(WEBSITES)).json()["data"] if site["id"] == website]
    for who in (alice, admin):
        shown = await who.get(f"{WEBSITES}/{website.upper()}")
        assert shown.status_code == 200
        assert shown.json() == {"status": "success", "data": listed}


GOOD_DOMAINS = ["localhost", "a-b.example", "xn--caf-dma.example", "192.0.2.1", "a" * 63 + ".example"]
BAD_DOMAINS = [
    "", " ", "exa mple.com", "https://example.com", "example.com/", "example.com:80", "-a.example",
    "a-.example", ".example", "example.", "a..b", "a_b.example", "café.example", "example.com\n",
    "a" * 64 + ".example", ".".join(["a" * 60] * 5), "*.example", "<script>",
]  # fmt: skip


@pytest.mark.parametrize("domain", GOOD_DOMAINS)
async def test_domain(alice: AsyncClient, domain: str) -> None:
    assert (await alice.post(WEBSITES, json={"domain": domain})).status_code == 201


BAD_FIELDS: list[tuple[str, Any]] = [
    *(("domain", domain) for domain in BAD_DOMAINS),
    ("domain", None),
    ("domain", 7),
    ("content_groups", None),
    ("content_groups", {}),
    ("content_groups", ["Blog"]),
    ("content_groups", [{"name": "Blog"}]),
    ("content_groups", [{"pattern": "/blog/*"}]),
    ("content_groups", [{"name": "", "pattern": "/"}]),
    ("content_groups", [{"name": "Blog", "pattern": ""}]),
    ("content_groups", [{"name": "Blog", "pattern": "^/("}]),
    ("content_groups", [{"name": "Blog", "pattern": "^" + "(" * 400}]),
    ("content_groups", [{"name": "Blog\0", "pattern": "/blog/*"}]),
    ("content_groups", [BLOG] * 101),
    ("excluded_ips", None),
    ("excluded_ips", "192.0.2.1"),
    ("excluded_ips", ["192.0.2.256"]),
    ("excluded_ips", ["192.0.2.1/33"]),
    ("excluded_ips", ["192.0.2"]),
    ("excluded_ips", ["192.0.2.0/255.255.255.0"]),  # netmasks, of which the last one would exclude everybody
    ("excluded_ips", ["192.0.2.0/0.0.0.255"]),
    ("excluded_ips", ["192.0.2.1/0.0.0.0"]),
    ("excluded_ips", ["fe80::1%eth0"]),
    ("excluded_ips", ["example.com"]),
    ("excluded_ips", [""]),
    ("excluded_ips", [7]),
    ("timezone", None),
    ("timezone", ""),
    ("timezone", "Europe"),
    ("timezone", "Europe/Bielefeld"),
    ("timezone", "../../etc/passwd"),
    ("timezone", "/etc/localtime"),
    ("timezone", "UTC\0"),
    ("timezone", "localtime"),
    ("timezone", "posixrules"),
    ("timezone", "right/Europe/Berlin"),
    ("retention_days", -1),
    ("retention_days", 36_501),
    ("retention_days", 1.5),
    ("retention_days", "30"),
    ("retention_days", True),
]


@pytest.mark.parametrize(("field", "value"), BAD_FIELDS)
async def test_a_bad_field_is_a_400_that_names_it_and_changes_nothing(
    alice: AsyncClient, website: str, field: str, value: object
) -> None:
    before = (await alice.get(WEBSITES)).json()
    for method, url in (("POST", WEBSITES), ("PATCH", f"{WEBSITES}/{website}")):
        body = {"domain": "new.example"} | {field: value}
        response = await alice.request(method, url, json=body)
        assert response.status_code == 400
        assert code(response) == "INVALID_PAYLOAD"
        assert message(response).startswith(field)
    assert (await alice.get(WEBSITES)).json() == before


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "7"])
async def test_what_is_no_json_object_is_a_400(alice: AsyncClient, website: str, body: str) -> None:
    for response in (
        await alice.post(WEBSITES, content=body),
        await alice.patch(f"{WEBSITES}/{website}", content=body),
    ):
        assert (response.status_code, code(response)) == (400, "INVALID_PAYLOAD")


async def test_the_domain_is_required(alice: AsyncClient) -> None:
    response = await alice.post(WEBSITES, json={"timezone": "UTC"})
    assert (response.status_code, message(response)) == (400, "domain is required")


async def test_an_account_has_a_domain_once(alice: AsyncClient, bob: AsyncClient, website: str) -> None:
    response = await alice.post(WEBSITES, json={"domain": "EXAMPLE.com"})
    assert (response.status_code, code(response)) == (400, "INVALID_PAYLOAD")
    assert (await bob.post(WEBSITES, json={"domain": "example.com"})).status_code == 201


async def test_a_change_to_a_domain_the_account_has_is_a_400(alice: AsyncClient, website: str) -> None:
    other = (await alice.post(WEBSITES, json={"domain": "other.example"})).json()["data"]["id"]
    response = await alice.patch(f"{WEBSITES}/{other}", json={"domain": "example.com"})
    assert (response.status_code, code(response)) == (400, "INVALID_PAYLOAD")
    assert (await alice.patch(f"{WEBSITES}/{website}", json={"domain": "example.com"})).status_code == 200


async def test_an_admin_may_name_the_account(
    admin: AsyncClient, alice_user: dict[str, Any], alice: AsyncClient
) -> None:
    body = {"domain": "example.com", "account_id": alice_user["accountId"]}
    assert (await admin.post(WEBSITES, json=body)).status_code == 201
    assert [site["domain"] for site in (await alice.get(WEBSITES)).json()["data"]] == ["example.com"]


@pytest.mark.parametrize("account_id", [UNKNOWN, "acme", 7])
async def test_a_bad_account_is_a_400(admin: AsyncClient, account_id: object) -> None:
    response = await admin.post(WEBSITES, json={"domain": "example.com", "account_id": account_id})
    assert (response.status_code, code(response)) == (400, "INVALID_PAYLOAD")
    assert message(response).startswith("account_id")


async def test_a_user_may_name_no_account_but_their_own(
    admin: AsyncClient, alice: AsyncClient, alice_user: dict[str, Any], bob: AsyncClient
) -> None:
    theirs = {"domain": "a.example", "account_id": alice_user["accountId"]}
    assert (await alice.post(WEBSITES, json=theirs)).status_code == 201
    for account_id in (alice_user["accountId"], UNKNOWN):  # the same, whether there is one or not
        response = await bob.post(WEBSITES, json={"domain": "b.example", "account_id": account_id})
        assert (response.status_code, code(response)) == (403, "FORBIDDEN")


CHANGES: list[dict[str, Any]] = [
    {"domain": "new.example"},
    {"content_groups": [BLOG]},
    {"excluded_ips": ["192.0.2.0/24"]},
    {"timezone": "Asia/Tokyo"},
    {"retention_days": 0},
    {"retention_days": 36_500},
    {"retention_days": None},
    {"domain": "new.example", "timezone": "Asia/Tokyo", "content_groups": [], "excluded_ips": []},
]
ANSWERED = {
    "content_groups": "contentGroups",
    "excluded_ips": "excludedIps",
    "retention_days": "retentionDays",
}


@pytest.mark.parametrize("website_settings", [{"retention_days": 7}])
@pytest.mark.parametrize("change", CHANGES, ids=str)
async def test_a_change_leaves_the_rest_as_it_was(
    alice: AsyncClient, website: str, change: dict[str, Any]
) -> None:
    [before] = (await alice.get(WEBSITES)).json()["data"]
    response = await alice.patch(f"{WEBSITES}/{website}", json=change)
    assert response.status_code == 200
    after = before | {ANSWERED.get(field, field): value for field, value in change.items()}
    assert response.json() == {"status": "success", "data": after}
    assert (await alice.get(WEBSITES)).json()["data"] == [after]


@pytest.mark.parametrize("body", [{}, {"name": "unknown"}, {"account_id": UNKNOWN}])
async def test_a_change_of_nothing_is_a_400(alice: AsyncClient, website: str, body: dict[str, str]) -> None:
    response = await alice.patch(f"{WEBSITES}/{website}", json=body)
    assert (response.status_code, code(response)) == (400, "INVALID_PAYLOAD")


async def test_deleting_a_website_returns_it(alice: AsyncClient, website: str) -> None:
    [site] = (await alice.get(WEBSITES)).json()["data"]
    response = await alice.delete(f"{WEBSITES}/{website}")
    assert response.status_code == 200
    assert response.json() == {"status": "success", "data": site}
    assert (await alice.get(WEBSITES)).json()["data"] == []


BAD_IDS = [("1", 400, "INVALID_PAYLOAD"), (UNKNOWN[:-1], 400, "INVALID_PAYLOAD"), (UNKNOWN, 404, "NOT_FOUND")]


@pytest.mark.parametrize(("website_id", "status", "error"), BAD_IDS)
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_what_is_not_there(
    alice: AsyncClient, method: str, website_id: str, status: int, error: str
) -> None:
    body = {"domain": "new.example"} if method == "PATCH" else None
    response = await alice.request(method, f"{WEBSITES}/{website_id}", json=body)
    assert (response.status_code, code(response)) == (status, error)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_what_is_not_yours_answers_as_if_it_did_not_exist(
    admin: AsyncClient, alice: AsyncClient, bob: AsyncClient, website: str, method: str
) -> None:
    body = {"domain": "new.example"} if method == "PATCH" else None
    theirs = await bob.request(method, f"{WEBSITES}/{website}", json=body)
    nobodys = await bob.request(method, f"{WEBSITES}/{UNKNOWN}", json=body)
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json() == nobodys.json()
    assert [site["domain"] for site in (await alice.get(WEBSITES)).json()["data"]] == ["example.com"]
    assert (await admin.request(method, f"{WEBSITES}/{website}", json=body)).status_code == 200
