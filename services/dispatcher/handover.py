"""Rides on their way from one shuttle's plan to another's.

The new shuttle keeps the place free, but hears of the ride only once the old one has acknowledged
a plan without it, so that two never come for one party. If the old one does not answer, it keeps
the ride.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from services.dispatcher.fleet import Shuttles
from services.dispatcher.publication import Publisher
from services.domain.events import Event, RideReassigned
from services.domain.ids import RideId
from services.domain.ride import Ride
from services.domain.zone_state import StoredMove

ANSWER_S = 60
"""For how long a shuttle may take to let a ride go; then it keeps it."""


class Move(NamedTuple):
    """From which shuttle, after which of its plans, to which, and how long that is awaited."""

    giver: int
    revision: int
    taker: int
    until_s: int


class Handover:
    """Follows rides that change their shuttle.

    Parameters
    ----------
    fleet
        The zone's shuttles.
    rides
        The zone's rides.
    publisher
        Issues plans.
    """

    def __init__(self, fleet: Shuttles, rides: Mapping[RideId, Ride], publisher: Publisher) -> None:
        self._fleet = fleet
        self._rides = rides
        self._publisher = publisher
        self._moves: dict[RideId, Move] = {}
        self._due: list[tuple[int, RideId]] = []

    def begin(self, ride_id: RideId, giver: int, taker: int, now_s: int) -> None:
        """A ride goes from one shuttle to another; the giver's plan without it is the next one."""
        until_s = now_s + ANSWER_S
        heapq.heappush(self._due, (until_s, ride_id))
        self._fleet.routes[taker].awaited.add(ride_id)
        self._fleet.touched.add(taker)
        self._moves[ride_id] = Move(giver, self._fleet.routes[giver].revision + 1, taker, until_s)

    def call_off(self, ride_id: RideId) -> Move | None:
        """Forget that a ride goes to another shuttle; say from which, if it has not let it go."""
        return self._moves.pop(ride_id, None)

    def stored(self) -> tuple[StoredMove, ...]:
        """All rides on their way, as values."""
        routes = self._fleet.routes
        return tuple(
            StoredMove(
                ride_id,
                routes[move.giver].shuttle.id,
                move.revision,
                routes[move.taker].shuttle.id,
                move.until_s,
            )
            for ride_id, move in self._moves.items()
        )

    def restore(self, moves: Iterable[StoredMove]) -> None:
        """Go on with rides that were on their way."""
        number = self._fleet.number
        for ride_id, giver, revision, taker, until_s in moves:
            self._moves[ride_id] = Move(number[giver], revision, number[taker], until_s)
            heapq.heappush(self._due, (until_s, ride_id))

    def next_due_s(self) -> int | None:
        """When the next ride has waited long enough for its old shuttle to let it go."""
        while self._due and not self._is_awaited(*self._due[0]):
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def _is_awaited(self, until_s: int, ride_id: RideId) -> bool:
        move = self._moves.get(ride_id)
        return move is not None and move.until_s == until_s

    def unanswered(self, now_s: int) -> list[tuple[RideId, Move]]:
        """Rides that their old shuttle never let go; they are moved no more."""
        kept = []
        while (due_s := self.next_due_s()) is not None and due_s <= now_s:
            _, ride_id = heapq.heappop(self._due)
            move = self._moves.pop(ride_id)
            if ride_id in self._fleet.routes[move.taker].awaited:
                kept.append((ride_id, move))
        return kept

    def acknowledged(self, k: int, revision: int, now_s: int, events: list[Event]) -> None:
        """A shuttle follows a plan: the takers of what this let go now hear of it."""
        if not self._moves:
            return
        free = [
            (ride_id, move)
            for ride_id, move in self._moves.items()
            if move.giver == k and move.revision <= revision
        ]
        takers: dict[int, None] = {}
        for ride_id, move in free:
            del self._moves[ride_id]
            taker = self._fleet.routes[move.taker]
            if ride_id in taker.awaited:
                taker.awaited.discard(ride_id)
                self._fleet.touched.add(move.taker)
                takers[move.taker] = None
                events.append(RideReassigned(ride_id, taker.shuttle.id))
        for taker_k in takers:
            self._fleet.refresh(taker_k, now_s)
            self._publisher.publish(taker_k, now_s, events, self._publisher.as_it_is(taker_k))
