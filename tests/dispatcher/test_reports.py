"""What shuttles report are facts: never refused, they correct what the zone believed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.dispatcher import columns as c
from services.dispatcher.core import Zone
from services.domain.events import (
    AcceptOffer,
    Arrived,
    Boarded,
    CancelRide,
    Departed,
    Event,
    Left,
    Message,
    NotThere,
    OfferExpired,
    Passed,
    PlanAcknowledged,
    PlanIssued,
    ReportMarked,
    RequestRide,
    RideBoarded,
    RideCancelled,
    RideCompleted,
    RideEvent,
    RideNoShow,
    RideOffered,
    RideReassigned,
    RideRetimed,
    WakeUp,
)
from services.domain.ids import RideId, ShuttleId
from services.domain.plan import Plan
from services.domain.ride import Load, Party, Ride, Status
from services.domain.territory import Territory
from services.network.folder import Network
from tests.builders import EIGHT_S, LINE, crow_network, fleet, request, road_network, territory

A, B, NOBODY = ShuttleId("a"), ShuttleId("b"), ShuttleId("nobody")
R1, R2, R3 = RideId("r1"), RideId("r2"), RideId("r3")

RULES: dict[str, Any] = {
    "stop_times": {"base_s": 10, "party_s": 5, "patience_s": 60},
    "dispatch": {"reserve_s": 0, "divert_latency_s": 0},
    "promises": {"wait_s_max": 600, "ride_factor": 1.0, "ride_constant_s": 300},
}


def on_a_line(rules: Territory) -> Network:
    return crow_network(LINE, rules)


def test_a_plan_is_followed_from_its_first_stop_that_is_not_made_yet() -> None:
    """The new plan meets a shuttle that made its first stop and went on by the old one."""
    network = on_a_line(territory(**RULES))
    zone = Zone(network, fleet(0, capacity=Load(4, 1, 2)))

    def say(message: Message, at_s: int) -> int:
        events = zone.apply(message, at_s)
        issued.extend(event.plan for event in events if isinstance(event, PlanIssued))
        return at_s

    issued: list[Plan] = []
    say(RequestRide(request("r1", 0, 3)), EIGHT_S)
    say(AcceptOffer(R1), EIGHT_S)
    say(RequestRide(request("r2", 0, 6)), EIGHT_S)
    say(AcceptOffer(R2), EIGHT_S)
    say(PlanAcknowledged(A, issued[-1].revision, EIGHT_S), EIGHT_S)
    say(Boarded(A, R1, 0, EIGHT_S + 20), EIGHT_S + 20)
    say(Boarded(A, R2, 0, EIGHT_S + 20), EIGHT_S + 20)
    say(Departed(A, 0, 3, EIGHT_S + 20), EIGHT_S + 20)
    there_s = say(Arrived(A, 3, EIGHT_S + 110), EIGHT_S + 110)
    say(RequestRide(request("r3", 4, 5)), there_s)
    plan = issued[-1]
    assert [visit.stop for visit in plan.visits] == [3, 4, 5, 6]
    say(Left(A, R1, 3, there_s), there_s + 15)
    left_s = say(Departed(A, 3, 6, there_s + 15), there_s + 15)
    say(PlanAcknowledged(A, plan.revision, left_s, None, left_s * 1000, 900_000, 0), left_s)
    head = zone.fleet.head(0)
    assert head[c.H_STOP] == 4
    assert head[c.H_ARRIVE] == left_s + 30


class Story:
    """A zone with shuttle a at stop 0 and shuttle b at another, four seats each."""

    def __init__(
        self, network: Callable[[Territory], Network] = on_a_line, second_depot: int = 7
    ) -> None:
        made = network(territory(**RULES))
        self.zone = Zone(made, fleet(0, second_depot, capacity=Load(4, 1, 4)))

    def tell(self, *messages: Message, at_s: int = EIGHT_S) -> tuple[Event, ...]:
        """Apply messages at one time; the events of all of them."""
        return tuple(event for message in messages for event in self.zone.apply(message, at_s))

    def promise(self, name: str, origin: int, destination: int, **asked: Any) -> Ride:
        """Somebody asks and accepts."""
        one = request(name, origin, destination, **asked)
        self.tell(RequestRide(one), AcceptOffer(one.ride_id))
        assert self.ride(one.ride_id).status is Status.CONFIRMED
        return self.ride(one.ride_id)

    def ride(self, ride_id: RideId) -> Ride:
        """A ride as it is now."""
        return self.zone.rides[ride_id]

    def stops(self, shuttle: ShuttleId) -> list[tuple[int, list[RideId], list[RideId]]]:
        """What a shuttle is to do: stop, who boards, who leaves."""
        route = self.zone.fleet.routes[self.zone.fleet.number[shuttle]]
        return [(stop.stop, stop.board, stop.leave) for stop in route.stops]


def said(events: tuple[Event, ...]) -> list[RideEvent]:
    """What was said about rides."""
    return [event for event in events if isinstance(event, RideEvent)]


def plans(events: tuple[Event, ...]) -> dict[ShuttleId, Plan]:
    """The newest plan of each shuttle that got one."""
    return {e.plan.shuttle_id: e.plan for e in events if isinstance(e, PlanIssued)}


def test_a_ride_that_goes_as_planned_is_told_step_by_step() -> None:
    story = Story()
    story.promise("r1", 1, 4)
    story.tell(Departed(A, 0, 1, EIGHT_S))
    story.tell(Arrived(A, 1, EIGHT_S + 30), at_s=EIGHT_S + 30)
    boarded = story.tell(Boarded(A, R1, 1, EIGHT_S + 45), at_s=EIGHT_S + 45)
    assert said(boarded) == [RideBoarded(R1, A, EIGHT_S + 45)]
    assert story.ride(R1).picked_up_s == EIGHT_S + 45
    story.tell(Departed(A, 1, 4, EIGHT_S + 45), at_s=EIGHT_S + 45)
    story.tell(Arrived(A, 4, EIGHT_S + 135), at_s=EIGHT_S + 135)
    left = story.tell(Left(A, R1, 4, EIGHT_S + 135), at_s=EIGHT_S + 135)
    assert said(left) == [RideCompleted(R1, A, EIGHT_S + 135)]
    assert story.ride(R1).status is Status.COMPLETED
    assert story.ride(R1).dropped_off_s == EIGHT_S + 135
    assert story.stops(A) == []


def test_who_gets_on_another_shuttle_is_let_off_by_that_one() -> None:
    story = Story()
    story.promise("r1", 1, 4)
    events = story.tell(Boarded(B, R1, 7, EIGHT_S + 20), at_s=EIGHT_S + 20)
    assert said(events) == [RideBoarded(R1, B, EIGHT_S + 20, expected=False)]
    assert story.stops(A) == []
    assert story.stops(B) == [(4, [], [R1])]
    assert plans(events)[A].visits == ()
    assert [visit.leave for visit in plans(events)[B].visits] == [(R1,)]
    assert story.ride(R1).shuttle_id == B


@pytest.mark.parametrize(
    ("before", "now_s", "told"),
    [
        (CancelRide(R1), EIGHT_S + 20, RideCancelled(R1)),
        (NotThere(A, R1, 1, EIGHT_S, EIGHT_S + 20), EIGHT_S + 20, RideNoShow),
    ],
    ids=["cancelled", "not there"],
)
def test_who_was_given_up_and_gets_on_all_the_same_travels(
    before: Message, now_s: int, told: object
) -> None:
    story = Story()
    story.promise("r1", 1, 4)
    ended = said(story.tell(before, at_s=now_s))
    assert ended == [told] or isinstance(ended[0], RideNoShow)
    assert story.stops(A) == []
    events = story.tell(Boarded(A, R1, 1, now_s + 5), at_s=now_s + 5)
    assert said(events) == [RideBoarded(R1, A, now_s + 5, expected=False)]
    assert story.stops(A) == [(4, [], [R1])]
    left = story.tell(Left(A, R1, 4, now_s + 200), at_s=now_s + 200)
    assert isinstance(said(left)[0], RideCompleted)
    assert story.ride(R1).status is Status.COMPLETED


def test_who_gets_on_without_having_answered_travels() -> None:
    story = Story()
    story.tell(RequestRide(request("r1", 1, 4)))
    assert said(story.tell(WakeUp(), at_s=EIGHT_S + 121)) == [OfferExpired(R1)]
    events = story.tell(Boarded(A, R1, 1, EIGHT_S + 130), at_s=EIGHT_S + 130)
    assert said(events) == [RideBoarded(R1, A, EIGHT_S + 130, expected=False)]


def test_the_same_news_twice_is_news_once() -> None:
    story = Story()
    story.promise("r1", 1, 4)
    story.tell(Arrived(A, 1, EIGHT_S + 30), at_s=EIGHT_S + 30)
    boarded, left = Boarded(A, R1, 1, EIGHT_S + 45), Left(A, R1, 4, EIGHT_S + 135)
    assert len(said(story.tell(boarded, boarded, at_s=EIGHT_S + 45))) == 1
    story.tell(Arrived(A, 4, EIGHT_S + 135), at_s=EIGHT_S + 135)
    assert said(story.tell(left, left, boarded, at_s=EIGHT_S + 135)) == [
        RideCompleted(R1, A, EIGHT_S + 135)
    ]


def test_who_leaves_a_second_time_does_not_end_a_second_time() -> None:
    story = Story()
    story.promise("r1", 1, 4)
    story.tell(Boarded(A, R1, 1, EIGHT_S + 45), Left(A, R1, 4, EIGHT_S + 135), at_s=EIGHT_S + 135)
    again = said(story.tell(Left(B, R1, 6, EIGHT_S + 400), at_s=EIGHT_S + 400))
    assert [type(event) for event in again] == [ReportMarked]
    assert (story.ride(R1).shuttle_id, story.ride(R1).dropped_off_s) == (A, EIGHT_S + 135)


def test_news_of_boarding_that_comes_after_that_of_leaving_puts_nobody_back_on_board() -> None:
    story = Story()
    story.promise("r1", 1, 4)
    left = said(story.tell(Left(A, R1, 4, EIGHT_S + 135), at_s=EIGHT_S + 135))
    assert left == [RideCompleted(R1, A, EIGHT_S + 135, expected=False)]
    late = said(story.tell(Boarded(A, R1, 1, EIGHT_S + 45), at_s=EIGHT_S + 150))
    assert [type(event) for event in late] == [ReportMarked]
    assert story.ride(R1).status is Status.COMPLETED
    assert story.ride(R1).picked_up_s == EIGHT_S + 45
    assert story.stops(A) == []


def test_who_leaves_somewhere_else_has_arrived_there() -> None:
    story = Story()
    story.promise("r1", 1, 4)
    story.tell(Arrived(A, 1, EIGHT_S + 30), Boarded(A, R1, 1, EIGHT_S + 45), at_s=EIGHT_S + 45)
    story.tell(Arrived(A, 2, EIGHT_S + 75), at_s=EIGHT_S + 75)
    events = story.tell(Left(A, R1, 2, EIGHT_S + 75), at_s=EIGHT_S + 75)
    assert said(events) == [RideCompleted(R1, A, EIGHT_S + 75, expected=False)]
    assert plans(events)[A].visits == ()


def test_a_shuttle_that_leaves_people_standing_is_sent_back_for_them() -> None:
    story = Story()
    story.promise("r1", 1, 4)
    story.tell(Arrived(A, 1, EIGHT_S + 30), at_s=EIGHT_S + 30)
    events = story.tell(Departed(A, 1, 5, EIGHT_S + 40), at_s=EIGHT_S + 40)
    (marked,) = said(events)
    assert isinstance(marked, ReportMarked)
    assert marked.ride_id == R1
    assert [visit.stop for visit in plans(events)[A].visits] == [1, 4]
    assert story.ride(R1).status is Status.CONFIRMED


def test_who_does_not_come_is_a_no_show_with_evidence() -> None:
    story = Story()
    story.promise("r1", 1, 4)
    report = NotThere(A, R1, 1, EIGHT_S + 30, EIGHT_S + 90)
    events = story.tell(report, at_s=EIGHT_S + 90)
    assert said(events) == [RideNoShow(R1, A, EIGHT_S + 30, EIGHT_S + 90)]
    assert plans(events)[A].visits == ()


def test_who_was_only_offered_a_ride_cannot_miss_it() -> None:
    story = Story()
    story.tell(RequestRide(request("r1", 1, 4)))
    events = story.tell(NotThere(A, R1, 1, EIGHT_S + 30, EIGHT_S + 90), at_s=EIGHT_S + 90)
    assert said(events) == [OfferExpired(R1)]


def test_who_is_on_board_was_there() -> None:
    story = Story()
    story.promise("r1", 1, 4)
    story.tell(Arrived(A, 1, EIGHT_S + 30), Boarded(A, R1, 1, EIGHT_S + 45), at_s=EIGHT_S + 45)
    events = story.tell(NotThere(B, R1, 1, EIGHT_S, EIGHT_S + 60), at_s=EIGHT_S + 60)
    assert [type(event) for event in said(events)] == [ReportMarked]
    assert story.ride(R1).status is Status.ABOARD


@pytest.mark.parametrize(
    "report",
    [
        Boarded(A, RideId("nobody's"), 1, EIGHT_S),
        Left(A, RideId("nobody's"), 1, EIGHT_S),
        NotThere(A, RideId("nobody's"), 1, EIGHT_S, EIGHT_S),
        Arrived(NOBODY, 1, EIGHT_S),
        Arrived(A, len(LINE), EIGHT_S),
        Departed(A, 0, 2**32 - 1, EIGHT_S),
        PlanAcknowledged(A, 1, EIGHT_S, node_ms=2**62, x_mm=0, y_mm=0),
        PlanAcknowledged(A, 1, EIGHT_S, node_ms=EIGHT_S * 1000, x_mm=2**62, y_mm=0),
    ],
)
def test_news_of_what_there_is_not_is_marked_and_changes_nothing(report: Message) -> None:
    story = Story()
    ride = story.promise("r1", 1, 4)
    before = story.stops(A)
    events = story.tell(report)
    assert [type(event) for event in events] == [ReportMarked]
    assert story.ride(R1) == ride
    assert story.stops(A) == before


def test_news_from_the_future_is_taken_as_of_now_and_marked() -> None:
    story = Story()
    story.promise("r1", 1, 4)
    events = said(story.tell(Boarded(A, R1, 0, EIGHT_S + 10**6), at_s=EIGHT_S + 45))
    assert [type(event) for event in events] == [ReportMarked, RideBoarded]
    assert story.ride(R1).picked_up_s == EIGHT_S + 45


def test_whoever_does_not_fit_any_more_gets_another_shuttle() -> None:
    story = Story()
    for name in ("r1", "r2"):
        story.promise(name, 1, 4, party=Party(seats=2))
    shuttle = story.ride(R1).shuttle_id
    assert shuttle == story.ride(R2).shuttle_id == A
    story.promise("r3", 6, 5, party=Party(seats=3))
    assert story.ride(R3).shuttle_id == B
    story.tell(Arrived(A, 1, EIGHT_S + 30), at_s=EIGHT_S + 30)
    events = story.tell(Boarded(A, R3, 1, EIGHT_S + 35), at_s=EIGHT_S + 35)
    crowded = plans(events)[A]
    assert [visit.board for visit in crowded.visits] == [()], "three and two are more than four"
    told = story.tell(PlanAcknowledged(A, crowded.revision, EIGHT_S + 36), at_s=EIGHT_S + 36)
    assert {story.ride(ride_id).status for ride_id in (R1, R2)} == {Status.CONFIRMED}
    (reassigned,) = {event.shuttle_id for event in said(told) if isinstance(event, RideReassigned)}
    again = [ride_id for visit in plans(told)[reassigned].visits for ride_id in visit.board]
    assert sorted(again) == [R1, R2]


def test_more_on_board_than_fits_is_said_and_nobody_else_gets_on_before_somebody_left() -> None:
    story = Story()
    story.promise("r1", 1, 4, party=Party(seats=3))
    story.promise("r2", 6, 5, party=Party(seats=3))
    story.promise("r3", 2, 3)
    events = story.tell(
        Boarded(A, R1, 0, EIGHT_S + 10), Boarded(A, R2, 0, EIGHT_S + 10), at_s=EIGHT_S + 10
    )
    reasons = [event.reason for event in said(events) if isinstance(event, ReportMarked)]
    assert reasons == ["more on board than fits"]
    load = 6
    for visit in plans(events)[A].visits:
        load += len(visit.board) - 3 * len([r for r in visit.leave if r != R3])
        assert load <= 4 or not visit.board


def test_a_rider_is_told_when_a_shuttle_gets_too_late_and_when_it_has_made_up_for_it() -> None:
    story = Story(road_network, 3)
    asked = request("r1", 1, 3)
    (offered, _) = story.tell(RequestRide(asked))
    assert isinstance(offered, RideOffered)
    story.tell(AcceptOffer(R1))
    story.tell(Departed(A, 0, 1, EIGHT_S))
    late_s = EIGHT_S + 590
    told = said(story.tell(Passed(A, 0, late_s), at_s=late_s))
    assert isinstance(told[0], RideRetimed)
    assert not told[0].promise_kept
    assert told[0].expected_pickup_s > offered.offer.promise.pickup_to_s
    assert story.ride(R1).expected_pickup_s == told[0].expected_pickup_s, "whoever asks the store"
    again = said(story.tell(Passed(A, 0, late_s + 10), at_s=late_s + 10))
    assert again == [], "told once, until it gets much worse"


def test_what_was_at_risk_and_is_safe_again_is_told() -> None:
    story = Story(road_network, 3)
    story.promise("r1", 1, 3)
    story.tell(Departed(A, 0, 1, EIGHT_S))
    late = said(story.tell(Passed(A, 0, EIGHT_S + 590), at_s=EIGHT_S + 560))
    assert [isinstance(event, RideRetimed) and event.promise_kept for event in late] == [False]
    safe = said(story.tell(Arrived(A, 1, EIGHT_S + 561), at_s=EIGHT_S + 561))
    assert [isinstance(event, RideRetimed) and event.promise_kept for event in safe] == [True]
    ride = story.ride(R1)
    assert (ride.expected_pickup_s or 0) <= ride.promise.pickup_to_s


def test_a_shuttle_is_planned_from_where_it_says_it_is() -> None:
    story = Story()
    story.promise("r1", 1, 4)
    story.tell(Arrived(A, 6, EIGHT_S + 10), at_s=EIGHT_S + 10)
    events = story.tell(RequestRide(request("r2", 6, 5)), at_s=EIGHT_S + 10)
    (offered,) = said(events)
    assert isinstance(offered, RideOffered)
    assert offered.shuttle_id == A


def test_a_shuttle_that_went_back_to_an_older_plan_gets_the_newest_again_once() -> None:
    zone = Zone(on_a_line(territory(**RULES)), fleet(0, capacity=Load(4, 1, 2)))

    def told(message: Message) -> list[Plan]:
        events = zone.apply(message, EIGHT_S)
        return [event.plan for event in events if isinstance(event, PlanIssued)]

    (first,) = told(RequestRide(request("r1", 0, 3)))
    (*_, newest) = [first, *told(AcceptOffer(R1)), *told(RequestRide(request("r2", 0, 6)))]
    assert newest.revision > first.revision
    assert told(PlanAcknowledged(A, first.revision, EIGHT_S)) == []
    assert told(PlanAcknowledged(A, newest.revision, EIGHT_S)) == []
    (again,) = told(PlanAcknowledged(A, first.revision, EIGHT_S))
    assert again.revision == newest.revision + 1
    assert again.visits == newest.visits
    assert told(PlanAcknowledged(A, first.revision, EIGHT_S)) == []
