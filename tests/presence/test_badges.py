"""The two badges."""

from httpx import AsyncClient

from tests.make import FakeClock
from tests.presence.make import beat, register


async def test_last_seen_begins_with_never(client: AsyncClient) -> None:
    response = await client.get("/badge/last-seen.svg")

    assert response.headers["content-type"].startswith("image/svg+xml")
    assert "last seen: never" in response.text


async def test_they_show_the_figures_of_now(client: AsyncClient, clock: FakeClock) -> None:
    device = await register(client)
    for _ in range(3):
        await beat(client, device)
    clock.now += 200

    assert "last seen: 3 minutes ago" in (await client.get("/badge/last-seen.svg")).text
    assert "total beats: 3" in (await client.get("/badge/total-beats.svg")).text
