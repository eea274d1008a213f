"""Solvers side by side on the same instances, each solution judged by the same recheck."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from time import perf_counter, process_time

from benchmarks._measuring import (
    EXIT_NOTHING_TO_MEASURE,
    data_files,
    give_up,
    options,
    print_table,
)
from benchmarks.static.peers import PEERS, missing
from services.solver.improve import improve
from services.solver.instance import Instance
from services.solver.recheck import recheck
from services.solver.warm_up import warm_up

OURS = "navette"
SAME = 0.01
"""Best-known distances are published with two digits."""

Best = tuple[int, float]
"""Vehicles (0 where they do not count) and distance: the smaller the better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a solver found within its seconds; ``best`` is None if that is not feasible."""

    best: Best | None
    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """All that is run: each solver on each instance, with each budget and seed."""

    instances: Sequence[Instance]
    known: dict[str, Best]
    solvers: Sequence[str]
    seconds: Sequence[float]
    repeat: int

    def hold(self) -> None:
        """Run everything, and print a table for each budget."""
        _warm_up(self.instances[0], self.solvers)
        for seconds in self.seconds:
            print(f"After {seconds:g} s of one core; {self.repeat} seed(s), median\n")
            found = {instance.name: self._found(instance, seconds) for instance in self.instances}
            rows = [self._row(name, runs) for name, runs in found.items()]
            print_table(("instance", "best known", *self.solvers), rows)
            header = ("", "best known", "vehicles more", "mean gap", "at worst")
            more = ("infeasible", "behind a peer", "cpu of wall")
            print_table((*header, *more), [self._sum(solver, found) for solver in self.solvers])

    def _found(self, instance: Instance, seconds: float) -> dict[str, list[Run]]:
        """Runs of each solver on an instance, seed by seed."""
        found: dict[str, list[Run]] = {solver: [] for solver in self.solvers}
        for seed in range(1, self.repeat + 1):
            for solver in self.solvers:
                found[solver].append(run(solver, instance, seconds, seed))
        return found

    def _row(self, name: str, found: dict[str, list[Run]]) -> list[str]:
        known = self.known.get(name)
        cells = [name, _text(known)]
        for solver in self.solvers:
            best = middle_of(found[solver])
            cells.append(f"{_text(best)} {_gap_text(best, known)}".rstrip())
        return cells

    def _sum(self, solver: str, found: dict[str, dict[str, list[Run]]]) -> list[str]:
        """Sum up one solver over all instances."""
        best = {name: middle_of(runs[solver]) for name, runs in found.items()}
        gaps = [
            gap for name in best if (gap := gap_of(best[name], self.known.get(name))) is not None
        ]
        known = [name for name in best if name in self.known]
        hits = sum(is_best(best[name], self.known[name]) for name in known)
        more = sum(middle[0] - self.known[name][0] for name in known if (middle := best[name]))
        behind = sum(
            any(is_behind(best[name], middle_of(runs[peer])) for peer in self.solvers)
            for name, runs in found.items()
        )
        runs = [run for each in found.values() for run in each[solver]]
        return [
            solver,
            f"{hits} of {len(known)}",
            f"{more:+d}",
            f"{_percent(fmean(gaps))} of {len(gaps)}" if gaps else "–",
            _percent(max(gaps)) if gaps else "–",
            str(sum(run.best is None for run in runs)),
            f"{behind} of {len(found)}",
            f"{100 * sum(run.cpu_s for run in runs) / sum(run.wall_s for run in runs):.0f} %",
        ]


def run(solver: str, instance: Instance, seconds: float, seed: int) -> Run:
    """Let a solver run, and judge what it found; ours must be right in what it says."""
    began_s, cpu_s = perf_counter(), process_time()
    routes = PEERS[solver](instance, seconds, seed)
    wall_s, cpu_s = perf_counter() - began_s, process_time() - cpu_s
    judged = recheck(instance, routes)
    wrong = [fault for fault in judged.faults if "is not visited" not in fault]
    if solver == OURS and wrong:
        give_up(f"{instance.name}: {wrong[0]}")
    vehicles = judged.vehicles if instance.fewest_vehicles else 0
    best = (vehicles, judged.distance) if judged.feasible else None
    return Run(best=best, wall_s=wall_s, cpu_s=cpu_s)


def _warm_up(instance: Instance, solvers: Sequence[str]) -> None:
    """Compile, import and load, so that no budget pays for it."""
    if OURS in solvers:
        warm_up(improve)
    for solver in solvers:
        PEERS[solver](instance, 0.2, 0)


def middle_of(runs: Sequence[Run]) -> Best | None:
    """The median over the seeds (the worse of two); infeasible is worst."""
    ranked = sorted(runs, key=lambda run: (run.best is None, run.best))
    return ranked[len(ranked) // 2].best


def gap_of(best: Best | None, known: Best | None) -> float | None:
    """How much longer than best known, where as many vehicles are used."""
    if best is None or known is None or best[0] != known[0]:
        return None
    return best[1] / known[1] - 1


def is_best(best: Best | None, known: Best) -> bool:
    """Whether the best known (or better) was found."""
    return best is not None and (best[0], best[1] - SAME) <= known


def is_behind(best: Best | None, peer: Best | None) -> bool:
    """Whether a peer has fewer vehicles, or as many and a shorter way."""
    return peer is not None and (best is None or peer < (best[0], best[1] - SAME))


def _text(best: Best | None) -> str:
    if best is None:
        return "–"
    vehicles, distance = best
    return f"{vehicles}/{distance:.2f}" if vehicles else f"{distance:.2f}"


def _percent(share: float) -> str:
    return f"{round(100 * share, 2) + 0.0:+.2f} %"  # + 0.0: no negative zero


def _gap_text(best: Best | None, known: Best | None) -> str:
    gap = gap_of(best, known)
    if gap is not None:
        return "=" if known and is_best(best, known) else _percent(gap)
    return f"{best[0] - known[0]:+d} veh" if best and known else ""


def contest(
    about: str,
    folder: str,
    read: Callable[[Path], Instance],
    few: Sequence[str],
    solvers: Sequence[str],
) -> None:
    """Read the command line and the instances, and hold the contest."""
    parser = options(about, 1)
    parser.add_argument(
        "--seconds", type=float, nargs="+", default=[10.0], metavar="S", help="budgets [10]"
    )
    parser.add_argument("--instances", nargs="+", metavar="NAME", help=f"which [{' '.join(few)}]")
    parser.add_argument("--all", action="store_true", help="every instance in the folder")
    parser.add_argument(
        "--solvers", nargs="+", choices=solvers, help="which [all that are installed]"
    )
    asked = parser.parse_args()
    chosen = _installed(parser, solvers, asked.solvers)
    (listed,) = data_files(asked.data, f"{folder}/best_known.csv")
    names = asked.instances or few
    if asked.all:
        names = sorted(path.name for path in listed.parent.iterdir() if _is_instance(path))
    files = [listed.parent / name for name in names]
    paths = [path if path.is_file() else path.with_name(f"{path.name}.txt") for path in files]
    Contest(
        instances=[read(data_files(path.parent, path.name)[0]) for path in paths],
        known=_known(listed),
        solvers=chosen,
        seconds=asked.seconds,
        repeat=asked.repeat,
    ).hold()


def _is_instance(path: Path) -> bool:
    return path.is_file() and path.suffix in ("", ".txt")


def _installed(
    parser: argparse.ArgumentParser, solvers: Sequence[str], asked: Sequence[str] | None
) -> Sequence[str]:
    """Who takes part; who was asked for and is not installed ends it."""
    absent = [name for name in missing() if name in (asked or solvers)]
    if absent:
        words = f"not installed: {' and '.join(absent)}; python -m pip install '.[benchmark]'"
        if asked:
            parser.exit(EXIT_NOTHING_TO_MEASURE, words + "\n")
        print(words + "\n")
    return [name for name in asked or solvers if name not in absent]


def _known(listed: Path) -> dict[str, Best]:
    """Best-known solutions by instance."""
    with listed.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if rows and "distance" in rows[0]:
        return {row["instance"]: (int(row["vehicles"]), float(row["distance"])) for row in rows}
    return {row["instance"]: (0, float(row["cost"])) for row in rows}
