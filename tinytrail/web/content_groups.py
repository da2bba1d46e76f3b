"""Content groups: names for parts of a website ("Blog" is /blog/*).

Patterns are matched by `regex`, not by `re`: it can be told to give up. A pattern that takes for ever on some
path would else hold the writer, and with it everybody.
"""

import fnmatch
from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated

import msgspec
import regex
from msgspec import Meta

PATIENCE = 0.05  # seconds for a pattern and a path; some microseconds are usual


class ContentGroup(msgspec.Struct, frozen=True):
    """A glob ("/blog/*"; `*` crosses slashes, `?` is one character), or, where it begins with `^`, a
    regular expression."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    pattern: Annotated[str, Meta(min_length=1, max_length=500)]

    def __post_init__(self) -> None:
        try:
            compile_pattern(self.pattern)
        except (regex.error, OverflowError, RecursionError) as error:
            raise ValueError(f"`{self.pattern}` is no regular expression: {error}") from None


GROUPS = msgspec.json.Decoder(tuple[ContentGroup, ...])


def decode_groups(stored: str) -> tuple[ContentGroup, ...]:
    return GROUPS.decode(stored)


@lru_cache(512)
def compile_pattern(pattern: str) -> "regex.Pattern[str]":
    return regex.compile(pattern if pattern.startswith("^") else "^" + fnmatch.translate(pattern))


def group_of(path: str, groups: Sequence[ContentGroup]) -> str | None:
    """The name of the first group whose pattern matches, None where none does.

    Raises TimeoutError for a pattern that takes too long.
    """
    matches = (g.name for g in groups if compile_pattern(g.pattern).search(path, timeout=PATIENCE))
    return next(matches, None)
