"""Shuttles drive more slowly under speed caps, and are expected to."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from services.dispatcher.core import Zone
from services.domain.events import CloseRoads, Event, PlanIssued, RequestRide
from services.domain.operating_domain import (
    ClosureTurnedDown,
    RestrictDriving,
    Restriction,
    RoadsChanged,
    SpeedCap,
)
from services.domain.plan import Plan
from services.network.driving import link_time_ms, time_on_ms
from services.simulator.chance import Chance
from services.simulator.driven import legs_of
from tests.builders import EIGHT_S, LINE, crow_network, fleet, request, road_network
from tests.builders import territory as rules
from tests.play import Faults, Play
from tests.simulation.audit import Audit
from tests.simulation.harsh import PROMISES, SLOW_LINKS, STOP_TIMES, improved

LOOSE: dict[str, Any] = {
    "promises": {"wait_s_max": 3600, "ride_factor": 0},
    "dispatch": {"reserve_s": 0, "divert_latency_s": 0, "early_s": 0},
}
FOG = SpeedCap("fog", EIGHT_S - 100, EIGHT_S + 5000, 12_000)
"""A third of what all links are driven at."""


def zone(*said: SpeedCap, **parts: Any) -> Zone:
    made = Zone(road_network(rules(**{**LOOSE, **parts})), fleet(0))
    made.apply(RestrictDriving((), said), EIGHT_S - 60)
    return made


def plan_of(events: tuple[Event, ...]) -> Plan:
    return [event.plan for event in events if isinstance(event, PlanIssued)][-1]


def legs_s(plan: Plan) -> list[int]:
    return [visit.arrive_s - visit.leave_s for visit in plan.visits]


def test_a_shuttle_sets_off_at_once_and_takes_longer() -> None:
    free = plan_of(zone().apply(RequestRide(request("r1", 2, 4)), EIGHT_S))
    slow = plan_of(zone(FOG).apply(RequestRide(request("r1", 2, 4)), EIGHT_S))
    assert slow.visits[0].leave_s == free.visits[0].leave_s == EIGHT_S
    for plain_s, capped_s in zip(legs_s(free), legs_s(slow), strict=True):
        assert 3 * plain_s - 3 <= capped_s <= 3 * plain_s + 3


def test_a_cap_that_is_over_or_on_other_roads_changes_nothing() -> None:
    free = plan_of(zone().apply(RequestRide(request("r1", 2, 4)), EIGHT_S))
    over = SpeedCap("fog", EIGHT_S - 100, EIGHT_S, 12_000)
    fast = SpeedCap("fog", EIGHT_S - 100, EIGHT_S + 5000, 90_000)
    for said in (over, fast):
        day = zone(said)
        assert plan_of(day.apply(RequestRide(request("r1", 2, 4)), EIGHT_S)) == free


def test_what_is_said_live_changes_plans_and_names_the_promises_that_fall() -> None:
    day = zone(promises={"wait_s_max": 240, "ride_factor": 0})
    before = plan_of(day.apply(RequestRide(request("r1", 2, 4)), EIGHT_S))
    events = day.apply(RestrictDriving((), (FOG,)), EIGHT_S)
    assert plan_of(events).visits[0].arrive_s > before.visits[0].arrive_s
    (changed,) = [event for event in events if isinstance(event, RoadsChanged)]
    assert changed.at_risk == ("r1",)
    assert changed.speed_caps == (FOG,)
    events = day.apply(RestrictDriving(()), EIGHT_S)
    assert plan_of(events).visits[0].arrive_s == before.visits[0].arrive_s


def test_a_slow_way_ends_before_the_boundary_or_begins_after() -> None:
    free = zone().apply(RequestRide(request("r1", 2, 4)), EIGHT_S)
    leg_s = legs_s(plan_of(free))[0]
    ice = Restriction("ice", EIGHT_S + 2 * leg_s, EIGHT_S + 2000)
    for caps, leaves_s in ((), 0), ((FOG,), 2000):
        day = zone()
        day.apply(RestrictDriving((ice,), caps), EIGHT_S - 60)
        plan = plan_of(day.apply(RequestRide(request("r1", 2, 4)), EIGHT_S))
        assert plan.visits[0].leave_s == EIGHT_S + leaves_s


@pytest.mark.parametrize(
    "cap",
    [
        SpeedCap("fog", 20, 20, 12_000),
        SpeedCap("fog", 20, 30, 0),
        SpeedCap("fog", 20, 30, 12_000, (99,)),
    ],
)
def test_caps_that_make_no_sense_are_turned_down(cap: SpeedCap) -> None:
    (told,) = zone().apply(RestrictDriving((), (cap,)), EIGHT_S)
    assert isinstance(told, ClosureTurnedDown)


def test_there_are_none_without_roads() -> None:
    day = Zone(crow_network(LINE, rules(**LOOSE)), fleet(0))
    (told,) = day.apply(RestrictDriving((), (FOG,)), EIGHT_S)
    assert isinstance(told, ClosureTurnedDown)


def anything(dice: Random, at_s: int) -> RestrictDriving:
    """Caps and pauses, some of them now already."""
    pauses = tuple(
        Restriction("ice", from_s, from_s + dice.randint(30, 300), bool(dice.randint(0, 1)))
        for from_s in (at_s + dice.randint(0, 1500) for _ in range(2))
    )
    caps = tuple(
        SpeedCap(
            "fog",
            from_s,
            from_s + dice.randint(30, 900),
            dice.randint(5, 40) * 1000,
            tuple(dice.sample(range(20), dice.choice((0, 0, 5)))),
        )
        for from_s in (at_s + dice.randint(-100, 1000) for _ in range(3))
    )
    return RestrictDriving(pauses, caps)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("faults", [Faults(), SLOW_LINKS], ids=["in_order", "slow_links"])
def test_whatever_is_said_and_proposed_nobody_drives_faster_than_that(
    seed: int, faults: Faults
) -> None:
    """Every plan passes the referee; with and without chance, links take what they have to."""
    dice, calm = Random(seed), faults == Faults()
    given = rules(promises=PROMISES, stop_times=STOP_TIMES, dispatch={"divert_latency_s": 5})
    network = road_network(given)
    play = Play(network, fleet(0, 3, 5, dark=bool(seed % 2)), Chance(seed, on=not calm), faults)
    audit = Audit(play.zone, play.world)
    play.watch = lambda message, events: None if events is None else audit.look(message, events)
    for number in range(4):
        at_s = EIGHT_S + 700 * number
        said = anything(dice, at_s)
        play.at(at_s, lambda said=said: play.say(said))  # type: ignore[misc]
        shut = CloseRoads(f"c{number}", (dice.randrange(20),), at_s + 200, at_s + 900)
        play.at(at_s + 100, lambda shut=shut: play.say(shut))  # type: ignore[misc]
    if seed % 3:
        improved(play)
    for number in range(50):
        at_s = EIGHT_S + 50 * number
        ends = dice.sample(range(7), 2)
        cancel_s = at_s + dice.randint(5, 600) if dice.random() < 0.2 else None
        asked = request(f"r{number}", ends[0], ends[1], at_s + dice.choice((0, 0, 900)))
        play.ask(asked, at_s, cancel_s=cancel_s)
    play.run()
    audit.is_over()
    world = play.world
    for drive in world.drives:
        there = world.versions[drive.version]
        legs, _ = legs_of([drive], network, world.versions)
        assert int(legs.arrive_ms[-1]) == drive.end_ms if len(legs.arrive_ms) else True
        for tail, head, enter_ms, leave_ms in zip(
            legs.from_node, legs.to_node, legs.depart_ms, legs.arrive_ms, strict=True
        ):
            out = range(there.first_out[tail], there.first_out[tail + 1])
            (link,) = (link for link in out if there.head[link] == head)
            took_ms = int(leave_ms - enter_ms)
            assert took_ms == time_on_ms(there, link, int(enter_ms), drive.permille)
            assert took_ms >= link_time_ms(int(there.link_ms[link]), drive.permille)
