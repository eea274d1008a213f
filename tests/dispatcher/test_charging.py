"""Shuttles keep enough energy and charge between rides, no more of them than there are plugs."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from services.dispatcher.core import Zone
from services.dispatcher.plugs import most_at_once
from services.domain.events import (
    Event,
    PlanIssued,
    RequestRide,
    RideOffered,
    RideRefused,
)
from services.domain.ids import ShuttleId
from services.domain.plan import Plan
from services.domain.ride import Constraint
from services.domain.task import Task, TaskKind
from services.domain.task_reports import BatteryLevel
from services.network.fleet import shuttles
from services.network.folder import Network
from services.simulator.chance import Chance
from services.simulator.vehicle import Stay
from tests.builders import EIGHT_S, LINE, PLAIN, crow_network, request, road_network, territory
from tests.play import Faults, Play
from tests.simulation.harsh import improved

A = ShuttleId("shuttle-1")
WH = 1000


def rules(count: int = 1, **battery: Any) -> dict[str, Any]:
    """A tenth of a watt-hour for each metre, so that a few stops empty a battery."""
    given = {"capacity_wh": 1000, "per_hour_wh": 360, "per_stop_wh": 5, **battery}
    return {
        "fleet": [{"depot": "s0", "count": count, "energy_wh_per_km": 100, "battery": given}],
        "chargers": [{"stop": "s3", "power_kw": 1.2, "plugs": 1}],
        "dispatch": {"reserve_s": 0},
        "promises": {"wait_s_max": 900, "ride_factor": 0},
    }


def zone(network: Network) -> Zone:
    return Zone(network, shuttles(network))


def plan_of(events: tuple[Event, ...]) -> Plan:
    return [event.plan for event in events if isinstance(event, PlanIssued)][-1]


def charges(plan: Plan) -> list[Task]:
    tasks = [visit.task for visit in plan.visits if visit.task is not None]
    return [task for task in tasks if task.kind is TaskKind.CHARGE]


def test_plans_say_what_is_expected_to_be_left() -> None:
    day = zone(crow_network(LINE, territory(**rules())))
    events = day.apply(RequestRide(request("r1", 1, 4)), EIGHT_S)
    # 30 Wh for 300 m, 3 Wh for 30 s of driving, 5 Wh for a stop.
    assert [visit.level_wh for visit in plan_of(events).visits] == [967, 863]


def test_what_would_leave_too_little_to_get_to_a_charger_is_refused_for_energy() -> None:
    # 231 Wh for the way and 10 Wh for its stops, 132 Wh from there to the charger; the reserve.
    for share, answer in ((0.522, RideRefused), (0.523, RideOffered)):
        low = rules(start_share=share, reserve_share=0.15)
        day = zone(crow_network(LINE, territory(**low)))
        (told, *_) = day.apply(RequestRide(request("r1", 0, 7)), EIGHT_S)
        assert isinstance(told, answer)
        if isinstance(told, RideRefused):
            assert told.refusal.reason is Constraint.ENERGY


def test_an_idle_shuttle_with_little_left_goes_to_charge() -> None:
    day = zone(crow_network(LINE, territory(**rules())))
    assert charges(plan_of(day.apply(BatteryLevel(A, 590, EIGHT_S), EIGHT_S))) != []
    full = zone(crow_network(LINE, territory(**rules())))
    assert full.apply(BatteryLevel(A, 610, EIGHT_S), EIGHT_S) == ()


def test_it_charges_between_rides_and_delays_none() -> None:
    day = zone(crow_network(LINE, territory(**rules())))
    day.apply(RequestRide(request("r1", 1, 4, EIGHT_S + 7200)), EIGHT_S)
    plan = plan_of(day.apply(BatteryLevel(A, 500, EIGHT_S), EIGHT_S))
    assert [visit.task is not None for visit in plan.visits] == [True, False, False]
    assert plan.visits[1].arrive_s <= EIGHT_S + 7200
    assert (plan.visits[1].level_wh or 0) > 600


def test_two_shuttles_do_not_charge_at_one_plug_at_a_time() -> None:
    network = crow_network(LINE, territory(**rules(count=2)))
    day = zone(network)
    plans = [
        plan_of(day.apply(BatteryLevel(shuttle.id, 500, EIGHT_S), EIGHT_S))
        for shuttle in shuttles(network)
    ]
    first, second = (charges(plan)[0] for plan in plans)
    assert second.earliest_s >= first.latest_s + first.duration_s


def test_a_level_of_nobodys_battery_is_marked() -> None:
    day = zone(crow_network(LINE, territory()))
    (marked,) = day.apply(BatteryLevel(ShuttleId("shuttle-1"), 500, EIGHT_S), EIGHT_S)
    assert not isinstance(marked, PlanIssued)


def charging(stay: Stay, power_w: int) -> tuple[int, int]:
    needs_s = stay.charged_mwh * 3600 // (power_w * 1000)
    return stay.depart_s - needs_s, stay.depart_s


NETWORKS = {"plane": lambda r: crow_network(PLAIN, r), "roads": road_network}


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("batches", [False, True])
def test_a_busy_day_strands_nobody_and_overloads_no_charger(
    kind: str, seed: int, batches: bool
) -> None:
    """The referee judges every plan; without chance (even seeds) the reserve is never touched."""
    dice, even = Random(seed), seed % 2 == 0
    many = rules(count=3, capacity_wh=1500)
    many["chargers"][0]["plugs"] = 1 + seed % 3 // 2
    network = NETWORKS[kind](territory(**many))
    faults = Faults() if even else Faults(link_s=20, late=0.2, late_s=60, repeated=0.2)
    play = Play(network, shuttles(network), Chance(seed, on=not even), faults)
    if batches:
        improved(play)
    for number in range(120):
        at_s = EIGHT_S + 60 * number
        ends = dice.sample(range(7), 2)
        ahead_s = dice.choice((0, 0, 0, 1800))
        play.ask(request(f"r{number}", ends[0], ends[1], at_s + ahead_s), at_s)
    play.run()
    stays = play.world.stays
    assert any(stay.charged_mwh > 0 for stay in stays)
    least_wh = min(min(stay.level_mwh, stay.left_mwh) for stay in stays) // WH
    assert least_wh >= (225 if even else 0)
    spans = [charging(stay, 1200) for stay in stays if stay.charged_mwh]
    assert most_at_once(spans, 0) <= many["chargers"][0]["plugs"]
