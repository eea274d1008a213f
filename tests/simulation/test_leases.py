"""Shuttles that nobody hears of for a while, or ever again: leases see to it that all ends well."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from services.dispatcher.batching import Batching
from services.domain.events import (
    AcceptOffer,
    Boarded,
    Event,
    Message,
    NotThere,
    ParkProposal,
    PlanAcknowledged,
    PlanIssued,
    ReportMarked,
    RequestRide,
    RideConfirmed,
    RideFailed,
    RideReassigned,
    WakeUp,
)
from services.domain.ids import RideId, ShuttleId
from services.domain.operating_domain import RestrictDriving, Restriction
from services.domain.ride import TERMINAL, Status
from services.simulator.leases import HeldLease
from tests.builders import EIGHT_S, crow_network, fleet, request, territory, zone
from tests.play import Faults, Play
from tests.simulation import harsh
from tests.simulation.test_disruptions import closures

FOR_EVER_S = 2**31
A, R1 = ShuttleId("a"), RideId("r1")


def leased(play: Play) -> Iterator[tuple[RideId, HeldLease, HeldLease]]:
    """Leases of one ride that two shuttles held at once."""
    rows = sorted(play.world.leases.rows, key=lambda row: (row.ride_id, row.from_s))
    for i, one in enumerate(rows):
        ended_s = one.until_s if one.ended_s is None else min(one.until_s, one.ended_s)
        for other in rows[i + 1 :]:
            if other.ride_id != one.ride_id:
                break
            if other.shuttle != one.shuttle and other.from_s < ended_s:
                yield one.ride_id, one, other


def blackouts(play: Play) -> None:
    """Eight blackouts of 1 to 60 minutes in an hour and a half, of two shuttles."""
    dice = Random(f"white {play.chance.seed}")
    for _ in range(8):
        at_s, for_s = EIGHT_S + dice.randint(0, 5400), dice.randint(60, 3600)
        k = dice.randint(0, 1)
        play.at(at_s, lambda k=k, s=at_s + for_s: play.world.fall_silent(k, s))  # type: ignore[misc]


def watch_boarding(play: Play) -> None:
    """See that nobody boards but under a lease."""
    audited = play.watch
    seen = 0

    def watch(message: Message, events: tuple[Event, ...] | None) -> None:
        nonlocal seen
        audited(message, events)
        if isinstance(message, Boarded) and events is None:
            k = play.zone.fleet.number[message.shuttle_id]
            assert any(
                row.ride_id == message.ride_id
                and row.shuttle == k
                and row.from_s <= message.at_s <= row.until_s
                for row in play.world.leases.rows
            )
            seen += 1

    play.watch = watch


@pytest.mark.parametrize("kind", harsh.NETWORKS)
@pytest.mark.parametrize("faults", [harsh.IN_ORDER, harsh.DISORDER], ids=["in_order", "disorder"])
@pytest.mark.parametrize("seed", range(2))
def test_shuttles_out_of_reach_drive_what_they_hold_and_nobody_is_fetched_twice(
    kind: str, faults: Faults, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    harsh.make_harsh(monkeypatch)

    def before(play: Play) -> None:
        watch_boarding(play)
        blackouts(play)
        harsh.improved(play)
        if kind == "roads":
            closures(play)

    play = harsh.two_hours(kind, seed, faults, requests=40, before=before)
    assert list(leased(play)) == []


@pytest.mark.parametrize("seed", range(4))
def test_of_a_shuttle_that_never_returns_all_is_known_that_can_be(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    harsh.make_harsh(monkeypatch)
    play = Play(harsh.NETWORKS["roads"](territory(promises=harsh.PROMISES)), fleet(0, 3, 5))
    watch_boarding(play)
    dice = Random(seed)
    for number in range(30):
        a, b = dice.sample(range(7), 2)
        at_s = EIGHT_S + 60 * number
        play.ask(request(f"r{number}", a, b, at_s + dice.choice((0, 1200, 7200))), at_s)
    lost_s = EIGHT_S + 600 + 200 * seed
    play.at(lost_s, lambda: play.world.fall_silent(0, FOR_EVER_S))
    play.run(EIGHT_S + 8 * 3600)
    assert list(leased(play)) == []
    lost = play.zone.fleet.routes[0]
    open_rides = {r.id: r for r in play.zone.rides.values() if r.status not in TERMINAL}
    assert set(open_rides) == set(lost.aboard), "only who was on board may still be"
    marked = {e.ride_id for _, e in play.events if isinstance(e, ReportMarked)}
    assert set(lost.aboard) <= marked, "somebody is told to see to those"
    for at_s, event in play.events:
        if isinstance(event, RideFailed):
            assert at_s > lost_s
            assert event.reason


def one_ride(*depots: int, ahead_s: int = 0) -> Play:
    play = Play(crow_network(settings=territory()), fleet(*depots))
    play.ask(request("r1", 3, 6, EIGHT_S + ahead_s), EIGHT_S)
    return play


def plans(play: Play, shuttle_id: str) -> list[PlanIssued]:
    issued = [event for _, event in play.events if isinstance(event, PlanIssued)]
    return [event for event in issued if event.plan.shuttle_id == shuttle_id]


def test_a_plan_says_until_when_a_party_may_get_on() -> None:
    play = one_ride(0)
    play.run(EIGHT_S)
    (visit, _) = plans(play, "a")[0].plan.visits
    promise = play.zone.rides[R1].promise
    assert visit.board_until_s == (promise.pickup_to_s + play.zone.territory.dispatch.lease_late_s,)


def test_a_lease_is_granted_an_hour_ahead_and_not_before() -> None:
    play = one_ride(0, ahead_s=3 * 3600)
    play.run(EIGHT_S + 3600)
    assert [plan.plan.visits[0].board_until_s for plan in plans(play, "a")] == [(0,)]
    play.run(EIGHT_S + 5 * 3600)
    assert plans(play, "a")[1].plan.visits[0].board_until_s[0] > EIGHT_S + 3 * 3600
    assert play.zone.rides[R1].status is Status.COMPLETED


def test_a_lease_that_is_due_plans_nothing_anew_and_a_shuttle_goes_on_to_where_it_is_to_wait() -> (
    None
):
    made = zone(crow_network(settings=territory()), 0)
    made.apply(RequestRide(request("r1", 3, 6, EIGHT_S + 3 * 3600)), EIGHT_S)
    made.apply(AcceptOffer(R1), EIGHT_S)
    batching = Batching(made)
    due_s = EIGHT_S + 2 * 3600
    made.apply(PlanAcknowledged(A, 1, EIGHT_S), EIGHT_S)
    made.apply(ParkProposal(A, 5, 1), due_s - 60)
    made.apply(PlanAcknowledged(A, 2, due_s - 60), due_s - 60)
    batching.take(due_s - 60)
    (issued,) = made.apply(WakeUp(), EIGHT_S + 2 * 3600 + 60)
    assert isinstance(issued, PlanIssued)
    waits, boards, _ = issued.plan.visits
    assert waits.stop == 5
    assert boards.board_until_s[0] > EIGHT_S + 3 * 3600
    assert batching.due_s(EIGHT_S + 3 * 3600) is None


def test_a_lease_that_a_delay_makes_too_short_is_longer_within_the_hour_and_not_sooner() -> None:
    made = zone(crow_network(settings=territory()), 0)
    made.apply(RequestRide(request("r1", 3, 6, EIGHT_S + 1800)), EIGHT_S)
    made.apply(AcceptOffer(R1), EIGHT_S)
    made.apply(PlanAcknowledged(A, 1, EIGHT_S), EIGHT_S)
    snow = Restriction("snow", EIGHT_S, EIGHT_S + 2 * 3600)
    told = made.apply(RestrictDriving((snow,)), EIGHT_S)
    (plan,) = (event.plan for event in told if isinstance(event, PlanIssued))
    boards = plan.visits[0]
    assert EIGHT_S < boards.board_until_s[0] < boards.depart_s
    for at_s in range(EIGHT_S, boards.depart_s - 3600, 60):
        assert made.apply(PlanAcknowledged(A, plan.revision, at_s), at_s) == ()
    told = made.apply(WakeUp(), boards.depart_s - 3600)
    (plan,) = (event.plan for event in told if isinstance(event, PlanIssued))
    assert plan.visits[0].board_until_s[0] > plan.visits[0].depart_s


def test_a_shuttle_without_a_lease_lets_nobody_on() -> None:
    play = one_ride(0, ahead_s=2 * 3600)
    play.at(EIGHT_S + 60, lambda: play.world.fall_silent(0, FOR_EVER_S))
    play.run(EIGHT_S + 5 * 3600)
    assert not play.world.vehicles[0].aboard
    assert play.zone.rides[R1].status is Status.FAILED


def test_who_has_no_lease_yet_is_given_to_another_shuttle_in_time() -> None:
    play = one_ride(2, 7, ahead_s=2 * 3600)
    play.at(EIGHT_S + 60, lambda: play.world.fall_silent(0, FOR_EVER_S))
    # Nobody knows that it is out of reach before it does not answer.
    play.at(EIGHT_S + 1200, lambda: play.ask(request("r2", 1, 2, EIGHT_S + 9000), EIGHT_S + 1200))
    play.run(EIGHT_S + 5 * 3600)
    ride = play.zone.rides[R1]
    assert (ride.status, ride.shuttle_id) == (Status.COMPLETED, "b")


def test_a_ride_of_a_lost_shuttle_is_given_to_another_when_its_lease_is_over() -> None:
    play = one_ride(0, 7)
    play.at(EIGHT_S + 5, lambda: play.world.fall_silent(0, FOR_EVER_S))
    play.at(EIGHT_S + 6, lambda: play.world.vehicles[0].leases.clear())  # it stands somewhere
    play.run(EIGHT_S + 5 * 3600)
    lease_s = play.zone.rides[R1].promise.pickup_to_s + play.zone.territory.dispatch.lease_late_s
    (moved_s,) = (at_s for at_s, e in play.events if isinstance(e, RideReassigned))
    assert moved_s > lease_s
    ride = play.zone.rides[R1]
    assert (ride.status, ride.shuttle_id) == (Status.COMPLETED, "b")


def test_who_is_not_there_may_be_on_board_of_the_lost_shuttle_and_is_no_no_show() -> None:
    play = one_ride(0, 7)
    play.at(EIGHT_S + 5, lambda: play.world.fall_silent(0, FOR_EVER_S))
    play.run(EIGHT_S + 5 * 3600)
    ride = play.zone.rides[R1]
    assert ride.status is Status.FAILED
    assert ride.failure == "nothing is heard of the shuttle that was to come before"
    assert any(isinstance(event, RideFailed) for _, event in play.events)


def test_what_it_did_is_known_when_a_shuttle_is_back_in_an_hour_and_the_riders_are_told() -> None:
    play = one_ride(0, 7)
    play.at(EIGHT_S + 5, lambda: play.world.fall_silent(0, EIGHT_S + 3605))
    messages: list[Message] = []
    play.watch = lambda message, events: messages.append(message) if events is None else None
    play.run(EIGHT_S + 5 * 3600)
    ride = play.zone.rides[R1]
    assert (ride.status, ride.shuttle_id) == (Status.COMPLETED, "a")
    assert sum(isinstance(message, Boarded) for message in messages) == 1
    assert not any(isinstance(message, NotThere) for message in messages[:1])
    assert any(isinstance(event, RideConfirmed) for _, event in play.events)
