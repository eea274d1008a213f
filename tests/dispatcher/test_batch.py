"""A batch is what is open, as it will be when it takes effect; taking it changes nothing."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dispatcher import columns as c
from services.dispatcher.batch import Batch
from services.dispatcher.projection import J_FROZEN, J_LEFT, J_STOP, J_TIME, J_TOWARDS
from services.dispatcher.snapshot import Snapshot
from services.dispatcher.solving import solve
from services.domain.events import PlanIssued
from services.simulator.chance import Chance
from services.solver.given import broken
from services.solver.problem import Budget
from tests.builders import (
    EIGHT_S,
    LINE,
    PLAIN,
    cleaning,
    crow_network,
    fleet,
    request,
    road_network,
    territory,
)
from tests.dispatcher.proposals import state_of
from tests.play import Play
from tests.simulation.harsh import PROMISES, STOP_TIMES

AHEAD_S = 7


def busy(kind: str, seed: int, *, chance: bool = False, tasks: bool = False, **own: Any) -> Play:
    """Twenty requests of ten minutes, in any of seven stops."""
    rules = territory(promises=PROMISES, stop_times=STOP_TIMES, **own)
    networks = {
        "roads": lambda: road_network(rules),
        "plane": lambda: crow_network(PLAIN, rules),
        "line": lambda: crow_network(LINE, rules),
    }
    upkeep = (cleaning(3, EIGHT_S + 500, EIGHT_S + 1500),) if tasks else ()
    play = Play(networks[kind](), fleet(0, 3, 5, upkeep=upkeep), Chance(seed, on=chance))
    dice = Random(seed)
    for number in range(20):
        a, b = dice.sample(range(7), 2)
        at_s = EIGHT_S + dice.randint(0, 600)
        play.ask(request(f"r{number}", a, b, at_s + dice.choice((0, 0, 600))), at_s)
    return play


def snapshot(play: Play) -> Snapshot:
    zone, now_s = play.zone, play.agenda.now_s
    dispatch = zone.territory.dispatch
    times_s = (now_s, now_s + AHEAD_S)
    return Snapshot(zone.fleet, zone.rides, dispatch, zone._cells.of_stop, times_s)


def batches(play: Play) -> list[Batch]:
    now_s = play.agenda.now_s
    return play.zone.batches(now_s, now_s + AHEAD_S, 300)


KINDS = pytest.mark.parametrize("kind", ["roads", "plane", "line"])
SEEDS = st.integers(0, 2**16)
LATER = st.integers(0, 900)


@KINDS
@settings(max_examples=15)
@given(seed=SEEDS, later_s=LATER, tasks=st.booleans())
def test_taking_a_batch_changes_nothing_and_finds_the_same_again(
    kind: str, seed: int, later_s: int, tasks: bool
) -> None:
    play = busy(kind, seed, chance=True, tasks=tasks)
    play.run(EIGHT_S + later_s)
    before = play.zone.trial()
    first, second = batches(play), batches(play)
    assert state_of(play.zone) == state_of(before)
    assert [one.start for one in first] == [one.start for one in second]
    assert [one.rides for one in first] == [one.rides for one in second]


@KINDS
@settings(max_examples=15)
@given(seed=SEEDS, later_s=LATER, chance=st.booleans(), tasks=st.booleans())
def test_a_solver_finds_nothing_wrong_with_the_plans_as_they_are(
    kind: str, seed: int, later_s: int, chance: bool, tasks: bool
) -> None:
    play = busy(kind, seed, chance=chance, tasks=tasks)
    play.run(EIGHT_S + later_s)
    there = len(snapshot(play).shuttles())
    taken = batches(play)
    for batch in taken:
        assert broken(batch.problem, batch.start) == []
    if taken and not chance:
        assert sum(len(batch.shuttles) for batch in taken) == there, "somebody was left out"


@KINDS
@settings(max_examples=15)
@given(seed=SEEDS, later_s=LATER)
def test_what_comes_before_the_deadline_is_what_shuttles_do_by_then(
    kind: str, seed: int, later_s: int
) -> None:
    play = busy(kind, seed)
    play.run(EIGHT_S + later_s)
    play.agenda.at(EIGHT_S + later_s, lambda: None)
    play.run(EIGHT_S + later_s)
    zone, now_s = play.zone, play.agenda.now_s
    taken = snapshot(play)
    projected, heads = taken.projected, taken.arrays.heads
    planned = [[*route.stops] for route in zone.fleet.routes]
    revisions = [route.revision for route in zone.fleet.routes]
    deadline_s = now_s + AHEAD_S
    play.at(deadline_s, lambda: None)
    play.run(deadline_s)
    keep_s = max(zone.territory.dispatch.keep_course_s, zone.fleet.latency_s)
    for k, route in enumerate(zone.fleet.routes):
        overdue = heads[k, c.H_LOCKED] and heads[k, c.H_FREE] <= now_s
        if route.revision != revisions[k] or overdue:
            continue  # somebody asked meanwhile, or is waited for: nobody knows for how long
        zone.fleet.refresh(k, deadline_s)
        head, at = zone.fleet.head(k), projected[k]
        left = len(planned[k]) - len(route.stops)
        assert left <= at[J_FROZEN], "what is not frozen is not done yet"
        if head[c.H_LOCKED]:
            assert left < at[J_FROZEN], "what has begun is frozen"
        for row in zone.fleet.arrays.visits[k, : at[J_FROZEN] - left].tolist():
            assert row[c.V_ARRIVE] <= deadline_s + keep_s, "what comes late is not frozen"
        if at[J_STOP] >= 0:
            assert at[J_TIME] >= deadline_s
        elif head[c.H_MODE] == c.MOVING:
            # It may have waited for the second of its plan, which rounds its last arrival up.
            assert at[J_TOWARDS] == head[c.H_STOP]
            assert 0 <= head[c.H_FREE] - at[J_TIME] <= 1
            assert at[J_TIME] + at[J_LEFT] + 1 >= head[c.H_ARRIVE] >= at[J_TIME] + at[J_LEFT]


@KINDS
@settings(max_examples=10)
@given(seed=SEEDS, later_s=LATER)
def test_routes_as_they_are_propose_nothing_and_a_search_never_forgets_anybody(
    kind: str, seed: int, later_s: int
) -> None:
    play = busy(kind, seed)
    play.run(EIGHT_S + later_s)
    for batch in batches(play):
        assert solve(batch, Budget(iterations=0), 1).proposal is None
        proposal = solve(batch, Budget(iterations=100), 1).proposal
        if proposal is None:
            continue
        named = {route.shuttle_id: route for route in proposal.routes}
        assert set(named) <= set(batch.shuttles)
        boards = [r for route in named.values() for call in route.calls for r in call.board]
        assert len(set(boards)) == len(boards)
        kept = {
            ride_id
            for route in play.zone.fleet.routes
            if route.shuttle.id in named
            for stop in route.stops
            for ride_id in stop.board
        }
        assert kept <= set(boards)


@KINDS
def test_kilometres_cost_what_the_territory_says(kind: str) -> None:
    play = busy(kind, 3, dispatch={"km_weight": 70})
    play.run(EIGHT_S + 400)
    (batch,) = batches(play)
    problem, stops, m = batch.problem, list(batch.stops), len(batch.shuttles)
    ways = play.zone.fleet.ways
    between = np.ix_(stops, stops)
    costs = ways.drive_s[between].astype(np.int64) * 1000 + ways.drive_m[between] * 70
    np.testing.assert_array_equal(problem.length[:-m, :-m], costs)
    from_shuttles = problem.length[-m:, :-m] - problem.travel[-m:, :-m].astype(np.int64) * 1000
    assert (from_shuttles >= 0).all()
    assert (from_shuttles > 0).any()


def test_nobody_open_is_no_batch() -> None:
    play = busy("line", 1)
    assert batches(play) == []
    play.run()
    assert batches(play) == []
    assert any(isinstance(event, PlanIssued) for _, event in play.events)
