"""How an older file becomes a newer one.

A list whose length is the schema version, kept in `pragma user_version`. It is empty until the first
release: until then schema.sql is the schema. After it, a change goes into both: schema.sql for new files,
and a function at the end of this list for those that exist. Each runs in a transaction of its own.
"""

import sqlite3
from collections.abc import Callable

MIGRATIONS: list[Callable[[sqlite3.Connection], None]] = []
