"""Shuttles rest, are cleaned and come home, and nothing is promised meanwhile."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from services.dispatcher import plans
from services.dispatcher.core import Zone
from services.domain.events import (
    Arrived,
    Departed,
    Event,
    PlanIssued,
    RequestRide,
    RideOffered,
    RideRefused,
    WakeUp,
)
from services.domain.ids import ShuttleId
from services.domain.plan import Plan
from services.domain.ride import Constraint
from services.domain.settings_part import DAY_S
from services.domain.task import Task, TaskKind
from services.domain.task_reports import TaskDone
from services.network.fleet import shuttles
from services.simulator.chance import Chance
from tests.builders import EIGHT_S, LINE, cleaning, crow_network, fleet, request, territory
from tests.play import Play

A = ShuttleId("a")
DAY_SHIFT = ((EIGHT_S - 3600, EIGHT_S + 7200),)
EXACT: dict[str, Any] = {"dispatch": {"reserve_s": 0, "early_s": 120}}


def zone(**day: Any) -> Zone:
    """One shuttle at stop 0 of the line, half a minute between stops."""
    return Zone(crow_network(LINE, territory(**EXACT)), fleet(0, **day))


def last_plan(events: tuple[Event, ...]) -> Plan:
    """The last plan that was issued."""
    return [event.plan for event in events if isinstance(event, PlanIssued)][-1]


def tasks(plan: Plan) -> list[Task]:
    return [visit.task for visit in plan.visits if visit.task is not None]


def test_a_shuttle_that_is_always_on_duty_has_nothing_to_do_besides() -> None:
    assert zone().apply(WakeUp(), EIGHT_S) == ()


def test_a_zone_that_begins_gives_its_shuttles_their_tasks() -> None:
    day = zone(shifts=DAY_SHIFT, upkeep=(cleaning(5, EIGHT_S + 600, EIGHT_S + 1200),))
    plan = last_plan(day.apply(WakeUp(), EIGHT_S))
    assert [task.kind for task in tasks(plan)] == [TaskKind.CLEANING, TaskKind.OFF_DUTY]
    assert plan.visits[-1].depart_s == EIGHT_S - 3600 + DAY_S
    assert day.apply(WakeUp(), EIGHT_S + 1) == (), "once"


def test_before_its_first_shift_it_rests_at_its_depot() -> None:
    day = zone(shifts=DAY_SHIFT)
    plan = last_plan(day.apply(WakeUp(), EIGHT_S - 7200))
    assert plan.visits[0].task == Task(
        kind=TaskKind.OFF_DUTY,
        stop=0,
        earliest_s=EIGHT_S - 7200,
        latest_s=EIGHT_S - 3600,
        duration_s=3600,
    )
    (offer,) = day.apply(RequestRide(request("r1", 1, 4, EIGHT_S - 3700)), EIGHT_S - 7000)[:1]
    assert isinstance(offer, RideOffered)
    assert offer.offer.promise.pickup_from_s >= EIGHT_S - 3700
    visits = plans.plan_of(day.fleet, 0, 0).visits
    assert visits[1].leave_s >= EIGHT_S - 3600


def test_it_leaves_for_a_task_as_late_as_is_safe_and_can_be_asked_for_till_then() -> None:
    day = zone(upkeep=(cleaning(5, EIGHT_S + 600, EIGHT_S + 1200),))
    (visit,) = last_plan(day.apply(WakeUp(), EIGHT_S)).visits
    # 150 s of driving, with a margin of two minutes and a quarter of the drive.
    assert (visit.leave_s, visit.arrive_s) == (EIGHT_S + 893, EIGHT_S + 1043)
    offered, issued = day.apply(RequestRide(request("r1", 1, 2, EIGHT_S + 700)), EIGHT_S + 700)
    assert isinstance(offered, RideOffered)
    assert [v.task is None for v in last_plan((issued,)).visits] == [True, True, False]


def test_a_task_before_a_booked_ride_delays_it_by_nothing() -> None:
    day = zone(upkeep=(cleaning(5, EIGHT_S + 600, EIGHT_S + 3000),))
    events = day.apply(RequestRide(request("r1", 6, 7, EIGHT_S + 2000)), EIGHT_S)
    task, pickup, _ = last_plan(events).visits
    assert task.task is not None
    assert task.depart_s + 30 <= EIGHT_S + 2000
    assert pickup.arrive_s <= EIGHT_S + 2000


def test_nothing_is_promised_while_it_is_off_duty() -> None:
    day = zone(shifts=DAY_SHIFT)
    ends_s = DAY_SHIFT[0][1]
    (refused,) = day.apply(RequestRide(request("r1", 4, 6, ends_s - 60)), ends_s - 600)[-1:]
    assert isinstance(refused, RideRefused)
    remedies = {remedy.relaxation.value: remedy.amount for remedy in refused.refusal.remedies}
    assert remedies["leave_later_s"] > 74_000, "the next shift begins tomorrow"
    assert refused.refusal.reason is Constraint.WAIT
    (offered, _) = day.apply(RequestRide(request("r2", 4, 6, ends_s - 500)), ends_s - 590)
    assert isinstance(offered, RideOffered), "but before, as long as it gets home in time"


def test_a_ride_for_the_day_after_tomorrow_leaves_room_for_that_days_tasks() -> None:
    day = zone(shifts=DAY_SHIFT, upkeep=(cleaning(5, EIGHT_S + 600, EIGHT_S + 1200),))
    two_s = 2 * DAY_S
    events = day.apply(RequestRide(request("r1", 1, 4, EIGHT_S + two_s)), EIGHT_S)
    plan = last_plan(events)
    assert len([t for t in tasks(plan) if t.kind is TaskKind.CLEANING]) == 3
    assert len([t for t in tasks(plan) if t.kind is TaskKind.OFF_DUTY]) == 3
    at = next(i for i, visit in enumerate(plan.visits) if visit.board)
    assert plan.visits[at - 1].depart_s == EIGHT_S - 3600 + two_s


def test_nobody_can_be_asked_to_ride_through_a_task() -> None:
    day = zone(upkeep=(cleaning(3, EIGHT_S + 100, EIGHT_S + 140),))
    day.apply(WakeUp(), EIGHT_S)
    offered, issued = day.apply(RequestRide(request("r1", 2, 4, EIGHT_S)), EIGHT_S)
    assert isinstance(offered, RideOffered)
    first, *rest = last_plan((issued,)).visits
    assert first.task is not None, "there is no time before"
    assert [bool(visit.board) for visit in rest] == [True, False]


def test_a_task_that_is_done_is_struck_off_and_done_again_by_nobody() -> None:
    day = zone(upkeep=(cleaning(5, EIGHT_S, EIGHT_S + 1200),))
    (task,) = tasks(last_plan(day.apply(WakeUp(), EIGHT_S)))
    day.apply(Departed(A, 0, 5, EIGHT_S + 60), EIGHT_S + 60)
    day.apply(Arrived(A, 5, EIGHT_S + 210), EIGHT_S + 210)
    done = TaskDone(A, task, EIGHT_S + 510)
    assert day.apply(done, EIGHT_S + 510) == ()
    assert day.apply(done, EIGHT_S + 520) == ()
    route = day.fleet.routes[0]
    assert (route.stops, route.tasks) == ([], [])


def test_a_shuttle_that_says_too_late_that_it_has_done_a_task_need_not_return() -> None:
    day = zone(upkeep=(cleaning(5, EIGHT_S, EIGHT_S + 1200),))
    (task,) = tasks(last_plan(day.apply(WakeUp(), EIGHT_S)))
    day.apply(Arrived(A, 5, EIGHT_S + 210), EIGHT_S + 210)
    gone = day.apply(Departed(A, 5, 6, EIGHT_S + 600), EIGHT_S + 600)
    assert tasks(last_plan(gone)) == [task]
    after = day.apply(TaskDone(A, task, EIGHT_S + 510), EIGHT_S + 605)
    assert tasks(last_plan(after)) == []


@pytest.mark.parametrize("seed", range(3))
def test_shuttles_of_a_group_take_turns_and_all_come_home(seed: int) -> None:
    settings = territory(
        service={"opens": "08:00", "closes": "10:00"},
        fleet=[
            {
                "depot": "s0",
                "count": 3,
                "home": True,
                "upkeep": [{"kind": "cleaning", "between": ["08:30", "09:30"], "duration_s": 600}],
            }
        ],
    )
    network = crow_network(LINE, settings)
    play = Play(network, shuttles(network), Chance(seed))
    for number in range(30):
        at_s = EIGHT_S + 200 * number
        play.ask(request(f"r{number}", number % 7, (number * 3 + 1) % 7 + 1, at_s), at_s)
    play.run()
    cleaned = sorted(
        (stay.arrive_s, stay.depart_s)
        for stay in play.world.stays
        if stay.task is not None and stay.task.kind is TaskKind.CLEANING
    )
    assert len(cleaned) == 3
    assert cleaned[0][1] - 600 >= EIGHT_S + 1800
    assert cleaned[-1][1] <= EIGHT_S + 5400
    assert all(before[1] < after[1] for before, after in pairwise(cleaned))
    for vehicle in play.world.vehicles:
        assert (vehicle.moving, vehicle.stop) == (False, 0)
