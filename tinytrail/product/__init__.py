"""Product analytics: events of an app's users, play/stop sessions. docs/api/product.md is its contract."""

from litestar import Router
from litestar.types import ControllerRouterHandler

from tinytrail.core.admin import IsAdmin
from tinytrail.core.clock import Clock
from tinytrail.product.errors import ANY_ORIGIN, PREFLIGHT
from tinytrail.product.keys import require_key_or_admin
from tinytrail.product.metrics import metrics_handler
from tinytrail.product.sessions import sessions_handler
from tinytrail.product.track import track_handler


def routes(
    clock: Clock, is_admin: IsAdmin, *, write_key: str, read_key: str, week_start: str
) -> list[ControllerRouterHandler]:
    """An empty key leaves its half open to everybody."""
    may_read = require_key_or_admin(read_key, is_admin)
    reports = Router(
        "/",
        route_handlers=[metrics_handler(may_read, week_start), sessions_handler(may_read, week_start)],
        # Litestar answers OPTIONS by itself, and refuses another handler for it: so all answers bear these.
        response_headers=ANY_ORIGIN | PREFLIGHT | {"Cache-Control": "no-store"},
    )
    return [track_handler(clock, write_key), reports]
