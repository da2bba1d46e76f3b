"""Which content group a website's paths belong to: each is judged once it is new, and again with all others
where the patterns change.

The former is the work of the writer, for whom everybody waits, and so bounded by account.
"""

import time

from tinytrail.core.connect import Tx
from tinytrail.web.content_groups import Groups, decode_groups, group_of, places_of

# Seconds of the writer that an account's patterns may have, beyond what is usual, in so many: with slow ones,
# 16 KiB of new paths would else hold it for half a minute.
ALLOWANCE, WINDOW = 1.0, 60
USUAL = 0.0005  # for a path; a hundred regular expressions take 0.3 ms


def group_of_new_path(tx: Tx, account_id: str, path: str, groups: str) -> str | None:
    """`groups` as stored. None where no pattern matches, or telling takes too long: an event is worth more
    than its group."""
    if groups == "[]":
        return None
    now = time.monotonic()
    since, spent = tx.spent.get(account_id, (now, 0.0))
    if now - since >= WINDOW:
        since, spent = now, 0.0
    if spent >= ALLOWANCE:
        return None
    began = time.thread_time()
    try:
        return group_of(path, decode_groups(groups))
    except TimeoutError:
        return None
    finally:
        tx.spent[account_id] = since, spent + max(0.0, time.thread_time() - began - USUAL)


def groups_of(paths: list[str], groups: Groups) -> dict[str, str | None]:
    """The group of each path. This may take seconds, so it is nothing for the writer. Raises 400 where it
    takes longer."""
    names: dict[int | None, str] = {place: group.name for place, group in enumerate(groups)}
    return {path: names.get(place) for path, place in zip(paths, places_of(paths, groups), strict=True)}


def regroup_paths(tx: Tx, site: int, account_id: str, groups: str, judged: dict[str, str | None]) -> None:
    """Store the group of each path: as judged by `groups_of`; one that has come since is a new one."""
    paths = tx.execute("select id, path from paths where site = :site", {"site": site}).fetchall()
    tx.executemany(
        "update paths set content_group = ? where id = ?",
        [
            (judged[path] if path in judged else group_of_new_path(tx, account_id, path, groups), path_id)
            for path_id, path in paths
        ],
    )
