"""Content groups: names for parts of a website ("Blog" is /blog/*).

Regular expressions are matched by `regex`, not by `re`: it can be told to give up. A pattern that takes for
ever on some path would else hold the writer, and with it everybody. Globs cannot, and `re` is faster.
"""

import fnmatch
import re
import time
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from typing import Annotated, Any

import msgspec
import regex
from msgspec import Meta

from tinytrail.core.errors import invalid

PATIENCE = 0.05  # seconds for a path; some microseconds a pattern are usual
PATIENCE_FOR_ALL = 5.0  # seconds for all paths of a website
MOST_COPIED = 20_000  # characters; a pattern of 500 takes 2 ms then, and a request may bring a hundred

# What has `regex` copy a part of a pattern as it compiles it: repetitions nested in each other multiply, and
# `^((((((a{9}){9}){9}){9}){9}){9}){9}` takes half a minute and 3 GB, in which nothing can interrupt it.
REPETITION = re.compile(r"(?P<of_group>\))?(?:\+|\{(?P<least>\d*))")
VERBOSE = re.compile(r"\(\?[a-zA-Z0-9-]*x")  # would let blanks and comments hide a repetition


class StoredGroup(msgspec.Struct, frozen=True):
    """Taken as it is: its pattern is compiled once somebody needs it."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    pattern: Annotated[str, Meta(min_length=1, max_length=500)]


class ContentGroup(StoredGroup, frozen=True):
    """A glob ("/blog/*"; `*` crosses slashes, `?` is one character), or, where it begins with `^`, a
    regular expression."""

    def __post_init__(self) -> None:
        if "\0" in self.name:  # where SQLite's JSON has text end
            raise ValueError("a name must not hold a zero character")
        if self.pattern.startswith("^") and copies(self.pattern) * len(self.pattern) > MOST_COPIED:
            raise ValueError(f"`{self.pattern}` repeats too much within repetitions")
        try:
            compile_pattern(self.pattern)
        except (regex.error, OverflowError, RecursionError) as error:
            raise ValueError(f"`{self.pattern}` is no regular expression: {error}") from None


def copies(pattern: str) -> int:
    """No fewer copies of a part of it than a compiled pattern holds."""
    if VERBOSE.search(pattern):
        return MOST_COPIED + 1
    nested = widest = 1
    for found in REPETITION.finditer(pattern):
        times = 2 if found["least"] is None else int(found["least"] or 0) + 1
        if found["of_group"]:
            nested *= times
        else:
            widest = max(widest, times)
    return nested * widest


Groups = Annotated[tuple[ContentGroup, ...], Meta(max_length=100)]

GROUPS = msgspec.json.Decoder(tuple[StoredGroup, ...])


def decode_groups(stored: str) -> tuple[StoredGroup, ...]:
    return GROUPS.decode(stored)


@lru_cache(512)
def compile_pattern(pattern: str) -> Callable[[str], Any]:
    """What tells whether a path matches: something true, or None. It may raise TimeoutError."""
    if pattern.startswith("^"):
        return partial(regex.compile(pattern).search, timeout=PATIENCE)
    return re.compile(fnmatch.translate(pattern)).match


def place_of(path: str, groups: Sequence[StoredGroup]) -> int | None:
    """Which of the groups the path belongs to: the first whose pattern matches; None where none does.

    Raises TimeoutError for a pattern that takes too long, or many that do together.
    """
    compiled = [compile_pattern(group.pattern) for group in groups]
    until = time.thread_time() + PATIENCE
    for place, matches in enumerate(compiled):
        if matches(path):
            return place
        if time.thread_time() > until:
            raise TimeoutError
    return None


def group_of(path: str, groups: Sequence[StoredGroup]) -> str | None:
    """The name of the path's group, None where it has none. Raises TimeoutError as `place_of` does."""
    place = place_of(path, groups)
    return None if place is None else groups[place].name


def places_of(paths: Iterable[str], groups: Sequence[StoredGroup]) -> list[int | None]:
    """`place_of` each. Raises 400 where a pattern takes too long, or all of them on all paths."""
    until = time.monotonic() + PATIENCE_FOR_ALL
    places = []
    for path in paths:
        try:
            places.append(place_of(path, groups))
        except TimeoutError:
            invalid("content_groups", "the patterns take too long on one of the website's paths")
        if time.monotonic() > until:
            invalid("content_groups", "the patterns take too long on all of the website's paths")
    return places
