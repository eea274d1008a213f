"""A tiny run whose every figure can be worked out by hand.

Four stops on a line, 0, 2, 5 and 9 km from the town, driven at 10 m/s. One shuttle makes a tour
with two parties, the other one stays at home.
"""

from __future__ import annotations

from dataclasses import replace
from math import cos, degrees, radians
from typing import Any

import numpy as np

from services.domain.fleet_settings import FleetGroup
from services.domain.geo import EARTH_RADIUS_M, Plane, Point
from services.domain.places import Place, PlaceKind
from services.domain.territory import (
    Promises,
    ServiceHours,
    Territory,
    Travel,
    TravelKind,
)
from services.network.folder import Network
from services.network.roads import Roads
from services.network.stops import Stops
from services.network.tables import Tables
from services.simulator.demand import Demand, Trip, demand_of
from services.simulator.records import Inputs, Legs, RideRow, Run, ShuttleRow, VisitRow, no_legs

CENTRE = Point(1.5, 46.0)
STOP_KM = (0, 2, 5, 9)
NODE_KM = tuple(range(10))


def at(east_m: float, north_m: float = 0.0) -> Point:
    """Return the place so many metres east and north of the town."""
    return Point(
        CENTRE.lon + degrees(east_m / EARTH_RADIUS_M) / cos(radians(CENTRE.lat)),
        CENTRE.lat + degrees(north_m / EARTH_RADIUS_M),
    )


def settings(**changes: Any) -> Territory:
    values: dict[str, Any] = {
        "name": "Vallée d'Essai",
        "town": "Bourg",
        "service": ServiceHours(opens="08:00", closes="10:00"),
        "promises": Promises(walk_m_max=500, walk_factor=1.0, walk_speed_m_s=1.0),
        "fleet": (
            FleetGroup(depot="bourg", count=1, energy_wh_per_km=500),
            FleetGroup(depot="bout", count=1, energy_wh_per_km=400),
        ),
    }
    return Territory(**(values | changes))


def network(*, roads: bool = True, places: bool = True, names: tuple[str, ...] = ()) -> Network:
    km = np.array(STOP_KM)
    points = [at(1000.0 * km) for km in STOP_KM]
    drive_m = np.abs(km[:, None] - km[None, :]).astype(np.uint32) * 1000
    count = len(STOP_KM)
    return Network(
        territory=settings() if roads else settings(travel=Travel(kind=TravelKind.CROW)),
        stops=Stops(
            ids=("bourg", "pont", "moulin", "bout"),
            names=names or ("Bourg, mairie", "Le Pont", "Le Moulin", "Le Bout"),
            lon=np.array([point.lon for point in points]),
            lat=np.array([point.lat for point in points]),
            node=np.array(STOP_KM if roads else (-1,) * count, dtype=np.int32),
            x_mm=km.astype(np.int64) * 1_000_000,
            y_mm=np.zeros(count, dtype=np.int64),
        ),
        roads=line_road() if roads else None,
        tables=Tables(
            version="test",
            drive_s=(drive_m // 10).astype(np.uint16),
            drive_m=drive_m,
            node_drive_s=np.empty((0, count), dtype=np.uint16),
            node_drive_m=np.empty((0, count), dtype=np.uint32),
            next_link=np.empty((0, count), dtype=np.uint8),
        ),
        places=_places() if places else (),
        plane=Plane(CENTRE),
    )


def line_road() -> Roads:
    """Return a two-way road with a node every kilometre."""
    nodes = len(NODE_KM)
    links = [(a, b) for a in NODE_KM for b in (a - 1, a + 1) if 0 <= b < nodes]
    tail = np.array([a for a, _ in links], dtype=np.int32)
    points = [at(1000.0 * km) for km in NODE_KM]
    first_out = np.zeros(nodes + 1, dtype=np.int32)
    np.cumsum(np.bincount(tail), out=first_out[1:])
    return Roads(
        node_ids=tuple(f"n{km}" for km in NODE_KM),
        lon=np.array([point.lon for point in points]),
        lat=np.array([point.lat for point in points]),
        first_out=first_out,
        tail=tail,
        head=np.array([b for _, b in links], dtype=np.int32),
        link_ms=np.full(len(links), 100_000, dtype=np.int32),
        link_mm=np.full(len(links), 1_000_000, dtype=np.int32),
        speed_kmh=np.full(len(links), 36.0),
        highway=("tertiary",) * len(links),
        link_ids=tuple(f"l{number}" for number in range(len(links))),
    )


def _places() -> tuple[Place, ...]:
    # Walk + direct drive to the town: Bourg 0, Pont 100 + 200, Bout 300 + 900 s, Lointain never.
    return (
        Place(name="Bourg", kind=PlaceKind.TOWN, point=at(0), population=1000),
        Place(name="Pont", kind=PlaceKind.VILLAGE, point=at(2000, 100), population=600),
        Place(name="Bout", kind=PlaceKind.VILLAGE, point=at(9000, 300), population=300),
        Place(name="Lointain", kind=PlaceKind.HAMLET, point=at(5000, 4000), population=100),
        Place(name="Gare", kind=PlaceKind.HAMLET, point=at(100), population=None),
    )


RIDES = (
    RideRow(
        request_id="r1",
        status="completed",
        request_s=28_800,
        departure_s=28_900,
        seats=2,
        wheelchairs=0,
        earliest_pickup_s=29_000,
        promised_pickup_from_s=29_000,
        promised_pickup_to_s=29_300,
        promised_arrival_s=30_000,
        shuttle_id="v1",
        pickup_stop="pont",
        dropoff_stop="bout",
        picked_up_s=29_230,
        dropped_off_s=29_960,
        walk_to_m=100,
        walk_from_m=40,
        direct_s=700,
        offered=True,
        accepted=True,
    ),
    RideRow(
        request_id="r2",
        status="completed",
        request_s=29_300,
        departure_s=29_300,
        seats=0,
        wheelchairs=1,
        earliest_pickup_s=29_300,
        promised_pickup_from_s=29_300,
        promised_pickup_to_s=29_500,
        promised_arrival_s=30_000,
        shuttle_id="v1",
        pickup_stop="moulin",
        dropoff_stop="bout",
        picked_up_s=29_560,
        dropped_off_s=29_960,
        walk_to_m=0,
        walk_from_m=0,
        direct_s=400,
        offered=True,
        accepted=True,
    ),
    RideRow(
        request_id="r3",
        status="refused",
        request_s=29_400,
        departure_s=29_400,
        seats=1,
        wheelchairs=0,
        refusal_reason="wait",
        refusal_remedy="leave_later_s=540;walk_further_m=120",
    ),
    RideRow(
        request_id="r4",
        status="refused",
        request_s=29_500,
        departure_s=29_500,
        seats=1,
        wheelchairs=0,
        refusal_reason="walk_to_stop",
    ),
    RideRow(
        request_id="r5",
        status="no_show",
        request_s=29_600,
        departure_s=31_000,
        seats=1,
        wheelchairs=0,
        earliest_pickup_s=31_000,
        promised_pickup_from_s=31_000,
        promised_pickup_to_s=31_900,
        promised_arrival_s=33_000,
        shuttle_id="v2",
        pickup_stop="bout",
        dropoff_stop="bourg",
        walk_to_m=0,
        walk_from_m=0,
        direct_s=900,
        offered=True,
        accepted=True,
    ),
    RideRow(
        request_id="r6",
        status="cancelled",
        request_s=29_700,
        departure_s=29_700,
        seats=1,
        wheelchairs=0,
        offered=True,
    ),
)

VISITS = (
    VisitRow(
        shuttle_id="v1",
        seq=0,
        stop="pont",
        arrive_s=29_200,
        depart_s=29_230,
        boarded=("r1",),
        seats_on_board=2,
        drive_mm=2_000_000,
    ),
    VisitRow(
        shuttle_id="v1",
        seq=1,
        stop="moulin",
        arrive_s=29_530,
        depart_s=29_560,
        boarded=("r2",),
        seats_on_board=2,
        wheelchairs_on_board=1,
        drive_mm=3_000_000,
    ),
    VisitRow(
        shuttle_id="v1",
        seq=2,
        stop="bout",
        arrive_s=29_960,
        depart_s=29_990,
        left=("r1", "r2"),
        drive_mm=4_000_000,
    ),
)


def tour() -> Legs:
    """Return the first shuttle's way: nodes 0 to 9, a kilometre a leg, two stops in between."""
    depart_s = [29_000, 29_100, 29_230, 29_330, 29_430, 29_560, 29_660, 29_760, 29_860]
    count = len(depart_s)
    return Legs(
        nodes=tuple(f"n{km}" for km in NODE_KM),
        shuttle=np.zeros(count, dtype=np.int32),
        seq=np.arange(count, dtype=np.int32),
        from_node=np.arange(count, dtype=np.int32),
        to_node=np.arange(1, count + 1, dtype=np.int32),
        depart_ms=np.array(depart_s, dtype=np.int64) * 1000,
        arrive_ms=(np.array(depart_s, dtype=np.int64) + 100) * 1000,
        length_mm=np.full(count, 1_000_000, dtype=np.int32),
        plan_revision=np.array([1, 1, 2, 2, 2, 3, 3, 3, 3], dtype=np.int32),
    )


def run(**changes: Any) -> Run:
    day = Run(
        rides=RIDES,
        visits=VISITS,
        legs=tour(),
        shuttles=(
            ShuttleRow(
                shuttle_id="v1",
                depot_stop="bourg",
                seats=8,
                wheelchairs=1,
                luggage=8,
                energy_wh_per_km=500,
            ),
            ShuttleRow(
                shuttle_id="v2",
                depot_stop="bout",
                seats=8,
                wheelchairs=1,
                luggage=8,
                energy_wh_per_km=400,
            ),
        ),
        seed=1,
        benchmark=False,
        settings=settings(),
        horizon_s=(28_800, 36_000),
        inputs=Inputs(
            territory="territories/essai",
            territory_sha256={"territory.yaml": "ab" * 32, "stops.csv": "cd" * 32},
            demand="demand.csv",
            demand_sha256="ef" * 32,
        ),
    )
    return replace(day, **changes)


def empty_run(**changes: Any) -> Run:
    """Return a day on which nobody asked for anything."""
    return run(**({"rides": (), "visits": (), "legs": no_legs()} | changes))


def demand() -> Demand:
    ends = {
        "r1": (at(2000, 100), at(9000, 40)),
        "r2": (at(5000), at(9000)),
        "r3": (at(2000, 200), at(0)),
        "r4": (at(5000, 3900), at(0)),
        "r5": (at(9000), at(0)),
        "r6": (at(2000), at(0, 500)),
    }
    return demand_of(
        Trip(
            request_id=ride.request_id,
            request_s=ride.request_s,
            departure_s=ride.departure_s,
            origin=ends[ride.request_id][0],
            destination=ends[ride.request_id][1],
            seats=ride.seats,
            wheelchairs=ride.wheelchairs,
        )
        for ride in RIDES
    )
