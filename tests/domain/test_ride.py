"""The life of a ride, and what a party takes up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.ride import NEXT, TERMINAL, Load, Party, Ride, Status
from tests.builders import EIGHT_S, request


def test_every_status_either_goes_on_or_is_an_end() -> None:
    assert set(NEXT) | TERMINAL == set(Status)
    assert not set(NEXT) & TERMINAL
    assert all(NEXT.values())


def test_the_ends_of_a_ride_in_a_zone() -> None:
    assert set(TERMINAL) == {
        Status.REFUSED,
        Status.REFERRED,  # to another zone, where it goes on
        Status.COMPLETED,
        Status.CANCELLED,
        Status.EXPIRED,
        Status.NO_SHOW,
        Status.FAILED,
    }


@pytest.mark.parametrize("status", list(NEXT))
def test_from_every_status_all_ways_lead_to_an_end_and_none_back(status: Status) -> None:
    def ways(at: Status, before: tuple[Status, ...]) -> list[Status]:
        assert at not in before, f"{at} comes again"
        if at in TERMINAL:
            return [at]
        return [end for following in NEXT[at] for end in ways(following, (*before, at))]

    assert ways(status, ())


def test_nobody_is_confirmed_who_was_not_offered_a_ride() -> None:
    before = {at for at, following in NEXT.items() if Status.CONFIRMED in following}
    assert before == {Status.OFFERED}


def test_who_is_on_board_is_neither_cancelled_nor_missed() -> None:
    assert NEXT[Status.ABOARD] == {Status.COMPLETED, Status.FAILED}


def test_companions_take_seats_and_wheelchairs_places_of_their_own() -> None:
    party = Party(seats=2, wheelchairs=1, luggage=3, companions=1)
    assert party.load == Load(seats=3, wheelchairs=1, luggage=3)
    assert Party(seats=0, wheelchairs=1).load == Load(0, 1, 0)


@pytest.mark.parametrize("field", ["seats", "wheelchairs", "luggage", "companions"])
def test_a_party_has_no_negative_numbers(field: str) -> None:
    with pytest.raises(ValueError, match="never negative"):
        Party(**{"seats": 1, "wheelchairs": 1, field: -1})


@given(companions=st.integers(0, 5), luggage=st.integers(0, 5))
def test_a_party_has_a_rider(companions: int, luggage: int) -> None:
    with pytest.raises(ValueError, match="at least one rider"):
        Party(seats=0, wheelchairs=0, companions=companions, luggage=luggage)


def test_a_ride_that_was_never_offered_has_no_promise() -> None:
    with pytest.raises(AssertionError, match="never offered"):
        _ = Ride(request=request(), requested_s=EIGHT_S).promise
