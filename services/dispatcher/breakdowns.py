"""A shuttle that breaks down: its riders go on with others, and nobody is forgotten.

Whoever was to board it needs no acknowledgement to board another one: a shuttle that says that it
is out of order lets nobody on, so its leases end with that report. Whoever was on board is let off
at the nearest stop and is picked up there.
"""

from __future__ import annotations

from dataclasses import replace

from services.dispatcher import columns as c
from services.dispatcher.fleet import Shuttles
from services.dispatcher.publication import Publisher
from services.dispatcher.rescue import Rescue
from services.dispatcher.stranded import Stranded, goes_on
from services.domain.events import (
    Event,
    Fault,
    PromiseChanged,
    Repaired,
    RideCompleted,
    RideLetOff,
)
from services.domain.ids import RideId
from services.domain.ride import Ride, Status

REASON = "its shuttle broke down"


class Breakdowns:
    """Takes the reports of shuttles that broke down.

    Parameters
    ----------
    fleet
        The zone's shuttles.
    rides
        The zone's rides; changed in place.
    publisher
        Issues plans.
    rescue
        Finds other shuttles.
    wait_s_max
        How long a party that was let off may wait, before that counts as broken.
    """

    def __init__(
        self,
        fleet: Shuttles,
        rides: dict[RideId, Ride],
        publisher: Publisher,
        rescue: Rescue,
        wait_s_max: int,
    ) -> None:
        self._fleet = fleet
        self._rides = rides
        self._publisher = publisher
        self._rescue = rescue
        self._wait_s_max = wait_s_max
        self.stranded = Stranded(fleet, rides, publisher, rescue, wait_s_max)
        """Sees to those whose shuttle is in order, but may not drive on."""

    def broke_down(self, k: int, report: Fault, now_s: int, events: list[Event]) -> None:
        """Take a shuttle out of service, and see to all its riders."""
        fleet, route, head = self._fleet, self._fleet.routes[k], self._fleet.head(k)
        if 0 <= route.fault_s >= report.at_s:
            return  # the same fact again
        route.fault_s, route.fault_stop = max(report.at_s, 0), report.stop
        fleet.disruptions += 1
        waiting: list[RideId] = []
        if report.at_s > route.repaired_s:
            waiting = [ride_id for stop in route.stops for ride_id in stop.board]
            self._stand(k, report.stop, report.at_s)
            head[c.H_OUT] = 1
            route.leases.clear()
            for ride_id in waiting:
                fleet.remove(k, ride_id)
        let_off = [r for r, since_s in route.aboard.items() if since_s <= report.at_s]
        # It follows no plan any more, so it needs a new one in any case.
        self.let_off(k, let_off, report.ready_s, now_s, events)
        self._rescue.acknowledged(k, route.revision, now_s, events)
        for ride_id in waiting:
            self._rescue.place(self._rides[ride_id], now_s, events)

    def repaired(self, k: int, report: Repaired) -> None:
        """Put a shuttle back into service."""
        route = self._fleet.routes[k]
        if report.at_s <= max(route.repaired_s, route.fault_s):
            return
        route.repaired_s = report.at_s
        self._stand(k, report.stop, report.at_s)
        self._fleet.head(k)[c.H_OUT] = 0

    def let_off(
        self,
        k: int,
        ride_ids: list[RideId],
        ready_s: int,
        now_s: int,
        events: list[Event],
        coming: int | None = None,
    ) -> None:
        """Issue the plan of a shuttle that let these off where it broke down; others take them.

        Another shuttle may be ``coming`` for them that did not know: it is to let them go first.
        """
        fleet, route = self._fleet, self._fleet.routes[k]
        onward: list[RideId] = []
        for ride_id in ride_ids:
            fleet.remove(k, ride_id)
            changing = self._rides[ride_id]
            ride = _as_offered(changing)
            if ride.promise.dropoff_stop == route.fault_stop:
                self._rides[ride_id] = replace(
                    ride, status=Status.COMPLETED, dropped_off_s=ready_s, let_off_s=route.fault_s
                )
                if ride.promise != changing.promise:
                    events.append(PromiseChanged(ride_id, ride.promise, REASON))
                events.append(RideCompleted(ride_id, route.shuttle.id, ready_s))
                continue
            waits_s = ready_s, ready_s + self._wait_s_max
            onwards = goes_on(ride, ride.promise, route.fault_stop, waits_s, route.fault_s)
            self._rides[ride_id] = onwards
            events.append(RideLetOff(ride_id, route.shuttle.id, route.fault_stop, ready_s))
            events.append(PromiseChanged(ride_id, onwards.promise, REASON))
            onward.append(ride_id)
        fleet.write(k, self._rides)
        fleet.refresh(k, now_s)
        self._publisher.publish(k, now_s, events, self._publisher.as_it_is(k))
        for ride_id in onward:
            if coming is not None:
                self._rescue.wait(ride_id, coming, now_s)
            else:
                self._rescue.place(self._rides[ride_id], now_s, events)

    def _stand(self, k: int, stop: int, at_s: int) -> None:
        head = self._fleet.head(k)
        head[c.H_MODE] = c.AT_STOP
        route = self._fleet.routes[k]
        route.parking, route.moved_s = None, max(at_s, route.moved_s)
        head[c.H_STOP] = stop
        head[c.H_LOCKED] = head[c.H_PENDING] = head[c.H_SILENT] = head[c.H_SERVING] = 0
        head[c.H_BUSY] = at_s
        head[c.H_FREE] = -1


def _as_offered(ride: Ride) -> Ride:
    """A ride that was to change on the way, as it was before."""
    if not ride.changing or ride.offer is None:
        return ride
    stop = ride.offer.promise.dropoff_stop
    return replace(ride, changing=False, changed=replace(ride.promise, dropoff_stop=stop))
