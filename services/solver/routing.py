"""The same problems by OR-Tools' own routing solver: a second opinion, and a fallback.

L. Perron, V. Furnon: OR-Tools, Google, <https://developers.google.com/optimization/>. Its local
search is guided by penalties on arcs (C. Voudouris, E. Tsang 1999: Guided local search. European
Journal of Operational Research 113(2)). It uses one thread, and a seed makes no difference.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np
from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from services.solver.problem import (
    ANY,
    DIMENSIONS,
    NOT_YET,
    SEATS,
    WHEELCHAIRS,
    Budget,
    Integers,
    Problem,
    Route,
    Solution,
    far,
)

METAHEURISTIC = routing_enums_pb2.LocalSearchMetaheuristic
TIME = "time"
NOBODY = -1
"""Whom OR-Tools says that a task not served is served by."""
MS = 1000
PATIENCE_S = 2
"""For a search without a clock: to time a route it may try ever so many schedules."""


def route_by_ortools(
    problem: Problem, budget: Budget, *, seed: int = 0, start: list[Route] | None = None
) -> Solution:
    """Solve a problem with OR-Tools; one of `services.solver.problem.Solver`.

    A stop's setup is always counted, also where the visit before is at the same place, so that
    plans are feasible, if not always the best. Iterations are solutions that its search accepted;
    with these alone as a budget it stops at the first local optimum, or after `PATIENCE_S`.
    """
    del seed
    began = perf_counter()
    model = _Model.of(problem)
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = (
        routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    )
    if budget.iterations is not None:
        parameters.solution_limit = max(budget.iterations, 1)
    if budget.seconds is None:  # guided search would not end by itself
        parameters.local_search_metaheuristic = METAHEURISTIC.GREEDY_DESCENT
    else:
        parameters.local_search_metaheuristic = METAHEURISTIC.GUIDED_LOCAL_SEARCH
    seconds = PATIENCE_S if budget.seconds is None else budget.seconds
    left_ms = int((seconds - (perf_counter() - began)) * MS)
    parameters.time_limit.FromMilliseconds(max(left_ms, 1))
    found = model.solve(parameters, start)
    routes = model.routes(found) if found else ((),) * problem.shuttles
    served = {node for route in routes for node in route}
    n = problem.requests
    return Solution(
        routes=routes,
        unserved=tuple(request for request in range(n) if n + request not in served),
        cost=_cost(problem, routes) + (model.cost_of_time(found) if found else 0),
        iterations=int(model.routing.solver().Solutions()),
        seconds=perf_counter() - began,
    )


def _cost(problem: Problem, routes: tuple[tuple[int, ...], ...]) -> int:
    """What driving, shuttles and requests not served cost."""
    n, m = problem.requests, problem.shuttles
    cost = sum(int(penalty) for penalty in problem.penalty)
    for k, route in enumerate(routes):
        if not route:
            continue
        visits = [2 * n + k, *route] + ([] if problem.open_end[k] else [2 * n + m + k])
        places = problem.place[visits]
        cost += int(problem.fixed[k]) + int(problem.length[places[:-1], places[1:]].sum())
        cost -= sum(int(problem.penalty[node - n]) for node in route if node >= n)
    return cost


@dataclass(frozen=True, slots=True)
class _Model:
    """OR-Tools' model of a problem.

    Parameters
    ----------
    nodes
        (V,) the problem's node of each of the model's: tasks, then starts, then ends.
    index
        Number that OR-Tools gives to a task.
    dwell
        (N,) from the beginning of a visit until it is left.
    by
        (N,) when it begins at the latest.
    pairs
        Requests stated as pickup and delivery so far, in OR-Tools' numbering.
    """

    problem: Problem
    routing: Any
    manager: Any
    nodes: Integers
    index: dict[int, int]
    dwell: Integers
    by: list[int]
    pairs: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, problem: Problem) -> _Model:
        """State all of a problem."""
        n, m = problem.requests, problem.shuttles
        waiting = np.flatnonzero(problem.picked_at == NOT_YET)
        nodes = np.r_[waiting, np.arange(n, 2 * n + 2 * m)]
        tasks = len(nodes) - 2 * m
        starts = list(range(tasks, tasks + m))
        manager = pywrapcp.RoutingIndexManager(len(nodes), m, starts, [s + m for s in starts])
        index = {int(nodes[i]): manager.NodeToIndex(i) for i in range(tasks)}
        dwell = problem.service.astype(np.int64)
        dwell[: 2 * n] += int(problem.setup[0])
        by = np.minimum(problem.begin_by, problem.leave_by - dwell)
        aboard = np.flatnonzero(problem.picked_at != NOT_YET)
        there_by = problem.picked_at[aboard] + problem.ride_max[aboard]
        by[n + aboard] = np.minimum(by[n + aboard], there_by)
        routing = pywrapcp.RoutingModel(manager)
        model = cls(problem, routing, manager, nodes, index, dwell, by.tolist())
        model._drive()
        model._carry()
        for k in range(m):
            model._set_off(k)
        for request in range(n):
            model._serve(request)
        return model

    @property
    def time(self) -> Any:
        """When each visit begins."""
        return self.routing.GetDimensionOrDie(TIME)

    def _drive(self) -> None:
        """State what driving costs and how long it takes; who stays at home does neither."""
        problem, m = self.problem, self.problem.shuttles
        place, first_end = problem.place[self.nodes], len(self.nodes) - m
        took = problem.travel[np.ix_(place, place)].astype(np.int64)
        cost = problem.length[np.ix_(place, place)].astype(np.int64)
        no_way = took >= far(problem.travel.dtype)
        open_ends = first_end + np.flatnonzero(problem.open_end)
        for table in (took, cost):
            table[no_way] = 0
            table[:, open_ends] = 0
        work = int(self.dwell.sum()) + len(self.nodes) * int(took.max())
        horizon = int(problem.opens.max()) + work
        took += self.dwell[self.nodes][:, None]
        no_way[:, open_ends] = False
        took[no_way] = horizon + 1
        idle = range(first_end - m, first_end), range(first_end, len(took))
        took[idle] = cost[idle] = 0
        arcs = self.routing.RegisterTransitMatrix(cost.tolist())
        longest = np.minimum(problem.length_max, cost.max(initial=0) * len(cost)).tolist()
        self.routing.AddDimensionWithVehicleCapacity(arcs, 0, longest, True, "length")
        self.routing.SetArcCostEvaluatorOfAllVehicles(arcs)
        times = self.routing.RegisterTransitMatrix(took.tolist())
        self.routing.AddDimension(times, horizon, horizon, False, TIME)
        for k in range(m):
            self.routing.SetFixedCostOfVehicle(int(problem.fixed[k]), k)

    def _carry(self) -> None:
        """State room in each dimension, with who is on board from the start."""
        problem, m = self.problem, self.problem.shuttles
        aboard = problem.picked_at != NOT_YET
        for dimension in range(DIMENSIONS):
            change_of, begins, room = {}, [], problem.capacity[:, dimension]
            for displaces in np.unique(problem.displaces).tolist():
                load = problem.load[:, dimension].astype(np.int64)
                if dimension == SEATS:
                    load += displaces * problem.load[:, WHEELCHAIRS]
                change = np.r_[load, -load, np.zeros(2 * m, np.int64)][self.nodes].tolist()
                change_of[displaces] = load, self.routing.RegisterUnaryTransitVector(change)
            for k, displaces in enumerate(problem.displaces.tolist()):
                load, _ = change_of[displaces]
                begins.append(int(load[aboard & (problem.shuttle_of == k)].sum()))
            self.routing.AddDimensionWithVehicleTransitAndCapacity(
                [change_of[displaces][1] for displaces in problem.displaces.tolist()],
                0,
                np.maximum(room, begins).tolist(),
                False,
                f"load {dimension}",
            )
            on_board = self.routing.GetDimensionOrDie(f"load {dimension}")
            for k, begin in enumerate(begins):
                on_board.CumulVar(self.routing.Start(k)).SetValue(begin)
            for k in np.flatnonzero(
                np.array(begins) > room
            ).tolist():  # too many on board: nobody joins
                for node, index in self.index.items():
                    if node < problem.requests:
                        self.routing.VehicleVar(index).RemoveValue(k)

    def _set_off(self, k: int) -> None:
        """State from when to when a shuttle drives."""
        problem = self.problem
        start = 2 * problem.requests + k
        end = start + problem.shuttles
        leaves = self.time.CumulVar(self.routing.Start(k))
        arrives = self.time.CumulVar(self.routing.End(k))
        first, last = int(problem.opens[start]), int(problem.begin_by[end])
        if first > min(int(problem.begin_by[start]), last):  # it stays where it is
            self.routing.NextVar(self.routing.Start(k)).SetValue(self.routing.End(k))
            return
        leaves.SetRange(first, min(int(problem.begin_by[start]), leaves.Max()))
        arrives.SetRange(first, min(last, arrives.Max()))
        longest = min(int(problem.duration_max[k]), arrives.Max())
        self.time.SetSpanUpperBoundForVehicle(longest, k)

    def _serve(self, request: int) -> None:
        """State a request: by whom, when, and what it costs to leave it out."""
        problem, routing, solver = self.problem, self.routing, self.routing.solver()
        end = problem.requests + request
        tasks = [node for node in (request, end) if node in self.index]
        penalty = int(problem.penalty[request])
        for part, node in enumerate(tasks):
            routing.AddDisjunction([self.index[node]], (penalty + part) // len(tasks))
            if problem.shuttle_of[request] != ANY:
                choices = [NOBODY, int(problem.shuttle_of[request])]
                routing.VehicleVar(self.index[node]).SetValues(choices)
        if not self._possible(request):
            for node in tasks:
                routing.ActiveVar(self.index[node]).SetValue(0)
            return
        for node in tasks:
            moment = self.time.CumulVar(self.index[node])
            moment.SetRange(int(problem.opens[node]), min(self.by[node], moment.Max()))
        self._pay_for_time(request)
        if len(tasks) == 2:
            pickup, dropoff = (self.index[node] for node in tasks)
            routing.AddPickupAndDelivery(pickup, dropoff)
            solver.Add(routing.VehicleVar(pickup) == routing.VehicleVar(dropoff))
            begins, ends = self.time.CumulVar(pickup), self.time.CumulVar(dropoff)
            solver.Add(begins + int(self.dwell[request]) <= ends)
            if problem.ride_max[request] < ends.Max():
                longest = int(self.dwell[request] + problem.ride_max[request])
                solver.Add(ends <= begins + longest)
                # With this too, its search finds schedules that wait where it keeps rides short.
                self.time.SetPickupToDeliveryLimitFunctionForPair(
                    lambda _pickup, _delivery: longest, len(self.pairs)
                )
            self.pairs.append(request)

    def _possible(self, request: int) -> bool:
        """Whether a request's windows leave a time for it; else they would forbid everything."""
        problem, end = self.problem, self.problem.requests + request
        if problem.opens[end] > self.by[end]:
            return False
        if request not in self.index:
            return True
        left = self.dwell[request]
        return bool(
            problem.opens[request] <= self.by[request]
            and problem.opens[request] + left <= self.by[end]
            and problem.opens[end] <= self.by[request] + left + problem.ride_max[request]
        )

    def _pay_for_time(self, request: int) -> None:
        """State what waiting and riding cost.

        Waiting until p and riding from p to d costs (wait - ride) p + ride d. Where a minute on
        board costs more than one at the stop, being picked up late is not rewarded.
        """
        wait, ride = self.problem.weights.tolist()
        for node, weight in ((request, wait - ride), (self.problem.requests + request, ride)):
            if weight > 0 and node in self.index:
                first = int(self.problem.opens[node])
                self.time.SetCumulVarSoftUpperBound(self.index[node], first, weight)

    def solve(self, parameters: Any, start: list[Route] | None) -> Any:
        """Search, from routes on if given; None if nothing was found."""
        self.routing.CloseModelWithParameters(parameters)
        if start is not None:
            known = [[self.index[node] for node in route if node in self.index] for route in start]
            first = self.routing.ReadAssignmentFromRoutes(known, True)
            if first:
                return self.routing.SolveFromAssignmentWithParameters(first, parameters)
        return self.routing.SolveWithParameters(parameters)

    def routes(self, found: Any) -> tuple[tuple[int, ...], ...]:
        """Read the routes of what was found."""
        routes = []
        for k in range(self.problem.shuttles):
            route = []
            index = found.Value(self.routing.NextVar(self.routing.Start(k)))
            while not self.routing.IsEnd(index):
                route.append(int(self.nodes[self.manager.IndexToNode(index)]))
                index = found.Value(self.routing.NextVar(index))
            routes.append(tuple(route))
        return tuple(routes)

    def cost_of_time(self, found: Any) -> int:
        """Add up what waiting and riding cost at the times at which things were found to happen."""
        problem, n = self.problem, self.problem.requests
        wait, ride = problem.weights.tolist()
        cost = 0
        for node in {node for route in self.routes(found) for node in route if node >= n}:
            request = node - n
            if not problem.load[request].any():  # a task of the shuttle's, and nobody who waits
                continue
            picked = int(problem.picked_at[request])
            if request in self.index:
                picked = found.Min(self.time.CumulVar(self.index[request])) + self.dwell[request]
                cost += wait * int(picked - problem.opens[request])
            cost += ride * int(found.Min(self.time.CumulVar(self.index[node])) - picked)
        return cost
