"""Files that the program writes for its operator: whole, or not at all."""

import errno
import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from tinytrail.core.files import written_whole


def test_of_two_who_write_one_file_the_later_has_it_whole(tmp_path: Path) -> None:
    """As a nightly backup that is not through yet when the next one begins."""
    path = f"{tmp_path}/copy.db"
    with ExitStack() as later:

        def overtaken() -> None:
            with written_whole(path) as first:
                first.write_text("all of it")
                later.enter_context(written_whole(path)).write_text("a half")

        with pytest.raises(FileExistsError, match="another began to write it meanwhile"):
            overtaken()
        [unfinished] = tmp_path.iterdir()
        unfinished.write_text("a half and the other")
    assert (tmp_path / "copy.db").read_text() == "a half and the other"
    assert os.listdir(tmp_path) == ["copy.db"]


def test_a_disk_that_has_no_links_has_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FAT and exFAT, which USB sticks come with."""

    def refused(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    with written_whole(f"{tmp_path}/copy.db") as unfinished:
        unfinished.write_text("whole")
    assert (tmp_path / "copy.db").read_text() == "whole"
    with pytest.raises(FileExistsError, match="copy.db'$"), written_whole(f"{tmp_path}/copy.db"):
        pass
    assert (tmp_path / "copy.db").read_text() == "whole"
    assert os.listdir(tmp_path) == ["copy.db"]


def test_a_link_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    """As to a key on a disk that is not mounted."""
    (tmp_path / "tinytrail.key").symlink_to(tmp_path / "away" / "tinytrail.key")
    with pytest.raises(FileExistsError) as refused, written_whole(f"{tmp_path}/tinytrail.key"):
        pass
    assert refused.value.filename == f"{tmp_path}/tinytrail.key"
    assert os.listdir(tmp_path) == ["tinytrail.key"]


def test_a_disk_that_cannot_be_written_is_told_of_what_was_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(file: Path, **_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(file))

    monkeypatch.setattr(Path, "unlink", refused)
    with pytest.raises(OSError, match="Read-only") as told, written_whole(f"{tmp_path}/copy.db"):
        pass
    assert told.value.filename == f"{tmp_path}/copy.db"
