"""Presence: when its owner was last at one of their devices. docs/api/presence.md is its contract."""

from litestar.types import ControllerRouterHandler

from tinytrail.core.admin import IsAdmin
from tinytrail.core.clock import Clock
from tinytrail.presence.absences import absences_handler
from tinytrail.presence.badges import last_seen_badge, total_beats_badge
from tinytrail.presence.beat import beat_handler
from tinytrail.presence.devices import generate_token, register_device
from tinytrail.presence.page import show_page, static_handlers
from tinytrail.presence.stats import note_first_start, show_stats
from tinytrail.presence.stream import Stream

__all__ = ["note_first_start", "routes"]


def routes(clock: Clock, is_admin: IsAdmin, secret_key: str) -> list[ControllerRouterHandler]:
    """Without a secret key nobody can register a device here, only by the command line."""
    devices: list[ControllerRouterHandler] = [register_device, generate_token]
    return [
        *(devices if secret_key else []),
        beat_handler(clock),
        show_stats,
        absences_handler(is_admin),
        Stream(clock).handler(),
        show_page,
        *static_handlers(),
        last_seen_badge,
        total_beats_badge,
    ]
