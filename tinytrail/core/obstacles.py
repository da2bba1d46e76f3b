"""What may keep a file from being opened or upgraded: what is done about it, and what is said."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EACCES, EISDIR

from tinytrail.core.files import without_link

# Where SQLite's own words would send the operator the wrong way, or nowhere.
REASONS = {
    sqlite3.SQLITE_IOERR_SHMSIZE: "database or disk is full",  # "disk I/O error"
    sqlite3.SQLITE_CORRUPT: "it is damaged, so restore a backup",
}
SEALED = "its folder cannot be written, where SQLite keeps a log beside it"


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
        code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)
        reason = reason_of_place(path, code & 0xFF) or REASONS.get(code, str(error))
        raise DatabaseError(f"cannot {what} the database {path}: {reason}") from None


def reason_of_place(path: str, code: int) -> str:
    """What is wrong with where the file lies, for which SQLite has "unable to open database file" and
    "attempt to write a readonly database", whatever it is; empty where that is in order."""
    if os.path.exists(path) and not os.access(path, os.R_OK):
        return os.strerror(EACCES)
    if os.path.isdir(path):
        return os.strerror(EISDIR)
    may_be_sealed = code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
    folder = os.path.dirname(without_link(path)) or "."
    return SEALED if may_be_sealed and not os.access(folder, os.W_OK) else ""


def make_log_writable(path: str) -> None:
    """Where a file was read-only when somebody opened it, SQLite has made the -wal and -shm beside it so too,
    and leaves them so once the file can be written: it would then call the file itself read-only."""
    if not os.access(path, os.W_OK):
        return
    for beside in (f"{path}-wal", f"{path}-shm"):
        if not os.access(beside, os.W_OK):
            with suppress(OSError):  # there is none, or it is somebody else's
                os.chmod(beside, stat.S_IMODE(os.stat(path).st_mode))
