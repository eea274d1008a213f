"""Claims about the search: what it returns is legal, costs what it says, and repeats."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.solver.improve import improve
from services.solver.problem import NOT_YET, Budget, Problem
from tests.solver.oracle import cost, legal, random_problem

SEEDS = st.integers(0, 10**6)
FEW = Budget(iterations=200)


def solved(problem: Problem, routes: tuple[tuple[int, ...], ...]) -> bool:
    visits = [node for route in routes for node in route]
    assert len(set(visits)) == len(visits)
    return all(legal(problem, k, route) for k, route in enumerate(routes))


@given(seed=SEEDS)
@settings(max_examples=150)
def test_every_route_is_legal_and_the_cost_is_what_it_says(seed: int) -> None:
    problem = random_problem(seed)
    solution = improve(problem, FEW, seed=seed)
    assert solved(problem, solution.routes)
    assert solution.cost == cost(problem, solution.routes)
    served = {node % problem.requests for route in solution.routes for node in route}
    assert sorted(served | set(solution.unserved)) == list(range(problem.requests))
    assert not served & set(solution.unserved)


@given(seed=SEEDS)
@settings(max_examples=60)
def test_a_start_is_never_made_worse(seed: int) -> None:
    problem = random_problem(seed)
    before = improve(problem, Budget(iterations=0), seed=seed)
    start = [list(route) for route in before.routes]
    after = improve(problem, FEW, seed=seed + 1, start=start)
    assert after.cost <= before.cost
    again = improve(problem, Budget(iterations=0), seed=5, start=start)
    assert again.cost <= before.cost


@given(seed=SEEDS)
@settings(max_examples=40)
def test_nobody_whose_penalty_is_huge_is_left_out_again(seed: int) -> None:
    problem = random_problem(seed)
    problem = problem._replace(penalty=np.full(problem.requests, 10**9, np.int64))
    before = improve(problem, Budget(iterations=50), seed=seed)
    start = [list(route) for route in before.routes]
    after = improve(problem, FEW, seed=seed, start=start)
    assert len(after.unserved) <= len(before.unserved)


@pytest.mark.parametrize("seed", range(8))
def test_a_seed_and_a_number_of_iterations_repeat_exactly(seed: int) -> None:
    problem = random_problem(seed)
    budget = Budget(iterations=300, threads=1 + seed % 2)
    first, second = (improve(problem, budget, seed=seed) for _ in range(2))
    assert (first.routes, first.cost, first.iterations) == (
        second.routes,
        second.cost,
        second.iterations,
    )


def test_a_start_that_breaks_a_limit_is_turned_down() -> None:
    problem = random_problem(3)
    problem = problem._replace(picked_at=np.full_like(problem.picked_at, NOT_YET))
    start = [[problem.requests, 0]] + [[] for _ in range(problem.shuttles - 1)]
    with pytest.raises(ValueError, match="breaks a limit"):
        improve(problem, FEW, seed=1, start=start)
