"""Who sent an event: bots, excluded addresses, and where an address and a country are read from."""

from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient
from litestar import Litestar

from tests.make import BROWSER, calling, hit
from tests.web.cast import COLLECT, FIREFOX, GOOGLEBOT, IPHONE, Owner, Traffic
from tests.web.conftest import web_alone
from tinytrail.config import Config

HEADLESS = BROWSER.replace("Chrome/", "HeadlessChrome/")
BOTS = [GOOGLEBOT, HEADLESS, "curl/8.5.0", "python-requests/2.32.3", "", " "]


@pytest.mark.parametrize("agent", BOTS)
async def test_a_bot_is_answered_204_and_shown_only_on_request(
    visit: Traffic, owner: Owner, agent: str
) -> None:
    await visit("/", "/two", agent=agent, status=204)
    assert (await owner.metrics())["pageviews"] == 0
    assert (await owner.metrics(include_bots="false"))["visits"] == 0
    assert (await owner.metrics(include_bots="true"))["pageviews"] == 2


async def test_no_user_agent_at_all_is_a_bot(client: AsyncClient, website: str, owner: Owner) -> None:
    del client.headers["user-agent"]
    assert (await client.post(COLLECT, json=hit(website))).status_code == 204
    assert (await owner.metrics(include_bots="true"))["visits"] == 1


@pytest.mark.parametrize("agent", [BROWSER, FIREFOX, IPHONE])
async def test_a_browser_is_none(visit: Traffic, owner: Owner, agent: str) -> None:
    await visit("/", agent=agent)
    assert (await owner.metrics())["pageviews"] == 1


EXCLUDED = [
    # excluded_ips             who comes                  is excluded
    (["192.0.2.7"], "192.0.2.7", True),
    (["192.0.2.7"], "192.0.2.8", False),
    (["192.0.2.0/24"], "192.0.2.255", True),
    (["192.0.2.0/24"], "192.0.3.0", False),
    (["192.0.2.7/24"], "192.0.2.1", True),  # bits of the host are forgiven
    (["2001:db8::7"], "2001:DB8:0::7", True),
    (["2001:db8::7"], "[2001:db8::7]:443", True),
    (["2001:db8::/32"], "2001:db8:ffff::1", True),
    (["2001:db8::/32"], "2001:db9::1", False),
    (["192.0.2.7"], "::ffff:192.0.2.7", True),
    (["10.0.0.0/8", "2001:db8::/32", "192.0.2.7"], "192.0.2.7:8080", True),
    (["0.0.0.0/0"], "2001:db8::7", False),
    (["::/0"], "192.0.2.7", False),
    ([], "192.0.2.7", False),
]


@pytest.mark.parametrize(
    ("website_settings", "ip", "is_excluded"),
    [({"excluded_ips": networks}, ip, is_excluded) for networks, ip, is_excluded in EXCLUDED],
    ids=[f"{ip} in {networks}" for networks, ip, _ in EXCLUDED],
)
async def test_excluded_addresses_are_answered_204_and_never_shown(
    visit: Traffic, owner: Owner, ip: str, is_excluded: bool
) -> None:
    await visit("/", ip=ip, status=204 if is_excluded else 202)
    for include_bots in ("true", "false"):
        shown = (await owner.metrics(include_bots=include_bots))["pageviews"]
        assert shown == (0 if is_excluded else 1)
    assert (await owner.report("realtime"))["active_visitors"] == (0 if is_excluded else 1)


async def test_a_change_of_excluded_ips_holds_from_the_next_event_on(
    visit: Traffic, owner: Owner, alice: AsyncClient, website: str
) -> None:
    await visit("/before", ip="192.0.2.7")
    await alice.patch(f"/api/v1/websites/{website}", json={"excluded_ips": ["192.0.2.7"]})
    await visit("/while", ip="192.0.2.7", status=204)
    await alice.patch(f"/api/v1/websites/{website}", json={"excluded_ips": []})
    await visit("/after", ip="192.0.2.7")
    assert {row["path"] for row in await owner.rows("pages")} == {"/before", "/after"}


FORWARDED = [
    # X-Forwarded-For                                   who it is
    ("192.0.2.7", "192.0.2.7"),
    ("192.0.2.66, 192.0.2.7", "192.0.2.7"),  # the left one is whatever the visitor claims
    ("192.0.2.7, 203.0.113.9", "192.0.2.7"),  # a trusted proxy further on
    ("192.0.2.7, nonsense, 203.0.113.9", "203.0.113.9"),  # nobody vouches for what is left of it
    ("", "203.0.113.9"),
]


@pytest.mark.parametrize(("forwarded", "who"), FORWARDED)
async def test_behind_a_trusted_proxy_the_rightmost_stranger_is_the_visitor(
    client: AsyncClient, alice: AsyncClient, website: str, forwarded: str, who: str
) -> None:
    await alice.patch(f"/api/v1/websites/{website}", json={"excluded_ips": [who]})
    response = await client.post(COLLECT, json=hit(website), headers={"x-forwarded-for": forwarded})
    assert response.status_code == 204


async def test_x_forwarded_for_in_several_headers_is_one_list(
    client: AsyncClient, alice: AsyncClient, website: str
) -> None:
    await alice.patch(f"/api/v1/websites/{website}", json={"excluded_ips": ["192.0.2.7"]})
    proxies = [("x-forwarded-for", "192.0.2.7"), ("user-agent", BROWSER), ("x-forwarded-for", "203.0.113.9")]
    response = await client.post(COLLECT, json=hit(website), headers=proxies)
    assert response.status_code == 204  # the left one: 203.0.113.9 is a proxy that is trusted


@pytest.mark.parametrize("website_settings", [{"excluded_ips": ["192.0.2.7"]}])
async def test_anybody_elses_x_forwarded_for_is_not_believed(app: Litestar, website: str) -> None:
    stranger = calling(app, "192.0.2.7", user_agent=BROWSER, x_forwarded_for="198.51.100.1")
    async with stranger as client:
        assert (await client.post(COLLECT, json=hit(website))).status_code == 204


async def test_visitors_are_told_apart_by_address_and_by_agent(visit: Traffic, owner: Owner) -> None:
    await visit("/", ip="192.0.2.1")
    await visit("/", ip="192.0.2.2")
    await visit("/", ip="192.0.2.1", agent=FIREFOX)
    await visit("/", ip="192.0.2.1")
    await visit("/", ip="::ffff:192.0.2.1")  # the first one, in IPv6 clothes
    metrics = await owner.metrics()
    assert (metrics["unique_visitors"], metrics["visits"], metrics["pageviews"]) == (3, 3, 5)


COUNTRIES = [("de", "DE"), ("FR", "FR"), ("XX", None), ("T1", None), ("Germany", None), ("", None)]


@pytest.mark.parametrize(("header", "country"), COUNTRIES)
async def test_a_trusted_proxy_tells_the_country(
    visit: Traffic, owner: Owner, header: str, country: str | None
) -> None:
    await visit("/", country=header)
    assert await owner.rows("countries") == ([{"country": country, "visits": 1}] if country else [])


async def test_nobody_elses_word_is_taken_for_the_country(app: Litestar, website: str, owner: Owner) -> None:
    stranger = calling(app, "192.0.2.7", user_agent=BROWSER, cf_ipcountry="DE")
    async with stranger as client:
        assert (await client.post(COLLECT, json=hit(website))).status_code == 202
    assert await owner.rows("countries") == []


class TestWithoutAGeoSection:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        proxy: dict[str, Any] = {"trusted_proxies": ["203.0.113.0/24"]}
        return web_alone(tmp_path, server=proxy)

    async def test_no_country_is_known(self, visit: Traffic, owner: Owner) -> None:
        await visit("/", country="DE")
        assert await owner.rows("countries") == []
