"""Our solver and its peers on an instance: each gets the same seconds of one core.

VROOM and PyVRP count in integers. They are given thousandths, with travel times rounded up, so
that what they find is feasible, and a price for each vehicle that is more than all the driving.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from services.solver.improve import improve
from services.solver.instance import Instance, Site
from services.solver.plane import problem_of
from services.solver.problem import Budget, Solver
from services.solver.routing import route_by_ortools

PARTS = 1000
"""How many of a peer's units are one of the file's."""
EXPLORATION = 5
"""VROOM's most thorough search."""

Routes = list[list[int]]
Peer = Callable[[Instance, float, int], Routes]
"""Finds routes, in the file's numbers, within seconds, from a seed."""


def by_solver(solver: Solver) -> Peer:
    """Let one of our own implementations run."""

    def solve(instance: Instance, seconds: float, seed: int) -> Routes:
        solution = solver(problem_of(instance), Budget(seconds=seconds), seed=seed)
        return instance.ids(solution.routes)

    return solve


def by_vroom(instance: Instance, seconds: float, seed: int) -> Routes:
    """Let VROOM run; it has no seed, and stops early if it sees nothing more to try."""
    import vroom

    del seed
    lengths, times = _tables(instance)
    depot = 2 * instance.requests
    problem = vroom.Input()
    problem.set_durations_matrix("car", times)
    problem.set_costs_matrix("car", lengths)
    for k in range(min(instance.vehicles, instance.requests)):
        problem.add_vehicle(
            vroom.Vehicle(
                k,
                start=depot,
                end=depot + 1,
                capacity=[instance.capacity],
                time_window=vroom.TimeWindow(*_window(instance.start)),
                costs=vroom.VehicleCosts(fixed=_price(instance, lengths)),
            )
        )
    for r in range(instance.requests):
        steps = [
            vroom.ShipmentStep(
                node,
                location=node,
                default_service=round(instance.tasks[node].service * PARTS),
                time_windows=[vroom.TimeWindow(*_window(instance.tasks[node]))],
            )
            for node in (r, instance.requests + r)
        ]
        problem.add_shipment(*steps, amount=vroom.Amount([instance.tasks[r].load]))
    found = problem.solve(EXPLORATION, nb_threads=1, timeout=timedelta(seconds=seconds))
    routes: dict[int, list[int]] = {}
    steps_found = found.routes
    for k, kind, node in zip(
        steps_found["vehicle_id"], steps_found["type"], steps_found["id"], strict=True
    ):
        if kind in ("pickup", "delivery"):
            routes.setdefault(int(k), []).append(instance.tasks[int(node)].id)
    return list(routes.values())


def by_pyvrp(instance: Instance, seconds: float, seed: int) -> Routes:
    """Let PyVRP run."""
    import pyvrp

    lengths, times = _tables(instance)
    model = pyvrp.Model()
    places = [
        model.add_location(round(site.x * PARTS), round(site.y * PARTS))
        for site in (*instance.tasks, instance.start, instance.end)
    ]
    first, last = _window(instance.start)
    depots = [model.add_depot(place, tw_early=first, tw_late=last) for place in places[-2:]]
    model.add_vehicle_type(
        num_available=min(instance.vehicles, instance.requests),
        capacity=instance.capacity,
        start_depot=depots[0],
        end_depot=depots[1],
        fixed_cost=_price(instance, lengths),
        tw_early=first,
        tw_late=last,
    )
    for r in range(instance.requests):
        pickup, delivery = instance.tasks[r], instance.tasks[instance.requests + r]
        windows = [*_window(pickup), *_window(delivery)]
        model.add_shipment(
            places[r],
            places[instance.requests + r],
            pickup_tw_early=windows[0],
            pickup_tw_late=windows[1],
            pickup_service_duration=round(pickup.service * PARTS),
            delivery_tw_early=windows[2],
            delivery_tw_late=windows[3],
            delivery_service_duration=round(delivery.service * PARTS),
            amount=pickup.load,
        )
    for i, start in enumerate(places):
        for j, end in enumerate(places):
            model.add_edge(start, end, distance=int(lengths[i, j]), duration=int(times[i, j]))
    found = model.solve(
        pyvrp.stop.MaxRuntime(seconds), seed=seed, collect_stats=False, display=False
    )
    return [_ids(instance, route) for route in found.best.routes()]


def _ids(instance: Instance, activities: Iterable[object]) -> list[int]:
    """The file's numbers of a route of PyVRP's."""
    ids = []
    for activity in activities:
        if activity.is_shipment():  # type: ignore[attr-defined]
            node = activity.idx  # type: ignore[attr-defined]
            if activity.is_delivery():  # type: ignore[attr-defined]
                node += instance.requests
            ids.append(instance.tasks[node].id)
    return ids


def _tables(instance: Instance) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Lengths, to the nearest, and times, rounded up, between tasks and the two depots."""
    sites = [*instance.tasks, instance.start, instance.end]
    x, y = (np.array([getattr(site, axis) for site in sites]) for axis in "xy")
    exact = np.hypot(x[:, None] - x, y[:, None] - y) * PARTS
    return np.rint(exact).astype(np.int64), np.ceil(exact - 1e-6).astype(np.int64)


def _window(site: Site) -> tuple[int, int]:
    return round(site.opens * PARTS), round(site.closes * PARTS)


def _price(instance: Instance, lengths: NDArray[np.int64]) -> int:
    """What a vehicle costs: nothing, or more than all the driving."""
    return int(lengths.max(axis=1).sum()) if instance.fewest_vehicles else 0


PEERS: dict[str, Peer] = {
    "navette": by_solver(improve),
    "vroom": by_vroom,
    "pyvrp": by_pyvrp,
    "ortools": by_solver(route_by_ortools),
}
WITHOUT_RIDE_LIMIT = ("vroom", "pyvrp")
"""Who cannot express a longest time on board."""


def missing() -> list[str]:
    """Peers that are not installed."""
    return [name for name in WITHOUT_RIDE_LIMIT if find_spec(name) is None]
