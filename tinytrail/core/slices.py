"""Long work on many rows, done a slice at a time, so that others can write in between."""

import time
from collections.abc import Callable
from typing import Any

from tinytrail.core.connect import Tx, transaction

FIRST_SLICE = 100  # rows
SLICE_SECONDS = 0.01  # that a slice should hold the writer for


def next_slice(rows: int, seconds: float) -> int:
    """How many rows to take after so many took so long: up to twice as many, and one at least."""
    return max(1, min(2 * rows, int(rows * SLICE_SECONDS / max(seconds, 1e-6))))


def timed(tx: Tx, work: Callable[..., int], *args: Any) -> tuple[int, float]:
    begun = time.perf_counter()
    return work(tx, *args), time.perf_counter() - begun


def in_slices(tx: Tx, work: Callable[..., int], *args: Any) -> None:
    """As `Database.write_in_slices`, on a connection of one's own: a server may wait for the same file."""
    rows = FIRST_SLICE
    while True:
        with transaction(tx):
            done, seconds = timed(tx, work, rows, *args)
        if done < rows:
            return
        rows = next_slice(rows, seconds)
        time.sleep(seconds)
