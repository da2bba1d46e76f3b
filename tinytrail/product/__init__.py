"""Product analytics: events of an app's users, play/stop sessions. docs/api/product.md is its contract."""

from litestar.types import ControllerRouterHandler


def routes() -> list[ControllerRouterHandler]:
    return []
