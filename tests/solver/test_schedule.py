"""Claims about schedules: found whenever there is one, and each time as early as can be."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.solver import arrays as a
from services.solver.arrays import data_of, state_of
from services.solver.problem import ANY, NOT_YET, Problem, far
from services.solver.routes import recall
from tests.solver.oracle import earliest, legal, random_problem

SEEDS = st.integers(0, 10**6)


def some_route(problem: Problem, shuttle: int, rng: random.Random) -> list[int]:
    """Random visits in an order in which pickups come before dropoffs."""
    n = problem.requests
    able = [r for r in range(n) if problem.shuttle_of[r] in (ANY, shuttle)]
    route: list[int] = []
    for r in rng.sample(able, rng.randint(0, min(len(able), 4))):
        before = rng.randint(0, len(route))
        route.insert(before, n + r)
        if problem.picked_at[r] == NOT_YET:
            route.insert(rng.randint(0, before), r)
    return route


def loosened(problem: Problem, rng: random.Random) -> Problem:
    """Mostly without latest times, so that it is the longest rides and durations that bind."""
    n = problem.requests
    begin_by, leave_by = problem.begin_by.copy(), problem.leave_by.copy()
    for values in (begin_by, leave_by):
        values[: 2 * n][[rng.random() < 0.85 for _ in range(2 * n)]] = far(values.dtype)
    ride_max = np.maximum(problem.ride_max, rng.choice([60, 90, 120])).astype(begin_by.dtype)
    capacity = np.full_like(problem.capacity, 9)
    opens = problem.opens.copy()
    opens[n : 2 * n] += np.array([rng.choice([0, 60]) for _ in range(n)], opens.dtype)
    return problem._replace(
        begin_by=begin_by, leave_by=leave_by, ride_max=ride_max, capacity=capacity, opens=opens
    )


@given(seed=SEEDS)
@settings(max_examples=300)
def test_a_route_is_legal_exactly_if_its_limits_have_a_solution_and_begins_with_the_least(
    seed: int,
) -> None:
    rng = random.Random(seed)
    problem = loosened(random_problem(seed), rng)
    n, m = problem.requests, problem.shuttles
    shuttle = rng.randrange(m)
    route = some_route(problem, shuttle, rng)
    data = data_of(problem)
    state = state_of(data, seed, 1)
    state.best[:, 0] = np.arange(2 * n, 2 * n + m)
    state.best[:, 1] = np.arange(2 * n + m, 2 * n + 2 * m)
    state.best_count[:] = 2
    state.best[shuttle, 1 : 2 + len(route)] = [*route, 2 * n + m + shuttle]
    state.best_count[shuttle] = 2 + len(route)
    assert recall(data, state) == legal(problem, shuttle, route)
    begins = earliest(problem, shuttle, route)
    if route and begins is not None and legal(problem, shuttle, route):
        found = state.rows[shuttle, : len(begins), a.R_BEGIN].tolist()
        assert found == begins
