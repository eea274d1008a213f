"""Claims about supervision: no more shuttles of a solution move at once than may."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.solver.improve import BRIEF, improve
from services.solver.problem import NOT_YET, Budget, Moves, Problem
from tests.solver.oracle import cost, legal, random_problem
from tests.solver.plain_moves import moving, with_moves

SEEDS = st.integers(0, 10**6)
FEW = Budget(iterations=150)
NONE = Budget(iterations=0)


@given(seed=SEEDS)
@settings(max_examples=150)
def test_no_more_shuttles_move_at_once_than_may(seed: int) -> None:
    problem = with_moves(random_problem(seed), seed)
    assert problem.moves is not None
    solution = improve(problem, FEW, seed=seed)
    assert all(legal(problem, k, route) for k, route in enumerate(solution.routes))
    assert solution.cost == cost(problem, solution.routes)
    anyway = moving(problem, [[]] * problem.shuttles)
    assert (moving(problem, solution.routes) <= np.maximum(problem.moves.free, anyway)).all()


@pytest.mark.parametrize("seed", range(12))
def test_so_it_is_when_the_best_set_of_routes_is_chosen(seed: int) -> None:
    problem = with_moves(random_problem(seed), seed)
    assert problem.moves is not None
    solution = improve(problem, Budget(iterations=BRIEF), seed=seed)
    anyway = moving(problem, [[]] * problem.shuttles)
    assert (moving(problem, solution.routes) <= np.maximum(problem.moves.free, anyway)).all()


@given(seed=SEEDS)
@settings(max_examples=60)
def test_what_moves_already_may_go_on(seed: int) -> None:
    problem = with_moves(random_problem(seed), seed)
    assert problem.moves is not None
    before = improve(problem._replace(moves=None), FEW, seed=seed)
    start = [list(route) for route in before.routes]
    assert improve(problem, NONE, seed=seed, start=start).cost <= before.cost
    after = improve(problem, FEW, seed=seed, start=start)
    assert after.cost <= before.cost
    most = np.maximum(problem.moves.free, moving(problem, before.routes))
    assert (moving(problem, after.routes) <= most).all()


def two_at_once(free: int) -> Problem:
    """Two shuttles, each beside somebody who wants to go at once, five minutes away."""
    travel = np.array(
        [[0, 900, 300, 900], [900, 0, 900, 300], [300, 900, 0, 900], [900, 300, 900, 0]]
    )
    far = 2**29
    nodes = 8
    return random_problem(1)._replace(
        travel=travel.astype(np.int32),
        length=travel.astype(np.int32),
        place=np.array([0, 1, 2, 3, 0, 1, 0, 1], np.int32),
        opens=np.zeros(nodes, np.int32),
        begin_by=np.array([200, 200, far, far, far, far, far, far], np.int32),
        leave_by=np.full(nodes, far, np.int32),
        service=np.zeros(nodes, np.int32),
        setup=np.zeros(1, np.int32),
        load=np.array([[1, 0, 0]] * 2, np.int32),
        ride_max=np.full(2, far, np.int32),
        shuttle_of=np.full(2, -1, np.int32),
        picked_at=np.full(2, NOT_YET, np.int32),
        penalty=np.full(2, 10**6, np.int64),
        capacity=np.full((2, 3), 4, np.int32),
        displaces=np.zeros(2, np.int32),
        open_end=np.ones(2, np.bool_),
        duration_max=np.full(2, far, np.int32),
        length_max=np.full(2, far, np.int32),
        fixed=np.zeros(2, np.int64),
        kind=np.arange(2, dtype=np.int32),
        cell=np.zeros(4, np.int32),
        weights=np.zeros(2, np.int64),
        moves=Moves(
            free=np.full(40, free, np.int32),
            booked=np.zeros((2, 40), np.bool_),
            under_way=np.zeros(2, np.bool_),
            from_minute=0,
            early_s=0,
            late_s=60,
        ),
    )


def test_a_second_shuttle_moves_only_if_it_is_supervised() -> None:
    assert improve(two_at_once(2), FEW, seed=1).unserved == ()
    assert len(improve(two_at_once(1), FEW, seed=1).unserved) == 1
    assert len(improve(two_at_once(0), FEW, seed=1).unserved) == 2
