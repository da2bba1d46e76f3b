"""What the tests of presence do over and over."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.resources import files
from typing import Any

from httpx import AsyncClient, Response

from tests.make import SATURDAY
from tinytrail.core.connect import Tx, open_connection, transaction
from tinytrail.core.tokens import hash_token
from tinytrail.presence.beat import Beat, store_beats
from tinytrail.presence.devices import insert_device
from tinytrail.presence.stats import note_first_start

SCHEMA = files("tinytrail").joinpath("schema.sql").read_text("utf-8")
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


@contextmanager
def beaten(steps: list[tuple[int, int]], groups: int) -> Iterator[tuple[Tx, list[tuple[int, int]]]]:
    """A database that was first served on SATURDAY, after beats of its three devices, stored in groups of any
    size; and each beat's device and time. A step is a device and the seconds since the beat before."""
    at = SATURDAY
    beats = []
    for device, later in steps:
        at += later
        beats.append((device, at))
    with closing(open_connection(":memory:")) as tx:
        tx.executescript(SCHEMA)
        note_first_start(tx, SATURDAY)
        for device in range(3):
            insert_device(tx, f"{device}", hash_token(str(device)))
        for start in range(0, len(beats), groups):
            with transaction(tx):
                group = [Beat(hash_token(str(device)), at) for device, at in beats[start : start + groups]]
                assert all(store_beats(tx, group))
        yield tx, beats
