"""How a stop finds its play, whichever of the two arrives first.

A play or stop that waits for its other half is open. No open stop ever lies after an open play of the
same user: whichever arrived last would have been paired. So an event looks one way only: a stop for the
last open play not after it, a play for the first open stop not before it, which is the stop that would
have found it, had the play been there in time.
"""

from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
from typing import NamedTuple

import msgspec

from tinytrail.core.connect import Tx

PLAY, STOP = 1, 2  # product_strings.id, as schema.sql has them


class Arrival(NamedTuple):
    """A play or stop of the group that is being stored."""

    user: int
    event: int
    at: int
    id: int


class Half(NamedTuple):
    """A play or stop that waits. They sort by time, then by the order in which they arrived."""

    at: int
    id: int


class Session(NamedTuple):
    user: int
    began: int
    ended: int


class Pairs(NamedTuple):
    sessions: list[Session]
    closed: set[int]  # product_events.id of the halves that found each other


# For each arrival as many as the group could use up before its turn.
OPEN = """
    select distinct e.user, e.at, e.id
      from json_each(:arrivals) a
      join product_events e on e.id in (select id
                                          from product_events
                                         where user = a.value ->> 0
                                           and event = {other}
                                           and is_open = 1
                                           and at {not_past} a.value ->> 2
                                         order by at {order}, id {order}
                                         limit :most)
"""
OPEN_FOR = {
    STOP: OPEN.format(other=PLAY, not_past="<=", order="desc"),
    PLAY: OPEN.format(other=STOP, not_past=">=", order="asc"),
}

Waiting = dict[int, defaultdict[int, list[Half]]]  # by event and user


def pair(tx: Tx, arrivals: list[Arrival]) -> Pairs:
    """Pair these, one after the other, with each other and with what waits in the database."""
    waiting: Waiting = {PLAY: recall(tx, STOP, arrivals), STOP: recall(tx, PLAY, arrivals)}
    pairs = Pairs([], set())
    for arrival in arrivals:
        other = take_other(waiting, arrival)
        if other is not None:
            began, ended = sorted((arrival.at, other.at))
            pairs.sessions.append(Session(arrival.user, began, ended))
            pairs.closed.update((arrival.id, other.id))
    return pairs


def take_other(waiting: Waiting, arrival: Arrival) -> Half | None:
    """The other half of a play or stop, which thereby waits no more; else this one waits."""
    if arrival.event == STOP:
        others = waiting[PLAY][arrival.user]
        place = bisect_right(others, arrival.at, key=lambda play: play.at) - 1
    else:
        others = waiting[STOP][arrival.user]
        place = bisect_left(others, arrival.at, key=lambda stop: stop.at)
    if 0 <= place < len(others):
        return others.pop(place)
    insort(waiting[arrival.event][arrival.user], Half(arrival.at, arrival.id))
    return None


def recall(tx: Tx, event: int, arrivals: list[Arrival]) -> defaultdict[int, list[Half]]:
    """What waits in the database for arrivals of this event, by user and sorted."""
    found: defaultdict[int, list[Half]] = defaultdict(list)
    looking = [arrival for arrival in arrivals if arrival.event == event]
    if looking:
        most = max(Counter(arrival.user for arrival in looking).values())
        values = {"arrivals": msgspec.json.encode(looking).decode(), "most": most}
        for user, at, id in tx.execute(OPEN_FOR[event], values):
            insort(found[user], Half(at, id))
    return found
