"""Leases: until when shuttles may let parties board, as far as they were ever told.

A shuttle lets a party board only under a lease, which its plan gives it with the boarding. A lease
is over when the shuttle acknowledged a plan without it, or by itself at its end. Until then
no other shuttle is told of the ride. So a shuttle that nobody can reach goes on with what it holds,
and two never come for one party.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from services.dispatcher import columns as c
from services.dispatcher.fleet import Shuttles
from services.dispatcher.route import Lease, Route
from services.domain.ids import RideId
from services.domain.plan import Plan
from services.domain.ride import Ride

CLOCKS_S = 30
"""Clocks of shuttles may go wrong by this."""
TOUCH_S = 180
"""A shuttle that has not acknowledged a plan for this long is out of touch."""
LATER_S = 60
"""How often it is seen whether a shuttle is in touch again that is to get a lease."""


def is_in_touch(route: Route, now_s: int) -> bool:
    """Whether a shuttle follows its newest plan, or had no time yet to say so."""
    return route.unanswered_s < 0 or now_s - route.unanswered_s <= TOUCH_S


def grant(fleet: Shuttles, rides: Mapping[RideId, Ride], k: int, plan: Plan, now_s: int) -> Plan:
    """The plan with its leases: for who is to be picked up soon, by a shuttle that is in touch.

    One that is not may have left what it held; it gets nothing new until it is heard of again.
    """
    route, in_touch = fleet.routes[k], is_in_touch(fleet.routes[k], now_s)
    visits, told, next_s = [], set[RideId](), -1
    for visit in plan.visits:
        until_s = []
        for ride_id in visit.board:
            told.add(ride_id)
            held = route.leases.get(ride_id)
            held_s = 0 if held is None else held.until_s
            if not in_touch or not _is_near(fleet, visit.depart_s, now_s):
                until_s.append(held_s)
                if next_s < 0 and _is_short(fleet, held_s, visit.depart_s):
                    next_s = max(visit.depart_s - fleet.lease_ahead_s, now_s + LATER_S)
            else:
                by_s = max(rides[ride_id].promise.pickup_to_s, visit.depart_s)
                until_s.append(by_s + fleet.lease_late_s)
            if until_s[-1]:
                route.leases[ride_id] = Lease(max(until_s[-1], held_s), 0)
        visits.append(replace(visit, board_until_s=tuple(until_s)) if until_s else visit)
    for ride_id, lease in list(route.leases.items()):
        if lease.until_s + CLOCKS_S < now_s:
            del route.leases[ride_id]
        elif ride_id not in told and not lease.gone:
            route.leases[ride_id] = Lease(lease.until_s, plan.revision)
    route.grant_s = next_s
    return replace(plan, visits=tuple(visits))


def acknowledged(route: Route, revision: int, now_s: int) -> None:
    """A shuttle follows a plan: what that does not name, it will not pick up."""
    revision = min(revision, route.revision)
    for ride_id, lease in list(route.leases.items()):
        if 0 < lease.gone <= revision:
            del route.leases[ride_id]
    route.unanswered_s = -1 if revision == route.revision else now_s


def ends_s(route: Route, ride_id: RideId) -> int:
    """When it is certain that a shuttle does not pick up a party; the past, if it never would."""
    lease = route.leases.get(ride_id)
    return -1 if lease is None else lease.until_s + CLOCKS_S


def holder_of(fleet: Shuttles, ride_id: RideId, now_s: int) -> int | None:
    """The shuttle that may pick up a party, as far as it knows."""
    for k, route in enumerate(fleet.routes):
        if ends_s(route, ride_id) >= now_s:
            return k
    return None


def run_short(fleet: Shuttles, k: int, now_s: int) -> bool:
    """Whether a shuttle is so late that it needs longer leases, and may have them by now."""
    route = fleet.routes[k]
    if not route.leases or not is_in_touch(route, now_s):
        return False
    departs_s = fleet.arrays.visits[k, : len(route.stops), c.V_DEPART].tolist()
    return any(
        ride_id in route.leases
        and _is_short(fleet, route.leases[ride_id].until_s, depart_s)
        and _is_near(fleet, depart_s, now_s)
        for stop, depart_s in zip(route.stops, departs_s, strict=True)
        for ride_id in stop.board
    )


def _is_near(fleet: Shuttles, depart_s: int, now_s: int) -> bool:
    """Whether it is time for the lease of a boarding that ends then."""
    return depart_s <= now_s + fleet.lease_ahead_s


def _is_short(fleet: Shuttles, until_s: int, depart_s: int) -> bool:
    """Whether a lease leaves too little room for a boarding that ends then to get later."""
    return until_s < depart_s + fleet.lease_late_s // 2
