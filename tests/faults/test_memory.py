"""Callers by the million, each seen for the first time: whatever remembers them forgets as many."""

import asyncio
import gc
import inspect
import pkgutil
from collections import deque
from collections.abc import Iterator
from functools import _lru_cache_wrapper
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from httpx import AsyncClient

import tinytrail
from tests.faults.wire import resident
from tests.make import FakeClock, calling, config_in, hit
from tinytrail.app import App
from tinytrail.config import Config
from tinytrail.core import memo, ratelimit
from tinytrail.core.connect import Tx
from tinytrail.core.db import Database
from tinytrail.core.ratelimit import RateLimit

PROXY = "203.0.113.9"
LIMITS = 200  # in place of 60,000 and 100,000, where there are too few callers to reach that
SELDOM = 8  # of so many callers one does more than to be seen: that takes longer
LARGEST_CACHE = 8192  # entries


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return config_in(tmp_path, server={"trusted_proxies": [PROXY]}, web={"api_limit": ""})


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(tinytrail.__path__, "tinytrail."):
        if not found.name.endswith("__main__"):
            yield import_module(found.name)


def ours() -> list[Any]:
    """All objects of our classes that are alive."""
    return [each for each in gc.get_objects() if str(type(each).__module__).startswith("tinytrail.")]


def caches(*owners: str) -> list[Any]:
    """Every functools.cache and lru_cache of theirs, wherever it is held."""
    found = [each for each in gc.get_objects() if isinstance(each, _lru_cache_wrapper)]
    return [each for each in found if str(each.__module__).startswith(owners)]


def sizes() -> dict[str, int]:
    """Of all that can grow, by where it is held: in modules, in objects, in what is closed over."""
    found: dict[str, int] = {}
    for holder in (*modules(), *ours()):
        name = getattr(holder, "__name__", type(holder).__qualname__)
        held = {**getattr(holder, "__dict__", {}), "": holder}
        for attribute, value in held.items():
            if isinstance(value, (dict, list, set, deque)):
                place = f"{name}.{attribute}"
                found[place] = max(len(value), found.get(place, 0))
    return found


def address(number: int) -> str:
    """Half of them in IPv6, each in a network of its own."""
    if number % 2:
        return f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1"
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


async def collect(app: App, website: str, number: int) -> int:
    """The status for a visitor nobody has seen before, past all but the application."""
    body = msgspec.json.encode(hit(website, f"/{number % 100}", referrer=f"https://r{number}.example/"))
    agent = f"Mozilla/5.0 (X11; Linux x86_64; rv:{number}) Gecko/20100101 Firefox/{number}"
    scope: Any = {
        "type": "http", "method": "POST", "path": "/api/v1/collect", "raw_path": b"/api/v1/collect",
        "query_string": b"", "client": (PROXY, 1), "http_version": "1.1", "scheme": "http", "root_path": "",
        "headers": [(b"user-agent", agent.encode()), (b"x-forwarded-for", address(number).encode())],
    }  # fmt: skip
    status = 0

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    await app(scope, receive, send)
    return status


class Strangers:
    """Callers with a website's id and with a share link to it, that is to say anybody."""

    def __init__(self, app: App, website: str, share: str) -> None:
        self.app, self.website, self.share = app, website, share
        self.client = calling(app, ip=PROXY)

    async def come(self, number: int) -> int:
        if number % SELDOM == 0:
            await self.try_all(number)
        return await collect(self.app, self.website, number)

    async def try_all(self, number: int) -> None:
        """What else is limited by address."""
        from_there = {"x-forwarded-for": address(number + number // SELDOM % 2)}
        beat = {"instance_id": f"b316815f-5f81-488f-89f8-{number:012x}", "version": f"{number}"}
        statuses = [
            (await self.client.post("/heartbeat", json=beat, headers=from_there)).status_code,
            (
                await self.client.post("/api/v1/sessions", json={"api_key": f"{number}"}, headers=from_there)
            ).status_code,
            (
                await self.client.get(
                    "/api/v1/sessions/current", headers=from_there | {"x-api-key": self.share}
                )
            ).status_code,
        ]
        assert statuses == [200, 401, 200]


@pytest.fixture
async def strangers(app: App, admin: AsyncClient) -> Strangers:
    made = await admin.post("/api/v1/websites", json={"domain": "example.com"})
    website = made.json()["data"]["id"]
    made = await admin.post(f"/api/v1/websites/{website}/shares", json={"name": "x"})
    return Strangers(app, website, made.json()["data"]["token"])


@pytest.mark.parametrize("callers", [2000, pytest.param(1_000_000, marks=pytest.mark.long)])
async def test_addresses_and_agents_by_the_million_leave_memory_bounded(
    strangers: Strangers, db: Database, clock: FakeClock, callers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if callers < ratelimit.MOST_KEYS:
        monkeypatch.setattr(ratelimit, "MOST_KEYS", LIMITS)
        monkeypatch.setattr(memo, "MOST_REMEMBERED", LIMITS)
    before, at_half = sizes(), 0
    for start in range(0, callers, 100):
        if start == callers // 2:
            at_half = resident()
        answers = await asyncio.gather(*(strangers.come(number) for number in range(start, start + 100)))
        assert set(answers) <= {202, 204}  # some invented browsers are taken for bots
    assert resident() - at_half < 30
    most = max(ratelimit.MOST_KEYS, memo.MOST_REMEMBERED) + 500  # of the last group
    grown = {place: size - before.get(place, 0) for place, size in sizes().items()}
    assert {place: by for place, by in grown.items() if by > most} == {}
    assert await db.write(lambda tx: len(tx.memo)) <= memo.MOST_REMEMBERED + 500
    limits = [len(each._seen) for each in ours() if isinstance(each, RateLimit) and each._clock is clock]
    # Five by address have had to forget; the sixth counts by user, and is switched off here.
    assert sorted(limits) == [0] + [ratelimit.MOST_KEYS] * 5
    [(visits,)] = await db.read(lambda tx: tx.execute("select count(*) from visits").fetchall())
    assert visits == callers


async def test_no_cache_is_without_bounds(strangers: Strangers) -> None:
    await strangers.try_all(1)
    assert list(modules())  # whose caches are there from now on
    found = {str(cache.__wrapped__): cache for cache in caches("tinytrail.")}
    for name in ("whom_limits_count", "ClientAddress._resolve_uncached", "compile_pattern", "_place"):
        assert any(name in each for each in found), f"{name} is cached, so this has overlooked some"
    for name, cache in found.items():
        function = cache.__wrapped__  # or a Tx, whose statements sqlite3 itself remembers
        if isinstance(function, Tx) or inspect.signature(function).parameters:  # else there is one thing
            size = cache.cache_parameters()["maxsize"]
            assert size is not None, name
            assert 0 < size <= LARGEST_CACHE, name


def kept_by(cache: Any) -> Iterator[str]:
    """The texts that a cache holds on to."""
    seen, waiting = set(), [cache]
    while waiting:
        held = waiting.pop()
        if isinstance(held, (str, bytes)):
            yield held if isinstance(held, str) else held.decode("latin-1")
        elif id(held) not in seen and isinstance(held, (_lru_cache_wrapper, tuple, list, dict)):
            seen.add(id(held))
            waiting += gc.get_referents(held)
        elif type(held).__name__ == "_lru_list_elem":
            waiting += gc.get_referents(held)


async def test_long_requests_are_not_remembered(strangers: Strangers) -> None:
    """Nor what was made of them: of a query of 64 KB, 2 MB."""
    long = "a&" * 5000
    for path in (f"/stats?{long}", f"/share/{long}", f"/static/1/{long}", "/"):
        await strangers.client.get(path, headers={"cookie": f"tinytrail_theme={long}"})
    texts = [text for cache in caches("tinytrail.", "litestar.") for text in kept_by(cache)]
    assert [text for text in texts if "a&a&a&" in text] == []
