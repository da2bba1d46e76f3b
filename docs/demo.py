"""A demonstration: websites with a past, told to a server through its own API by a clock that runs fast.

`python -m docs.demo FOLDER` fills a folder; `tinytrail serve` there shows it. README's pictures are of it.
"""

import argparse
import asyncio
import random
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from httpx import AsyncClient

from tests.make import DAY, FakeClock, calling, config_in, hit
from tinytrail.app import create_app
from tinytrail.first_run import make_first_admin

PROXY = "127.0.0.1"
DAYS = 120

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
IOS = "like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
AGENTS = (
    # share, screen width, User-Agent
    (34, 1920, f"{WINDOWS} {CHROME} Safari/537.36"),
    (14, 1440, f"{MAC} Version/18.6 Safari/605.1.15"),
    (16, 1680, "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"),
    (17, 390, f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 {IOS}"),
    (13, 412, f"Mozilla/5.0 (Linux; Android 15; Pixel 9) {CHROME} Mobile Safari/537.36"),
    (3, 820, f"Mozilla/5.0 (iPad; CPU OS 18_6 {IOS}"),
    (3, 1536, f"{WINDOWS} {CHROME} Safari/537.36 Edg/142.0.0.0"),
)
SOURCES = (
    (36, ""),
    (24, "https://www.google.com/"),
    (8, "https://news.ycombinator.com/item?id=1"),
    (6, "https://duckduckgo.com/"),
    (6, "https://lobste.rs/s/abc"),
    (5, "https://www.reddit.com/r/selfhosted/"),
    (4, "https://mastodon.social/@someone"),
    (3, "https://github.com/tinytrail"),
    (3, "https://www.bing.com/"),
    (3, "https://chatgpt.com/"),
    (2, "https://blog.neighbour.example/links"),
)
CAMPAIGNS = (
    (85, ""),
    (9, "?utm_source=newsletter&utm_medium=email&utm_campaign=november"),
    (4, "?utm_source=mastodon&utm_medium=social&utm_campaign=launch"),
    (2, "?utm_source=podcast&utm_campaign=launch"),
)
COUNTRIES = (
    (26, "DE"),
    (24, "US"),
    (10, "GB"),
    (8, "FR"),
    (6, "NL"),
    (5, "CH"),
    (4, "SE"),
    (4, "IN"),
    (3, "CA"),
    (10, ""),
)
PAGES = (
    (26, "/"),
    (16, "/blog/one-machine-is-plenty"),
    (12, "/blog/sqlite-in-production"),
    (9, "/blog/a-proxy-in-ten-lines"),
    (7, "/blog/backups-that-restore"),
    (7, "/pricing"),
    (6, "/docs/install"),
    (5, "/docs/embed"),
    (4, "/about"),
    (3, "/blog/why-no-cookies"),
    (3, "/docs/api"),
    (2, "/blog/tags/sqlite"),
)
BLOG, DOCS = {"name": "Blog", "pattern": "/blog/*"}, {"name": "Docs", "pattern": "/docs/*"}
WEBSITES: tuple[tuple[str, int, str, list[dict[str, str]]], ...] = (
    # domain, visits on a usual day, zone, content groups
    ("blog.example.com", 70, "Europe/Berlin", [BLOG, DOCS]),
    ("docs.example.com", 22, "UTC", []),
    ("photos.example.org", 9, "UTC", []),
)
VERSIONS = ((60, "1.14.2"), (25, "1.14.1"), (10, "1.13.0"), (5, "1.9.4"))


class Demo:
    """One run through the past, the same each time for the same `seed`."""

    def __init__(self, client: AsyncClient, clock: FakeClock, seed: int = 7) -> None:
        self.client, self.clock, self.random = client, clock, random.Random(seed)

    def pick(self, table: tuple[Any, ...]) -> Any:
        """A row by its share, without the share."""
        [row] = self.random.choices(table, [row[0] for row in table])
        return row[1] if len(row) == 2 else row[1:]

    async def post(self, path: str, body: Any, headers: dict[str, str] | None = None) -> Any:
        response = await self.client.post(path, json=body, headers=headers)
        assert response.status_code in (200, 201, 202), response.text
        return response

    async def visit(self, website_id: str, domain: str, at: float) -> None:
        """One visit: pages with pauses, perhaps a signup."""
        width, agent = self.pick(AGENTS)
        address = f"198.51.{self.random.randrange(256)}.{self.random.randrange(256)}"
        headers = {"x-forwarded-for": address, "user-agent": agent, "cf-ipcountry": self.pick(COUNTRIES)}
        referrer, query = self.pick(SOURCES), self.pick(CAMPAIGNS)
        self.clock.now = at
        steps = 1 if self.random.random() < 0.5 else self.random.randint(2, 6)
        for _ in range(steps):
            path = self.pick(PAGES)
            fields = {"url": f"https://{domain}{path}{query}", "referrer": referrer, "screen_width": width}
            events = [hit(website_id, path, **fields)]
            if self.random.random() < 0.6:
                events.append(hit(website_id, path, event_type="scroll_50", **fields))
            if path == "/pricing" and self.random.random() < 0.35:
                plan = self.random.choice(("free", "pro", "pro", "team"))
                properties = {"event_name": "signup", "plan": plan, "source": "pricing"}
                events.append(hit(website_id, path, event_type="custom", properties=properties, **fields))
            if path.startswith("/docs") and self.random.random() < 0.4:
                properties = {"event_name": "copy_snippet", "page": path}
                events.append(hit(website_id, path, event_type="custom", properties=properties, **fields))
            await self.post("/api/v1/collect", events, headers)
            self.clock.now += self.random.randint(8, 240)

    async def web(self, now: float) -> None:
        for number, (domain, usual, zone, groups) in enumerate(WEBSITES):
            body = {"domain": domain, "timezone": zone, "content_groups": groups}
            website_id = (await self.post("/api/v1/websites", body)).json()["data"]["id"]
            days = DAYS if not number else 40
            for ago in range(days, -1, -1):
                day = now - ago * DAY
                weekend = 0.6 if datetime.fromtimestamp(day, UTC).weekday() > 4 else 1
                talked_of = 2.4 if ago in (16, 17, 63) else 1
                growth = 1.25 - ago / days
                for _ in range(round(usual * weekend * talked_of * growth * self.random.uniform(0.8, 1.2))):
                    at = day - self.random.betavariate(2, 2) * DAY
                    await self.visit(website_id, domain, at)
            for ago in (1500, 1100, 800, 500, 320, 150):  # and some who are here now
                await self.visit(website_id, domain, now - ago)

    async def product(self, now: float) -> None:
        for ago in range(60, -1, -1):
            for number in range(self.random.randint(6, 16)):
                user = f"user-{self.random.randrange(40)}"
                start = now - ago * DAY - self.random.randrange(DAY // 2)
                self.clock.now = now
                for event, at in (
                    ("play", start),
                    ("pause", start + 60),
                    ("stop", start + 120 + 90 * number),
                ):
                    stamp = datetime.fromtimestamp(at, UTC).isoformat()
                    await self.post("/track", {"event": event, "user_id": user, "timestamp": stamp})

    async def installs(self, now: float) -> None:
        instances = [
            (f"{number:08x}-0000-4000-8000-000000000000", self.pick(VERSIONS)) for number in range(160)
        ]
        for ago in range(75, -1, -1):
            self.clock.now = now - ago * DAY
            for number, (instance, version) in enumerate(instances):
                if number < 60 + (75 - ago) * 1.2 and (number + ago) % 17:
                    body = {"instance_id": instance, "version": version}
                    await self.post("/heartbeat", body, {"x-forwarded-for": f"203.0.113.{number}"})

    async def presence(self, now: float) -> None:
        named = [("Laptop", 0.5), ("Phone", 0.9), ("Workstation", 0.3)]
        tokens = []
        for name, share in named:
            device = await self.post("/api/devices", {"name": name}, {"authorization": "demo"})
            tokens.append((device.json()["token"], share))
        for ago in range(14 * 24 * 4, 0, -1):
            self.clock.now = now - ago * 900
            hour = self.clock.now // 3600 % 24
            for token, share in tokens:
                if 6 < hour < 23 and self.random.random() < share:
                    await self.post("/api/beat", None, {"authorization": token})


def settings() -> dict[str, Any]:
    return {
        "server": {"trusted_proxies": [PROXY]},
        "web": {"collect_limit": "", "api_limit": ""},
        "installs": {"heartbeat_limit": "", "new_limit": ""},
        "presence": {"secret_key": "demo", "server_name": "Robin"},
        "geo": {"header": "CF-IPCountry"},
    }


async def fill(folder: Path, now: float | None = None) -> str:
    """Make a database in this folder. The admin's API key."""
    now = time.time() if now is None else now
    clock = FakeClock(now - (DAYS + 1) * DAY)
    app = create_app(config_in(folder, **settings()), clock)
    async with app.lifespan():
        key: str | None = await app.state.db.write(make_first_admin, app.state.secret, clock.now)
        assert key, "the folder holds a database already"
        async with calling(app, PROXY, x_api_key=key) as client:
            demo = Demo(client, clock)
            await demo.web(now)
            await demo.product(now)
            await demo.installs(now)
            await demo.presence(now)
    return key


def folder_without_database(name: str) -> Path:
    """Made where it is not there."""
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{name}: {error.strerror}") from None
    if (folder / "tinytrail.db").exists():
        raise argparse.ArgumentTypeError(f"{name} holds a database already")
    return folder


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=folder_without_database)
    print(asyncio.run(fill(parser.parse_args().folder)))
