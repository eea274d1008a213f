"""Somebody on board gets off elsewhere than promised, and is told when."""

from __future__ import annotations

from dataclasses import replace

from services.dispatcher import columns as c
from services.dispatcher.fleet import Shuttles
from services.domain.ids import RideId
from services.domain.ride import Promise, Ride


def divert(
    fleet: Shuttles, rides: dict[RideId, Ride], k: int, ride: Ride, stop: int, now_s: int
) -> Promise:
    """Change the promise of a rider on board of shuttle ``k``, whose route lets them off at a stop.

    What was promised of times is kept if it can be.
    """
    route = fleet.routes[k]
    promise = replace(ride.promise, dropoff_stop=stop)
    rides[ride.id] = replace(ride, changed=promise)
    fleet.write(k, rides)
    fleet.refresh(k, now_s)
    place = next(i for i, one in enumerate(route.stops) if ride.id in one.leave)
    arrive_s = int(fleet.arrays.visits[k, place, c.V_ARRIVE]) + fleet.reserve_s
    promise = replace(
        promise,
        arrive_by_s=max(promise.arrive_by_s, arrive_s),
        ride_s_max=max(promise.ride_s_max, arrive_s - route.aboard[ride.id]),
    )
    rides[ride.id] = replace(ride, changed=promise)
    fleet.forget(ride.id)
    return promise
