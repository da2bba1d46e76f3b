"""Presence: when its owner was last at one of their devices. docs/api/presence.md is its contract."""

from litestar.types import ControllerRouterHandler


def routes() -> list[ControllerRouterHandler]:
    return []
