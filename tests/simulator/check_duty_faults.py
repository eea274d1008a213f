"""Faults in what shuttles do besides carrying people."""

from __future__ import annotations

from typing import Any

from services.simulator.check import Rule
from tests.simulator.check_faults import BROKEN, breaks
from tests.simulator.check_world import World, drive, visit

__all__ = ["BROKEN"]


@breaks(Rule.TASKS)
def it_does_what_nobody_knows(world: World) -> None:
    known = {"level_wh": 9000, "left_wh": 9000}
    world.visits.append(visit("v3", 3, "A", (79_200, 79_200), task="dreaming") | known)


@breaks(Rule.TASKS)
def it_rests_away_from_home(world: World) -> None:
    world.legs += [*drive("v3", "abc", 75_300, 1, 0), *drive("v3", "cba", 75_500, 2, 2)]
    away = visit("v3", 2, "B", (75_500, 75_500), task="off_duty")
    world.visits.insert(-1, away | {"level_wh": 8100, "left_wh": 8100})
    world.visits[-1].update(seq=3, arrive_s=75_700, level_wh=7200, left_wh=7200)


@breaks(Rule.SHIFTS)
def it_is_not_home_when_its_shift_ends(world: World) -> None:
    world.visit("v3", 2).update(arrive_s=79_201, depart_s=79_201)


@breaks(Rule.SHIFTS)
def it_drives_when_it_is_off_duty(world: World) -> None:
    world.legs += [*drive("v3", "ab", 79_300, 1, 0), *drive("v3", "ba", 79_400, 2, 1)]


@breaks(Rule.UPKEEP)
def it_is_not_cleaned_for_long_enough(world: World) -> None:
    world.visit("v3", 0)["depart_s"] -= 1
    world.after.append(lambda _, kpis: kpis["vehicle_hours"].update(upkeep=round(1199 / 3600, 3)))


@breaks(Rule.UPKEEP)
def it_is_never_cleaned(world: World) -> None:
    world.visit("v3", 0)["task"] = "maintenance"


@breaks(Rule.UPKEEP)
def it_is_cleaned_too_late(world: World) -> None:
    world.visit("v3", 0).update(arrive_s=39_100, depart_s=39_700)
    world.visit("v3", 1).update(arrive_s=39_700, depart_s=40_300)
    world.visit("v3", 2)["arrive_s"] = 40_300


@breaks(Rule.ENERGY)
def energy_comes_from_nowhere(world: World) -> None:
    world.visit("v3", 2).update(level_wh=9100, left_wh=9100)


@breaks(Rule.ENERGY)
def energy_is_lost_at_the_stop(world: World) -> None:
    world.visit("v3", 0)["left_wh"] = 7900
    world.visit("v3", 1).update(level_wh=7900, left_wh=8900)
    world.visit("v3", 2).update(level_wh=8900, left_wh=8900)
    world.after.append(lambda _, kpis: kpis.update(lowest_charge_share=0.79))


@breaks(Rule.ENERGY)
def nothing_is_said_of_a_battery(world: World) -> None:
    world.visit("v3", 2).update(level_wh=None, left_wh=None)


@breaks(Rule.PLUGS)
def it_charges_too_fast(world: World) -> None:
    world.visit("v3", 1)["depart_s"] = 33_300
    world.visit("v3", 2)["arrive_s"] = 33_300


@breaks(Rule.PLUGS)
def it_charges_where_there_is_no_charger(world: World) -> None:
    world.settings["chargers"][0]["stop"] = "B"


@breaks(Rule.OPERATING_DOMAIN)
def it_drives_into_the_fog(world: World) -> None:
    last = world.legs_of("v1")[3]
    fog = {"reason": "fog", "from_s": 0, "until_s": 90_000, "darkness": False, "known_s": 0}
    fog["from_s"] = int(last["arrive_s"]) - 5

    def write(run: dict[str, Any], _: dict[str, Any]) -> None:
        run["disruptions"] = {"asked": {"restrictions": [fog]}}

    world.after.append(write)


@breaks(Rule.OPERATING_DOMAIN)
def it_is_never_dark_for_shuttles_that_need_light(world: World) -> None:
    world.settings["fleet"][0]["drives_in_darkness"] = False


@breaks(Rule.SUPERVISION)
def one_drives_while_it_waits(world: World) -> None:
    leg = world.legs_of("v1")[0]
    wait = {"shuttle_id": "v1", "from_s": int(leg["depart_s"]), "until_s": int(leg["depart_s"]) + 9}

    def write(run: dict[str, Any], kpis: dict[str, Any]) -> None:
        run["waits"] = [wait]
        kpis["supervision"].update(waits=1, waited_h=0.0025)

    world.after.append(write)


@breaks(Rule.SUPERVISION)
def one_sets_off_when_nobody_is_on_duty(world: World) -> None:
    shift = {"between": ["08:10", "07:00"], "count": 1}
    world.settings["supervision"]["operators"] = [shift]
