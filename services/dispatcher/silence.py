"""Rides of which nothing is heard: told when their promise has passed, moved when their lease has.

Silence fails no ride. Who waits for a shuttle that is out of reach is given to another one when the
lease is over; who is on board stays on board until something else is known, and somebody is told
to look.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

from services.dispatcher import columns as c
from services.dispatcher.fleet import Shuttles
from services.dispatcher.leases import ends_s, is_in_touch
from services.dispatcher.publication import Publisher
from services.dispatcher.rides import Rides
from services.domain.events import Event, ReportMarked
from services.domain.ids import RideId
from services.domain.ride import TERMINAL, Ride, Status

LOOK_AGAIN_S = 300
SILENT_S = 900
"""A shuttle that has reported nothing for this long is silent."""
HOPE_S = 3600
"""So long after the promise somebody should see to people on board of a silent shuttle."""

UNHEARD = "nothing is heard of it, with people on board"

Tell = Callable[[int, int, list[Event]], None]
Wait = Callable[[RideId, int, int], None]


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
    wait
        Gives a ride that a shuttle holds no more to another one.
    """

    def __init__(
        self, fleet: Shuttles, rides: Rides, publisher: Publisher, tell: Tell, wait: Wait
    ) -> None:
        self._fleet = fleet
        self._rides = rides
        self._publisher = publisher
        self._tell = tell
        self._wait = wait
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
            if k is not None and ride.status is Status.ABOARD and self._is_missed(ride, k, now_s):
                shuttle_id = self._fleet.routes[k].shuttle.id
                events.append(ReportMarked(shuttle_id, "Silence", UNHEARD, ride_id))
                self._rides.look_again(ride_id, c.FAR_S)  # until it is heard of again
                continue
            look_s = now_s + LOOK_AGAIN_S
            if k is not None and ride.status is not Status.OFFERED:
                self._fleet.refresh(k, now_s)
                if ride.status is Status.CONFIRMED:
                    self._call(ride_id, k, now_s, events)
                    over_s = ends_s(self._fleet.routes[k], ride_id)
                    look_s = min(look_s, over_s + 1) if over_s > now_s else look_s
                self._tell(k, now_s, events)
            self._rides.look_again(ride_id, look_s)

    def _call(self, ride_id: RideId, k: int, now_s: int, events: list[Event]) -> None:
        """See if a shuttle answers that should have picked somebody up.

        A plan is sent again; who does not acknowledge it gives the ride away when its lease is
        over. After an hour others are looked for in any case.
        """
        route = self._fleet.routes[k]
        hopeless = now_s > self._rides[ride_id].promise.pickup_to_s + HOPE_S
        if route.unanswered_s < 0 and now_s - route.heard_s > LOOK_AGAIN_S and not hopeless:
            self._publisher.renew(k, now_s, events)
        elif hopeless or (not is_in_touch(route, now_s) and now_s > ends_s(route, ride_id)):
            self._fleet.head(k)[c.H_SILENT] = 1  # nothing new for it
            self._publisher.take_out(k, ride_id, now_s, events)
            self._wait(ride_id, k, now_s)

    def _is_missed(self, ride: Ride, k: int, now_s: int) -> bool:
        """Whether a silent shuttle should have brought somebody long ago."""
        overdue = now_s > ride.promise.arrive_by_s + HOPE_S
        silent = now_s - self._fleet.routes[k].heard_s > SILENT_S
        return overdue and silent and not self._stands(k, now_s)

    def _stands(self, k: int, now_s: int) -> bool:
        """Whether a shuttle has nothing to say, for it may not drive, or was slow until now."""
        fleet = self._fleet
        fleet.refresh(k, now_s)
        arrive_s = int(fleet.arrays.visits[k, 0, c.V_ARRIVE])
        spans = fleet.pauses(k) + fleet.ways.caps[:, :2].tolist()
        return any(from_s < arrive_s and until_s > now_s - SILENT_S for from_s, until_s in spans)
