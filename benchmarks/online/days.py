"""The synthetic rural day of ``online/``: stops on a flat map, requests between stops, fleets."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.domain.fleet_settings import FleetGroup
from services.domain.geo import EARTH_RADIUS_M, Plane, Point
from services.domain.ids import ShuttleId
from services.domain.ride import Load, StopWalk
from services.domain.shuttle import Shuttle
from services.domain.territory import (
    DispatchSettings,
    Promises,
    StopTimes,
    Territory,
    Travel,
    TravelKind,
)
from services.network.crow import crow_tables
from services.network.folder import Network
from services.network.stops import Stops
from services.simulator.chance import Chance
from services.simulator.demand import Demand, Trip, demand_of
from services.simulator.simulate_command import without_chance
from services.simulator.simulation import Ends, Simulation

CROW_FACTOR = 1.3
SPEED_KMH = 50
WAIT_S_MAX = 1200
RIDE_FACTOR = 1.5
RIDE_CONSTANT_S = 600
NOWHERE = Point(0.0, 0.0)
"""Requests name stops, not places."""


class Form(StrEnum):
    """What bounds a ride beside the latest pickup."""

    ARRIVAL = "arrival"
    """The latest dropoff."""
    RIDE = "ride"
    """The longest time on board."""


COLUMNS = (
    "t_request",
    "origin",
    "dest",
    "pax",
    "direct_s",
    "latest_pickup",
    "latest_dropoff",
    "max_ride",
)
"""Of ``requests_*.csv`` after its ``id``, in the order of an `Order`."""


class Order(NamedTuple):
    """A row of ``requests_*.csv``."""

    request_id: str
    request_s: int
    origin: int
    destination: int
    seats: int
    direct_s: int
    pickup_by_s: int
    dropoff_by_s: int
    ride_s_max: int


class Van(NamedTuple):
    """A row of ``fleet_*.csv``."""

    name: str
    stop: int
    seats: int


@dataclass(frozen=True, kw_only=True)
class Day:
    """The files of one day as they are.

    Parameters
    ----------
    xy_mm
        (stops, 2) where the stops are.
    """

    name: str
    xy_mm: NDArray[np.int64]
    orders: tuple[Order, ...]
    vans: tuple[Van, ...]

    def between(self, from_h: int, to_h: int) -> Day:
        """The same day with the requests of some hours alone."""
        orders = tuple(o for o in self.orders if from_h * 3600 <= o.request_s < to_h * 3600)
        name = f"{from_h}–{to_h} h: {len(orders):,} / {len(self.vans)}"
        return replace(self, name=name, orders=orders)

    def first(self, count: int) -> Day:
        """The same day with its first requests alone."""
        return replace(self, name=f"first {count} of {self.name}", orders=self.orders[:count])


def read_day(stops: Path, requests: Path, fleet: Path) -> Day:
    """Read a day from its three files."""
    places = [(float(row["x_km"]), float(row["y_km"])) for row in _rows(stops)]
    orders = tuple(
        Order(row["id"], *(int(row[name]) for name in COLUMNS)) for row in _rows(requests)
    )
    vans = tuple(
        Van(f"van-{int(row['veh']):03}", int(row["stop"]), int(row["capacity"]))
        for row in _rows(fleet)
    )
    xy_mm = np.array([(round(x_km * 1e6), round(y_km * 1e6)) for x_km, y_km in places], np.int64)
    return Day(name=f"{len(orders):,} / {len(vans)}", xy_mm=xy_mm, orders=orders, vans=vans)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def network_of(day: Day, form: Form) -> Network:
    """The day's map and rules as the product has them; nothing is planned anew in batches."""
    count = len(day.xy_mm)
    names = tuple(str(stop) for stop in range(count))
    x_mm, y_mm = np.ascontiguousarray(day.xy_mm[:, 0]), np.ascontiguousarray(day.xy_mm[:, 1])
    limited = form is Form.RIDE
    territory = Territory(
        name="online",
        promises=Promises(
            wait_s_max=WAIT_S_MAX,
            ride_factor=RIDE_FACTOR if limited else 0,
            ride_constant_s=RIDE_CONSTANT_S if limited else 0,
        ),
        stop_times=StopTimes(base_s=0, party_s=0),
        dispatch=DispatchSettings(batch_every_s=0),
        travel=Travel(kind=TravelKind.CROW, crow_factor=CROW_FACTOR, crow_speed_kmh=SPEED_KMH),
        fleet=(FleetGroup(depot="0", count=1),),
    )
    return Network(
        territory=without_chance(territory),
        stops=Stops(
            ids=names,
            names=names,
            lon=np.degrees(x_mm / 1000 / EARTH_RADIUS_M),
            lat=np.degrees(y_mm / 1000 / EARTH_RADIUS_M),
            node=np.full(count, -1, np.int32),
            x_mm=x_mm,
            y_mm=y_mm,
        ),
        roads=None,
        tables=crow_tables(x_mm, y_mm, CROW_FACTOR, SPEED_KMH),
        places=(),
        plane=Plane(NOWHERE),
    )


def fleet_of(day: Day) -> tuple[Shuttle, ...]:
    """The day's fleet."""
    return tuple(
        Shuttle(id=ShuttleId(van.name), depot_stop=van.stop, capacity=Load(van.seats, 0, 0))
        for van in day.vans
    )


def demand_and_ends(day: Day, form: Form) -> tuple[Demand, dict[str, Ends]]:
    """Who asks for rides, and between which stops."""
    trips = [
        Trip(
            request_id=order.request_id,
            request_s=order.request_s,
            departure_s=order.request_s,
            origin=NOWHERE,
            destination=NOWHERE,
            arrive_by_s=order.dropoff_by_s if form is Form.ARRIVAL else None,
            seats=order.seats,
        )
        for order in day.orders
    ]
    ends: dict[str, Ends] = {
        order.request_id: ((StopWalk(order.origin, 0),), (StopWalk(order.destination, 0),))
        for order in day.orders
    }
    return demand_of(trips), ends


def simulation_of(day: Day, form: Form) -> Simulation:
    """The day in the product's hands, about to begin."""
    demand, ends = demand_and_ends(day, form)
    return Simulation(network_of(day, form), fleet_of(day), demand, Chance(0, on=False), ends)
