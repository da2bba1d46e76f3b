"""What the tests of presence do over and over."""

from typing import Any

from httpx import AsyncClient, Response

SECRET_KEY = "geheim, schlüssel"
KEY = SECRET_KEY.encode()  # as it travels in a header


def keyed(value: bytes) -> dict[bytes, bytes]:
    return {b"authorization": value}


async def register(client: AsyncClient, name: str = "Laptop") -> dict[str, Any]:
    response = await client.post("/api/devices", json={"name": name}, headers=keyed(KEY))
    assert response.status_code == 200, response.text
    device: dict[str, Any] = response.json()
    return device


async def beat(client: AsyncClient, device: dict[str, Any]) -> Response:
    return await client.post("/api/beat", headers={"authorization": device["token"]})


async def stats(client: AsyncClient) -> dict[str, Any]:
    response = await client.get("/api/stats")
    assert response.status_code == 200
    answer: dict[str, Any] = response.json()
    return answer
