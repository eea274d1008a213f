"""The plain world for peers does what it is told, and the judge of all days finds nothing in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.online.days import Day, Form, Order, Van
from benchmarks.online.judge import judge
from benchmarks.online.planners import by_navette, by_ortools, by_vroom
from benchmarks.online.rolling import Planner, World, in_hindsight, roll
from services.domain.ride import Status
from services.solver.problem import Budget, Problem, Route

KM = 1_000_000
OURS = Budget(iterations=100)


def order(number: int, request_s: int, origin: int, destination: int) -> Order:
    return Order(
        request_id=f"r{number}",
        request_s=request_s,
        origin=origin,
        destination=destination,
        seats=1 + number % 2,
        direct_s=0,
        pickup_by_s=request_s + 1200,
        dropoff_by_s=request_s + 3000,
        ride_s_max=2400,
    )


@pytest.fixture(params=range(3))
def day(request: pytest.FixtureRequest) -> Day:
    """Two vans and thirty requests here and there."""
    dice = np.random.default_rng(request.param)
    times = np.sort(dice.integers(1000, 4000, 30)).tolist()
    ends = [dice.choice(12, 2, replace=False).tolist() for _ in times]
    return Day(
        name=f"seed {request.param}",
        xy_mm=dice.integers(0, 10 * KM, (12, 2)),
        orders=tuple(
            order(i, t, *pair) for i, (t, pair) in enumerate(zip(times, ends, strict=True))
        ),
        vans=(Van("van-000", 0, 4), Van("van-001", 5, 4)),
    )


def served(world: World) -> int:
    rides = world.records().rides.values()
    return sum(ride.status is Status.COMPLETED for ride in rides)


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("divert", [False, True])
def test_what_our_solver_plans_in_it_is_found_right(day: Day, form: Form, divert: bool) -> None:
    world = World(day, form, divert=divert)
    roll(world, day, 30, by_navette(OURS))
    assert judge(day, form, world.records()).faults == ()
    assert world.thrown == 0
    assert served(world) > 5


@pytest.mark.parametrize("divert", [False, True])
def test_what_vroom_plans_in_it_is_found_right(day: Day, divert: bool) -> None:
    pytest.importorskip("vroom", reason="VROOM is there with the extra 'benchmark' only")
    world = World(day, Form.ARRIVAL, divert=divert)
    roll(world, day, 30, by_vroom(1.0))
    assert judge(day, Form.ARRIVAL, world.records()).faults == ()
    assert served(world) > 5


def test_what_ortools_plans_in_it_is_found_right(day: Day) -> None:
    world = World(day, Form.ARRIVAL)
    roll(world, day, 600, by_ortools(0.05))
    assert judge(day, Form.ARRIVAL, world.records()).faults == ()


def test_hindsight_serves_more_and_picks_nobody_up_before_asking(day: Day) -> None:
    known, unknown = World(day, Form.ARRIVAL), World(day, Form.ARRIVAL)
    in_hindsight(known, day, by_navette(Budget(iterations=2000)))
    roll(unknown, day, 30, by_navette(OURS))
    assert judge(day, Form.ARRIVAL, known.records()).faults == ()
    assert served(known) > served(unknown)


def forgetful(planner: Planner) -> Planner:
    """Plans well once, and then forgets everybody."""
    calls: list[int] = []

    def plan(problem: Problem, start: list[Route]) -> Sequence[Sequence[int]]:
        calls.append(problem.requests)
        return planner(problem, start) if len(calls) == 1 else [[] for _ in start]

    return plan


def test_a_plan_that_forgets_somebody_is_thrown_away(day: Day) -> None:
    short = World(day, Form.ARRIVAL)
    roll(short, day, 60, forgetful(by_navette(OURS)))
    assert judge(day, Form.ARRIVAL, short.records()).faults == ()
    assert short.thrown > 0
    assert served(short) > 0
