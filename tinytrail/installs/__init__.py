"""Installs: how many deployments of a program are alive. docs/api/installs.md is its contract."""

from litestar.types import ControllerRouterHandler

from tinytrail.core.admin import IsAdmin
from tinytrail.core.client_ip import ClientAddress
from tinytrail.core.clock import Clock
from tinytrail.core.ratelimit import RateLimit
from tinytrail.installs.badge import installs_badge
from tinytrail.installs.heartbeat import Heartbeats
from tinytrail.installs.stats import show_stats
from tinytrail.installs.versions import versions_handler


def routes(
    clock: Clock,
    is_admin: IsAdmin,
    addresses: ClientAddress,
    *,
    heartbeat_limit: str,
    new_limit: str,
    min_age_hours: int,
) -> list[ControllerRouterHandler]:
    of_any, of_new = RateLimit(heartbeat_limit, clock), RateLimit(new_limit, clock)
    heartbeats = Heartbeats(clock, of_any, of_new, addresses, min_age_hours * 3600)
    return [heartbeats.handler(), show_stats, versions_handler(is_admin), installs_badge]
