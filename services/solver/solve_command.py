"""``navette solve``: from an instance's file to routes that were rechecked, as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from threading import Thread
from time import perf_counter

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from services.domain.errors import InvalidFile, InvalidRequest
from services.solver.darp import read_darp
from services.solver.instance import Instance
from services.solver.lilim import read_lilim
from services.solver.plane import TooLarge, problem_of
from services.solver.problem import Budget, Solution, Solver
from services.solver.recheck import Judgement, recheck
from services.solver.warm_up import warm_up

READERS: dict[str, Callable[[Path], Instance]] = {"lilim": read_lilim, "darp": read_darp}
SECONDS = 10.0
"""How long to search if nothing else is said."""
FAULTS_SHOWN = 5
LOOK_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the user asked for, as on the command line."""

    format: str
    seconds: float | None
    iterations: int | None
    seed: int
    threads: int
    out: Path | None
    solver: str


def solve(file: Path, asked: Asked) -> bool:
    """Solve a file's instance; print and write its routes; return whether they are feasible.

    Compiling (or loading) the kernels happens before the clock starts.

    Raises
    ------
    NavetteError
        If the file or an option makes no sense, or the output cannot be written.
    """
    if asked.seconds is not None and not isfinite(asked.seconds):
        raise InvalidRequest("--seconds", f"{asked.seconds} is not a time")
    instance = READERS[asked.format](file)
    try:
        problem = problem_of(instance)
    except TooLarge as error:
        raise InvalidFile(file, str(error)) from None
    if asked.out is not None:
        _claim(asked.out)
    seconds = SECONDS if asked.seconds is None and asked.iterations is None else asked.seconds
    budget = Budget(seconds=seconds, iterations=asked.iterations, threads=asked.threads)
    solver = solver_named(asked.solver)
    warm_up(solver)
    solution = _watched(lambda: solver(problem, budget, seed=asked.seed), seconds)
    routes = instance.ids(solution.routes)
    judgement = recheck(instance, routes)
    text = _as_json(instance, solution, judgement, routes)
    click.echo(text, nl=False)
    if asked.out is not None:
        _write(asked.out, text)
    _say(instance, solution, judgement)
    return judgement.feasible


def solver_named(name: str) -> Solver:
    """Return the solver that goes by a name on the command line."""
    if name == "ortools":
        from services.solver.routing import route_by_ortools

        return route_by_ortools
    from services.solver.improve import improve

    return improve


def _watched(search: Callable[[], Solution], seconds: float | None) -> Solution:
    """Search in a thread of its own, so that Ctrl-C works at once and a terminal sees a bar."""
    found: list[Solution] = []
    thread = Thread(target=lambda: found.append(search()), daemon=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("searching", total=seconds)
        began = perf_counter()
        thread.start()
        while thread.is_alive():
            thread.join(LOOK_S)
            bar.update(task, completed=perf_counter() - began)
    if not found:
        raise RuntimeError("the search broke off")
    return found[0]


def _as_json(
    instance: Instance, solution: Solution, judgement: Judgement, routes: list[list[int]]
) -> str:
    fields = {
        "instance": instance.name,
        "feasible": judgement.feasible,
        "vehicles": judgement.vehicles,
        "distance": judgement.distance,
        "seconds": round(solution.seconds, 3),
        "iterations": solution.iterations,
        "routes": routes,
    }
    return json.dumps(fields) + "\n"


def _claim(out: Path) -> None:
    """Find out before a long search whether its result can be written."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        existed = out.exists()
        out.open("a").close()
        if not existed:
            out.unlink()
    except OSError as error:
        raise InvalidFile(out, f"cannot be written: {error.strerror or error}") from None


def _write(out: Path, text: str) -> None:
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidFile(out, f"cannot be written: {error.strerror or error}") from None


def _say(instance: Instance, solution: Solution, judgement: Judgement) -> None:
    """Say in a line or two on the error stream what came of it."""
    found = "feasible" if judgement.feasible else "NOT FEASIBLE"
    click.echo(
        f"{instance.name}: {found}, {judgement.vehicles} vehicles, distance"
        f" {judgement.distance:.2f}, {solution.iterations:,} iterations"
        f" in {solution.seconds:.2f} s",
        err=True,
    )
    for fault in judgement.faults[:FAULTS_SHOWN]:
        click.echo(f"  {fault}", err=True)
    if len(judgement.faults) > FAULTS_SHOWN:
        click.echo(f"  and {len(judgement.faults) - FAULTS_SHOWN} more", err=True)
