"""Builders: the smallest valid thing of each kind, with whatever a test wants different."""

from pathlib import Path
from typing import Any

import msgspec

from tinytrail.config import Config

BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/139.0.0.0 Safari/537.36"
)
SATURDAY = 1_773_480_600  # 2026-03-14 09:30:00 UTC, a Saturday

SECOND, MINUTE, HOUR, DAY = 1, 60, 3600, 86_400


class FakeClock:
    """Stands still until a test moves `now`."""

    def __init__(self, now: float = SATURDAY) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def config_in(folder: Path, **settings: Any) -> Config:
    """Settings with the files in `folder`; sections as dicts: `web={"collect_limit": ""}`."""
    files = {"database": f"{folder}/tinytrail.db", "key_file": f"{folder}/tinytrail.key"}
    return msgspec.convert(files | settings, Config)
