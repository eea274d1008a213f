"""Judges an online day from its records alone: no table, plan or rule of the product is asked.

Drives are held against straight lines between the stops of the file. What the table rounds away is
half a second a piece of way at most, and that much is granted where a shuttle turned off half-way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import floor, hypot

from benchmarks.online.days import CROW_FACTOR, SPEED_KMH, Day, Form, Order, Van
from services.domain.ids import RideId
from services.domain.ride import Ride, Status
from services.simulator.driven import Drive
from services.simulator.simulation import Simulation
from services.simulator.vehicle import Stay

MS_PER_MM = CROW_FACTOR * 3.6 / SPEED_KMH
ROUNDED_AWAY_MS = 500
SLACK_MS = 2
"""Places lie on whole millimetres, turns on whole milliseconds."""

XY = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Records:
    """What happened on a day.

    Parameters
    ----------
    rides
        By the id of their request.
    order_of
        The request id behind a ride's id.
    """

    rides: Mapping[str, Ride]
    order_of: Mapping[RideId, str]
    stays: Sequence[Stay]
    drives: Sequence[Drive]


def records_of(simulation: Simulation) -> Records:
    """The records of a day that is over."""
    order_of = {
        ride_id: rider.trip.request_id for ride_id, rider in simulation.riders.riders.items()
    }
    return Records(
        rides={order_of[ride.id]: ride for ride in simulation.zone.rides.values()},
        order_of=order_of,
        stays=simulation.world.stays,
        drives=simulation.world.drives,
    )


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What is wrong with a day, and how far it was driven."""

    faults: tuple[str, ...]
    driven_km: float


def judge(day: Day, form: Form, records: Records) -> Judgement:
    """Hold a day against what was asked, and work out how far was driven."""
    orders = {order.request_id: order for order in day.orders}
    faults = [*_rides(orders, form, records)]
    boarded: list[str] = []
    stop_xy = [(x_mm, y_mm) for x_mm, y_mm in day.xy_mm.tolist()]
    drives: list[list[tuple[int, Drive]]] = [[] for _ in day.vans]
    for made, drive in enumerate(records.drives):
        drives[drive.shuttle].append((made, drive))
    for number, van in enumerate(day.vans):
        own = [stay for stay in records.stays if stay.shuttle == number]
        faults += _on_board(van, own, orders, records, boarded)
        faults += _ways(stop_xy, van, own, drives[number])
    served = {name for name, ride in records.rides.items() if ride.status is Status.COMPLETED}
    if len(boarded) != len(set(boarded)):
        faults.append("somebody boarded twice")
    if set(boarded) != served:
        faults.append(f"{len(set(boarded) ^ served)} rides and visits disagree")
    driven_mm = sum(_length_mm(*_ends(drive)) for drive in records.drives)
    return Judgement(faults=tuple(faults), driven_km=driven_mm * CROW_FACTOR / 1e6)


def _rides(orders: Mapping[str, Order], form: Form, records: Records) -> Iterator[str]:
    """Everybody is answered, and whoever is served is served in time."""
    for name, order in orders.items():
        ride = records.rides.get(name)
        if ride is None or ride.status not in (Status.COMPLETED, Status.REFUSED):
            yield f"{name}: ends as {ride.status if ride else 'nothing'}"
        elif ride.status is Status.COMPLETED:
            picked_s, dropped_s = ride.picked_up_s or 0, ride.dropped_off_s or 0
            if not order.request_s <= picked_s <= order.pickup_by_s:
                yield f"{name}: picked up at {picked_s} s"
            if form is Form.ARRIVAL and dropped_s > order.dropoff_by_s:
                yield f"{name}: dropped off at {dropped_s} s"
            if form is Form.RIDE and dropped_s - picked_s > order.ride_s_max:
                yield f"{name}: on board for {dropped_s - picked_s} s"


def _on_board(
    van: Van,
    stays: Sequence[Stay],
    orders: Mapping[str, Order],
    records: Records,
    boarded: list[str],
) -> Iterator[str]:
    """Who gets on and off where and when, and that all fit in between."""
    aboard: set[str] = set()
    for stay in stays:
        for name in (records.order_of[ride_id] for ride_id in stay.left):
            if name not in aboard or orders[name].destination != stay.stop:
                yield f"{name}: left at stop {stay.stop}"
            if records.rides[name].dropped_off_s != stay.arrive_s:
                yield f"{name}: left at {stay.arrive_s} s by the visits"
            aboard.discard(name)
        for name in (records.order_of[ride_id] for ride_id in stay.boarded):
            if orders[name].origin != stay.stop:
                yield f"{name}: boarded at stop {stay.stop}"
            if records.rides[name].picked_up_s != stay.depart_s:
                yield f"{name}: boarded at {stay.depart_s} s by the visits"
            aboard.add(name)
            boarded.append(name)
        load = sum(orders[name].seats for name in aboard)
        if load > van.seats:
            yield f"{van.name}: {load} on board at {stay.depart_s} s"
    if aboard:
        yield f"{van.name}: {len(aboard)} parties never left"


def _ways(
    stop_xy: Sequence[XY], van: Van, stays: Sequence[Stay], drives: Sequence[tuple[int, Drive]]
) -> Iterator[str]:
    """A shuttle is in one place at a time, and no faster than the straight line allows."""
    at_stops = set(stop_xy)
    place, time_ms, used = stop_xy[van.stop], 0, 0
    for stay in [*stays, None]:
        while used < len(drives) and (stay is None or drives[used][0] < stay.drives):
            drive = drives[used][1]
            used += 1
            start, end = _ends(drive)
            if start != place or drive.start_ms < time_ms:
                yield f"{van.name}: sets off from elsewhere, or too early, at {drive.start_ms} ms"
            least_ms = _length_mm(start, end) * MS_PER_MM - ROUNDED_AWAY_MS - SLACK_MS
            if start in at_stops and end in at_stops:  # all of the table's time
                least_ms = floor(_length_mm(start, end) * MS_PER_MM / 1000 + 0.5) * 1000
            if drive.end_ms - drive.start_ms < least_ms:
                yield f"{van.name}: drives too fast at {drive.start_ms} ms"
            place, time_ms = end, drive.end_ms
        if stay is not None:
            if place != stop_xy[stay.stop] or stay.arrive_s * 1000 < time_ms:
                yield f"{van.name}: is not at stop {stay.stop} at {stay.arrive_s} s"
            time_ms = stay.depart_s * 1000


def _ends(drive: Drive) -> tuple[XY, XY]:
    assert isinstance(drive.start, tuple)
    assert isinstance(drive.end, tuple)
    return drive.start, drive.end


def _length_mm(start: XY, end: XY) -> float:
    return hypot(end[0] - start[0], end[1] - start[1])
