"""Content groups: names for parts of a website ("Blog" is /blog/*)."""

import fnmatch
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated

import msgspec
from msgspec import Meta


class ContentGroup(msgspec.Struct, frozen=True):
    """A glob ("/blog/*"; `*` crosses slashes, `?` is one character), or, where it begins with `^`, a
    regular expression."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    pattern: Annotated[str, Meta(min_length=1, max_length=500)]

    def __post_init__(self) -> None:
        try:
            compile_pattern(self.pattern)
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"`{self.pattern}` is no regular expression: {error}") from None


GROUPS = msgspec.json.Decoder(tuple[ContentGroup, ...])


def decode_groups(stored: str) -> tuple[ContentGroup, ...]:
    return GROUPS.decode(stored)


@lru_cache(512)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern if pattern.startswith("^") else "^" + fnmatch.translate(pattern))


def group_of(path: str, groups: Sequence[ContentGroup]) -> str | None:
    """The name of the first group whose pattern matches, None where none does."""
    return next((group.name for group in groups if compile_pattern(group.pattern).search(path)), None)
