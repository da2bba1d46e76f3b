"""The server's secret, and what is derived from it or hashed."""

import errno
import os
import re
import stat
from pathlib import Path

import pytest

from tinytrail.core.tokens import derive_api_key, hash_token, read_or_make_secret, same

SECRET = bytes(range(32))


def test_a_missing_secret_is_made_for_its_owner_alone_and_read_the_next_time(tmp_path: Path) -> None:
    file = tmp_path / "tinytrail.key"
    before = os.umask(0)
    try:
        secret = read_or_make_secret(str(file))
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(secret) == 32
    assert read_or_make_secret(str(file)) == secret


def test_a_disk_that_is_full_as_the_secret_is_made_leaves_no_half_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            read_or_make_secret(f"{tmp_path}/tinytrail.key")
    assert os.listdir(tmp_path) == []
    assert len(read_or_make_secret(f"{tmp_path}/tinytrail.key")) == 32


def test_no_two_servers_have_the_same_secret(tmp_path: Path) -> None:
    assert read_or_make_secret(f"{tmp_path}/a") != read_or_make_secret(f"{tmp_path}/b")


def test_a_secret_may_be_the_operators_own(tmp_path: Path) -> None:
    (tmp_path / "own.key").write_text(f"  {SECRET.hex().upper()}\r\n")
    assert read_or_make_secret(f"{tmp_path}/own.key") == SECRET


@pytest.mark.parametrize("content", [b"", b"\n", b"garbage", b"ab" * 31, b"abc", b"\xff\xfe", b"zz" * 32])
def test_a_file_that_holds_no_secret_is_named_and_left_alone(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "tinytrail.key"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=rf"^{file} holds no secret: 64 hexadecimal digits are expected$"):
        read_or_make_secret(str(file))
    assert file.read_bytes() == content


def test_a_key_is_the_same_each_time_and_another_for_another_user_or_secret() -> None:
    key = derive_api_key(SECRET, "alice")
    assert re.fullmatch(r"tt_[a-z2-7]{40}", key)
    assert derive_api_key(SECRET, "alice") == key
    assert len({key, derive_api_key(SECRET, "bob"), derive_api_key(SECRET[::-1], "alice")}) == 3


def test_a_token_cannot_be_read_off_its_hash() -> None:
    assert hash_token("tt_a") != hash_token("tt_b")
    assert b"tt_a" not in hash_token("tt_a")
    assert len(hash_token("tt_a")) == 32


@pytest.mark.parametrize("text", ["", "ü", "日本", "\udcff", "\0"])
def test_whatever_is_sent_can_be_hashed_and_compared(text: str) -> None:
    assert hash_token(text) != hash_token("tt_a")
    assert not same(text, "tt_a")


def test_a_secret_is_the_same_as_itself_only() -> None:
    assert same("geheim-ü", "geheim-ü")
    assert not same("geheim", "geheim-ü")
    assert not same("geheim-ü", "Geheim-ü")
    assert same("geheim-\udcfc", "geheim-\udcfc")  # as the environment brings Latin-1
