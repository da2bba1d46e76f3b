"""Secrets: the server's own, and the keys and tokens that people hold."""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from tinytrail.core.files import written_whole

SECRET_BYTES = 32
SHARE = "ts_"  # what a share link's token begins with; an API key with tt_


def read_or_make_secret(path: str) -> bytes:
    """The server's secret, made (readable by its owner alone) if the file is missing.

    It lies outside the database, so that a backup or a leak of that is not enough to derive a key.
    Raises OSError, and ValueError if the file holds no secret.
    """
    file = Path(path)
    if not file.exists():
        with written_whole(path) as unfinished, unfinished.open("w") as new:
            new.write(secrets.token_hex(SECRET_BYTES) + "\n")
            new.flush()
            os.fsync(new.fileno())  # the database is about to hold the hash of a key that hangs on it
    try:
        secret = bytes.fromhex(file.read_text("ascii"))
    except ValueError:
        secret = b""
    if len(secret) < SECRET_BYTES:
        raise ValueError(f"{path} holds no secret: {SECRET_BYTES * 2} hexadecimal digits are expected")
    return secret


def derive_api_key(secret: bytes, user_id: str, version: int = 1) -> str:
    """The API key of a user, who has had `version` of them; always the same for the same secret."""
    owner = user_id if version == 1 else f"{user_id} {version}"
    return "tt_" + _derive(secret, f"api key of {owner}")


def derive_share_token(secret: bytes, share_id: str) -> str:
    """What stands in a share link; always the same for the same secret."""
    return SHARE + _derive(secret, f"share link {share_id}")


def _derive(secret: bytes, purpose: str) -> str:
    return base64.b32encode(hmac.digest(secret, purpose.encode(), "sha256")[:25]).decode().lower()


def new_token() -> str:
    """A secret that nobody has to be shown again."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hash_token(token: str) -> bytes:
    """What is stored of a key or token. They are long and random, so one round of SHA-256 is enough."""
    return hashlib.sha256(_bytes_of(token)).digest()


def same(given: str, expected: str) -> bool:
    """Compare two secrets in a time that tells nothing about where they differ."""
    return hmac.compare_digest(_bytes_of(given), _bytes_of(expected))


def _bytes_of(text: str) -> bytes:
    """As they came, of a header or the environment: not all are UTF-8."""
    return text.encode("utf-8", "surrogateescape")
