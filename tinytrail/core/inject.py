"""What any handler may ask for by name: `db: Db`, `now: Now`."""

from collections.abc import Callable

from litestar.datastructures import State
from litestar.di import NamedDependency, Provide

from tinytrail.core.clock import Clock
from tinytrail.core.db import Database

Db = NamedDependency[Database]
Now = NamedDependency[float]  # Unix time in seconds, read once a request


def provide_db(state: State) -> Database:
    db: Database = state.db
    return db


def dependencies(clock: Clock) -> dict[str, Provide]:
    def provide_now() -> float:
        return clock()

    providers: dict[str, Callable[..., object]] = {"db": provide_db, "now": provide_now}
    return {name: Provide(provider, sync_to_thread=False) for name, provider in providers.items()}
