"""The recheck lets right routes pass, and sees each thing that can be wrong with them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from services.solver.darp import read_darp
from services.solver.instance import Instance
from services.solver.lilim import read_lilim
from services.solver.recheck import recheck
from tests.solver.instance_files import DARP, LILIM, with_cell, write


@pytest.fixture
def lilim(tmp_path: Path) -> Instance:
    return read_lilim(write(tmp_path, LILIM))


@pytest.fixture
def darp(tmp_path: Path) -> Instance:
    return read_darp(write(tmp_path, DARP))


def test_proven_optima_are_feasible_and_cost_what_was_proven(shared_data: Path) -> None:
    oracles = sorted((shared_data / "darp" / "optimal_routes").glob("*.json"))
    assert len(oracles) > 10
    for oracle in oracles:
        proven = json.loads(oracle.read_text())
        path = shared_data / "darp" / oracle.stem
        found = recheck(
            read_darp(path if path.exists() else path.with_suffix(".txt")), proven["routes"]
        )
        assert found.faults == ()
        assert found.distance == pytest.approx(proven["obj"], abs=1e-9)


def test_proven_optima_in_other_vehicles_order_or_backwards_are_judged_for_what_they_are(
    shared_data: Path,
) -> None:
    instance = read_darp(shared_data / "darp" / "a2-16.txt")
    routes = json.loads((shared_data / "darp/optimal_routes/a2-16.json").read_text())["routes"]
    assert recheck(instance, [[], *reversed(routes)]).feasible
    assert not recheck(instance, [routes[0][::-1], routes[1]]).feasible


def test_sound_routes_pass(lilim: Instance, darp: Instance) -> None:
    one = recheck(lilim, [[1, 2, 3, 4]])
    assert (one.faults, one.vehicles) == ((), 1)
    assert one.distance == pytest.approx(15 + (81 + 49) ** 0.5 + 5)
    two = recheck(darp, [[1, 3], [2, 4]])
    assert (two.faults, two.vehicles) == ((), 2)


@pytest.mark.parametrize(
    ("routes", "words"),
    [
        ([[1, 3]], "2 is not visited"),
        ([[1, 3], [2, 4, 2]], "2 is visited 2 times"),
        ([[1, 3], [2, 4, 9]], "9 is not a pickup or delivery"),
        ([[1, 3], [2, 4, 0]], "0 is not a pickup or delivery"),
        ([[3, 1], [2, 4]], "pickup 1 does not come before its delivery 3"),
        ([[1, 4], [2, 3]], "pickup 1 does not come before its delivery 3"),
        ([[1, 3], [2], [4]], "3 vehicles, of which there are 2"),
    ],
)
def test_a_fault_of_the_routes_is_seen(
    lilim: Instance, routes: list[list[int]], words: str
) -> None:
    assert any(words in fault for fault in recheck(lilim, routes).faults)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"capacity": 2}, "3 on board after 2, and room for 2"),
        ({"ride_max": 17.4}, "longest ride"),
        ({"ride_max": 17.41}, None),
        ({"duration_max": 35.4}, "longest route"),
        ({"duration_max": 35.41}, None),
    ],
)
def test_room_rides_and_duration_are_held_to_the_limit(
    lilim: Instance, change: dict[str, float], words: str | None
) -> None:
    """From 2 by 3 to 4 takes 5 + 1 + 11.40, and all of the route 35.40."""
    faults = recheck(replace(lilim, **change), [[1, 2, 3, 4]]).faults  # type: ignore[arg-type]
    assert (words is None and not faults) or any(words or "" in fault for fault in faults)


def test_a_window_that_closes_too_early_is_seen_and_one_that_just_fits_is_not(
    tmp_path: Path,
) -> None:
    for closes, feasible in (("17", True), ("16.9999", False)):
        instance = read_lilim(write(tmp_path, with_cell(LILIM, 5, 5, closes)))
        assert recheck(instance, [[1, 2, 3, 4]]).feasible is feasible


def test_being_back_late_is_seen(tmp_path: Path) -> None:
    instance = read_lilim(write(tmp_path, with_cell(LILIM, 2, 5, "35")))
    assert not recheck(instance, [[1, 2, 3, 4]]).feasible


def test_a_route_may_set_off_late_to_keep_its_rides_short(tmp_path: Path) -> None:
    """3 opens at 40: picking 1 up at once would make a ride of 34."""
    late = read_darp(write(tmp_path, with_cell(DARP, 5, 5, "40")))
    assert recheck(late, [[1, 3], [2, 4]]).feasible
    early = read_darp(write(tmp_path, with_cell(with_cell(DARP, 5, 5, "40"), 3, 6, "15")))
    assert not recheck(early, [[1, 3], [2, 4]]).feasible
