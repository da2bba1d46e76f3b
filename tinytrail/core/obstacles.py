"""What may keep a file from being opened or upgraded: what is done about it, and what is said."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EACCES

# Where SQLite's own words would send the operator the wrong way, or nowhere.
REASONS = {
    sqlite3.SQLITE_IOERR_SHMSIZE: "database or disk is full",  # "disk I/O error"
    sqlite3.SQLITE_CORRUPT: "it is damaged, so restore a backup",
}


class DatabaseError(Exception):
    """The file cannot be used; the message says why, in one sentence."""


@contextmanager
def refusing(what: str, path: str) -> Iterator[None]:
    """Raises DatabaseError for what keeps us from doing this to the file."""
    try:
        yield
    except OSError as error:
        raise DatabaseError(f"cannot {what} the database {path}: {error.strerror or error}") from None
    except sqlite3.Error as error:
        reason = REASONS.get(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK), error)
        if os.path.exists(path) and not os.access(path, os.R_OK):  # "unable to open database file"
            reason = os.strerror(EACCES)
        raise DatabaseError(f"cannot {what} the database {path}: {reason}") from None


def make_log_writable(path: str) -> None:
    """Where a file was read-only when somebody opened it, SQLite has made the -wal and -shm beside it so too,
    and leaves them so once the file can be written: it would then call the file itself read-only."""
    if not os.access(path, os.W_OK):
        return
    for beside in (f"{path}-wal", f"{path}-shm"):
        if not os.access(beside, os.W_OK):
            with suppress(OSError):  # there is none, or it is somebody else's
                os.chmod(beside, stat.S_IMODE(os.stat(path).st_mode))
