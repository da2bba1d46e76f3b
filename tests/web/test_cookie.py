"""Which requests may come with the session cookie: those of our own pages."""

from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient
from litestar import Litestar

from tests.make import calling
from tests.web.cast import code
from tests.web.conftest import PEER, web_alone
from tinytrail.config import Config

SESSIONS = "/api/v1/sessions"
WEBSITES = "/api/v1/websites"

OURS, PUBLIC = "http://test", "https://stats.example.com"

# The server is asked as http://test, and knows of no other name.
RULES = [
    # Sec-Fetch-Site, Origin                    may read, may change
    (None, None, True, False),
    (None, OURS, True, True),
    (None, "https://test", True, True),  # a proxy that does not tell of its https
    (None, "http://stats.example.com", False, False),
    (None, "https://stats.example.com.evil.example", False, False),
    (None, "https://evil.example", False, False),
    (None, "http://test:8080", False, False),
    (None, "http://a.test", False, False),
    (None, "null", False, False),
    (None, "", True, False),
    ("same-origin", None, True, True),
    ("same-origin", OURS, True, True),
    ("same-origin", "https://elsewhere.example", True, True),  # a proxy has given us another name
    ("none", None, True, False),
    ("none", OURS, True, True),
    ("none", "https://evil.example", False, False),
    ("same-site", None, False, False),
    ("same-site", OURS, False, False),
    ("cross-site", None, False, False),
    ("cross-site", OURS, False, False),
    ("Same-Origin", OURS, False, False),
]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    public = {"public_url": f"{PUBLIC}/tt", "trusted_proxies": [PEER]}
    return web_alone(tmp_path, server=public, web={"api_limit": "", "sign_in_limit": ""})


@pytest.fixture
async def cookie(app: Litestar, alice_user: dict[str, Any]) -> dict[str, str]:
    """The header by which Alice's session is known."""
    async with calling(app) as browser:
        response = await browser.post(SESSIONS, json={"api_key": alice_user["apiKey"]})
    return {"cookie": response.headers["set-cookie"].partition(";")[0]}


def from_page(site: str | None, origin: str | None) -> dict[str, str]:
    given = {"sec-fetch-site": site, "origin": origin}
    return {name: value for name, value in given.items() if value is not None}


@pytest.mark.parametrize(("site", "origin", "may_read", "may_change"), RULES)
class TestByHttp:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return web_alone(tmp_path, web={"api_limit": ""})

    async def test_only_our_own_pages_may_send_the_cookie(
        self,
        client: AsyncClient,
        cookie: dict[str, str],
        site: str | None,
        origin: str | None,
        may_read: bool,
        may_change: bool,
    ) -> None:
        headers = cookie | from_page(site, origin)
        read = await client.get(WEBSITES, headers=headers)
        assert read.status_code == (200 if may_read else 403)
        for method, path, body in (
            ("POST", WEBSITES, {"domain": "new.example"}),
            ("PATCH", f"{WEBSITES}/not-one", {}),
            ("DELETE", f"{WEBSITES}/not-one", None),
        ):
            changed = await client.request(method, path, json=body, headers=headers)
            assert (changed.status_code != 403) == may_change
            if not may_change:
                assert code(changed) == "FORBIDDEN"


@pytest.mark.parametrize(("site", "origin", "_may_read", "may_change"), RULES)
async def test_a_key_may_be_sent_from_anywhere(
    alice: AsyncClient, site: str | None, origin: str | None, _may_read: bool, may_change: bool
) -> None:
    made = await alice.post(WEBSITES, json={"domain": "new.example"}, headers=from_page(site, origin))
    assert made.status_code == 201


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (PUBLIC, 200),
        ("https://test", 200),
        ("http://test", 403),  # somebody between browser and proxy could have made that page
        ("http://stats.example.com", 403),
        ("https://STATS.example.com", 403),  # no browser writes so
    ],
)
async def test_where_the_server_has_https_a_page_without_it_is_another_origin(
    client: AsyncClient, cookie: dict[str, str], origin: str, status: int
) -> None:
    response = await client.get(WEBSITES, headers=cookie | {"origin": origin})
    assert response.status_code == status


async def test_by_https_a_cookie_that_a_sibling_domain_may_have_set_is_nobodys(
    client: AsyncClient, cookie: dict[str, str]
) -> None:
    """Browsers take one whose name begins with __Host- from the host alone that it goes to."""
    ours = cookie["cookie"]
    theirs = ours.removeprefix("__Host-")
    assert ours != theirs
    assert (await client.get(WEBSITES, headers={"cookie": theirs})).status_code == 401
    both = {"cookie": f"{ours}; tinytrail_session=theirs"}
    assert (await client.get(WEBSITES, headers=both)).status_code == 200


SIGN_IN = [
    # Sec-Fetch-Site, Origin, status
    (None, None, 201),  # a program
    ("none", None, 201),
    (None, "https://test", 201),
    ("same-origin", None, 201),
    ("cross-site", None, 403),
    ("same-site", PUBLIC, 403),
    (None, "https://evil.example", 403),
    (None, "null", 403),
]


@pytest.mark.parametrize(("site", "origin", "status"), SIGN_IN)
@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
async def test_no_page_elsewhere_can_sign_somebody_in(
    client: AsyncClient,
    alice_user: dict[str, Any],
    site: str | None,
    origin: str | None,
    status: int,
    content_type: str,
) -> None:
    """As itself, so that what its victim then does can be read."""
    headers = from_page(site, origin) | {"content-type": content_type}
    body = f'{{"api_key": "{alice_user["apiKey"]}"}}'
    response = await client.post(SESSIONS, content=body, headers=headers)
    assert response.status_code == status
    assert ("set-cookie" in response.headers) == (status == 201)
