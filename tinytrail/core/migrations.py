"""How an older file becomes a newer one.

A list whose length is the schema version, kept in `pragma user_version`. A column that an existing table
gains goes into both: schema.sql for new files, and a function at the end of this list for those that exist.
Each runs in a transaction of its own, before schema.sql, which makes the tables that are missing.
"""

import sqlite3
from collections.abc import Callable


def keys_can_be_renewed_and_retention_is_a_websites(tx: sqlite3.Connection) -> None:
    tx.execute("alter table users add column key_version integer not null default 1")
    tx.execute("alter table websites add column retention_days integer")


MIGRATIONS: list[Callable[[sqlite3.Connection], None]] = [keys_can_be_renewed_and_retention_is_a_websites]
