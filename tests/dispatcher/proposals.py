"""Proposals of every kind, and what a zone is made of, to see whether one changed it."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from services.dispatcher import columns as c
from services.dispatcher.core import Zone
from services.domain.events import PlanProposal
from services.domain.ids import RideId, ShuttleId
from services.domain.plan import Call, ProposedRoute


def state_of(zone: Zone) -> dict[str, Any]:
    """All that a zone knows and will act upon."""
    fleet = zone.fleet
    heads, visits, rides = fleet.arrays[:3]
    handover, rescue, answers = zone.adoption._handover, zone._rescue, zone.answers
    return {
        "rides": dict(zone.rides),
        "routes": [replace(route.trial(), written=None) for route in fleet.routes],
        "heads": heads.tolist(),
        "visits": [visits[k, : heads[k, c.H_VISITS]].tolist() for k in range(len(heads))],
        "limits": [rides[k, : heads[k, c.H_RIDES]].tolist() for k in range(len(heads))],
        "moves": (dict(handover._moves), sorted(handover._due)),
        "withdrawn": (dict(rescue._withdrawn), dict(rescue._sought), sorted(rescue._due)),
        "answers": (dict(answers.waiting), sorted(answers._due), sorted(answers._expiries)),
        "now_s": zone.now_s,
    }


def looked_at(zone: Zone) -> dict[str, Any]:
    """The same, once it is known where every shuttle is."""
    for k in range(len(zone.fleet.routes)):
        zone.fleet.refresh(k, zone.now_s)
    return state_of(zone)


def as_it_is(zone: Zone) -> list[ProposedRoute]:
    """The routes that shuttles have, as a proposal would have them."""
    return [
        ProposedRoute(
            shuttle_id=route.shuttle.id,
            revision=route.revision,
            calls=tuple(
                Call(stop=stop.stop, board=tuple(stop.board), leave=tuple(stop.leave))
                for stop in route.stops
                if stop.task is None
            ),
        )
        for route in zone.fleet.routes
    ]


def garbled(zone: Zone, dice: Random) -> PlanProposal:
    """Routes as they are, with one to four things wrong or changed."""
    routes = [[*route.calls] for route in as_it_is(zone)]
    ids: list[str] = [route.shuttle.id for route in zone.fleet.routes]
    for _ in range(dice.randint(1, 4)):
        _garble(routes, ids, zone, dice)
    return PlanProposal(
        tuple(
            ProposedRoute(
                shuttle_id=ShuttleId(shuttle), revision=dice.choice((0, 1, 40)), calls=tuple(calls)
            )
            for shuttle, calls in zip(ids, routes, strict=True)
        )
    )


def _garble(routes: list[list[Call]], ids: list[str], zone: Zone, dice: Random) -> None:
    here, there = dice.choice(routes), dice.choice(routes)
    stop = dice.randrange(7)
    at = dice.randrange(len(here) + 1)
    known = [*zone.rides, RideId("nobody")]
    ride_id = dice.choice(known)
    kind = dice.randrange(11)
    if kind == 0:
        dice.shuffle(here)
    elif kind == 1 and here:
        del here[dice.randrange(len(here))]
    elif kind == 2 and here:
        there.insert(dice.randint(0, len(there)), dice.choice(here))
    elif kind in (3, 4, 5):  # a ride goes to another shuttle, in good order
        ends = _promised(zone, ride_id) or (stop, dice.randrange(7))
        for route in routes:
            route[:] = [_without(call, ride_id) for call in route]
        there.append(Call(stop=ends[0], board=(ride_id,)))
        there.append(Call(stop=ends[1], leave=(ride_id,)))
    elif kind == 6:
        here.insert(at, Call(stop=dice.choice((-1, 7, 2**31 - 1)), board=(ride_id,)))
    elif kind == 7:  # off before on
        here[at:at] = [Call(stop=stop, leave=(ride_id,)), Call(stop=stop, board=(ride_id,))]
    elif kind == 8 and here:
        call = here.pop(0)
        twice = Call(stop=call.stop, board=call.board * 2, leave=call.leave * 2)
        here.insert(0, twice)
    elif kind == 9:
        number = dice.randrange(len(ids))
        ids[number] = dice.choice(("nobody's", ids[0]))
    else:
        here.clear()


def _promised(zone: Zone, ride_id: RideId) -> tuple[int, int] | None:
    ride = zone.rides.get(ride_id)
    if ride is None:
        return None
    if ride.offer is None:
        return ride.request.origins[0].stop, ride.request.destinations[0].stop
    return ride.promise.pickup_stop, ride.promise.dropoff_stop


def _without(call: Call, ride_id: RideId) -> Call:
    return Call(
        stop=call.stop,
        board=tuple(r for r in call.board if r != ride_id),
        leave=tuple(r for r in call.leave if r != ride_id),
    )
