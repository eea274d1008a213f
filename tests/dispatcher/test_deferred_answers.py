"""Requests that wait get one answer each, in time, as good as an instant one."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dispatcher.core import Zone
from services.domain.events import (
    AcceptOffer,
    AnswerDeferred,
    CancelRide,
    CommandTurnedDown,
    RequestRide,
    RideCancelled,
    RideOffered,
    RideRefused,
    WakeUp,
)
from services.domain.ids import RideId
from services.domain.ride import Constraint, Load, Party, Request, Status
from services.network.folder import Network
from services.simulator.chance import Chance
from tests.builders import (
    EIGHT_S,
    LINE,
    PLAIN,
    crow_network,
    fleet,
    request,
    road_network,
    territory,
    zone,
)
from tests.play import Play

RULES: dict[str, Any] = {
    "promises": {"wait_s_max": 300, "ride_factor": 1.5, "ride_constant_s": 120, "walk_m_max": 120},
    "stop_times": {"base_s": 10, "party_s": 5, "patience_s": 60},
}
COLLECTING = {"reserve_s": 20, "answer_after_s": 30}
SECOND_LOOK = {"reserve_s": 20, "second_look": True}


def network(kind: str, dispatch: dict[str, Any]) -> Network:
    rules = territory(**RULES, dispatch=dispatch)
    if kind == "roads":
        return road_network(rules)
    return crow_network(LINE if kind == "line" else PLAIN, rules)


def wishes(dice: Random, count: int) -> list[Request]:
    found = []
    for number in range(count):
        start, end = dice.sample(range(7), 2)
        party = Party(seats=dice.choice((1, 2, 3)), wheelchairs=dice.choice((0, 0, 1)))
        late_s = dice.choice((0, 60, 200))
        found.append(request(f"r{number}", start, end, EIGHT_S + late_s, party=party))
    return found


@pytest.mark.parametrize("kind", ["roads", "plane"])
@pytest.mark.parametrize("dispatch", [COLLECTING, SECOND_LOOK], ids=["collecting", "second look"])
@settings(max_examples=4)
@given(seed=st.integers(0, 10_000))
def test_everybody_is_answered_once_and_in_time_whatever_else_happens(
    kind: str, dispatch: dict[str, Any], seed: int
) -> None:
    dice = Random(seed)
    made = network(kind, dispatch)
    play = Play(made, fleet(0, 3, capacity=Load(4, 1, 2)), Chance(seed, on=seed % 2 == 1))
    asked_s: dict[RideId, int] = {}
    for wish in wishes(dice, 25):
        at_s = EIGHT_S + dice.randint(0, 300)
        asked_s[wish.ride_id] = at_s
        play.ask(wish, at_s, cancel_s=at_s + dice.choice((5, 60)) if dice.random() < 0.2 else None)
    play.run()
    answered: dict[RideId, int] = {}
    gone, waited = set(), set()
    for at_s, event in play.events:
        if isinstance(event, RideOffered | RideRefused):
            assert event.ride_id not in answered
            assert event.ride_id not in gone
            answered[event.ride_id] = at_s
        elif isinstance(event, RideCancelled):
            gone.add(event.ride_id)
        elif isinstance(event, AnswerDeferred):
            assert event.until_s == at_s + made.territory.dispatch.answer_s_max
            waited.add(event.ride_id)
    assert set(answered) | gone == set(asked_s)
    for ride_id, at_s in answered.items():
        longest_s = made.territory.dispatch.answer_s_max if ride_id in waited else 0
        assert 0 <= at_s - asked_s[ride_id] <= longest_s
    assert Status.REQUESTED not in {ride.status for ride in play.zone.rides.values()}


def collecting() -> tuple[Zone, int]:
    """A zone that lets requests wait, and when it answers one that came at eight."""
    made = network("line", COLLECTING)
    return zone(made), EIGHT_S + made.territory.dispatch.answer_s_max


def test_an_answer_that_waited_is_the_one_that_would_have_been_given_then() -> None:
    made, due_s = collecting()
    wish = request("r", 1, 4)
    assert made.apply(RequestRide(wish), EIGHT_S) == (AnswerDeferred(wish.ride_id, due_s),)
    assert made.next_due_s() == due_s
    late = zone(network("line", {"reserve_s": 20}))
    assert made.apply(WakeUp(), due_s) == late.apply(RequestRide(wish), due_s)


def test_what_no_shuttle_can_change_is_answered_at_once() -> None:
    made, _ = collecting()
    (event,) = made.apply(RequestRide(request("r", [(2, 650)], 4)), EIGHT_S)
    assert isinstance(event, RideRefused)
    assert event.refusal.reason is Constraint.WALK_TO_STOP


def test_who_cancels_while_waiting_is_not_answered() -> None:
    made, due_s = collecting()
    wish = request("r", 1, 4)
    made.apply(RequestRide(wish), EIGHT_S)
    assert made.apply(RequestRide(wish), EIGHT_S + 1) == ()
    (turned_down,) = made.apply(AcceptOffer(wish.ride_id), EIGHT_S + 2)
    assert isinstance(turned_down, CommandTurnedDown)
    assert made.apply(CancelRide(wish.ride_id), EIGHT_S + 3) == (RideCancelled(wish.ride_id),)
    assert made.apply(WakeUp(), due_s) == ()
    assert made.next_due_s() is None


def test_a_zone_that_lets_requests_wait_can_still_be_asked_at_once() -> None:
    made, _ = collecting()
    made.now_s = EIGHT_S
    offer, _ = made.trial().answer(request("r", 1, 4))
    assert isinstance(offer, RideOffered)
    assert made.rides == {}
