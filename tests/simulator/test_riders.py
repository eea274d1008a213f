"""Riders ask, think, come or do not, by dice that depend on nothing but the seed and themselves."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import mean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events import (
    AcceptOffer,
    CancelRide,
    Command,
    RequestRide,
    RideCancelled,
    RideConfirmed,
    RideOffered,
)
from services.domain.geo import Point
from services.domain.ids import ShuttleId
from services.domain.ride import Offer, Promise, StopWalk
from services.domain.territory import Promises
from services.simulator.agenda import Agenda
from services.simulator.chance import Chance
from services.simulator.demand import Trip
from services.simulator.riders import NEVER_S, NO_SHOW_SHARE, THINK_S, Rider, Riders

NOON_S = 43_200
HERE = Point(1.5, 46.2)


class Square:
    """A few riders, and what they say."""

    def __init__(self, chance: Chance) -> None:
        self.agenda = Agenda()
        self.said: list[tuple[int, Command]] = []
        self.riders = Riders(Promises(), chance, self.agenda, self._hear)

    def _hear(self, command: Command) -> None:
        self.said.append((self.agenda.now_s, command))

    def add(self, name: str = "r", **trip: object) -> Rider:
        given_ = {"request_s": NOON_S, "departure_s": NOON_S, "origin": HERE, "destination": HERE}
        one = Trip(request_id=name, **(given_ | trip))  # type: ignore[arg-type]
        return self.riders.add(one, (StopWalk(1, 120),), (StopWalk(2, 0),))

    def offer(self, rider: Rider, wait_s: int = 300, from_s: int = NOON_S + 100) -> None:
        promise = Promise(
            pickup_stop=1,
            dropoff_stop=2,
            pickup_from_s=from_s,
            pickup_to_s=rider.trip.departure_s + wait_s,
            arrive_by_s=NOON_S + 3600,
            ride_s_max=1000,
            walk_to_m=120,
            walk_from_m=0,
        )
        ride_id = rider.request.ride_id
        offer = Offer(promise=promise, expires_s=NOON_S + 120)
        self.riders.hear(RideOffered(ride_id, ShuttleId("a"), offer))

    def confirm(self, rider: Rider) -> None:
        self.riders.hear(RideConfirmed(rider.request.ride_id))

    def run(self) -> list[tuple[int, Command]]:
        while self.agenda.next_s() is not None:
            self.agenda.happen()
        return self.said


CALM = Chance(1, on=False)


def test_everybody_asks_at_the_time_for_it() -> None:
    square = Square(CALM)
    booked = square.add("booked", request_s=NOON_S - 3600)
    now = square.add("now")
    assert square.run() == [
        (NOON_S - 3600, RequestRide(booked.request)),
        (NOON_S, RequestRide(now.request)),
    ]


def test_without_chance_every_offer_is_accepted_at_once() -> None:
    square = Square(CALM)
    rider = square.add()
    square.run()
    square.offer(rider, wait_s=86_400)
    assert square.said[-1] == (NOON_S, AcceptOffer(rider.request.ride_id))


def test_riders_think_for_a_while_before_they_answer() -> None:
    square = Square(Chance(3))
    riders = [square.add(str(number)) for number in range(200)]
    square.run()
    for rider in riders:
        square.offer(rider)
    square.run()
    thought_s = [at_s - NOON_S for at_s, command in square.said[200:]]
    assert len(thought_s) == 200
    assert THINK_S[0] <= min(thought_s) < max(thought_s) < THINK_S[1]
    assert len(set(thought_s)) > 20


def accepted(wait_s: int) -> float:
    square = Square(Chance(5))
    riders = [square.add(str(number)) for number in range(400)]
    square.run()
    for rider in riders:
        square.offer(rider, wait_s)
    square.run()
    return sum(isinstance(command, AcceptOffer) for _, command in square.said[400:]) / 400


def test_the_longer_a_wait_the_fewer_accept() -> None:
    shares = [accepted(wait_s) for wait_s in (300, 2700, 4500, 9000)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.95
    assert shares[-1] < 0.05


def test_who_is_confirmed_comes_for_the_beginning_of_the_window() -> None:
    square = Square(CALM)
    rider = square.add()
    ride_id = rider.request.ride_id
    square.offer(rider, from_s=NOON_S + 500)
    assert square.riders.present_s(ride_id) == NEVER_S
    square.confirm(rider)
    assert square.riders.present_s(ride_id) == NOON_S + 500
    assert square.riders.pickup_from_s(ride_id) == NOON_S + 500


def test_nobody_is_at_the_stop_before_having_walked_there() -> None:
    square = Square(CALM)
    rider = square.add()
    square.offer(rider, from_s=NOON_S)
    square.confirm(rider)
    assert square.riders.present_s(rider.request.ride_id) == NOON_S + 100


def test_some_do_not_come() -> None:
    square = Square(Chance(7))
    absent = 0
    for number in range(4000):
        rider = square.add(str(number))
        square.offer(rider)
        square.confirm(rider)
        absent += square.riders.present_s(rider.request.ride_id) == NEVER_S
    assert absent / 4000 == pytest.approx(NO_SHOW_SHARE, abs=0.01)


def test_who_changes_plans_cancels_what_was_offered_and_does_not_come() -> None:
    square = Square(CALM)
    rider = square.add(cancel_s=NOON_S + 900)
    square.riders.hear(RideConfirmed(rider.request.ride_id))
    square.offer(rider)
    said = square.run()
    assert said[-1] == (NOON_S + 900, CancelRide(rider.request.ride_id))
    square.confirm(rider)
    square.riders.hear(RideCancelled(rider.request.ride_id))
    assert square.riders.present_s(rider.request.ride_id) == NEVER_S


def test_who_was_refused_has_nothing_to_cancel() -> None:
    square = Square(CALM)
    square.add(cancel_s=NOON_S + 900)
    assert [type(command) for _, command in square.run()] == [RequestRide]


# Dice and agenda.

names = st.text(max_size=20)


@given(seed=st.integers(0, 2**32), purpose=names, name=names)
def test_a_throw_depends_on_what_it_is_for_and_not_on_other_throws(
    seed: int, purpose: str, name: str
) -> None:
    one, other = Chance(seed), Chance(seed)
    other.uniform("something", "else")
    assert one.uniform(purpose, name) == other.uniform(purpose, name)
    assert 0 < one.uniform(purpose, name) < 1


def throws(variation: float) -> Iterable[float]:
    chance = Chance(11)
    return [chance.permille(variation, "drive", str(number)) / 1000 for number in range(4000)]


@pytest.mark.parametrize("variation", [0.1, 0.15, 0.5])
def test_factors_vary_around_one_as_much_as_asked(variation: float) -> None:
    factors = list(throws(variation))
    assert mean(factors) == pytest.approx(1, abs=0.02)
    assert pstdev(factors) == pytest.approx(variation, rel=0.1)
    assert min(factors) > 0


def test_without_chance_nothing_happens_by_chance() -> None:
    assert CALM.permille(0.5, "drive", "a") == 1000
    assert not CALM.happens(1.0, "no-show", "a")


def test_what_is_due_happens_in_order_and_nothing_in_the_past() -> None:
    agenda, happened = Agenda(), list[tuple[str, int]]()

    def note(what: str) -> None:
        happened.append((what, agenda.now_s))

    def first() -> None:
        note("first")
        agenda.at(5, lambda: note("past"))

    agenda.at(20, lambda: note("later"))
    agenda.at(10, first)
    agenda.at(10, lambda: note("second"))
    while agenda.next_s() is not None:
        agenda.happen()
    assert happened == [("first", 10), ("second", 10), ("past", 10), ("later", 20)]
