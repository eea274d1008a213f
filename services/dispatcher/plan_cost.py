"""What a shuttle's plan costs, as a solver counts it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from services.dispatcher import columns as c
from services.dispatcher.distance import plan_m
from services.dispatcher.fleet import Shuttles
from services.dispatcher.objective import DRIVE_COST
from services.domain.ids import RideId
from services.domain.ride import Ride
from services.domain.territory import DispatchSettings


class Weights(NamedTuple):
    """What a second of waiting, a second of riding and a metre of driving cost."""

    wait: int
    ride: int
    metre: int


def weights_of(settings: DispatchSettings) -> Weights:
    """The weights of a territory."""
    wait, ride = (round(w * DRIVE_COST) for w in (settings.wait_weight, settings.ride_weight))
    return Weights(wait, ride, settings.km_weight)


def plan_cost(fleet: Shuttles, rides: Mapping[RideId, Ride], k: int, weights: Weights) -> int:
    """What the plan of shuttle ``k`` costs from here on; a second of driving is `DRIVE_COST`."""
    route = fleet.routes[k]
    head, visits = fleet.head(k), fleet.arrays.visits[k]
    rows = visits[: len(route.stops)].tolist()
    time_s, last = int(head[c.H_FREE]), -1
    picked_s = dict(route.aboard)
    cost = plan_m(fleet.ways, head, visits) * weights.metre if weights.metre else 0
    for stop, row in zip(route.stops, rows, strict=True):
        drive_s = fleet.drive_s[last, stop.stop] if last >= 0 else row[c.V_ARRIVE] - time_s
        cost += max(drive_s, 0) * DRIVE_COST
        for ride_id in stop.leave:
            cost += weights.ride * (row[c.V_ARRIVE] - picked_s[ride_id])
        for ride_id in stop.board:
            terms = fleet.terms_of(ride_id, rides)
            picked_s[ride_id] = row[c.V_DEPART]
            cost += weights.wait * (row[c.V_DEPART] - terms.pickup_from_s)
        last = stop.stop
    return cost
