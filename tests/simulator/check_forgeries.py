"""More faults: forged figures, remedies that cannot be meant, times that chance does not make."""

from __future__ import annotations

from typing import Any

from services.simulator.check import Rule
from tests.simulator.check_duty_faults import BROKEN
from tests.simulator.check_faults import Spoil, breaks
from tests.simulator.check_files import Row
from tests.simulator.check_world import World

__all__ = ["BROKEN"]


@breaks(Rule.LEASES)
def somebody_boards_without_a_lease(world: World) -> None:
    world.lease_faults.append(lambda leases: leases.clear())


@breaks(Rule.LEASES)
def somebody_boards_when_the_lease_is_over(world: World) -> None:
    world.lease_faults.append(lambda leases: leases[0].update(until_s=leases[0]["ended_s"] - 1))


@breaks(Rule.LEASES)
def somebody_boards_another_shuttle_than_has_the_lease(world: World) -> None:
    world.lease_faults.append(lambda leases: leases[0].update(shuttle_id="v2"))


@breaks(Rule.ONE_SHUTTLE)
def two_shuttles_are_to_come_for_one_party(world: World) -> None:
    world.lease_faults.append(
        lambda leases: leases.append(leases[0] | {"shuttle_id": "v2", "ended_s": None})
    )


@breaks(Rule.KPIS)
def one_more_served_than_there_were(world: World) -> None:
    world.after.append(lambda _, kpis: kpis.update({"served": kpis["served"] + 1}))


@breaks(Rule.KPIS)
def a_mean_wait_that_flatters(world: World) -> None:
    world.after.append(lambda _, kpis: kpis["wait_s"].update({"mean": kpis["wait_s"]["mean"] - 1}))


@breaks(Rule.KPIS)
def a_figure_is_missing(world: World) -> None:
    world.after.append(lambda _, kpis: kpis.pop("empty_km"))


@breaks(Rule.KPIS)
def refused_for_something_else(world: World) -> None:
    world.after.append(lambda _, kpis: kpis.update({"refused": {"seats": 1}}))


@breaks(Rule.KPIS)
def a_figure_that_nobody_knows(world: World) -> None:
    world.after.append(lambda _, kpis: kpis.update({"happiness": 1.0}))


FORGED: dict[str, object] = {
    "accepted_share": 0.5,
    "arrival_late_s.max": 1.0,
    "by_place.0.served": 1,
    "by_place.1.wait_s_mean": 1.0,
    "by_place.2.population": 10_000,
    "car_km": 99.0,
    "co2e_factors.car.value": 0.3,
    "co2e_kg": 0.001,
    "co2e_kg_by_car": 99.0,
    "charged_kwh": 0.5,
    "detour.mean": 1.0,
    "empty_share": 0.1,
    "energy_kwh": 1.0,
    "in_reach": 5,
    "km_per_served": 1.0,
    "late_pickups": 1,
    "lowest_charge_share": 0.9,
    "occupancy.loaded": 3.0,
    "offers": 6,
    "passengers_per_vehicle_hour.active": 9.0,
    "people_asking": 70,
    "people_served": 50,
    "people_within_20_min.share_with_mean_wait": 1.0,
    "pooled_share": 1.0,
    "refused_total": 0,
    "ride_s.p95": 300.0,
    "served_share_in_reach": 1.0,
    "shuttles": 1,
    "vehicle_hours.active": 0.5,
    "vehicle_hours.in_service": 1.0,
    "vehicle_hours.upkeep": 0.0,
    "walk_m.mean": 100.0,
}
"""Figures that flatter, by where they stand."""


def _forge(path: str, value: object) -> Spoil:
    def forge(_: Row, kpis: Row) -> None:
        part: Any = kpis
        *way, last = path.split(".")
        for step in way:
            part = part[int(step)] if isinstance(part, list) else part[step]
        assert last in part
        part[last] = value

    def spoil(world: World) -> None:
        world.after.append(forge)

    spoil.__name__ = f"forged_{path}"
    return spoil


BROKEN += [(Rule.KPIS, True, _forge(path, value)) for path, value in FORGED.items()]


@breaks(Rule.REMEDIES)
def a_remedy_is_deleted(world: World) -> None:
    world.ride("r3")["refusal_remedy"] = None


@breaks(Rule.REMEDIES)
def nobody_has_99_seats_to_spare(world: World) -> None:
    world.ride("r3")["refusal_remedy"] = "leave_later_s=540;fewer_seats=99"


@breaks(Rule.REMEDIES)
def leave_next_week(world: World) -> None:
    world.ride("r3")["refusal_remedy"] = "leave_later_s=604800"


@breaks(Rule.REMEDIES)
def a_remedy_that_changes_nothing(world: World) -> None:
    world.ride("r3")["refusal_remedy"] = "leave_later_s=0"


@breaks(Rule.REMEDIES)
def arrive_later_than_nothing(world: World) -> None:
    world.ride("r3")["refusal_remedy"] = "leave_later_s=540;arrive_later_s=60"


@breaks(Rule.REMEDIES)
def a_remedy_that_nobody_knows(world: World) -> None:
    world.ride("r3")["refusal_remedy"] = "leave_later_s=540;take_the_car=1"


@breaks(Rule.REMEDIES)
def refused_for_a_walk_of_80_m(world: World) -> None:
    world.ride("r3")["refusal_reason"] = "walk_to_stop"


@breaks(Rule.REMEDIES)
def a_remedy_for_who_rode(world: World) -> None:
    world.ride("r6")["refusal_remedy"] = "leave_later_s=540"


@breaks(Rule.STATUS)
def rode_without_having_accepted(world: World) -> None:
    world.ride("r6")["accepted"] = False


@breaks(Rule.STATUS)
def offered_nothing(world: World) -> None:
    world.ride("r3")["offered"] = True


@breaks(Rule.PACE, benchmark=False)
def one_leg_in_half_its_time(world: World) -> None:
    world.legs_of("v1")[3]["depart_s"] += 50


@breaks(Rule.PACE, benchmark=False)
def all_drives_are_quick(world: World) -> None:
    for leg in world.legs:
        leg["depart_s"] += 40


@breaks(Rule.DRIVE_TIME, benchmark=False)
def a_leg_is_slower_than_chance_allows(world: World) -> None:
    first, second = world.legs_of("v2")[:2]
    first.update(depart_s=29_160.0, arrive_s=29_380.0)
    second["depart_s"] = 29_380.0


@breaks(Rule.STOP_TIME, benchmark=False)
def all_stops_are_short(world: World) -> None:
    for stop in world.visits:
        if stop["left"]:
            stop["depart_s"] = stop["arrive_s"] + 22
        elif stop["task"] is None:
            stop["arrive_s"] = stop["depart_s"] - 22
