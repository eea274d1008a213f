"""Who plans the routes of a rolling day: VROOM, OR-Tools' routing, and our own solver."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import numpy as np

from benchmarks.online.rolling import Planner
from services.solver.improve import improve
from services.solver.problem import NOT_YET, SEATS, Budget, Problem, Route
from services.solver.routing import route_by_ortools

EXPLORATION = 5
"""VROOM's most thorough search."""
FIRST, LATER = 100, 0
"""VROOM's priorities: of who was accepted, and of newcomers."""


def by_vroom(seconds: float) -> Planner:
    """VROOM, from the routes so far on; it stops early if it sees nothing more to try.

    Who is on board is a delivery that only the own shuttle is skilled for. VROOM knows no limit
    of a ride's time, so it plans the arrival form alone. It takes no start in which a direct way
    would be too late, which rounded times can make longer than the way planned: there, and by that
    much, its windows are wider.
    """
    import vroom

    def plan(problem: Problem, start: list[Route]) -> Sequence[Sequence[int]]:
        n, m = problem.requests, problem.shuttles
        model = vroom.Input()
        table = np.ascontiguousarray(np.minimum(problem.travel, 10**6), np.uint32)
        model.set_durations_matrix("car", table)
        aboard = problem.picked_at != NOT_YET
        highest = problem.penalty.max(initial=0)
        for k in range(m):
            model.add_vehicle(
                vroom.Vehicle(
                    k,
                    start=int(problem.place[2 * n + k]),
                    capacity=[int(problem.capacity[k, SEATS])],
                    skills={k + 1},
                    time_window=vroom.TimeWindow(int(problem.opens[2 * n + k]), 10**7),
                    steps=[_step(vroom, node, n, aboard) for node in start[k]],
                )
            )
        leave_by, begin_by = _reachable(problem, start)
        for r in range(n):
            seats = int(problem.load[r, SEATS])
            priority = FIRST if problem.penalty[r] == highest else LATER
            window = vroom.TimeWindow(0, begin_by[n + r])
            place = int(problem.place[n + r])
            if aboard[r]:
                skills = {int(problem.shuttle_of[r]) + 1}
                model.add_job(
                    vroom.Job(
                        n + r,
                        location=place,
                        delivery=[seats],
                        skills=skills,
                        priority=priority,
                        time_windows=[window],
                    )
                )
                continue
            asked = vroom.TimeWindow(int(problem.opens[r]), leave_by[r])
            pickup = vroom.ShipmentStep(r, location=int(problem.place[r]), time_windows=[asked])
            delivery = vroom.ShipmentStep(n + r, location=place, time_windows=[window])
            model.add_shipment(pickup, delivery, amount=vroom.Amount([seats]), priority=priority)
        limit = timedelta(seconds=seconds)
        found = model.solve(EXPLORATION, nb_threads=1, timeout=limit).routes
        routes: list[list[int]] = [[] for _ in range(m)]
        columns = (found["vehicle_id"], found["type"], found["id"])
        for k, kind, node in zip(*columns, strict=True):
            if kind not in ("start", "end"):
                routes[int(k)].append(int(node))
        return routes

    return plan


def _reachable(problem: Problem, start: list[Route]) -> tuple[list[int], list[int]]:
    """Latest times of all nodes, late enough for the direct way of those who have a shuttle."""
    n, place = problem.requests, problem.place
    leave_by, begin_by = problem.leave_by.tolist(), problem.begin_by.tolist()
    for k, route in enumerate(start):
        for dropoff in (node for node in route if node >= n):
            at_s, here = int(problem.opens[2 * n + k]), place[2 * n + k]
            if problem.picked_at[dropoff - n] == NOT_YET:
                pickup = dropoff - n
                at_s = max(
                    at_s + int(problem.travel[here, place[pickup]]), int(problem.opens[pickup])
                )
                leave_by[pickup], here = max(leave_by[pickup], at_s), place[pickup]
            at_s += int(problem.travel[here, place[dropoff]])
            begin_by[dropoff] = max(begin_by[dropoff], at_s)
    return leave_by, begin_by


def _step(vroom: object, node: int, n: int, aboard: Sequence[bool]) -> object:
    kind = "pickup" if node < n else "single" if aboard[node - n] else "delivery"
    return vroom.VehicleStep(kind, node)  # type: ignore[attr-defined]


def by_ortools(seconds: float) -> Planner:
    """OR-Tools' routing solver, from the routes so far on."""

    def plan(problem: Problem, start: list[Route]) -> Sequence[Sequence[int]]:
        return route_by_ortools(problem, Budget(seconds=seconds), start=start).routes

    return plan


def by_navette(budget: Budget, told: Callable[[int], None] | None = None) -> Planner:
    """Our own solver, from the routes so far on."""

    def plan(problem: Problem, start: list[Route]) -> Sequence[Sequence[int]]:
        solution = improve(problem, budget, seed=1, start=start)
        if told is not None:
            told(solution.iterations)
        return solution.routes

    return plan
