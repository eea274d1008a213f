"""Has compiled, or loaded, what a search is made of before it counts how long it takes."""

from __future__ import annotations

from services.solver.instance import Instance, Site
from services.solver.plane import problem_of
from services.solver.problem import Budget, Problem, Solver

STEPS = Budget(iterations=2500)
"""Enough for each part of a search to have its turn."""


def warm_up(solver: Solver) -> None:
    """Solve the smallest instance that needs all of a solver."""
    solver(_tiny(), STEPS, seed=0)


def _tiny() -> Problem:
    sites = [
        Site(id=i, x=i, y=0, service=1, load=load, opens=0, closes=100)
        for i, load in enumerate((0, 1, 1, -1, -1))
    ]
    depot, *tasks = sites
    return problem_of(
        Instance(
            name="tiny",
            tasks=tuple(tasks),
            start=depot,
            end=depot,
            vehicles=2,
            capacity=2,
            fewest_vehicles=True,
        )
    )
