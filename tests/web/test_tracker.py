"""GET /js/tracker.js: its headers; tests/e2e runs it in a browser."""

from importlib.resources import files

from httpx import AsyncClient


async def test_the_tracker_is_served_to_anyone_and_kept_for_a_day(client: AsyncClient) -> None:
    response = await client.get("/js/tracker.js")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/javascript"
    assert response.headers["cache-control"] == "public, max-age=86400"
    assert response.content == files("tinytrail").joinpath("static/tracker.js").read_bytes()
    assert "set-cookie" not in response.headers
