"""Temporary tables on a reader, gone at the end of its transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

from tinytrail.core.connect import Tx


def exists(tx: Tx, table: str) -> bool:
    return bool(tx.execute("select 1 from temp.sqlite_master where name = ?", (table,)).fetchone())


@contextmanager
def temporary_tables(tx: Tx) -> Iterator[None]:
    """They may be written, which `query_only` forbids as well."""
    [(query_only,)] = tx.execute("pragma query_only")
    tx.execute("pragma query_only = off")
    try:
        yield
    finally:
        tx.execute(f"pragma query_only = {query_only}")
