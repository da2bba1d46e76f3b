"""Builders: the smallest valid thing of each kind, with whatever a test wants different."""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from httpx import ASGITransport, AsyncClient

from tinytrail.config import Config
from tinytrail.jobs import JOBS

BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/139.0.0.0 Safari/537.36"
)
SATURDAY = 1_773_480_600  # 2026-03-14 09:30:00 UTC, a Saturday

# How many random histories are compared with a model: as many as a commit can wait for.
EXAMPLES = int(os.environ.get("TINYTRAIL_TEST_EXAMPLES", "8"))

SECOND, MINUTE, HOUR, DAY = 1, 60, 3600, 86_400


class FakeClock:
    """Stands still until a test moves `now`."""

    def __init__(self, now: float = SATURDAY) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def config_in(folder: Path, **settings: Any) -> Config:
    """Settings with the files in `folder`; sections as dicts: `web={"collect_limit": ""}`."""
    files = {"database": f"{folder}/tinytrail.db", "key_file": f"{folder}/tinytrail.key"}
    return msgspec.convert(files | settings, Config)


def alone_in(folder: Path, system: str, **settings: Any) -> Config:
    """The same without the other three systems; most of what it takes to make an app is web."""
    others = {"web", "track", "installs", "presence"} - {system}
    return config_in(folder, **dict.fromkeys(others, {"enabled": False}), **settings)


def calling(app: Any, ip: str = "203.0.113.9", **headers: str) -> AsyncClient:
    """A client of the app at this address, which sends these headers (`x_api_key`) with every request."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return AsyncClient(transport=ASGITransport(app, client=(ip, 1234)), base_url="http://test", headers=named)


async def until_started(app: Any, seconds: float = 60) -> None:
    """Wait until the jobs that run at a start have run."""
    async with asyncio.timeout(seconds):
        while not all(app.state.runs[job.name].count for job in JOBS if job.at_start):  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # nothing tells when they have


def hit(website_id: str, path: str = "/", /, **fields: Any) -> dict[str, Any]:
    """A valid body for POST /api/v1/collect; a field given as None is left out."""
    body = {
        "website_id": website_id,
        "event_type": "page_view",
        "url": f"https://example.com{path}",
        "path": path,
        **fields,
    }
    return {key: value for key, value in body.items() if value is not None}


def moment(text: str) -> float:
    """The Unix time of "2026-03-14 09:30", UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
