"""The contest between solvers ranks, compares and refuses as it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.static.contest import (
    OURS,
    Best,
    Run,
    gap_of,
    is_behind,
    is_best,
    middle_of,
    run,
)
from benchmarks.static.peers import PEERS
from services.solver.instance import Instance
from services.solver.lilim import read_lilim
from tests.solver.instance_files import LILIM, write


def of(best: Best | None) -> Run:
    return Run(best=best, wall_s=1.0, cpu_s=1.0)


def test_fewer_vehicles_come_before_a_shorter_way() -> None:
    assert is_behind((11, 900.0), (10, 990.0))
    assert not is_behind((10, 990.0), (11, 900.0))
    assert is_behind(None, (11, 900.0))
    assert not is_behind((10, 990.0), None)
    assert not is_behind((10, 990.005), (10, 990.0))


def test_a_gap_is_only_there_with_as_many_vehicles() -> None:
    assert gap_of((10, 101.0), (10, 100.0)) == pytest.approx(0.01)
    assert gap_of((11, 90.0), (10, 100.0)) is None
    assert gap_of(None, (10, 100.0)) is None
    assert is_best((9, 200.0), (10, 100.0))
    assert not is_best((10, 100.02), (10, 100.0))


def test_the_median_counts_what_is_infeasible_as_worst() -> None:
    seeds = [of(None), of((10, 5.0)), of((9, 7.0))]
    assert middle_of(seeds) == (10, 5.0)
    assert middle_of([of(None), of(None), of((9, 7.0))]) is None


def test_routes_of_ours_that_break_a_rule_end_the_benchmark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(_instance: Instance, _seconds: float, _seed: int) -> list[list[int]]:
        return [[3, 1], [2, 4]]

    monkeypatch.setitem(PEERS, OURS, wrong)
    monkeypatch.setitem(PEERS, "vroom", wrong)
    instance = read_lilim(write(tmp_path, LILIM))
    assert run("vroom", instance, 0.1, 1).best is None
    with pytest.raises(SystemExit):
        run(OURS, instance, 0.1, 1)


@pytest.mark.parametrize("solver", list(PEERS))
def test_every_solver_that_is_installed_solves_a_little_instance(
    tmp_path: Path, solver: str
) -> None:
    if solver in ("vroom", "pyvrp"):
        pytest.importorskip(solver)
    found = run(solver, read_lilim(write(tmp_path, LILIM)), 0.2, 1)
    assert found.best is not None
    assert found.best[0] == 1
