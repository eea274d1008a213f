"""The referee names each rule that a plan breaks, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from services.domain.battery import Battery, Charger
from services.domain.ids import RideId, ShuttleId
from services.domain.plan import Plan, Visit
from services.domain.referee import (
    BY_THE_WORLD,
    PROMISES,
    Rule,
    Situation,
    Violation,
    new_violations,
    violations,
)
from services.domain.resources import Energy, Supervised
from services.domain.ride import Load, Offer, Party, Promise, Ride, Status
from services.domain.task import Task, TaskKind
from services.domain.territory import StopTimes
from tests.builders import request

R1, R2 = RideId("r1"), RideId("r2")
NOON_S = 43_200
NO_WAY_S = 65_535
ONE_WAY = {(2, 0), (2, 1), (2, 3)}
"""Between all other stops a drive takes 100 s."""

Case = tuple[Plan, Situation]


def ride(ride_id: RideId, **changed: Any) -> Ride:
    """From stop 1 to stop 2 soon after noon, 300 s on board at most."""
    promise = Promise(
        pickup_stop=1,
        dropoff_stop=2,
        pickup_from_s=NOON_S,
        pickup_to_s=NOON_S + 600,
        arrive_by_s=NOON_S + 900,
        ride_s_max=300,
        walk_to_m=0,
        walk_from_m=0,
    )
    known: dict[str, Any] = {
        "request": request(ride_id, party=changed.pop("party", Party())),
        "requested_s": NOON_S,
        "status": Status.CONFIRMED,
        "offer": Offer(promise=promise, expires_s=NOON_S + 120),
        "shuttle_id": ShuttleId("a"),
    }
    return Ride(**(known | changed))


def promised(one: Ride, **changed: Any) -> Ride:
    """The same ride with another promise."""
    assert one.offer is not None
    return replace(one, offer=replace(one.offer, promise=replace(one.promise, **changed)))


def situation(*rides: Ride, **changed: Any) -> Situation:
    """A shuttle of four seats that stands at stop 0."""
    given: dict[str, Any] = {
        "capacity": Load(4, 1, 2),
        "seats_per_wheelchair": 0,
        "free_s": NOON_S,
        "approach_s": lambda stop, _leave_s: drive_s(0, stop),
        "heading_stop": -1,
        "first_arrive_s": 0,
        "aboard": {},
        "boarding": False,
        "holds": tuple(one.id for one in rides),
        "tasks": (),
        "rides": {one.id: one for one in rides},
        "drive_s": lambda start, stop, _leave_s: drive_s(start, stop),
        "stop_times": StopTimes(base_s=30, party_s=15, wheelchair_s=60),
    }
    return Situation(**(given | changed))


def drive_s(start: int, end: int) -> int:
    return NO_WAY_S if (start, end) in ONE_WAY else 0 if start == end else 100


def plan(*visits: Visit) -> Plan:
    return Plan(shuttle_id=ShuttleId("a"), revision=1, visits=visits)


PICKUP = Visit(stop=1, leave_s=NOON_S, arrive_s=NOON_S + 100, depart_s=NOON_S + 145, board=(R1,))
DROPOFF = Visit(
    stop=2, leave_s=NOON_S + 145, arrive_s=NOON_S + 245, depart_s=NOON_S + 290, leave=(R1,)
)


CLEANING = Task(
    kind=TaskKind.CLEANING, stop=3, earliest_s=NOON_S, latest_s=NOON_S + 900, duration_s=1200
)
CLEANED = Visit(
    stop=3, leave_s=NOON_S, arrive_s=NOON_S + 100, depart_s=NOON_S + 1300, task=CLEANING
)


CHARGE = replace(CLEANING, kind=TaskKind.CHARGE)
CHARGED = replace(CLEANED, task=CHARGE)


def energy(**changed: Any) -> Energy:
    """A battery that a drive takes 200 of, and a stop 5; a charger is two drives from stop 2."""
    battery = Battery(
        capacity_mwh=1000,
        reserve_mwh=0,
        start_mwh=1000,
        charge_below_mwh=100,
        charge_to_mwh=900,
        per_m_mwh=1,
        per_s_mwh=1,
        per_stop_mwh=5,
    )
    given: dict[str, Any] = {
        "battery": battery,
        "level_mwh": 1000,
        "approach_mwh": lambda stop: 200,
        "drive_mwh": lambda a, b: 200,
        "to_charger_mwh": lambda stop: 400 if stop == 2 else 200,
        "chargers": {3: Charger(stop=3, power_w=2, plugs=1)},
        "booked": lambda stop: [],
    }
    return Energy(**(given | changed))


def supervised(**changed: Any) -> Supervised:
    """Two other shuttles move all the time, and three may."""
    given: dict[str, Any] = {"limit": lambda minute: 3, "booked": lambda minute: 2, "standing": 0}
    return Supervised(**(given | changed))


def watched(*visits: Visit) -> tuple[Visit, ...]:
    """The same, supervised for five minutes more than they should need."""
    return tuple(replace(visit, latest_s=visit.arrive_s + 300) for visit in visits)


def later(visit: Visit, by_s: int) -> Visit:
    return replace(visit, arrive_s=visit.arrive_s + by_s, depart_s=visit.depart_s + by_s)


def aboard(**changed: Any) -> Situation:
    """R1 is on board since noon."""
    given: dict[str, Any] = {"aboard": {R1: NOON_S}, "holds": ()}
    return situation(ride(R1, status=Status.ABOARD), **(given | changed))


def crowd(party: Party) -> Case:
    short = StopTimes(base_s=30, party_s=15)
    return plan(PICKUP, DROPOFF), situation(ride(R1, party=party), stop_times=short)


BROKEN: dict[Rule, Callable[[], Case]] = {
    Rule.UNKNOWN_RIDE: lambda: (plan(replace(PICKUP, board=(R2,))), situation()),
    Rule.NOT_WAITING: lambda: (
        plan(PICKUP, DROPOFF),
        situation(ride(R1, status=Status.CANCELLED)),
    ),
    Rule.ANOTHER_SHUTTLE: lambda: (
        plan(PICKUP, DROPOFF),
        situation(ride(R1, shuttle_id=ShuttleId("b"))),
    ),
    Rule.ORDER: lambda: (
        plan(PICKUP, replace(DROPOFF, leave=(R1, R1), depart_s=DROPOFF.depart_s + 15)),
        situation(ride(R1)),
    ),
    Rule.LEFT_OUT: lambda: (plan(), situation(ride(R1))),
    Rule.WRONG_STOP: lambda: (plan(PICKUP, replace(DROPOFF, stop=3)), situation(ride(R1))),
    Rule.SEATS: lambda: crowd(Party(seats=4, companions=1)),
    Rule.WHEELCHAIRS: lambda: crowd(Party(wheelchairs=2)),
    Rule.LUGGAGE: lambda: crowd(Party(luggage=3)),
    Rule.DRIVE_TIME: lambda: (plan(PICKUP, later(DROPOFF, -1)), situation(ride(R1))),
    Rule.STOP_TIME: lambda: (
        plan(replace(PICKUP, depart_s=NOON_S + 144), DROPOFF),
        situation(ride(R1)),
    ),
    Rule.UNREACHABLE: lambda: (
        plan(
            replace(DROPOFF, leave=()),
            Visit(stop=3, leave_s=0, arrive_s=NOON_S + 10**5, depart_s=NOON_S + 10**5),
        ),
        situation(),
    ),
    Rule.PICKUP_EARLY: lambda: (
        plan(replace(PICKUP, arrive_s=NOON_S - 46, depart_s=NOON_S - 1, leave_s=0), DROPOFF),
        situation(ride(R1), free_s=NOON_S - 146),
    ),
    Rule.PICKUP_LATE: lambda: (plan(later(PICKUP, 456), later(DROPOFF, 456)), situation(ride(R1))),
    Rule.ARRIVAL_LATE: lambda: (plan(later(DROPOFF, 656)), aboard(aboard={R1: NOON_S + 700})),
    Rule.RIDE_TIME: lambda: (plan(PICKUP, later(DROPOFF, 201)), situation(ride(R1))),
    Rule.TASK_LOST: lambda: (plan(), situation(tasks=(CLEANING,))),
    Rule.ENERGY: lambda: (plan(PICKUP, DROPOFF), situation(ride(R1), energy=energy(level_mwh=809))),
    Rule.PLUGS: lambda: (
        plan(CHARGED),
        situation(tasks=(CHARGE,), energy=energy(booked=lambda stop: [(NOON_S, NOON_S + 1000)])),
    ),
    Rule.DOMAIN: lambda: (
        plan(PICKUP, DROPOFF),
        replace(situation(ride(R1)), pauses=((DROPOFF.arrive_s - 1, DROPOFF.arrive_s + 5),)),
    ),
    Rule.SUPERVISION: lambda: (
        plan(*watched(PICKUP, DROPOFF)),
        situation(ride(R1), supervised=supervised(limit=lambda minute: 3 - minute % 2)),
    ),
    Rule.UNSUPERVISED: lambda: (
        plan(*watched(PICKUP), DROPOFF),
        situation(ride(R1), supervised=supervised()),
    ),
    Rule.TASK_SHORT: lambda: (
        plan(replace(CLEANED, depart_s=CLEANED.depart_s - 1)),
        situation(tasks=(CLEANING,)),
    ),
    Rule.TASK_LATE: lambda: (plan(later(CLEANED, 801)), situation(tasks=(CLEANING,))),
    Rule.TASK_ABOARD: lambda: (
        plan(PICKUP, later(CLEANED, 145), later(DROPOFF, 2000)),
        situation(
            promised(ride(R1), arrive_by_s=NOON_S + 9000, ride_s_max=9000), tasks=(CLEANING,)
        ),
    ),
}


def test_a_legal_plan_breaks_nothing() -> None:
    assert violations(plan(PICKUP, DROPOFF), situation(ride(R1))) == ()
    assert violations(plan(), situation()) == ()


@pytest.mark.parametrize("rule", list(Rule))
def test_each_rule_is_named_when_it_is_broken_and_no_other_is(rule: Rule) -> None:
    broken, now = BROKEN[rule]()
    found = violations(broken, now)
    assert {violation.rule for violation in found} == {rule}
    assert new_violations(found, ()) == found, "whatever is broken makes a plan illegal"


def test_a_violation_says_where_for_whom_and_by_how_much() -> None:
    found = violations(plan(later(PICKUP, 500), later(DROPOFF, 500)), situation(ride(R1)))
    assert found == (Violation(Rule.PICKUP_LATE, 0, R1, 45),)
    assert violations(*crowd(Party(seats=7))) == (Violation(Rule.SEATS, 0, None, 3),)


@pytest.mark.parametrize(
    ("forgetful", "now"),
    [
        (plan(PICKUP, replace(DROPOFF, leave=())), situation(ride(R1))),
        (plan(replace(DROPOFF, leave=())), aboard()),
    ],
    ids=["after a pickup", "from on board"],
)
def test_nobody_stays_on_board(forgetful: Plan, now: Situation) -> None:
    assert Violation(Rule.LEFT_OUT, len(forgetful.visits), R1) in violations(forgetful, now)


@pytest.mark.parametrize(
    "visits",
    [
        (PICKUP, replace(PICKUP, leave_s=NOON_S + 145, arrive_s=NOON_S + 145), DROPOFF),
        (replace(DROPOFF, leave_s=NOON_S), PICKUP),
        (replace(PICKUP, leave=(R1,)), DROPOFF),
    ],
    ids=["picked up twice", "let off before", "let off where it gets on"],
)
def test_everybody_gets_on_once_and_then_off_once(visits: tuple[Visit, ...]) -> None:
    assert Rule.ORDER in {v.rule for v in violations(plan(*visits), situation(ride(R1)))}


def test_those_on_board_take_up_room_until_they_leave() -> None:
    rides = ride(R1, status=Status.ABOARD, party=Party(seats=3)), ride(R2, party=Party(seats=2))
    now = situation(*rides, aboard={R1: NOON_S - 50}, holds=(R2,))
    board, leave = replace(PICKUP, board=(R2,)), replace(DROPOFF, leave=(R1, R2))
    leave = replace(leave, depart_s=leave.depart_s + 15)
    assert violations(plan(board, leave), now) == (Violation(Rule.SEATS, 0, None, 1),)
    alone = replace(now, rides={**now.rides, R1: ride(R1, status=Status.ABOARD)})
    assert violations(plan(board, leave), alone) == ()


def test_who_leaves_makes_room_for_who_boards_at_the_same_stop() -> None:
    leaving = promised(ride(R1, status=Status.ABOARD, party=Party(seats=4)), dropoff_stop=1)
    boarding = ride(R2, party=Party(seats=4))
    now = situation(leaving, boarding, aboard={R1: NOON_S}, holds=(R2,))
    both = replace(PICKUP, board=(R2,), leave=(R1,), depart_s=PICKUP.depart_s + 15)
    after = replace(later(DROPOFF, 15), leave=(R2,))
    assert violations(plan(both, after), now) == ()


def test_a_wheelchair_takes_its_seats_away() -> None:
    party = Party(seats=2, wheelchairs=1)
    ramps = replace(PICKUP, depart_s=PICKUP.depart_s + 60)
    off = replace(later(DROPOFF, 60), depart_s=DROPOFF.depart_s + 120)
    room = situation(ride(R1, party=party), seats_per_wheelchair=2)
    assert violations(plan(ramps, off), room) == ()
    tight = replace(room, seats_per_wheelchair=3)
    assert violations(plan(ramps, off), tight) == (Violation(Rule.SEATS, 0, None, 1),)


def test_a_ramp_takes_its_time_for_each_wheelchair_on_and_off() -> None:
    now = situation(ride(R1, party=Party(wheelchairs=1)))
    found = violations(plan(PICKUP, DROPOFF), now)
    assert found == (
        Violation(Rule.STOP_TIME, 0, None, 60),
        Violation(Rule.STOP_TIME, 1, None, 60),
    )


@pytest.mark.parametrize(
    ("visits", "tasks"),
    [
        ((CLEANED,), ()),
        ((CLEANED, later(CLEANED, 1200)), (CLEANING,)),
        ((replace(CLEANED, stop=2),), (CLEANING,)),
        ((replace(CLEANED, board=(R1,)), later(DROPOFF, 2000)), (CLEANING,)),
    ],
    ids=["not its own", "twice", "elsewhere", "with people"],
)
def test_a_task_is_done_once_where_it_should_be_by_itself(
    visits: tuple[Visit, ...], tasks: tuple[Task, ...]
) -> None:
    found = violations(plan(*visits), situation(ride(R1), tasks=tasks, holds=()))
    assert Rule.TASK_LOST in {violation.rule for violation in found}


def test_one_task_is_not_late_for_another() -> None:
    other = replace(CLEANING, kind=TaskKind.MAINTENANCE)
    before = (Violation(Rule.TASK_LATE, 0, None, 60, CLEANING),)
    assert new_violations((Violation(Rule.TASK_LATE, 1, None, 60, CLEANING),), before) == ()
    worse = (Violation(Rule.TASK_LATE, 1, None, 60, other),)
    assert new_violations(worse, before) == worse


def test_time_off_duty_ends_when_it_should_though_it_began_late() -> None:
    rest = replace(CLEANING, kind=TaskKind.OFF_DUTY, latest_s=NOON_S)
    assert rest.end_s(NOON_S + 100) == NOON_S + 1200
    assert CLEANING.end_s(NOON_S + 100) == NOON_S + 1300


def test_a_shuttle_under_way_gets_to_its_stop_when_it_is_expected_there() -> None:
    heading = situation(ride(R1), heading_stop=1, first_arrive_s=NOON_S + 140)
    assert violations(plan(later(PICKUP, 40), later(DROPOFF, 40)), heading) == ()
    assert Violation(Rule.DRIVE_TIME, 0, None, 40) in violations(plan(PICKUP, DROPOFF), heading)


def test_boarding_that_is_under_way_keeps_its_times() -> None:
    begun = replace(PICKUP, depart_s=NOON_S + 101)
    now = situation(ride(R1), free_s=NOON_S + 101, boarding=True, heading_stop=1)
    assert violations(plan(begun, later(DROPOFF, -44)), now) == ()
    elsewhere = replace(now, heading_stop=0)
    assert violations(plan(begun, later(DROPOFF, -44)), elsewhere) != ()


def test_nobody_arrives_before_setting_off() -> None:
    early = replace(later(PICKUP, 50), leave_s=NOON_S + 151)
    found = violations(plan(early, later(DROPOFF, 50)), situation(ride(R1)))
    assert {violation.rule for violation in found} == {Rule.DRIVE_TIME}
    assert new_violations(found, ()) == found


def test_nobody_departs_before_arriving() -> None:
    found = violations(plan(replace(PICKUP, board=(), depart_s=NOON_S)), situation())
    assert {violation.rule for violation in found} == {Rule.STOP_TIME}


@pytest.mark.parametrize("rule", list(Rule))
def test_only_what_the_world_can_break_is_forgiven(rule: Rule) -> None:
    broken = (Violation(rule, 0, R1, 30),)
    assert (new_violations(broken, broken) == ()) == (rule in BY_THE_WORLD)


@pytest.mark.parametrize("rule", sorted(PROMISES))
def test_a_promise_is_broken_no_further_and_nobody_elses_instead(rule: Rule) -> None:
    before = (Violation(rule, 3, R1, 30),)
    assert new_violations((Violation(rule, 1, R1, 30),), before) == ()
    assert new_violations((Violation(rule, 3, R1, 29),), before) == ()
    worse = (Violation(rule, 3, R1, 31),)
    assert new_violations(worse, before) == worse
    others = (Violation(rule, 3, R2, 1),)
    assert new_violations(others, before) == others


def test_seconds_of_rounding_are_forgiven_where_that_is_asked_for() -> None:
    before = (Violation(Rule.RIDE_TIME, 3, R1, 30),)
    assert new_violations((Violation(Rule.RIDE_TIME, 3, R1, 34),), before, 4) == ()
    assert new_violations((Violation(Rule.PICKUP_LATE, 0, R2, 3),), before, 4) == ()
    for broken in (Violation(Rule.RIDE_TIME, 3, R1, 35), Violation(Rule.SEATS, 0, None, 1)):
        assert new_violations((broken,), before, 4) == (broken,)


def test_a_promise_that_was_kept_is_not_broken_for_another_kind_of_lateness() -> None:
    found = (Violation(Rule.ARRIVAL_LATE, 0, R1, 1),)
    assert new_violations(found, (Violation(Rule.PICKUP_LATE, 0, R1, 100),)) == found
