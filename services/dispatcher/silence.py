"""Rides of which nothing is heard: told when their promise has passed, failed when all hope has."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import replace

from services.dispatcher import columns as c
from services.dispatcher.fleet import Shuttles
from services.dispatcher.publication import Publisher
from services.dispatcher.rides import Rides
from services.domain.events import Event, RideFailed
from services.domain.ids import RideId
from services.domain.ride import TERMINAL, Ride, Status

LOOK_AGAIN_S = 300
SILENT_S = 900
"""A shuttle that has reported nothing for this long is silent."""
HOPE_S = 3600
"""For how long after its promise a ride on a silent shuttle may still come."""

Tell = Callable[[int, int, list[Event]], None]


class Silence:
    """Watches every ride from its offer to its end.

    Parameters
    ----------
    fleet
        The zone's shuttles.
    rides
        The zone's rides; changed in place.
    publisher
        Issues plans.
    tell
        Tells a shuttle's riders how things stand.
    """

    def __init__(self, fleet: Shuttles, rides: Rides, publisher: Publisher, tell: Tell) -> None:
        self._fleet = fleet
        self._rides = rides
        self._publisher = publisher
        self._tell = tell
        self._due: list[tuple[int, RideId]] = []
        self._soonest_s: dict[RideId, int] = {}
        """Which of the entries above counts for a ride; it is due then or later."""

    def watch(self, ride: Ride) -> None:
        """Look after a ride that is new or has changed."""
        if ride.offer is None or ride.status in TERMINAL:
            self._soonest_s.pop(ride.id, None)
            return
        due_s = self._due_s(ride)
        if due_s < self._soonest_s.get(ride.id, c.FAR_S):
            self._soonest_s[ride.id] = due_s
            heapq.heappush(self._due, (due_s, ride.id))

    def _due_s(self, ride: Ride) -> int:
        """From when on a ride is overdue, or is to be looked at again."""
        promise, aboard = ride.promise, ride.status is Status.ABOARD
        promised_s = promise.arrive_by_s if aboard else promise.pickup_to_s
        return max(promised_s + 1, self._rides.look_s.get(ride.id, 0))

    def next_due_s(self) -> int | None:
        """When the next ride is overdue."""
        while self._due:
            at_s, ride_id = self._due[0]
            if self._soonest_s.get(ride_id) != at_s:
                heapq.heappop(self._due)
            elif (due_s := self._due_s(self._rides[ride_id])) > at_s:
                heapq.heapreplace(self._due, (due_s, ride_id))
                self._soonest_s[ride_id] = due_s
            else:
                return at_s
        return None

    def break_off(self, now_s: int, events: list[Event]) -> None:
        """See to all rides that are overdue."""
        if not self._due or self._due[0][0] > now_s:
            return
        while (due_s := self.next_due_s()) is not None and due_s <= now_s:
            _, ride_id = heapq.heappop(self._due)
            del self._soonest_s[ride_id]
            ride = self._rides[ride_id]
            k = self._fleet.holder(ride_id, ride.shuttle_id)
            if k is not None and self._is_lost(ride, k, now_s):
                reason = "nothing is heard of its shuttle"
                self._rides[ride_id] = replace(ride, status=Status.FAILED, failure=reason)
                events.append(RideFailed(ride_id, reason))
                self._publisher.take_out(k, ride_id, now_s, events)
                continue
            if k is not None and ride.status is not Status.OFFERED:
                self._fleet.refresh(k, now_s)
                self._tell(k, now_s, events)
            self._rides.look_again(ride_id, now_s + LOOK_AGAIN_S)

    def _is_lost(self, ride: Ride, k: int, now_s: int) -> bool:
        promise = ride.promise
        aboard = ride.status is Status.ABOARD
        promised_s = promise.arrive_by_s if aboard else promise.pickup_to_s
        silent_s = now_s - self._fleet.routes[k].heard_s
        overdue = now_s > promised_s + HOPE_S and silent_s > SILENT_S
        return overdue and not self._stands(k, now_s)

    def _stands(self, k: int, now_s: int) -> bool:
        """Whether a shuttle has nothing to say, for it may not drive, or was slow until now."""
        fleet = self._fleet
        fleet.refresh(k, now_s)
        arrive_s = int(fleet.arrays.visits[k, 0, c.V_ARRIVE])
        spans = fleet.pauses(k) + fleet.ways.caps[:, :2].tolist()
        return any(from_s < arrive_s and until_s > now_s - SILENT_S for from_s, until_s in spans)
