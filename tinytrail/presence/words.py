"""Durations and moments as people say them. static/presence.js says them the same way."""

from datetime import UTC, datetime

UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


def duration(seconds: int, units: int = 2) -> str:
    """Its largest units: "3 hours 12 minutes"."""
    words: list[str] = []
    for name, size in UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            words.append(f"{count:,} {name}{'' if count == 1 else 's'}")
        if words and (len(words) == units or not count):
            break
    return " ".join(words) or "0 seconds"


def ago(seconds: int | None, units: int = 2) -> str:
    """`None`: it never was."""
    if seconds is None:
        return "never"
    return f"{duration(seconds, units)} ago" if seconds else "just now"


def moment(at: int) -> str:
    """14 March 2026 at 09:30:00 UTC."""
    then = datetime.fromtimestamp(at, UTC)
    return f"{then.day} {then:%B %Y} at {then:%H:%M:%S} UTC"
