"""Files that the program writes for its operator."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: str) -> Iterator[Path]:
    """An empty file for its owner alone, which bears its name only once all is written; else none is left.

    Raises FileExistsError and OSError.
    """
    unfinished = Path(f"{path}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        unfinished.touch(0o600)
    except OSError as error:
        error.filename = path  # the one that was asked for
        raise
    try:
        yield unfinished
        os.link(unfinished, path)  # not a rename, which would replace what is there
    finally:
        unfinished.unlink(missing_ok=True)
