"""OR-Tools behind the same protocol: what it finds is legal, and all of a problem reaches it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from services.solver.darp import read_darp
from services.solver.lilim import read_lilim
from services.solver.plane import problem_of
from services.solver.problem import NOT_YET, Budget, Problem
from services.solver.recheck import recheck
from services.solver.routing import route_by_ortools
from tests.solver.instance_files import DARP, LILIM, write
from tests.solver.oracle import cost, legal, random_problem

FEW = Budget(iterations=20)


def overfull(problem: Problem) -> bool:
    """Whether a shuttle begins with more on board than fits, which no plan makes legal."""
    for k in range(problem.shuttles):
        aboard = (problem.picked_at != NOT_YET) & (problem.shuttle_of == k)
        load = problem.load[aboard].sum(axis=0)
        load[0] += problem.displaces[k] * load[1]
        if (load > problem.capacity[k]).any():
            return True
    return False


@pytest.mark.parametrize("seed", range(60))
def test_every_route_is_legal_and_costs_no_less_than_at_its_earliest(seed: int) -> None:
    problem = random_problem(seed)
    if overfull(problem):
        problem = problem._replace(capacity=problem.capacity + 9)
    solution = route_by_ortools(problem, FEW, seed=seed)
    visits = [node for route in solution.routes for node in route]
    assert len(set(visits)) == len(visits)
    assert all(legal(problem, k, route) for k, route in enumerate(solution.routes))
    served = {node % problem.requests for node in visits}
    assert sorted(served | set(solution.unserved)) == list(range(problem.requests))
    if not problem.weights.any():
        assert solution.cost == cost(problem, solution.routes)


@pytest.mark.parametrize("seed", range(8))
def test_a_start_is_taken_up_and_not_made_worse(seed: int) -> None:
    problem = random_problem(seed)._replace(weights=np.zeros(2, np.int64))
    before = route_by_ortools(problem, FEW, seed=0)
    start = [list(route) for route in before.routes]
    after = route_by_ortools(problem, Budget(iterations=1), seed=0, start=start)
    assert after.cost <= before.cost


def test_instances_of_both_formats_are_solved(tmp_path: Path) -> None:
    for instance in (
        read_lilim(write(tmp_path, LILIM)),
        read_darp(write(tmp_path, DARP)),
    ):
        solution = route_by_ortools(problem_of(instance), FEW, seed=0)
        assert recheck(instance, instance.ids(solution.routes)).feasible


def test_what_nobody_can_serve_is_left_out_and_the_rest_is_served(tmp_path: Path) -> None:
    problem = problem_of(read_darp(write(tmp_path, DARP)))
    late = problem.opens.copy()
    late[3] = problem.begin_by[3] + 1
    solution = route_by_ortools(problem._replace(opens=late), FEW, seed=0)
    assert solution.unserved == (1,)


def test_a_shuttle_whose_time_is_over_stays_and_the_others_drive(tmp_path: Path) -> None:
    problem = problem_of(read_lilim(write(tmp_path, LILIM)))
    over = problem.begin_by.copy()
    over[6] = -1
    solution = route_by_ortools(problem._replace(begin_by=over), FEW, seed=0)
    assert (solution.routes[0], solution.unserved) == ((), ())
