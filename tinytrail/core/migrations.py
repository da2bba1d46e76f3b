"""How an older file becomes a newer one.

A list whose length is the schema version, kept in `pragma user_version`. A column that an existing table
gains goes into both: schema.sql for new files, and a function at the end of this list for those that exist.
They run before schema.sql, which makes the tables that are missing, and in one transaction with it: where
one of them fails, the file is as before, and the version before serves it.
"""

import sqlite3
from collections.abc import Callable, Iterator
from importlib.resources import files


def keys_can_be_renewed_and_retention_is_a_websites(tx: sqlite3.Connection) -> None:
    tx.execute("alter table users add column key_version integer not null default 1")
    tx.execute("alter table websites add column retention_days integer")


def installs_are_counted_by_version_and_absences_are_kept(tx: sqlite3.Connection) -> None:
    """The changes to come are by version now, so all is counted anew as of when it was counted last."""
    tx.execute("alter table presence add column latest_beat integer")
    tx.execute("drop table active_changes")
    tx.execute(
        """
        create table active_changes (
            at       integer not null,
            version  text    not null,
            change   integer not null,
            primary key (at, version)
        ) strict, without rowid
        """
    )
    tx.execute(
        """
        create table active_versions (
            version  text    primary key,
            active   integer not null
        ) strict, without rowid
        """
    )
    lives = """
        select version, at, first_seen + min_age as born,
               max(last_seen + 172800, first_seen + min_age) as dies
          from instances, active_now
    """
    tx.execute(
        f"""
        insert into active_changes (at, version, change)
        select second, version, sum(change)
          from (select born as second, version, 1 as change from ({lives}) where born > at
                union all
                select dies, version, -1 from ({lives}) where dies > at)
         group by second, version
        """
    )
    tx.execute(
        f"""
        insert into active_versions (version, active)
        select version, count(*) from ({lives}) where born <= at and dies > at group by version
        """
    )


def days_are_counted_while_they_last_and_so_are_all_paths_together(tx: sqlite3.Connection) -> None:
    for column in ("counting", "counted", "first_open"):
        tx.execute(f"alter table open_days add column {column} integer not null default 0")
    path, paths = 1, 11  # their places in web/dimensions.py
    tx.execute(
        """
        insert into daily
        select site, :paths, day, 0, is_bot, 0, sum(visitors), 0, 0, 0, 0, 0, 0
          from daily where dimension = :path group by site, day, is_bot having sum(visitors) > 0
        """,
        {"path": path, "paths": paths},
    )


def running_totals_are_kept_apart_from_their_rows(tx: sqlite3.Connection) -> None:
    """A job makes them anew from the daily ones (web/running.py)."""
    tx.execute("drop table if exists running")


def page_views_are_counted_by_segments(tx: sqlite3.Connection) -> None:
    """schema.sql makes their tables; a version that does not know these would let them go stale."""


def custom_events_are_counted_by_property(tx: sqlite3.Connection) -> None:
    """The same."""


def open_days_are_counted_event_by_event(tx: sqlite3.Connection) -> None:
    """Not visit by visit any more: what is counted of a day that is not over is counted anew."""
    tx.execute("alter table open_days add column seen integer not null default 0")
    dimensions = ", ".join(map(str, range(12)))  # named, so that SQLite seeks to each
    for day in tx.execute("select site, day from open_days where counted > 0").fetchall():
        tx.execute(f"delete from daily where site = ? and dimension in ({dimensions}) and day = ?", day)
    tx.execute("update open_days set counting = 0, counted = 0, first_open = 0")


MIGRATIONS: list[Callable[[sqlite3.Connection], None]] = [
    keys_can_be_renewed_and_retention_is_a_websites,
    installs_are_counted_by_version_and_absences_are_kept,
    days_are_counted_while_they_last_and_so_are_all_paths_together,
    running_totals_are_kept_apart_from_their_rows,
    page_views_are_counted_by_segments,
    custom_events_are_counted_by_property,
    open_days_are_counted_event_by_event,
]


def schema() -> Iterator[str]:
    """Its statements, one by one: `executescript` would commit first, what a migration has done included."""
    statement = ""
    for line in files("tinytrail").joinpath("schema.sql").read_text("utf-8").splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
