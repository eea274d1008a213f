"""From a request to what the search looks for, and from what it found to an offer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from services.dispatcher import columns as c
from services.dispatcher.arrays import Ask
from services.dispatcher.fleet import Shuttles
from services.dispatcher.objective import DRIVE_COST
from services.domain.calendar import Calendar
from services.domain.ride import Constraint, Promise, Request, Ride, StopWalk
from services.domain.settings_part import DAY_S
from services.domain.territory import Territory

HARDLY_LONGER_S = 3600
"""For how much longer than the longest wait a request's walk and ride hardly ever take."""


class Terms:
    """A territory's rules, applied to requests.

    Parameters
    ----------
    territory
        The rules.
    drive_s
        Seconds between two stops.
    """

    def __init__(
        self,
        territory: Territory,
        drive_s: Callable[[int, int], int],
        calendar: Calendar | None = None,
    ) -> None:
        self.territory = territory
        self._calendar = calendar or Calendar()
        self.promises = territory.promises
        self.reserve_s = territory.reserve_s
        self._drive_s = drive_s
        self._factor_permille = round(territory.promises.ride_factor * 1000)
        self._weights = [
            round(weight * DRIVE_COST)
            for weight in (
                territory.dispatch.wait_weight,
                territory.dispatch.ride_weight,
                territory.dispatch.delay_weight,
            )
        ]
        self._km_weight = territory.dispatch.km_weight
        self._walk_weight = round(territory.dispatch.walk_weight * DRIVE_COST)

    def under(self, territory: Territory) -> Terms:
        """The same between the same stops, under other rules."""
        return Terms(territory, self._drive_s, self._calendar)

    def tried(self, near: tuple[StopWalk, ...]) -> tuple[StopWalk, ...]:
        """The stops that an instant answer tries: the nearest few within the walking limit."""
        within = [stop for stop in near if stop.walk_m <= self.promises.walk_m_max]
        return tuple(within[: self.territory.dispatch.candidate_stops])

    def obstacle(self, request: Request) -> Constraint | None:
        """What makes a request impossible whatever the shuttles do."""
        origins, destinations = self.tried(request.origins), self.tried(request.destinations)
        if not origins:
            return Constraint.WALK_TO_STOP
        if not destinations:
            return Constraint.WALK_FROM_STOP
        pairs = [(a.stop, b.stop) for a in origins for b in destinations if a.stop != b.stop]
        if not pairs:
            return Constraint.SAME_STOP
        if all(self._drive_s(a, b) >= c.UNREACHABLE_S for a, b in pairs):
            return Constraint.UNREACHABLE
        return None

    def ride_s_max(self, request: Request, origin: int, destination: int) -> int:
        """Longest ride between two stops, never longer than between those nearest to the ends."""
        if not self._factor_permille:
            return c.FAR_S
        direct_s = self._drive_s(origin, destination)
        nearest_s = self._drive_s(request.origins[0].stop, request.destinations[0].stop)
        if request.origins[0].stop != request.destinations[0].stop:
            direct_s = min(direct_s, nearest_s)
        return direct_s * self._factor_permille // 1000 + self.promises.ride_constant_s

    def hours(self, request: Request) -> tuple[int, int]:
        """Opening and closing of the service day on which the rider leaves."""
        service = self.territory.service
        if service.closes_s is None:
            return 0, c.FAR_S
        departs_s = self._calendar.local_s(request.departure_s)
        day_s = departs_s // DAY_S * DAY_S
        if departs_s - day_s < service.closes_s - DAY_S:
            day_s -= DAY_S
        at_s = self._calendar.at_s
        return at_s(day_s + service.opens_s), at_s(day_s + service.closes_s)

    def latest_s(self, request: Request) -> int:
        """A time after which nothing of a request that can be served happens."""
        return request.departure_s + self.promises.wait_s_max + HARDLY_LONGER_S

    def ask(
        self,
        request: Request,
        origins: tuple[StopWalk, ...],
        destinations: tuple[StopWalk, ...],
        now_s: int,
    ) -> Ask:
        """A request as the arrays of the search: what was asked, less the reserve; not relaxed."""
        promises, reserve_s = self.promises, self.reserve_s
        opens_s, closes_s = self.hours(request)
        pickups = []
        for stop, walk_m in origins:
            ready_s = request.departure_s + promises.walk_s(walk_m)
            goal_s = ready_s + promises.wait_s_max - reserve_s
            pick_by_s = min(goal_s, closes_s - reserve_s)
            pickups.append([stop, max(ready_s, opens_s, now_s), pick_by_s, goal_s, 0])
        dropoffs = []
        for stop, walk_m in destinations:
            drop_by_s = closes_s
            if request.arrive_by_s is not None:
                drop_by_s = min(drop_by_s, request.arrive_by_s - promises.walk_s(walk_m))
            drop_by_s -= reserve_s
            dropoffs.append([stop, drop_by_s, drop_by_s, 0])
        pairs = []
        for a in origins:
            for b in destinations:
                limit_s = self.ride_s_max(request, a.stop, b.stop) - reserve_s
                walk_s = promises.walk_s(a.walk_m) + promises.walk_s(b.walk_m)
                pairs.append([limit_s, limit_s, walk_s * self._walk_weight])
        load = request.party.load
        stop_times = self.territory.stop_times
        party = [load.seats, load.seats, load.wheelchairs, load.luggage]
        party_s = stop_times.of_party_s(load.wheelchairs)
        party += [stop_times.base_s, party_s, *self._weights, c.COST, 0, self._km_weight, 0, 0]
        return Ask(
            pickups=np.array(pickups, np.int64),
            dropoffs=np.array(dropoffs, np.int64),
            pairs=np.array(pairs, np.int64).reshape(len(origins), len(destinations), c.E_COLUMNS),
            party=np.array(party, np.int64),
        )

    def promise(
        self,
        request: Request,
        pickup: StopWalk,
        dropoff: StopWalk,
        times_s: tuple[int, int, int, int],
    ) -> Promise:
        """What to promise, given when boarding can start, is to start, is to end and must end.

        The window is as wide as the territory says and lies around the planned time, within what
        the rider asked for.
        """
        earliest_s, start_s, picked_s, pick_by_s = times_s
        from_s, to_s = earliest_s, pick_by_s
        window_s = self.promises.pickup_window_s
        if window_s is not None and to_s - from_s > window_s:
            from_s = max(earliest_s, min(start_s - window_s // 3, pick_by_s - window_s))
            to_s = max(from_s + window_s, picked_s + self.reserve_s)
        limit_s = self.ride_s_max(request, pickup.stop, dropoff.stop)
        arrive_by_s = min(to_s + min(limit_s, DAY_S), self.hours(request)[1])
        if request.arrive_by_s is not None:
            walk_s = self.promises.walk_s(dropoff.walk_m)
            arrive_by_s = min(arrive_by_s, request.arrive_by_s - walk_s)
        return Promise(
            pickup_stop=pickup.stop,
            dropoff_stop=dropoff.stop,
            pickup_from_s=from_s,
            pickup_to_s=to_s,
            arrive_by_s=arrive_by_s,
            ride_s_max=limit_s,
            walk_to_m=pickup.walk_m,
            walk_from_m=dropoff.walk_m,
        )


def ask_again(ride: Ride, fleet: Shuttles, now_s: int) -> Ask:
    """A ride that was promised, as a request for just that promise."""
    promise, load = ride.promise, ride.request.party.load
    to_s, by_s, limit_s = promise.pickup_to_s, promise.arrive_by_s, promise.ride_s_max
    times = fleet.stop_times
    party = [load.seats, load.seats, load.wheelchairs, load.luggage]
    party += [times.base_s, times.of_party_s(load.wheelchairs)]
    return Ask(
        pickups=np.array(
            [[promise.pickup_stop, max(promise.pickup_from_s, now_s), to_s, to_s, 0]], np.int64
        ),
        dropoffs=np.array([[promise.dropoff_stop, by_s, by_s, 0]], np.int64),
        pairs=np.array([[[limit_s, limit_s, 0]]], np.int64),
        party=np.array([*party, 0, 0, 0, c.COST, 0, 0, 0, 0], np.int64),
    )
