"""The figures of the day as it was lived, as far as a journal shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from services.domain.ride import TERMINAL, Ride
from services.network.folder import Network
from services.network.tables import UNREACHABLE_S
from services.simulator.demand import Demand
from services.simulator.kpis import kpis
from services.simulator.outcome import ride_row
from services.simulator.records import RideRow, Run, no_legs
from services.simulator.riders import Rider
from services.simulator.whatif.outside import LivedRider, Outside

KNOWN = (
    "requests",
    "people_asking",
    "served",
    "people_served",
    "served_share",
    "refused",
    "refused_total",
    "cancelled",
    "no_show",
    "failed",
    "offers",
    "accepted_share",
    "wait_s",
    "ride_s",
    "detour",
    "walk_m",
    "answer_s",
    "on_time_share",
    "late_pickups",
    "late_arrivals",
    "pickup_late_s",
    "arrival_late_s",
)
"""Figures of ``kpis.json`` that a journal shows."""


def is_known(rider: LivedRider) -> bool:
    """Whether it is known where a rider was, and what became of the ride."""
    placed = bool(rider.request.origins and rider.request.destinations)
    return placed and rider.ride is not None and rider.ride.status in TERMINAL


def figures(
    riders: Iterable[LivedRider], found: Outside, network: Network, demand: Demand, day: int
) -> dict[str, Any]:
    """Work out the figures of a lived day; those of vehicles are about right.

    Parameters
    ----------
    riders
        Those of the day, in any order.
    network
        The territory that was lived on.
    demand
        What the riders asked for.
    """
    known = {trip.request_id: trip for trip in demand.trips}
    rows = [_row(one, known[one.request.ride_id], network) for one in riders]
    rows.sort(key=lambda row: (row.request_s, row.request_id))
    run = Run(
        rides=tuple(rows),
        visits=(),
        legs=no_legs(),
        shuttles=(),
        seed=0,
        benchmark=False,
        settings=network.territory,
        horizon_s=(0, 0),
    )
    whole = kpis(run, network, demand)
    return {name: whole[name] for name in KNOWN} | {"vehicle_km": _km(found, network, day)}


def _row(lived: LivedRider, trip: Any, network: Network) -> RideRow:
    """What became of a rider; its times count from the day's midnight only as differences."""
    rider = Rider(
        trip=trip,
        request=replace(lived.request, departure_s=lived.departure_s),
        confirmed=lived.confirmed,
        answered_s=None
        if lived.answered_s is None
        else lived.answered_s - lived.asked_s + trip.request_s,
    )
    ride: Ride | None = lived.ride
    return ride_row(rider, ride, network)


def _km(found: Outside, network: Network, day: int) -> float:
    """Kilometres between the stops that shuttles set off from and to, detours left out."""
    tables = network.tables
    ways: Mapping[tuple[int, int], int] = found.ways.get(day, {})
    driven_m = sum(
        int(tables.drive_m[way]) * count
        for way, count in ways.items()
        if tables.drive_s[way] < UNREACHABLE_S
    )
    return round(driven_m / 1000, 3)
