"""What shares a commit, and the commit itself."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tinytrail.core.connect import Tx
from tinytrail.core.trouble import GONE, UNWRITABLE, Busy, code_of, keep_what_is_gone

log = logging.getLogger(__name__)


class Failed(NamedTuple):
    error: Exception


class Batch(NamedTuple):
    """What one call of `work` stores: the items of many callers, or the arguments of a single write."""

    work: Callable[..., Any]
    items: list[Any]
    callers: list[asyncio.Future[Any]]
    is_write: bool = False

    def run(self, tx: Tx) -> list[Any]:
        """A result for each caller."""
        if self.is_write:
            return [self.work(tx, *self.items[0])]
        results: list[Any] = self.work(tx, self.items)
        assert len(results) == len(self.items), "a result for each item"
        return results

    def one_by_one(self) -> Iterator["Batch"]:
        for item, caller in zip(self.items, self.callers, strict=True):
            yield self._replace(items=[item], callers=[caller])


class Group:
    """What shares a commit."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.size = 0  # in callers
        self._by_work: dict[Callable[..., Any], Batch] = {}

    def batch_of(self, work: Callable[..., Any]) -> Batch:
        """That of all items which `work` stores."""
        batch = self._by_work.get(work)
        if batch is None:
            batch = self._by_work[work] = Batch(work, [], [])
            self.batches.append(batch)
        return batch


def commit_group(tx: Tx, batches: list[Batch]) -> list[list[Any]]:
    """Run a group in one transaction. If it fails each write is run again by itself, so that a bad one
    harms nobody else; hence a write's function may run twice, and must touch nothing but `tx`."""
    try:
        tx.begin(late=len(batches) == 1 and not batches[0].is_write)
        results = [batch.run(tx) for batch in batches]
        tx.end("commit")
        return results
    except Exception as error:
        tx.memo.clear()
        tx.end("rollback")
        if code_of(error) in UNWRITABLE:  # no better one by one
            log.error("nothing can be written: %s", error)
            return all_failed(batches, Busy(str(error)))
        if sum(len(batch.items) for batch in batches) == 1:
            return all_failed(batches, error)
        return [[commit_group(tx, [one])[0][0] for one in batch.one_by_one()] for batch in batches]
    finally:
        tx.memo.grow_older()


def refuse_group(tx: Tx, batches: list[Batch]) -> list[list[Any]]:
    """In place of `commit_group` once the file is gone."""
    keep_what_is_gone(tx)
    return all_failed(batches, Busy(GONE))


def all_failed(batches: list[Batch], error: Exception) -> list[list[Any]]:
    return [[Failed(error)] * len(batch.items) for batch in batches]
