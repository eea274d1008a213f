"""Routes that are given, held against the limits of a problem."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from services.solver.arrays import data_of, state_of
from services.solver.problem import Problem
from services.solver.routes import recall


def broken(problem: Problem, routes: Sequence[Sequence[int]]) -> list[int]:
    """Which shuttles' routes break a limit.

    Parameters
    ----------
    problem
        The limits.
    routes
        The nodes of each shuttle's route, in order.
    """
    n, m = problem.requests, problem.shuttles
    data = data_of(problem)
    state = state_of(data, 0, 1)
    for k, route in enumerate(routes):
        state.best[k, : 2 + len(route)] = (2 * n + k, *route, 2 * n + m + k)
        state.best_count[k] = 2 + len(route)
    recall(data, state)
    return [int(k) for k in np.flatnonzero(state.broken)]
