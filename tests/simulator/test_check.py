"""The check finds nothing in a sound day, and each kind of fault by its name."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.simulator.check import ABOUT, Rule, Verdict, check
from tests.simulator.check_faults import Spoil
from tests.simulator.check_files import Row
from tests.simulator.check_forgeries import BROKEN
from tests.simulator.check_world import World, crow_day, small_day, trip, visit


def broken_rules(verdict: Verdict) -> list[str]:
    """What was found, for people; empty if nothing was."""
    return [str(finding) for finding in verdict.findings]


@pytest.mark.parametrize("day", [small_day, lambda: small_day(benchmark=False), crow_day])
def test_a_sound_day_is_clean(day: Callable[[], World], tmp_path: Path) -> None:
    verdict = check(day().write(tmp_path))
    assert broken_rules(verdict) == []
    assert verdict.clean


def test_a_lease_that_was_over_within_the_second_of_its_plan_was_held_at_no_time(
    tmp_path: Path,
) -> None:
    day = small_day()

    def at_once(leases: list[Row]) -> None:
        from_s = leases[0]["from_s"]
        leases.append(leases[0] | {"shuttle_id": "v2", "ended_s": from_s})

    day.lease_faults.append(at_once)
    assert check(day.write(tmp_path)).clean


def spoiled(case: tuple[Rule, bool, Spoil]) -> str:
    return f"{case[0]}-{case[2].__name__}"


def test_every_rule_is_applied_to_something_in_a_sound_day(tmp_path: Path) -> None:
    with_chance = check(small_day(benchmark=False).write(tmp_path / "chance"))
    without = check(small_day().write(tmp_path / "benchmark"))
    idle = [rule for rule in Rule if not with_chance.checked[rule] + without.checked[rule]]
    assert idle == []


def test_every_rule_is_said_in_words_and_documented(project: Path) -> None:
    page = (project / "docs" / "check.md").read_text(encoding="utf-8")
    assert set(ABOUT) == set(Rule)
    assert [rule for rule in Rule if f"| `{rule}` |" not in page] == []


@pytest.mark.parametrize("case", BROKEN, ids=spoiled)
def test_a_fault_is_found_by_its_rule_and_no_other(
    case: tuple[Rule, bool, Spoil], tmp_path: Path
) -> None:
    rule, benchmark, spoil = case
    world = small_day(benchmark=benchmark)
    spoil(world)
    verdict = check(world.write(tmp_path))
    assert {finding.rule for finding in verdict.findings} == {rule}, broken_rules(verdict)


def test_every_rule_has_an_example_that_breaks_it() -> None:
    assert set(Rule) - {rule for rule, _, _ in BROKEN} == set()


# What a finding says.


def the_only_finding(world: World, folder: Path) -> Row:
    verdict = check(world.write(folder)).as_json()
    assert len(verdict["findings"]) == 1
    finding: Row = verdict["findings"][0]
    return finding


def test_a_finding_names_ride_shuttle_time_and_by_how_much(tmp_path: Path) -> None:
    world = small_day()
    world.ride("r6")["promised_pickup_to_s"] = 29_630
    world.ride("r6")["promised_arrival_s"] = 30_230
    assert the_only_finding(world, tmp_path) == {
        "rule": "kept",
        "message": "picked up 60 s after the promised window",
        "ride": "r6",
        "shuttle": "v2",
        "at_s": 29_690,
    }


def test_only_benchmarks_may_promise_all_of_the_longest_wait(tmp_path: Path) -> None:
    for benchmark, found in ((True, 0), (False, 1)):
        world = small_day(benchmark=benchmark)
        world.settings["promises"]["pickup_window_s"] = 900
        world.after.append(
            lambda run, _: run["settings"]["promises"].update({"pickup_window_s": None})
        )
        verdict = check(world.write(tmp_path / str(found)))
        assert verdict.found[Rule.SETTINGS] == found


def test_all_findings_are_counted_and_some_are_written_out(tmp_path: Path) -> None:
    world = small_day()
    asked = [trip(f"n{number}", "AC", 40_000) for number in range(120)]
    world.demand += asked
    verdict = check(world.write(tmp_path))
    assert verdict.found[Rule.REQUESTS] == 120
    assert len(verdict.findings) == 50


def test_a_crow_that_flies_too_fast_is_found(tmp_path: Path) -> None:
    world = crow_day()
    world.legs[1]["depart_s"] += 5
    assert the_only_finding(world, tmp_path)["rule"] == "drive_time"


def test_stops_so_near_that_the_drive_takes_no_time_are_told_apart(tmp_path: Path) -> None:
    world = crow_day()
    third = world.visit("v1", 2)
    at_s = third["depart_s"]
    world.settings["stop_times"] = {"base_s": 0, "party_s": 0}
    world.extra_stops = {"B1": 2003, "B2": 2006, "B3": 2006, "balance": 1985}
    world.visits += [visit("v1", 3 + n, f"B{n}", (at_s, at_s)) for n in (1, 2, 3)]
    instant = {"depart_s": float(at_s), "arrive_s": float(at_s), "length_m": 3.9}
    for start, end in (("B", "B1"), ("B1", "B2")):
        ends = {"from_node": start, "to_node": end, "seq": len(world.legs)}
        world.legs.append(world.legs[-1] | ends | instant)
    for row in world.visits[-3:]:
        row["drive_m"] = 0.0 if row["stop"] == "B3" else 3.9
    assert broken_rules(check(world.write(tmp_path))) == []


@pytest.mark.parametrize("point", ["@1,2,3", "@x,y", "@", "@1e9,0", "@" + "9" * 400 + ",0"])
def test_a_point_that_is_none_is_no_place(point: str, tmp_path: Path) -> None:
    world = crow_day()
    world.legs[0]["to_node"] = world.legs[1]["from_node"] = point
    assert check(world.write(tmp_path)).found[Rule.LINKS] == 2


PLANNER = (
    "services.dispatcher",
    "services.domain.referee",
    "services.network.crow",
    "services.network.driving",
    "services.network.folder",
    "services.network.tables",
    "services.simulator.demand",
    "services.simulator.access",
    "services.simulator.emissions",
    "services.simulator.engine",
    "services.simulator.fleet_day",
    "services.simulator.kpis",
    "services.simulator.records",
    "services.simulator.world",
    "numba",
    "pyroutingkit",
)


def test_the_check_loads_nothing_of_the_planner() -> None:
    code = "import sys, services.simulator.check; print(*sys.modules, sep='\\n')"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )

    def of_planner() -> Iterator[str]:
        for name in loaded.stdout.split():
            if name.startswith(PLANNER):
                yield name

    assert list(of_planner()) == []
