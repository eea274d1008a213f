"""Dial-a-ride instances whose requests come in over the day, run by the product, and in hindsight.

G. Berbeglia, J.-F. Cordeau, G. Laporte (2012): A hybrid tabu search and constraint programming
algorithm for the dynamic dial-a-ride problem. INFORMS Journal on Computing 24(3).

A unit of the plane is a kilometre, driven straight in a minute; travel times are rounded up to the
second. What the product cannot express, and what is done instead:

- **An earliest dropoff.** Half of the requests have a window for it. They get the part of it that a
  pickup window can give: boarding ends no earlier than would lead there straight at the opening. So
  nobody arrives early, but detours that begin before that are lost. Hindsight is shown both ways.
- **A longest ride that is the same for all.** It is told as a thousandth of the direct drive and a
  constant, a second stricter at most.
- **The longest route** (as long as the horizon of all requests) limits neither.
- **The way back to the depot** is not planned for; it is added to what was driven.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, hypot
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks._measuring import give_up
from benchmarks.online.days import NOWHERE
from benchmarks.online.variants import Settings
from services.domain.fleet_settings import FleetGroup
from services.domain.geo import EARTH_RADIUS_M, Plane
from services.domain.ids import ShuttleId
from services.domain.ride import Load, StopWalk
from services.domain.shuttle import Shuttle
from services.domain.territory import (
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
from services.simulator.demand import Trip, demand_of
from services.simulator.driven import Drive
from services.simulator.simulate_command import without_chance
from services.simulator.simulation import Ends, Simulation
from services.solver.improve import improve
from services.solver.instance import Instance, Site
from services.solver.plane import problem_of
from services.solver.problem import Budget
from services.solver.recheck import recheck

MINUTE_S = 60
UNIT_MM = 1_000_000
UNIT_KMH = 60
HARDLY = 0.001
"""A territory's ride factor is 1 at least, or 0 for no limit: this is set past that check."""


class Pooled(NamedTuple):
    """What came of an instance: requests served, and the way driven, back to the depot included."""

    served: int
    distance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DarpDay:
    """An instance, its pickups opening no earlier than they are known.

    Parameters
    ----------
    known
        (requests,) minute at which each is asked.
    windowed
        Width of the windows.
    """

    instance: Instance
    known: tuple[float, ...]
    windowed: float

    def expressible(self) -> DarpDay:
        """The same with the windows that the product can be told."""
        n, tasks = self.instance.requests, list(self.instance.tasks)
        for r in range(n):
            pickup, delivery = tasks[r], tasks[n + r]
            if delivery.opens > 0:
                ready = delivery.opens - _way(pickup, delivery) - pickup.service
                closes = ready + self.windowed
                tasks[r] = replace(pickup, opens=max(pickup.opens, ready), closes=closes)
        return replace(self, instance=replace(self.instance, tasks=tuple(tasks)))


def read_darp_day(path: Path) -> DarpDay:
    """Read an instance of ``darp_dynamic/``."""
    content = json.loads(path.read_text(encoding="utf-8"))
    about, rows = content["static_info"], content["requests"]
    horizon = float(about["planing_horizon"])
    windows = [row[f"{end}_upper_tw"] - row[f"{end}_lower_tw"] for row in rows for end in ENDS]

    def site(row: dict[str, Any], end: str) -> Site:
        place, first = row[f"{end}_location"], end == ENDS[0]
        opens = float(row[f"{end}_lower_tw"])
        return Site(
            id=row["id"] if first else len(rows) + row["id"],
            x=place["x_coord"],
            y=place["y_coord"],
            service=float(row[f"{end}_service_time"]),
            load=row["load"] if first else -row["load"],
            opens=max(opens, row["arrival_time"]) if first else opens,
            closes=float(row[f"{end}_upper_tw"]),
        )

    home = about["depot_location"]
    depot = Site(
        id=0,
        x=home["x_coord"],
        y=home["y_coord"],
        service=0.0,
        load=0,
        opens=0.0,
        closes=horizon,
    )
    instance = Instance(
        name=path.stem,
        tasks=tuple(site(row, end) for end in ENDS for row in rows),
        start=depot,
        end=depot,
        vehicles=about["number_of_vehicles"],
        capacity=about["vehicle_capacity"],
        ride_max=float(about["max_ride_time"]),
    )
    known = tuple(float(row["arrival_time"]) for row in rows)
    return DarpDay(instance=instance, known=known, windowed=float(min(windows)))


ENDS = ("pickup", "delivery")


def network_of(day: DarpDay, settings: Settings) -> Network:
    """The instance's map and rules as the product has them."""
    sites = [day.instance.start, *day.instance.tasks]
    service_s = {round(site.service * MINUTE_S) for site in day.instance.tasks}
    if len(service_s) > 1:
        give_up(f"{day.instance.name}: visits take {service_s} s, and should take the same")
    x_mm = np.array([round(site.x * UNIT_MM) for site in sites], np.int64)
    y_mm = np.array([round(site.y * UNIT_MM) for site in sites], np.int64)
    names = tuple(str(number) for number in range(len(sites)))
    party_s = service_s.pop()
    territory = Territory(
        name=day.instance.name,
        promises=Promises(
            wait_s_max=round(day.windowed * MINUTE_S) + party_s,
            ride_factor=1,
            ride_constant_s=round((day.instance.ride_max or 0) * MINUTE_S) - 1,
        ),
        stop_times=StopTimes(base_s=0, party_s=party_s),
        travel=Travel(kind=TravelKind.CROW, crow_factor=1.0, crow_speed_kmh=UNIT_KMH),
        fleet=(FleetGroup(depot="0", count=1),),
    )
    territory = without_chance(territory)
    promises = territory.promises.model_copy(update={"ride_factor": HARDLY})
    dispatch = territory.dispatch.model_copy(update=dict(settings))
    tables = crow_tables(x_mm, y_mm, 1.0, UNIT_KMH)
    way_mm = np.hypot(x_mm[:, None] - x_mm, y_mm[:, None] - y_mm)
    drive_s = np.ceil(way_mm * MINUTE_S / UNIT_MM - 1e-6).astype(np.uint16)
    return Network(
        territory=territory.model_copy(update={"dispatch": dispatch, "promises": promises}),
        stops=Stops(
            ids=names,
            names=names,
            lon=np.degrees(x_mm / 1000 / EARTH_RADIUS_M),
            lat=np.degrees(y_mm / 1000 / EARTH_RADIUS_M),
            node=np.full(len(sites), -1, np.int32),
            x_mm=x_mm,
            y_mm=y_mm,
        ),
        roads=None,
        tables=replace(tables, drive_s=drive_s),
        places=(),
        plane=Plane(NOWHERE),
    )


def by_product(day: DarpDay, settings: Settings) -> Pooled:
    """Let the product run an instance; every route is rechecked in double precision."""
    told = day.expressible().instance
    n = told.requests
    trips, ends = [], dict[str, Ends]()
    for r, known in enumerate(day.known):
        pickup, delivery = told.tasks[r], told.tasks[n + r]
        known_s = ceil(known * MINUTE_S)
        trips.append(
            Trip(
                request_id=str(pickup.id),
                request_s=known_s,
                departure_s=max(ceil(pickup.opens * MINUTE_S), known_s),
                origin=NOWHERE,
                destination=NOWHERE,
                arrive_by_s=int(delivery.closes * MINUTE_S),
                seats=pickup.load,
            )
        )
        ends[str(pickup.id)] = ((StopWalk(1 + r, 0),), (StopWalk(1 + n + r, 0),))
    fleet = tuple(
        Shuttle(id=ShuttleId(f"van-{k}"), depot_stop=0, capacity=Load(told.capacity, 0, 0))
        for k in range(told.vehicles)
    )
    simulation = Simulation(
        network_of(day, settings), fleet, demand_of(trips), Chance(0, on=False), ends
    )
    simulation.run()
    names = {ride: rider.trip.request_id for ride, rider in simulation.riders.riders.items()}
    routes: list[list[int]] = [[] for _ in fleet]
    for stay in simulation.world.stays:
        routes[stay.shuttle] += [n + int(names[ride_id]) for ride_id in stay.left]
        routes[stay.shuttle] += [int(names[ride_id]) for ride_id in stay.boarded]
    _judge(day, routes)
    return Pooled(sum(map(len, routes)) // 2, _driven(simulation.world.drives, told.start))


def by_hindsight(day: DarpDay, seconds: float) -> Pooled:
    """Let our solver plan an instance all of which it knows."""
    instance = day.instance
    solution = improve(problem_of(instance), Budget(seconds=seconds), seed=1)
    routes = instance.ids(solution.routes)
    return Pooled(sum(map(len, routes)) // 2, _judge(day, routes))


def _judge(day: DarpDay, routes: Sequence[Sequence[int]]) -> float:
    """End the benchmark if routes break a rule of the file; else how long they are."""
    verdict = recheck(day.instance, routes)
    if wrong := [fault for fault in verdict.faults if "is not visited" not in fault]:
        give_up(f"{day.instance.name}: {wrong[0]}")
    return verdict.distance


def _driven(drives: Sequence[Drive], depot: Site) -> float:
    """The way of all shuttles, and back from where each is last."""
    home = (round(depot.x * UNIT_MM), round(depot.y * UNIT_MM))
    last, way_mm = dict[int, tuple[int, int]](), 0.0
    for drive in drives:
        assert isinstance(drive.start, tuple)
        assert isinstance(drive.end, tuple)
        way_mm += hypot(drive.end[0] - drive.start[0], drive.end[1] - drive.start[1])
        last[drive.shuttle] = drive.end
    way_mm += sum(hypot(place[0] - home[0], place[1] - home[1]) for place in last.values())
    return way_mm / UNIT_MM


def _way(start: Site, end: Site) -> float:
    return hypot(end.x - start.x, end.y - start.y)
