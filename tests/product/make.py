"""Builders for product events, and shorthand for sending and reading them."""

from typing import Any

from httpx import AsyncClient, Response

from tinytrail.core.connect import Tx

YEAR_2025 = {"start_date": "2025-01-01", "end_date": "2025-12-31"}


def event(**fields: Any) -> dict[str, Any]:
    """A valid body for POST /track; a field given as ... is left out."""
    body = {"event": "view", "user_id": "alice", "timestamp": "2025-01-18T14:30:00Z"} | fields
    return {key: value for key, value in body.items() if value is not ...}


async def track(client: AsyncClient, *events: str, user_id: str = "alice") -> None:
    """Send events, each written "play 2025-01-18T14:30:00Z"."""
    for text in events:
        name, _, timestamp = text.partition(" ")
        body = event(event=name, timestamp=timestamp or ..., user_id=user_id)
        response = await client.post("/track", json=body)
        assert response.status_code == 200, response.text


async def ask(client: AsyncClient, path: str, **params: str) -> Any:
    """The data of GET /metrics or /sessions, by default of all of 2025."""
    response = await client.get(path, params=YEAR_2025 | params)
    assert response.status_code == 200, response.text
    assert response.json()["status"] == "success"
    return response.json()["data"]


def assert_error(response: Response, status: int, message: str) -> None:
    """It is an error in this system's dialect, which any page may read."""
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    assert response.headers["access-control-allow-origin"] == "*"
    body = response.json()
    assert body.keys() == {"status", "message"}
    assert body["status"] == "error"
    assert message in body["message"]


def raw_events(tx: Tx) -> list[dict[str, Any]]:
    """What is stored, in order of arrival."""
    cursor = tx.execute(
        """
        select names.value as event, users.value as user_id, at, stored, is_open, metadata
          from product_events
          join product_strings names on names.id = event
          join product_strings users on users.id = user
         order by product_events.id
        """
    )
    columns = [column[0] for column in cursor.description]
    return [dict(zip(columns, row, strict=True)) for row in cursor]
