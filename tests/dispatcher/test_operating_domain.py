"""Shuttles end their way before they may not drive, or wait until they may again."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from services.dispatcher.core import Zone
from services.domain.events import Event, PlanIssued, RequestRide, RideOffered, RideRefused
from services.domain.operating_domain import (
    ClosureTurnedDown,
    RestrictDriving,
    Restriction,
    RoadsChanged,
    pauses,
)
from services.domain.plan import Plan
from services.domain.ride import Constraint, Relaxation
from services.simulator.chance import Chance
from tests.builders import EIGHT_S, LINE, crow_network, fleet, request
from tests.builders import territory as rules
from tests.play import Faults, Play
from tests.simulation.audit import Audit
from tests.simulation.harsh import NETWORKS, PROMISES, SLOW_LINKS, STOP_TIMES, improved

LOOSE: dict[str, Any] = {
    "promises": {"wait_s_max": 3600, "ride_factor": 0},
    "dispatch": {"reserve_s": 0, "divert_latency_s": 0, "early_s": 0},
}


def zone(*spans_s: tuple[int, int], depots: tuple[int, ...] = (0,), **parts: Any) -> Zone:
    """Stops on a line, each half a minute's drive apart; no driving at some times after eight."""
    made = Zone(crow_network(LINE, rules(**{**LOOSE, **parts})), fleet(*depots))
    spans = [Restriction("fog", EIGHT_S + a, EIGHT_S + b) for a, b in spans_s]
    made.apply(RestrictDriving(tuple(spans)), EIGHT_S - 60)
    return made


def plan_of(events: tuple[Event, ...]) -> Plan:
    return [event.plan for event in events if isinstance(event, PlanIssued)][-1]


def test_times_at_which_a_shuttle_may_not_drive_are_one_list() -> None:
    said = (
        Restriction("fog", 50, 70),
        Restriction("snow", 10, 20),
        Restriction("rain", 60, 90),
        Restriction("darkness", 0, 12, darkness=True),
    )
    assert pauses(said, fit_for_darkness=True) == ((10, 20), (50, 90))
    assert pauses(said, fit_for_darkness=False) == ((0, 20), (50, 90))


@pytest.mark.parametrize(("begins_s", "leaves_s"), [(61, 0), (60, 0), (59, 600), (-10, 600)])
def test_a_way_ends_before_the_boundary_or_begins_after(begins_s: int, leaves_s: int) -> None:
    day = zone((begins_s, 600))
    plan = plan_of(day.apply(RequestRide(request("r1", 2, 4)), EIGHT_S))
    assert (plan.visits[0].leave_s, plan.visits[0].arrive_s) == (
        EIGHT_S + leaves_s,
        EIGHT_S + leaves_s + 60,
    )
    assert plan.visits[1].leave_s >= EIGHT_S + 600


def test_only_shuttles_not_fit_for_darkness_wait_for_the_day() -> None:
    network = crow_network(LINE, rules(**LOOSE))
    for dark in (True, False):
        day = Zone(network, fleet(0, dark=dark))
        night = Restriction("darkness", EIGHT_S - 100, EIGHT_S + 300, darkness=True)
        day.apply(RestrictDriving((night,)), EIGHT_S - 60)
        plan = plan_of(day.apply(RequestRide(request("r1", 2, 4)), EIGHT_S))
        assert plan.visits[0].leave_s == EIGHT_S + (0 if dark else 300)


def test_who_cannot_ride_for_that_reason_is_told_so_and_when_it_would_work() -> None:
    day = zone((-100, 2000), promises={"wait_s_max": 600, "ride_factor": 0})
    (refused,) = day.apply(RequestRide(request("r1", 2, 4)), EIGHT_S)
    assert isinstance(refused, RideRefused)
    assert refused.refusal.reason is Constraint.OPERATING_DOMAIN
    (later,) = [r for r in refused.refusal.remedies if r.relaxation is Relaxation.LEAVE_LATER_S]
    asked = request("r2", 2, 4, EIGHT_S + later.amount)
    assert isinstance(day.apply(RequestRide(asked), EIGHT_S)[0], RideOffered)


def test_what_is_said_live_changes_plans_and_names_the_promises_that_fall() -> None:
    day = zone(promises={"wait_s_max": 600, "ride_factor": 0})
    before = plan_of(day.apply(RequestRide(request("r1", 2, 4)), EIGHT_S))
    fog = RestrictDriving((Restriction("fog", EIGHT_S + 30, EIGHT_S + 5000),))
    events = day.apply(fog, EIGHT_S)
    assert plan_of(events).visits[0].arrive_s > before.visits[0].arrive_s + 4000
    (changed,) = [event for event in events if isinstance(event, RoadsChanged)]
    assert changed.at_risk == ("r1",)
    events = day.apply(RestrictDriving(()), EIGHT_S + 1)
    assert plan_of(events).visits[0].arrive_s == before.visits[0].arrive_s + 1


def test_a_time_that_ends_before_it_begins_is_turned_down() -> None:
    (told,) = zone().apply(RestrictDriving((Restriction("fog", 20, 20),)), EIGHT_S)
    assert isinstance(told, ClosureTurnedDown)


def overruns_s(play: Play, said: list[tuple[int, tuple[Restriction, ...]]]) -> list[float]:
    """By how much ways reach into times at which their shuttle may not drive.

    What is said after a shuttle set off does not count for its way.
    """
    over_s, begun_ms, last = [], 0, None
    for drive in sorted(play.world.drives, key=lambda d: (d.shuttle, d.start_ms)):
        if last is None or (last.shuttle, last.end_ms) != (drive.shuttle, drive.start_ms):
            begun_ms = drive.start_ms
        last = drive
        if begun_ms in [at_s * 1000 for at_s, _ in said]:
            continue  # just then
        known = [spans for at_s, spans in said if at_s * 1000 < begun_ms]
        dark = play.world.vehicles[drive.shuttle].shuttle.dark
        for from_s, until_s in pauses(known[-1] if known else (), fit_for_darkness=dark):
            ms = min(drive.end_ms, until_s * 1000) - max(drive.start_ms, from_s * 1000)
            over_s.append(ms / 1000)
    return [s for s in over_s if s > 1]


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("faults", [Faults(), SLOW_LINKS], ids=["in_order", "slow_links"])
def test_whatever_is_said_and_proposed_nobody_drives_when_it_may_not(
    kind: str, seed: int, faults: Faults
) -> None:
    """Every plan passes the referee; as planned (in order), no way ends too late either."""
    dice, calm = Random(seed), faults == Faults()
    dispatch = {"divert_latency_s": 0} if calm else {}
    given = rules(promises=PROMISES, stop_times=STOP_TIMES, dispatch=dispatch)
    shuttles = fleet(0, 3, 5, dark=bool(seed % 2))
    play = Play(NETWORKS[kind](given), shuttles, Chance(seed, on=not calm), faults)
    audit = Audit(play.zone, play.world)
    play.watch = lambda message, events: None if events is None else audit.look(message, events)
    said = []
    for number in range(4):
        at_s = EIGHT_S + 700 * number
        begins_s = [at_s + dice.randint(0, 1500) for _ in range(3)]
        spans = tuple(
            Restriction("fog", from_s, from_s + dice.randint(30, 600), bool(dice.randint(0, 1)))
            for from_s in begins_s
        )
        said.append((at_s, spans))
        play.at(at_s, lambda spans=spans: play.say(RestrictDriving(spans)))  # type: ignore[misc]
    if seed % 3:
        improved(play)
    for number in range(50):
        at_s = EIGHT_S + 50 * number
        ends = dice.sample(range(7), 2)
        ahead_s = dice.choice((0, 0, 900))
        cancel_s = at_s + dice.randint(5, 600) if dice.random() < 0.2 else None
        play.ask(request(f"r{number}", ends[0], ends[1], at_s + ahead_s), at_s, cancel_s=cancel_s)
    play.run()
    audit.is_over()
    if calm:
        assert overruns_s(play, said) == []
