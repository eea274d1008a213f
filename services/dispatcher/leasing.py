"""Leases that are granted when their time comes: to who is to be picked up within the hour."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from typing import NamedTuple

from services.dispatcher import columns as c
from services.dispatcher.fleet import Shuttles
from services.dispatcher.leases import LATER_S, is_in_touch
from services.dispatcher.publication import Publisher
from services.domain.events import Event
from services.domain.ids import RideId


class _Due(NamedTuple):
    at_s: int
    shuttle: int


class Leasing:
    """Tells shuttles of leases that were too far ahead when their plan was made.

    Parameters
    ----------
    fleet
        The zone's shuttles.
    publisher
        Issues plans.
    consider
        Withdraws a ride from a shuttle if another one can keep its promise.
    """

    def __init__(
        self,
        fleet: Shuttles,
        publisher: Publisher,
        consider: Callable[[RideId, int, int, list[Event]], None],
    ) -> None:
        self._fleet = fleet
        self._publisher = publisher
        self._consider = consider
        self._due: list[_Due] = []
        self._known: dict[int, int] = {}

    def watch(self, shuttles: Iterable[int]) -> None:
        """Take note of when some shuttles are to get leases."""
        for k in shuttles:
            route = self._fleet.routes[k]
            if route.grant_s >= 0 and self._known.get(k) != route.grant_s:
                self._known[k] = route.grant_s
                heapq.heappush(self._due, _Due(route.grant_s, k))

    def next_due_s(self) -> int | None:
        """When the next shuttle is to get leases."""
        while self._due and self._fleet.routes[self._due[0].shuttle].grant_s != self._due[0].at_s:
            heapq.heappop(self._due)
        return self._due[0].at_s if self._due else None

    def grant(self, now_s: int, events: list[Event]) -> None:
        """Tell shuttles of their leases; find others for rides of those that are out of touch."""
        while (due_s := self.next_due_s()) is not None and due_s <= now_s:
            k = heapq.heappop(self._due).shuttle
            self._known.pop(k, None)
            route = self._fleet.routes[k]
            self._fleet.refresh(k, now_s)
            if is_in_touch(route, now_s):
                self._publisher.renew(k, now_s, events)
                continue
            route.grant_s = now_s + LATER_S
            self._fleet.head(k)[c.H_SILENT] = 1  # nothing new for it
            waiting = [r for stop in route.stops for r in stop.board if r not in route.leases]
            for ride_id in waiting:
                self._consider(ride_id, k, now_s, events)
            self.watch((k,))
