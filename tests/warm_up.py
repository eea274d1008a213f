"""Compiles what most tests run, on two cores, so that no two workers compile the same."""

from __future__ import annotations

from multiprocessing import get_context
from pathlib import Path

from services.network.folder import load
from services.simulator.simulate_command import warm_up
from services.solver.improve import improve
from services.solver.problem import Budget
from tests.solver.oracle import random_problem

DEMO = Path(__file__).resolve().parents[1] / "territories" / "la-souterraine"


def compile_search() -> None:
    """Compile what batches run."""
    improve(random_problem(1), Budget(iterations=20), seed=1)


if __name__ == "__main__":
    search = get_context("spawn").Process(target=compile_search)
    search.start()
    warm_up(load(DEMO))
    search.join()
