"""What can befall the file that a server has open, and what is then said and done."""

import logging
import sqlite3
import time

from tinytrail.core.connect import Tx, write_copy

log = logging.getLogger(__name__)

# What SQLite says when the file cannot be written now, or read, whatever the statement.
UNWRITABLE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
}
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}

GONE = "the database was deleted or replaced"
KEPT = (
    "%s was deleted or replaced while it was served, so nothing more is stored; all that it held was written "
    "to %s. Restart the server once the right file is in its place"
)
LOST = "%s was deleted or replaced while it was served, and what it held cannot be written back: %s"


class Busy(Exception):
    """The database cannot take this now: the queue is full, or the disk is, or it is locked."""


def code_of(error: Exception) -> int:
    """SQLite's word for what is wrong, without its details; SQLITE_OK where it was not SQLite."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)
    return code & 0xFF


def trouble_with_file(error: Exception) -> str:
    """The operator's sentence where it is the file that is at fault, or what it lies on; else empty."""
    if code_of(error) in DAMAGED:
        return f"the database is damaged; run `tinytrail check`, and restore a backup: {error}"
    return f"the database cannot be used now: {error}" if code_of(error) in UNWRITABLE else ""


def keep_what_is_gone(tx: Tx) -> None:
    """Write back what the connection still has of a file that was deleted; or beside what took its place.

    Nothing more is stored after that: a restart takes up what is there by then.
    """
    gone = tx.path if tx.has_moved() else tx.log_path
    try:
        tx.kept_at = tx.kept_at or write_back(tx)
        # What has the name by the next start would else be given what is left in the log.
        tx.execute("pragma wal_checkpoint(truncate)")
    except (OSError, sqlite3.Error) as error:
        log.error(LOST, gone, error)
    else:
        log.error(KEPT, gone, tx.kept_at)


def write_back(tx: Tx) -> str:
    """Where to."""
    if not tx.has_moved():
        return tx.path  # it lacks what the log has, which is still open
    try:
        write_copy(tx, tx.path)
        return tx.path
    except FileExistsError:
        beside = f"{tx.path}.{int(time.time())}"
        write_copy(tx, beside)
        return beside
