"""Solves batches outside of the zone: what comes of it goes back as one more message."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from services.dispatcher.batch import Batch
from services.domain.events import PlanProposal
from services.domain.territory import DispatchSettings
from services.solver.improve import improve
from services.solver.problem import Budget


class Solved(NamedTuple):
    """What a solver made of a batch: its proposal, if any, and what its routes would cost."""

    proposal: PlanProposal | None
    cost: int


def solve(batch: Batch, budget: Budget, seed: int) -> Solved:
    """Search for better routes than those planned."""
    start = [list(route) for route in batch.start]
    solution = improve(batch.problem, budget, seed=seed, start=start)
    return Solved(batch.proposal(solution), solution.cost)


def solve_side_by_side(
    batches: Sequence[Batch], settings: DispatchSettings, seed: int
) -> list[Solved]:
    """Solve the groups of a snapshot, each for so many steps, with all cores; repeats exactly."""

    def one(batch: Batch) -> Solved:
        return solve(batch, iterations(batch, settings), seed)

    if len(batches) < 2:
        return [one(batch) for batch in batches]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(one, batches))


def iterations(batch: Batch, settings: DispatchSettings) -> Budget:
    """A budget of steps, so that a run repeats exactly."""
    steps = settings.ride_iterations * len(batch.rides)
    return Budget(iterations=min(steps, settings.solve_iterations))
