"""An idle shuttle may be sent to wait elsewhere; one that has anything to do may not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.dispatcher.core import Zone
from services.dispatcher.rebalancing import standings
from services.domain.events import (
    Arrived,
    Departed,
    Event,
    ParkProposal,
    PlanIssued,
    RequestRide,
    RideOffered,
)
from services.domain.ids import ShuttleId
from services.domain.plan import Plan
from tests.builders import EIGHT_S, LINE, crow_network, fleet, request, road_network, zone

A, B, NOBODY = ShuttleId("a"), ShuttleId("b"), ShuttleId("nobody")
ANSWER_S = 30
"""300 m at 10 m/s."""


def plans(events: tuple[Event, ...]) -> list[Plan]:
    return [event.plan for event in events if isinstance(event, PlanIssued)]


def on_a_line() -> Zone:
    return zone(crow_network(LINE), 0, 7)


def on_roads() -> Zone:
    return Zone(road_network(), fleet(0, 3))


@pytest.mark.parametrize("make", [on_a_line, on_roads])
def test_an_idle_shuttle_sets_off_at_once_to_where_it_is_to_wait(make: Callable[[], Zone]) -> None:
    made = make()
    drive_s = made.fleet.drive_s[0, 4]
    (plan,) = plans(made.apply(ParkProposal(A, 4, 0), EIGHT_S))
    (visit,) = plan.visits
    assert (plan.shuttle_id, plan.revision, visit.stop) == (A, 1, 4)
    assert (visit.leave_s, visit.arrive_s, visit.depart_s) == (
        EIGHT_S,
        EIGHT_S + drive_s,
        EIGHT_S + drive_s,
    )
    assert visit.board == visit.leave == ()


@pytest.mark.parametrize(
    "proposal",
    [
        ParkProposal(NOBODY, 4, 0),
        ParkProposal(A, 4, 1),
        ParkProposal(A, 8, 0),
        ParkProposal(A, 2**32 - 1, 0),
        ParkProposal(A, 0, 0),
    ],
    ids=["no_such_shuttle", "another_revision", "no_such_stop", "far_off", "it_is_there"],
)
def test_a_proposal_that_does_not_fit_changes_nothing(proposal: ParkProposal) -> None:
    assert on_a_line().apply(proposal, EIGHT_S) == ()


def test_a_shuttle_with_a_ride_to_serve_is_not_sent_away() -> None:
    made = on_a_line()
    (plan,) = plans(made.apply(RequestRide(request("r1", 1, 4)), EIGHT_S))
    assert plan.shuttle_id == A
    assert made.apply(ParkProposal(A, 6, plan.revision), EIGHT_S) == ()


def test_a_shuttle_on_its_way_to_wait_is_sent_nowhere_else_until_it_is_there() -> None:
    made = on_a_line()
    made.apply(ParkProposal(A, 4, 0), EIGHT_S)
    assert made.apply(ParkProposal(A, 6, 1), EIGHT_S) == ()
    made.apply(Departed(A, 0, 4, EIGHT_S), EIGHT_S)
    assert made.apply(ParkProposal(A, 6, 1), EIGHT_S + 60) == ()
    made.apply(Arrived(A, 4, EIGHT_S + 120), EIGHT_S + 120)
    (plan,) = plans(made.apply(ParkProposal(A, 6, 1), EIGHT_S + 120))
    assert plan.visits[0].stop == 6


def test_a_shuttle_on_its_way_to_wait_turns_off_for_a_rider() -> None:
    made = on_a_line()
    made.apply(ParkProposal(A, 6, 0), EIGHT_S)
    made.apply(Departed(A, 0, 6, EIGHT_S), EIGHT_S)
    events = made.apply(RequestRide(request("r1", 3, 1)), EIGHT_S + ANSWER_S)
    assert [event.shuttle_id for event in events if isinstance(event, RideOffered)] == [A]
    (plan,) = plans(events)
    assert [visit.stop for visit in plan.visits] == [3, 1]
    assert plan.divert_s is not None


def test_a_ride_takes_the_place_of_a_move_that_has_not_begun() -> None:
    made = on_a_line()
    made.apply(ParkProposal(A, 6, 0), EIGHT_S)
    (plan,) = plans(made.apply(RequestRide(request("r1", 0, 2)), EIGHT_S))
    assert [visit.stop for visit in plan.visits] == [0, 2]
    assert made.fleet.parking(0) is None


def test_standings_say_where_each_shuttle_is_next_without_work() -> None:
    made = on_a_line()
    idle, other = standings(made.fleet, 120, EIGHT_S)
    assert (idle.stop, idle.free_s, idle.idle_since_s) == (0, EIGHT_S, 0)
    made.apply(RequestRide(request("r1", 1, 4)), EIGHT_S)
    busy, same = standings(made.fleet, 120, EIGHT_S)
    assert same == other
    assert (busy.stop, busy.idle_since_s) == (4, None)
    assert busy.free_s > EIGHT_S + 120
    made.apply(ParkProposal(B, 5, 0), EIGHT_S)
    made.apply(Departed(B, 7, 5, EIGHT_S), EIGHT_S)
    moving = standings(made.fleet, 120, EIGHT_S + 10)[1]
    assert (moving.stop, moving.free_s, moving.idle_since_s) == (5, EIGHT_S + 60, None)
