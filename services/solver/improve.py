"""Our own solver: a large-neighbourhood search in compiled kernels, under a budget."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from services.solver import arrays as a
from services.solver.anneal import anneal
from services.solver.arrays import POOL, Data, State, data_of, state_of
from services.solver.fewer import close_route, place_all
from services.solver.partition import Limit, choose
from services.solver.problem import Budget, Problem, Route, Solution
from services.solver.recreate import recreate
from services.solver.routes import keep, legal, recall, remember, remember_if_better

BLINK = 30
"""One route in so many is looked at with blinks when a request is put back."""
HOT, WARM, COLD = 0.3, 0.05, 0.1
"""Temperatures at the start, with routes given, and at the end, in mean legs."""
FEWER = 0.25
"""Share of the budget in which the number of shuttles may be looked after alone."""
CHUNK_S = 0.004
"""How long kernels run between two looks at the clock."""
CHOICES = (0.3, 0.5, 0.7, 0.85)
"""After which shares of the budget the best set of routes seen is chosen."""
CHUNKS = 200
"""Temperatures in a search whose budget is a number of steps ..."""
CHUNK_STEPS = 16
"""... unless each has fewer steps than this."""
SHORT = 5000
"""A search of fewer steps has the best set of routes chosen once, near its end ..."""
BRIEF = 2000
"""... and one of fewer than this never: more steps bring more in the same time."""


def improve(
    problem: Problem, budget: Budget, *, seed: int, start: list[Route] | None = None
) -> Solution:
    """Find good routes, from ``start`` on if given (one route a shuttle), else from nothing.

    The result never costs more than the start. A budget of iterations alone makes it repeatable.

    Parameters
    ----------
    problem
        What is to be solved.
    budget
        For how long.
    seed
        Of the search's dice.
    start
        Routes that keep every limit; requests in none are put in where there is room.

    Returns
    -------
    Solution
        The best found.

    Raises
    ------
    ValueError
        If a route of ``start`` breaks a limit.
    """
    began_s = time.perf_counter()
    data = data_of(problem)
    routes_seen = 1 if _is_brief(budget) else POOL
    searches = [
        _Search(data, state_of(data, seed + (thread << 32), routes_seen), budget, began_s)
        for thread in range(budget.threads)
    ]
    for search in searches:
        search.load(problem, start)
    if len(searches) == 1:
        searches[0].run()
    else:
        with ThreadPoolExecutor(len(searches)) as threads:
            list(threads.map(_Search.run, searches))
    best = min(searches, key=lambda search: int(search.state.totals[a.T_BEST])).state
    steps = sum(int(search.state.totals[a.T_STEPS]) for search in searches)
    routes = tuple(
        tuple(best.best[k, 1 : best.best_count[k] - 1].tolist()) for k in range(problem.shuttles)
    )
    served = {node - problem.requests for route in routes for node in route}
    return Solution(
        routes=routes,
        unserved=tuple(r for r in range(problem.requests) if r not in served),
        cost=int(best.totals[a.T_BEST]),
        iterations=steps,
        seconds=time.perf_counter() - began_s,
    )


class _Search:
    """One search: its routes, and how much of its budget is used up."""

    def __init__(self, data: Data, state: State, budget: Budget, began_s: float) -> None:
        self.data, self.state = data, state
        self._budget, self._began_s = budget, began_s
        # The fewest steps between two looks, so that a budget of steps alone repeats exactly.
        self._steps = max(CHUNK_STEPS, (budget.iterations or 0) // CHUNKS)
        if budget.seconds is not None:
            self._steps = 8
        self._leg = _mean_leg(data)
        self._given = False

    def load(self, problem: Problem, start: list[Route] | None) -> None:
        """Begin with the routes given and put in whoever has room."""
        n, m = problem.requests, problem.shuttles
        state = self.state
        state.best[:, 0] = 2 * n + np.arange(m)
        for k in range(m):
            route = start[k] if start else []
            state.best[k, 1 : 1 + len(route)] = route
            state.best[k, 1 + len(route)] = 2 * n + m + k
            state.best_count[k] = 2 + len(route)
        if not recall(self.data, state):
            raise ValueError("a route that is given breaks a limit")
        # Whoever is planned to move already may.
        state.free[:] = np.maximum(state.free, state.moving)
        state.totals[a.T_OVER] = 0
        self._given = bool(start)
        state.totals[a.T_BLINK] = 0
        remember(self.data, state)
        recreate(self.data, state)
        if legal(state):
            remember_if_better(self.data, state)
        keep(state)
        recall(self.data, state)
        state.totals[a.T_BLINK] = BLINK
        state.totals[a.T_UNTIL] = 1

    def run(self) -> None:
        """Search until the budget is used up."""
        if self.data.shuttles[:, a.K_FIXED].any():
            self._empty_routes()
        since = self._used()
        hot, cold = self._leg * (WARM if self._given else HOT), self._leg * COLD
        short = self._budget.iterations is not None and self._budget.iterations < SHORT
        choices = [] if _is_brief(self._budget) else list(CHOICES[-1:] if short else CHOICES)
        while (used := self._used()) < 1.0:
            if choices and used > choices[0]:
                choices.pop(0)
                self._choose()
                continue
            cooled = (used - since) / (1.0 - since)
            temperature = hot * (cold / hot) ** cooled
            self._chunk(anneal, temperature)

    def _empty_routes(self) -> None:
        state = self.state
        while self._used() < FEWER and close_route(self.data, state) >= 0:
            while not self._chunk(place_all, self._leg * 0.01):
                if self._used() >= FEWER:
                    break
        state.closed[:] = 0
        recall(self.data, state)

    def _choose(self) -> None:
        """Let CP-SAT choose the best set of routes seen, and go on from it if it is better."""
        state, seconds = self.state, self._budget.seconds
        limit = Limit(work=0.5) if seconds is None else Limit(seconds=0.05 * seconds)
        if choose(self.data, state, limit):
            recall(self.data, state)
            remember(self.data, state)
        state.pool[:] = 0
        state.totals[a.T_POOL] = state.totals[a.T_POOL_NODES] = 0

    def _chunk(self, kernel: Callable[..., Any], temperature: float) -> Any:
        """Let a kernel run for some steps; adapt their number to the clock."""
        began_s = time.perf_counter()
        steps = self._steps
        if self._budget.iterations is not None:
            steps = min(steps, self._budget.iterations - int(self.state.totals[a.T_STEPS]))
        result = kernel(self.data, self.state, steps, temperature)
        took_s = time.perf_counter() - began_s
        if self._budget.seconds is not None:
            if took_s < CHUNK_S / 2:
                self._steps = min(2 * steps, 4096)
            elif took_s > 2 * CHUNK_S:
                self._steps = max(steps // 2, 1)
        return result

    def _used(self) -> float:
        """Share of the budget that is used up."""
        used = 0.0
        if self._budget.iterations is not None:
            used = int(self.state.totals[a.T_STEPS]) / max(self._budget.iterations, 1)
            used = used if self._budget.iterations else 1.0
        if self._budget.seconds is not None:
            left_s = max(self._budget.seconds - CHUNK_S, 1e-9)
            used = max(used, (time.perf_counter() - self._began_s) / left_s)
        return used


def _is_brief(budget: Budget) -> bool:
    return budget.iterations is not None and budget.iterations < BRIEF


def _mean_leg(data: Data) -> float:
    """Mean cost of a leg between two visits, from a sample."""
    n = int(data.numbers[a.X_REQUESTS])
    places = data.nodes[: 2 * n : max(1, 2 * n // 64), a.N_PLACE]
    lengths = data.legs[places[:, None], places[None, :], 1]
    known = lengths[lengths < a.NO_WAY]
    return float(known.mean()) + 1.0 if known.size else 1.0
