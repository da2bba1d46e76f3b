"""Builders for this system's tests."""

from typing import Any

import httpx
from httpx import ASGITransport, AsyncClient

from tinytrail.core.connect import Tx

INSTANCE = "b316815f-5f81-488f-89f8-12b62013dfa4"


def instance_id(number: int) -> str:
    """Different for each number."""
    return f"b316815f-5f81-488f-89f8-{number:012x}"


def heartbeat(**fields: Any) -> dict[str, Any]:
    """A valid body for POST /heartbeat; a field given as None is left out."""
    body = {"version": "2.0.0", "instance_id": INSTANCE, **fields}
    return {key: value for key, value in body.items() if value is not None}


def client_at(app: Any, address: str = "203.0.113.9") -> AsyncClient:
    return AsyncClient(transport=ASGITransport(app, client=(address, 1234)), base_url="http://test")


async def beat(client: AsyncClient, *numbers: int, version: str = "2.0.0") -> None:
    """A heartbeat of each of these instances."""
    for number in numbers or (0,):
        body = heartbeat(instance_id=instance_id(number), version=version)
        response = await client.post("/heartbeat", json=body)
        assert response.status_code == 200, response.text


async def total(client: AsyncClient) -> int:
    return int((await client.get("/stats")).json()["total"])


async def versions(admin: AsyncClient) -> dict[str, int]:
    """In the order of the answer; and all that is always true of it."""
    response = await admin.get("/stats/versions")
    assert response.status_code == 200, response.text
    found = [(row["version"], row["count"]) for row in response.json()]
    assert found == sorted(found, key=lambda row: (-row[1], row[0]))
    assert all(count > 0 for _, count in found)
    assert sum(count for _, count in found) == await total(admin)
    return dict(found)


async def history(client: AsyncClient, timeframe: str = "daily") -> dict[str, int]:
    """Its dates and counts; and all that is always true of it."""
    stats = (await client.get("/stats", params={"timeframe": timeframe})).json()
    points = {point["date"]: point["count"] for point in stats["history"]}
    assert len(points) == len(stats["history"])
    assert list(points) == sorted(points)
    assert list(points.values())[-1:] in ([], [stats["total"]])
    return points


def days(first: int, *counts: int) -> dict[str, int]:
    """Days of March 2026."""
    return {f"2026-03-{first + n:02}": count for n, count in enumerate(counts)}


def all_days(tx: Tx) -> list[tuple[int, int]]:
    return tx.execute("select day, active from active_days order by day").fetchall()


def is_one_line_of_text(response: httpx.Response) -> bool:
    kind = response.headers["content-type"]
    return kind.startswith("text/plain") and len(response.text.splitlines()) == 1
