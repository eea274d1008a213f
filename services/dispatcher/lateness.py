"""Whose promise a schedule does not keep, and by how much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from services.dispatcher import columns as c
from services.dispatcher.fleet import Shuttles
from services.domain.ids import RideId
from services.domain.ride import Ride


class Expected(NamedTuple):
    """When a ride of a route is expected, and how much later than promised (0: it is kept)."""

    ride_id: RideId
    pickup_s: int
    arrival_s: int
    late_s: int
    waiting: bool


def expected(fleet: Shuttles, rides: Mapping[RideId, Ride], k: int) -> Iterator[Expected]:
    """Tell how all rides of shuttle ``k`` stand, as scheduled."""
    route = fleet.routes[k]
    rows = fleet.arrays.visits[k, : len(route.stops)].tolist()
    stops = list(zip(rows, route.stops, strict=True))
    pickups = {ride_id: row[c.V_DEPART] for row, stop in stops for ride_id in stop.board}
    arrivals = {ride_id: row[c.V_ARRIVE] for row, stop in stops for ride_id in stop.leave}
    for ride_id, arrival_s in arrivals.items():
        promise = rides[ride_id].promise
        waiting = ride_id in pickups
        pickup_s = pickups.get(ride_id, route.aboard.get(ride_id, 0))
        late_s = max(
            arrival_s - promise.arrive_by_s,
            arrival_s - pickup_s - promise.ride_s_max,
            pickup_s - promise.pickup_to_s if waiting else 0,
            0,
        )
        yield Expected(ride_id, pickup_s, arrival_s, late_s, waiting)
