"""Alice, who owns the website example.com; Bob, a stranger with a key of his own; and the admin."""

from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from tests.conftest import SignIn
from tests.make import FakeClock, alone_in
from tests.web.cast import Owner, Traffic
from tinytrail.config import Config

PEER = "203.0.113.9"  # where `client` calls from


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """`client` stands for a proxy, so that one test can be many visitors; and nobody is limited."""
    return web_alone(
        tmp_path,
        server={"trusted_proxies": [PEER]},
        geo={"header": "CF-IPCountry"},
        web={"collect_limit": "", "api_limit": ""},
    )


def web_alone(folder: Path, **settings: Any) -> Config:
    """Settings without the other three systems."""
    return alone_in(folder, "web", **settings)


async def new_user(admin: AsyncClient, account: str, email: str, role: str = "user") -> dict[str, Any]:
    """A user in an account of that name, made for the occasion; the answer's `data`, key and all."""
    made = await admin.post("/api/v1/accounts", json={"name": account})
    body = {"account_id": made.json()["data"]["id"], "role": role, "email": email}
    user: dict[str, Any] = (await admin.post("/api/v1/users", json=body)).json()["data"]
    return user


@pytest.fixture
async def alice_user(admin: AsyncClient) -> dict[str, Any]:
    return await new_user(admin, "Acme Corp", "alice@example.com")


@pytest.fixture
async def alice(sign_in: SignIn, alice_user: dict[str, Any]) -> AsyncClient:
    return await sign_in(alice_user["apiKey"])


@pytest.fixture
async def bob(sign_in: SignIn, admin: AsyncClient) -> AsyncClient:
    return await sign_in((await new_user(admin, "Strangers", "bob@example.net"))["apiKey"])


@pytest.fixture
def website_settings() -> dict[str, Any]:
    """Override, in a module or by `parametrize`, for a website with more than a domain."""
    return {}


@pytest.fixture
async def website(alice: AsyncClient, website_settings: dict[str, Any]) -> str:
    """The id of Alice's website, which is in UTC unless told otherwise."""
    made = await alice.post("/api/v1/websites", json={"domain": "example.com"} | website_settings)
    assert made.status_code == 201, made.text
    website_id: str = made.json()["data"]["id"]
    return website_id


@pytest.fixture
def visit(client: AsyncClient, clock: FakeClock, website: str) -> Traffic:
    return Traffic(client, clock, website)


@pytest.fixture
def owner(alice: AsyncClient, website: str) -> Owner:
    return Owner(alice, website)
