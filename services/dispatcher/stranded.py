"""Riders of shuttles that may not drive on for long: others take them, or they are told the truth.

Whoever is on board gets off where the shuttle stands, or at the stop for which it is heading, if
another shuttle is there sooner by far, or if waiting on board would be unbearable. Whoever still
waits for such a shuttle is withdrawn from it for the same reasons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.dispatcher import columns as c
from services.dispatcher.diversion import divert
from services.dispatcher.fleet import Shuttles
from services.dispatcher.lateness import Expected
from services.dispatcher.publication import Publisher
from services.dispatcher.rescue import Rescue
from services.dispatcher.route import Stopover
from services.domain.events import Event, PromiseChanged, RideFailed, RideLetOff
from services.domain.ids import RideId
from services.domain.ride import Promise, Ride, Status

WORTH_S = 900
"""Another shuttle must be there sooner by this, for people to change on the way."""
UNBEARABLE_S = 3 * 3600
"""Nobody is left waiting, on board or not, to arrive later than promised by more than this."""
REASON = "its shuttle may not drive on"


class Stranded:
    """Sees to those who are late because their shuttle may not drive.

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

    def is_held(self, k: int, now_s: int) -> bool:
        """Whether a shuttle with people on board stands for a while before its plan is done."""
        fleet, route = self._fleet, self._fleet.routes[k]
        if not route.aboard:
            return False
        last_s = int(fleet.arrays.visits[k, len(route.stops) - 1, c.V_ARRIVE])
        return self._held_s(k, now_s, last_s) > WORTH_S

    def see_to(self, k: int, riders: Sequence[Expected], now_s: int, events: list[Event]) -> None:
        """Find other shuttles for riders of one that may not drive for long before they arrive."""
        fleet = self._fleet
        shuttle_id = fleet.routes[k].shuttle.id
        stuck = [one for one in riders if self._held_s(k, now_s, one.arrival_s) > WORTH_S]
        for one in stuck:
            waiting = one.waiting and one.late_s > WORTH_S
            if waiting and fleet.holder(one.ride_id, shuttle_id) is not None:
                by_s = c.FAR_S if one.late_s > UNBEARABLE_S else one.arrival_s - WORTH_S
                self._rescue.consider(one.ride_id, k, now_s, events, by_s)
        stop = self._next_stop(k)
        changing = [
            one.ride_id
            for one in stuck
            if not one.waiting and self._had_better_change(k, one, stop, now_s)
        ]
        if changing:
            for ride_id in changing:
                self._let_off(k, ride_id, stop, now_s, events)
            self._publisher.publish(k, now_s, events, self._publisher.as_it_is(k))

    def got_off(self, k: int, ride: Ride, at_s: int, now_s: int, events: list[Event]) -> None:
        """Find another shuttle for a party that got off to change, or tell it that there is none.

        The next stop of its promise is where it got off.
        """
        fleet, stop = self._fleet, ride.promise.dropoff_stop
        onward = self._onward(ride, stop, at_s)
        self._rides[ride.id] = onward
        ready_s = onward.promise.pickup_from_s
        events.append(RideLetOff(ride.id, fleet.routes[k].shuttle.id, stop, ready_s))
        events.append(PromiseChanged(ride.id, onward.promise, REASON))
        fleet.write(k, self._rides)
        fleet.refresh(k, now_s)
        by_s = onward.promise.arrive_by_s + UNBEARABLE_S
        if self._rescue.soonest_s(onward, None, now_s) <= by_s:
            self._rescue.place(onward, now_s, events)
        else:
            self._rides[ride.id] = replace(onward, status=Status.FAILED, failure=REASON)
            events.append(RideFailed(ride.id, REASON))

    def _held_s(self, k: int, now_s: int, arrival_s: int) -> int:
        """For how long a shuttle may not drive before somebody arrives."""
        spans = self._fleet.pauses(k)
        return sum(max(min(b_s, arrival_s) - max(a_s, now_s), 0) for a_s, b_s in spans)

    def _next_stop(self, k: int) -> int:
        """Where a shuttle stands, or for which stop it is heading."""
        head, stops = self._fleet.head(k), self._fleet.routes[k].stops
        if head[c.H_MODE] == c.MOVING and head[c.H_PENDING] and stops:
            return stops[0].stop
        return int(head[c.H_STOP])

    def _had_better_change(self, k: int, one: Expected, stop: int, now_s: int) -> bool:
        ride, head = self._rides[one.ride_id], self._fleet.head(k)
        assert ride.offer is not None
        # Who gets off elsewhere than promised, since no road leads there, stays.
        diverted = ride.promise.dropoff_stop != ride.offer.promise.dropoff_stop
        if ride.status is not Status.ABOARD or diverted or ride.promise.dropoff_stop == stop:
            return False
        if one.late_s > UNBEARABLE_S:
            return True
        there_s = max(now_s, int(head[c.H_ARRIVE]) if head[c.H_MODE] == c.MOVING else now_s)
        onward = self._onward(ride, stop, there_s)
        others = [i for i in range(len(self._fleet.routes)) if i != k]
        return self._rescue.soonest_s(onward, others, now_s) <= one.arrival_s - WORTH_S

    def _onward(self, ride: Ride, stop: int, at_s: int) -> Ride:
        """A ride that goes on from a stop at which it got off."""
        assert ride.offer is not None
        times, party = self._fleet.stop_times, ride.request.party
        ready_s = at_s + times.base_s + times.of_party_s(party.wheelchairs)
        offered = ride.offer.promise
        to_s = ready_s + self._wait_s_max
        bearable = replace(offered, arrive_by_s=min(offered.arrive_by_s, to_s + UNBEARABLE_S))
        return goes_on(ride, bearable, stop, (ready_s, to_s), at_s)

    def _let_off(self, k: int, ride_id: RideId, stop: int, now_s: int, events: list[Event]) -> None:
        """Let somebody off at the next stop, to change there."""
        fleet, route, ride = self._fleet, self._fleet.routes[k], self._rides[ride_id]
        since_s = route.aboard[ride_id]
        fleet.remove(k, ride_id)
        route.aboard[ride_id] = since_s
        at = int(fleet.head(k)[c.H_LOCKED])
        first = route.stops[0] if route.stops and not at else None
        if first is not None and first.stop == stop and first.task is None:
            first.leave.append(ride_id)
        else:
            route.stops.insert(at, Stopover(stop, leave=[ride_id]))
        promise = divert(fleet, self._rides, k, replace(ride, changing=True), stop, now_s)
        events.append(PromiseChanged(ride_id, promise, REASON))


def goes_on(
    ride: Ride, promise: Promise, stop: int, waits_s: tuple[int, int], let_off_s: int
) -> Ride:
    """A ride that goes on with another shuttle, from the stop where its party waits for one."""
    from_s, to_s = waits_s
    onward = replace(promise, pickup_stop=stop, pickup_from_s=from_s, pickup_to_s=to_s, walk_to_m=0)
    return replace(ride, status=Status.CONFIRMED, changed=onward, let_off_s=let_off_s)
