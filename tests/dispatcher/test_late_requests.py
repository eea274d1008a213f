"""A request whose answer nobody waits for any more expires, and holds nothing."""

from __future__ import annotations

from services.domain.events import (
    AcceptOffer,
    CommandTurnedDown,
    Fault,
    OfferExpired,
    Repaired,
    RequestRide,
    RideOffered,
    WakeUp,
)
from services.domain.ride import Status
from services.domain.shuttle import FaultKind
from tests.builders import EIGHT_S, request, zone


def test_a_request_that_is_taken_up_in_time_is_answered() -> None:
    made, asked = zone(), request()
    (offered, *_) = made.apply(RequestRide(asked, EIGHT_S + 30), EIGHT_S + 30)
    assert isinstance(offered, RideOffered)


def test_a_request_that_is_taken_up_too_late_expires_and_no_plan_changes() -> None:
    made, asked = zone(), request()
    events = made.apply(RequestRide(asked, EIGHT_S + 30), EIGHT_S + 31)
    assert events == (OfferExpired(asked.ride_id),)
    assert made.rides[asked.ride_id].status is Status.EXPIRED
    assert made.apply(RequestRide(asked, EIGHT_S + 90), EIGHT_S + 40) == ()


def test_what_was_never_offered_cannot_be_accepted_late() -> None:
    made, asked = zone(), request()
    made.apply(RequestRide(asked, EIGHT_S), EIGHT_S + 31)
    (turned_down,) = made.apply(AcceptOffer(asked.ride_id), EIGHT_S + 32)
    assert isinstance(turned_down, CommandTurnedDown)


def test_an_accept_that_was_turned_down_is_not_taken_when_it_comes_again() -> None:
    made, asked = zone(), request()
    (offered, *_) = made.apply(RequestRide(asked), EIGHT_S)
    assert isinstance(offered, RideOffered)
    expired_s = offered.offer.expires_s + 1
    made.apply(WakeUp(), expired_s)
    shuttles = [route.shuttle.id for route in made.fleet.routes]
    for shuttle_id in shuttles:
        made.apply(Fault(shuttle_id, FaultKind.SENSORS, 0, expired_s, expired_s + 60), expired_s)
    (turned_down,) = made.apply(AcceptOffer(asked.ride_id), expired_s)
    assert isinstance(turned_down, CommandTurnedDown)
    for shuttle_id in shuttles:
        made.apply(Repaired(shuttle_id, 0, expired_s + 1), expired_s + 1)
    assert made.apply(AcceptOffer(asked.ride_id), expired_s + 2) == (turned_down,)
