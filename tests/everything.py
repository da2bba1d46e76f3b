"""The app with every system on and all keys set, and the routes that it has then."""

from pathlib import Path
from typing import Any

from litestar.routes import HTTPRoute

from tests.make import config_in
from tests.test_docs import BARE
from tinytrail.app import App
from tinytrail.config import Config

WRITE_KEY, READ_KEY, SECRET_KEY = "the write key", "the read key", "the presence secret"


def everything_in(folder: Path, **settings: Any) -> Config:
    """Nobody is limited, so that one test can ask often."""
    everything: dict[str, Any] = {
        "server": {"metrics": True},
        "web": {"collect_limit": "", "api_limit": "", "session_limit": "", "sign_in_limit": ""},
        "track": {"write_key": WRITE_KEY, "read_key": READ_KEY},
        "installs": {"heartbeat_limit": "", "new_limit": ""},
        "presence": {"secret_key": SECRET_KEY},
    }
    return config_in(folder, **everything | settings)


def methods_by_path(app: App) -> dict[str, set[str]]:
    """What is served, as the app itself has it: paths with their parameters, and methods but for OPTIONS."""
    methods: dict[str, set[str]] = {}
    for route in app.routes:
        is_bare = not isinstance(route, HTTPRoute)
        known = BARE[route.path_format] if is_bare else {str(method) for method in route.methods}
        methods[route.path_format] = known - {"OPTIONS"}
    return methods
