"""Faults in what shuttles do besides carrying people."""

from __future__ import annotations

from services.simulator.check import Rule
from tests.simulator.check_faults import BROKEN, breaks
from tests.simulator.check_world import World, drive, visit

__all__ = ["BROKEN"]


@breaks(Rule.TASKS)
def it_does_what_nobody_knows(world: World) -> None:
    world.visits.append(visit("v3", 2, "A", (79_200, 79_200), task="dreaming"))


@breaks(Rule.TASKS)
def it_rests_away_from_home(world: World) -> None:
    world.legs += [*drive("v3", "abc", 75_300, 1, 0), *drive("v3", "cba", 75_500, 2, 2)]
    world.visits.insert(-1, visit("v3", 1, "B", (75_500, 75_500), task="off_duty"))
    world.visits[-1].update(seq=2, arrive_s=75_700)


@breaks(Rule.SHIFTS)
def it_is_not_home_when_its_shift_ends(world: World) -> None:
    world.visit("v3", 1).update(arrive_s=79_201, depart_s=79_201)


@breaks(Rule.SHIFTS)
def it_drives_when_it_is_off_duty(world: World) -> None:
    world.legs += [*drive("v3", "ab", 79_300, 1, 0), *drive("v3", "ba", 79_400, 2, 1)]


@breaks(Rule.UPKEEP)
def it_is_not_cleaned_for_long_enough(world: World) -> None:
    world.visit("v3", 0)["depart_s"] -= 1
    world.after.append(lambda _, kpis: kpis["vehicle_hours"].update(upkeep=round(599 / 3600, 3)))


@breaks(Rule.UPKEEP)
def it_is_never_cleaned(world: World) -> None:
    world.visit("v3", 0)["task"] = "maintenance"


@breaks(Rule.UPKEEP)
def it_is_cleaned_too_late(world: World) -> None:
    world.visit("v3", 0).update(arrive_s=39_100, depart_s=39_700)
    world.visit("v3", 1)["arrive_s"] = 39_700
