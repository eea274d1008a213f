"""What bounds a request: each bound can be loosened, by an amount, in a copy of a zone.

This is the one place that explanations know of a constraint from. A new constraint is a member of
`Bound`, a line in `loosest` that says how far it could give way, and a line in `loosen` that lets
it; the search and the referee, which keep it, are asked as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import time
from enum import StrEnum

from services.dispatcher import columns as c
from services.dispatcher.core import Zone
from services.domain.ids import RideId
from services.domain.ride import Load, Relaxation, Request
from services.domain.settings_part import DAY_S
from services.domain.task import Task, TaskKind
from services.domain.territory import Territory


class Bound(StrEnum):
    """What can stand between a request and one shuttle."""

    WAIT = "wait"
    ARRIVAL = "arrival"
    RIDE_TIME = "ride_time"
    WALK = "walk"
    SERVICE_HOURS = "service_hours"
    SHIFT = "shift"
    UPKEEP = "upkeep"
    SEATS = "seats"
    WHEELCHAIRS = "wheelchairs"
    LUGGAGE = "luggage"
    SUPERVISION = "supervision"
    PICKUP_OF = "pickup_of"
    ARRIVAL_OF = "arrival_of"
    RIDE_TIME_OF = "ride_time_of"


UNITS = {
    Bound.WALK: "m",
    Bound.SEATS: "seats",
    Bound.WHEELCHAIRS: "wheelchair places",
    Bound.LUGGAGE: "luggage places",
    Bound.SUPERVISION: "shuttles",
}
"""Units of the bounds that are not in seconds (``s``)."""

PROMISED = {
    Bound.PICKUP_OF: "pickup_to_s",
    Bound.ARRIVAL_OF: "arrive_by_s",
    Bound.RIDE_TIME_OF: "ride_s_max",
}
"""Bounds that were promised to another ride."""

ROOM = {Bound.SEATS: "seats", Bound.WHEELCHAIRS: "wheelchairs", Bound.LUGGAGE: "luggage"}


@dataclass(frozen=True, slots=True)
class Give:
    """A bound that gives way by an amount; of the promise to ``ride_id``, if it is another's."""

    bound: Bound
    amount: int
    ride_id: RideId | None = None

    @property
    def unit(self) -> str:
        """What the amount counts."""
        return UNITS.get(self.bound, "s")


def loosest(zone: Zone, request: Request) -> Iterator[Give]:
    """Everything that could give way for a request, and how far at most.

    In the order in which it should be kept: what comes first gives way last.
    """
    for route in zone.fleet.routes:
        for stop in route.stops:
            yield from (Give(Bound.PICKUP_OF, DAY_S, ride_id) for ride_id in stop.board)
            yield from (Give(Bound.ARRIVAL_OF, DAY_S, ride_id) for ride_id in stop.leave)
            if zone.territory.promises.ride_factor:
                yield from (Give(Bound.RIDE_TIME_OF, DAY_S, ride_id) for ride_id in stop.leave)
    displaced = max(route.shuttle.seats_per_wheelchair for route in zone.fleet.routes)
    kinds = {task.kind for route in zone.fleet.routes for task in route.tasks}
    if kinds - {TaskKind.OFF_DUTY}:
        yield Give(Bound.UPKEEP, DAY_S)
    if TaskKind.OFF_DUTY in kinds:
        yield Give(Bound.SHIFT, DAY_S)
    if zone.fleet.supervised:
        yield Give(Bound.SUPERVISION, int(zone.fleet.arrays.total.max(initial=0)) + 1)
    load = request.party.load
    load = load._replace(seats=load.seats + displaced * load.wheelchairs)
    for bound, dimension in ROOM.items():
        if amount := getattr(load, dimension):
            yield Give(bound, amount)
    _, closes_s = zone.terms.hours(request)
    service = zone.territory.service
    if closes_s < c.FAR_S and service.closes_s is not None:
        yield Give(Bound.SERVICE_HOURS, service.opens_s + DAY_S - service.closes_s - 1)
    count = zone.territory.dispatch.candidate_stops
    ends = (request.origins[:count], request.destinations[:count])
    beyond_m = max((near[-1].walk_m for near in ends if near), default=0)
    beyond_m -= zone.terms.promises.walk_m_max
    if beyond_m > 0:
        yield Give(Bound.WALK, beyond_m)
    if zone.territory.promises.ride_factor:
        yield Give(Bound.RIDE_TIME, DAY_S)
    if request.arrive_by_s is not None:
        yield Give(Bound.ARRIVAL, DAY_S)
    yield Give(Bound.WAIT, DAY_S)


def loosen(zone: Zone, request: Request, gives: Iterable[Give]) -> Request:
    """Let bounds give way in a zone that was made to try things on.

    Returns
    -------
    Request
        What to ask it then; only the latest arrival is part of the request itself.
    """
    territory, service = zone.terms.territory, zone.terms.territory.service
    promises: dict[str, int] = {}
    rooms: dict[str, int] = {}
    for give in gives:
        amount = give.amount
        match give.bound:
            case Bound.WAIT:
                promises["wait_s_max"] = amount
            case Bound.RIDE_TIME:
                promises["ride_constant_s"] = amount
            case Bound.WALK:
                promises["walk_m_max"] = amount
            case Bound.ARRIVAL:
                assert request.arrive_by_s is not None
                request = replace(request, arrive_by_s=request.arrive_by_s + amount)
            case Bound.SERVICE_HOURS:
                service = service.model_copy(
                    update={"closes": _clock((service.closes_s or 0) + amount)}
                )
            case Bound.SHIFT | Bound.UPKEEP:
                _put_off(zone, amount, off_duty=give.bound is Bound.SHIFT)
            case Bound.SEATS | Bound.WHEELCHAIRS | Bound.LUGGAGE:
                rooms[ROOM[give.bound]] = amount
            case Bound.SUPERVISION:
                arrays = zone.fleet.arrays
                zone.fleet.arrays = arrays._replace(limits=arrays.limits + amount)
            case Bound.PICKUP_OF | Bound.ARRIVAL_OF | Bound.RIDE_TIME_OF:
                assert give.ride_id is not None
                _loosen_promise(zone, give.ride_id, PROMISED[give.bound], amount)
    territory = more_generous(territory, promises).model_copy(update={"service": service})
    zone.answers.terms = zone.terms.under(territory)
    if rooms:
        _make_room(zone, rooms)
    return request


def more_generous(territory: Territory, more: dict[str, int]) -> Territory:
    """Rules under which promises are larger by some amounts, and the reserve before them is not."""
    promises = {name: getattr(territory.promises, name) + more[name] for name in more}
    dispatch = territory.dispatch.model_copy(update={"reserve_s": territory.reserve_s})
    return territory.model_copy(
        update={
            "promises": territory.promises.model_copy(update=promises),
            "dispatch": dispatch,
        }
    )


def _clock(seconds: int) -> time:
    minutes, second = divmod(seconds % DAY_S, 60)
    return time(minutes // 60, minutes % 60, second)


def _put_off(zone: Zone, amount: int, *, off_duty: bool) -> None:
    """Let tasks begin later."""

    def later(task: Task) -> Task:
        concerned = (task.kind is TaskKind.OFF_DUTY) == off_duty
        return replace(task, latest_s=task.latest_s + amount) if concerned else task

    for k, route in enumerate(zone.fleet.routes):
        route.tasks = [later(task) for task in route.tasks]
        for stop in route.stops:
            stop.task = stop.task and later(stop.task)
        zone.fleet.write(k, zone.rides)
        zone.fleet.refresh(k, zone.now_s)


def _make_room(zone: Zone, rooms: dict[str, int]) -> None:
    fleet = zone.fleet
    for k, route in enumerate(fleet.routes):
        old = route.shuttle.capacity
        capacity = Load(*(getattr(old, name) + rooms.get(name, 0) for name in Load._fields))
        route.shuttle = replace(route.shuttle, capacity=capacity)
        fleet.head(k)[c.H_SEATS : c.H_LUGGAGE + 1] = capacity


def _loosen_promise(zone: Zone, ride_id: RideId, name: str, amount: int) -> None:
    fleet, ride = zone.fleet, zone.rides[ride_id]
    promise = replace(ride.promise, **{name: getattr(ride.promise, name) + amount})
    zone.rides[ride_id] = replace(ride, changed=promise)
    fleet.forget(ride_id)
    k = fleet.holder(ride_id, ride.shuttle_id)
    if k is not None:
        fleet.write(k, zone.rides)
        fleet.refresh(k, zone.now_s)


def relaxed(
    request: Request, territory: Territory, relaxation: Relaxation, amount: int
) -> tuple[Request, Territory]:
    """Give way in one dimension of a refusal's remedies: what to ask then, and under what rules."""
    match relaxation:
        case Relaxation.LEAVE_LATER_S:
            return replace(request, departure_s=request.departure_s + amount), territory
        case Relaxation.ARRIVE_LATER_S:
            assert request.arrive_by_s is not None
            return replace(request, arrive_by_s=request.arrive_by_s + amount), territory
        case Relaxation.FEWER_SEATS:
            party = request.party
            companions = max(party.companions - amount, 0)
            seats = party.seats - (amount - (party.companions - companions))
            fewer = replace(party, seats=seats, companions=companions)
            return replace(request, party=fewer), territory
        case Relaxation.WALK_FURTHER_M:
            return request, more_generous(territory, {"walk_m_max": amount})
        case Relaxation.RIDE_LONGER_S:
            return request, more_generous(territory, {"ride_constant_s": amount})
