"""GET /js/tracker.js: its headers; tests/e2e runs it in a browser."""

import gzip
from importlib.resources import files

import pytest
from httpx import AsyncClient


async def test_the_tracker_is_served_to_anyone_and_kept_for_a_day(client: AsyncClient) -> None:
    response = await client.get("/js/tracker.js")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/javascript"
    assert response.headers["cache-control"] == "public, max-age=86400"
    assert response.headers["cross-origin-resource-policy"] == "cross-origin"
    assert response.content == files("tinytrail").joinpath("static/tracker.js").read_bytes()
    assert "set-cookie" not in response.headers


ENCODINGS = [
    # Accept-Encoding              is gzipped
    ("gzip, deflate, br, zstd", True),
    ("GZIP", True),
    ("gzip;q=0.5", True),
    ("br, *", True),
    ("identity", False),
    ("br", False),
    ("gzip;q=0", False),
    ("gzip; q=0.0", False),
]


@pytest.mark.parametrize(("accepted", "is_gzipped"), ENCODINGS)
async def test_it_is_under_1000_bytes_for_whoever_takes_gzip(
    client: AsyncClient, accepted: str, is_gzipped: bool
) -> None:
    async with client.stream("GET", "/js/tracker.js", headers={"accept-encoding": accepted}) as response:
        sent = b"".join([chunk async for chunk in response.aiter_raw()])
    assert ("gzip" in response.headers.get("content-encoding", "")) == is_gzipped
    assert (len(sent) < 1000) == is_gzipped
    plain = gzip.decompress(sent) if is_gzipped else sent
    assert plain == files("tinytrail").joinpath("static/tracker.js").read_bytes()
    assert response.headers["vary"] == "Accept-Encoding"
