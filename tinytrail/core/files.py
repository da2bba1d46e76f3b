"""Files: how one is written whole for an operator, told from another, and measured."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EEXIST
from pathlib import Path

Identity = tuple[int, int]  # of a file: device, inode


@contextmanager
def written_whole(path: str) -> Iterator[Path]:
    """An empty file for its owner alone, which bears its name only once all is written; else none is left.

    Of two who write the same one the later goes on. Raises FileExistsError and OSError.
    """
    unfinished = Path(f"{path}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        held = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    except OSError as error:
        error.filename = path  # the one that was asked for
        raise
    try:
        yield unfinished
        if not is_still(unfinished, held):
            said = "another began to write it meanwhile, so this one was given up"
            raise FileExistsError(EEXIST, said, path)
        give_name(unfinished, path)
    finally:
        if is_still(unfinished, held):
            unfinished.unlink()
        os.close(held)  # not before: another file could bear its number


def is_still(file: Path, held: int) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(file.stat(), os.fstat(held))
    return False


def give_name(unfinished: Path, path: str) -> None:
    """Not by a rename, which would replace what is there, unless it is FAT, which has no links."""
    with suppress(OSError):
        os.link(unfinished, path)
        return
    if os.path.lexists(path):
        raise FileExistsError(EEXIST, os.strerror(EEXIST), path)
    os.rename(unfinished, path)


def size_of(path: str) -> int:
    """In bytes; 0 for a file that is not there."""
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def file_at(path: str) -> Identity | None:
    """What tells one file from another; None without one."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def without_link(path: str) -> str:
    """SQLite keeps the log beside the file, not beside a link that leads there."""
    return os.path.realpath(path) if os.path.islink(path) else path


def log_of(path: str) -> str:
    """Where a database has its log."""
    return f"{without_link(path)}-wal"
