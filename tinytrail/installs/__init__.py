"""Installs: how many deployments of a program are alive. docs/api/installs.md is its contract."""

from litestar.types import ControllerRouterHandler


def routes() -> list[ControllerRouterHandler]:
    return []
