"""Guesses at keys: a comparison must not tell by its time how much of a guess was right.

No stopwatch could show that reliably. So it is shown what comparisons are made: of what the operator set, by
hmac.compare_digest alone; of all other keys and tokens none, as their hashes are looked up.
"""

import ast
import hmac
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from httpx import AsyncClient

import tinytrail
from tests.everything import READ_KEY, SECRET_KEY, WRITE_KEY, everything_in
from tests.make import calling
from tinytrail.app import App
from tinytrail.config import Config
from tinytrail.core.connect import Tx
from tinytrail.core.db import READERS, Database
from tinytrail.core.tokens import hash_token

COMPARING = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__", "__contains__")


def watched(of: type, compared: list[str]) -> Any:
    """A str or bytes that writes down each comparison that is made with it, from either side: of two
    operands, Python asks the one of the derived type first."""

    def watching(name: str) -> Any:
        def compare(self: Any, *others: Any) -> Any:
            compared.append(name)
            return getattr(of, name)(self, *others)

        return compare

    return type("Watched", (of,), {name: watching(name) for name in COMPARING})


@pytest.fixture
def compared() -> list[str]:
    return []


@pytest.fixture
def config(tmp_path: Path, compared: list[str]) -> Config:
    """Its secrets are watched, as they are and as bytes."""
    as_bytes = watched(bytes, compared)

    class Secret(watched(str, compared)):  # type: ignore[misc]
        def encode(self, *args: Any) -> Any:
            return as_bytes(str.encode(self, *args))

    config = everything_in(tmp_path)
    track = msgspec.structs.replace(config.track, write_key=Secret(WRITE_KEY), read_key=Secret(READ_KEY))
    presence = msgspec.structs.replace(config.presence, secret_key=Secret(SECRET_KEY))
    return msgspec.structs.replace(config, track=track, presence=presence)


WAYS_TO_COMPARE: list[Callable[[Any, Any], object]] = [
    lambda given, expected: given == expected,
    lambda given, expected: expected == given,
    lambda given, expected: given != expected,
    lambda given, expected: given < expected,
    lambda given, expected: given in [expected],
    lambda given, expected: expected in [given],
    lambda given, expected: given in {expected},
    lambda given, expected: {expected: 1}.get(given),
]


@pytest.mark.parametrize("compare", WAYS_TO_COMPARE)
def test_a_comparison_is_seen_from_either_side(
    config: Config, compared: list[str], compare: Callable[[Any, Any], object]
) -> None:
    secret = config.track.write_key
    for given, expected in (("guess", secret), (b"guess", secret.encode())):
        compare(given, expected)
        assert compared
        compared.clear()


# A right one, its beginning, one that goes on after it, another, none.
@pytest.mark.parametrize("guess", ["{}", "{}x", "the", "x", ""])
async def test_what_the_operator_set_is_compared_in_constant_time_alone(
    client: AsyncClient, compared: list[str], guess: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    digested: list[bytes] = []

    def compare_digest(given: bytes, expected: bytes) -> bool:
        digested.append(bytes(expected))
        return original(given, expected)

    original = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", compare_digest)
    compared.clear()
    is_right = guess == "{}"
    for method, path, header, form, secret in (
        ("POST", "/track", "x-api-key", "{}", WRITE_KEY),
        ("POST", "/track", "authorization", "Bearer {}", WRITE_KEY),
        ("GET", "/metrics", "x-api-key", "{}", READ_KEY),
        ("GET", "/sessions", "authorization", "Bearer {}", READ_KEY),
        ("POST", "/api/devices", "authorization", "{}", SECRET_KEY),
        ("POST", "/api/devices/0/token/generate", "authorization", "{}", SECRET_KEY),
    ):
        headers = {header: form.format(guess.format(secret))}
        answer = await client.request(method, path, headers=headers)
        assert (answer.status_code != 401) == is_right, path
        assert digested == [secret.encode()]
        digested.clear()
    assert compared == []


async def test_all_other_keys_and_tokens_are_looked_up_by_their_hash(
    app: App, client: AsyncClient, admin: AsyncClient, admin_key: str, db: Database
) -> None:
    website = (await admin.post("/api/v1/websites", json={"domain": "example.com"})).json()["data"]["id"]
    share = await admin.post(f"/api/v1/websites/{website}/shares", json={"name": "For the board"})
    device = await client.post("/api/devices", json={"name": "Laptop"}, headers={"authorization": SECRET_KEY})
    async with calling(app, origin="http://test") as browser:
        await browser.post("/api/v1/sessions", json={"api_key": admin_key})
        session = browser.cookies["tinytrail_session"]

    statements = await traced(db)
    for known, path, header, form in (
        (admin_key, "GET /api/v1/users", "x-api-key", "{}"),
        (admin_key, "GET /api/absences", "x-api-key", "{}"),
        (share.json()["data"]["token"], "GET /api/v1/sessions/current", "x-api-key", "{}"),
        (session, "GET /api/v1/users", "cookie", "tinytrail_session={}"),
        (device.json()["token"], "POST /api/beat", "authorization", "{}"),
    ):
        for secret, is_known in ((known, True), (known[:-1], False), (known + "x", False)):
            statements.clear()
            answer = await client.request(*path.split(" "), headers={header: form.format(secret)})
            assert (answer.status_code == 200) == is_known
            said = "\n".join(statements).lower()
            assert f"_hash = x'{hash_token(secret).hex()}'" in said
            assert secret.lower() not in said


async def traced(db: Database) -> list[str]:
    """All statements from here on, with the values that were bound."""
    statements: list[str] = []

    def trace(tx: Tx) -> None:
        tx.set_trace_callback(statements.append)

    readers = [await db._readers.get() for _ in range(READERS)]  # all: one may still be at work
    for reader in readers:
        await reader.run(trace)
        db._readers.put_nowait(reader)
    await db.write(trace)
    return statements


# What a secret is called, and what compares.
SECRET = re.compile(r"(^|_)(keys?|tokens?|secrets?|authorization|credentials|cookies?|given|expected)(_|$)")
METHODS = {"startswith", "endswith", "find", "index", "count", *COMPARING}

# All comparisons in tinytrail/ that name such a thing, and why each may be made.
HARMLESS = {
    "config.py: key in LISTS": "names of settings",
    "core/asgi.py: key == name": "names of headers",
    "core/tokens.py: len(secret) < SECRET_BYTES": "a length",
    "installs/active.py: key[0] > now": "a moment",
    "openapi.py: auth.require_key in handler.resolve_guards()": "a function",
    "protocol.py: token.strip().lower() != b'upgrade'": "a word of a header",
    "web/events.py: key not in tx.memo": "a place in memory",
    "web/referrer.py: key in CHANNELS": "a host",
    "web/shares.py: hash_token(token or '') != self.token_hash": "hashes, of what is derived, no guess",
    "web/users.py: hash_token(key) != user.key_hash": "hashes, of what is derived, no guess",
}


def comparisons(source: str) -> Iterator[str]:
    """Those that name a secret."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Compare():
                looked_at: list[ast.AST] = [node]
            case ast.Call(func=ast.Attribute(attr=name), args=args) if name in METHODS:
                looked_at = [*args]
            case ast.Match(subject=subject):
                looked_at = [subject]
            case _:
                continue
        parts = [part for looked in looked_at for part in ast.walk(looked)]
        names = [getattr(part, "id", getattr(part, "attr", "")) for part in parts]
        if any(SECRET.search(name) for name in names):
            yield ast.unparse(node)


def test_no_other_comparison_of_a_secret_stands_in_the_program() -> None:
    root = Path(tinytrail.__file__).parent
    found = {
        f"{path.relative_to(root)}: {comparison}"
        for path in root.rglob("*.py")
        for comparison in comparisons(path.read_text())
    }
    assert found == set(HARMLESS)


@pytest.mark.parametrize(
    "source",
    [
        "given == expected or hmac.compare_digest(given, expected)",
        "config.track.write_key != token",
        "key in {other}",
        "given.startswith(expected)",
        "given.encode().__eq__(secret_key)",
        "match api_key:\n    case 'x': pass",
    ],
)
def test_it_sees_every_spelling_of_a_comparison(source: str) -> None:
    assert list(comparisons(source))
