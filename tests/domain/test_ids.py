"""Ids are derived from their cause."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.domain.ids import CallerId, ride_id

text = st.text(max_size=30)


@given(caller=text, key=text)
def test_a_retry_gets_the_same_ride(caller: str, key: str) -> None:
    first = ride_id(CallerId(caller), key)
    assert first == ride_id(CallerId(caller), key)
    assert str(UUID(first)) == first


@given(caller=st.sampled_from(("app", "desk")), key=text, other=text)
def test_two_keys_of_one_caller_are_two_rides(caller: str, key: str, other: str) -> None:
    same = ride_id(CallerId(caller), key) == ride_id(CallerId(caller), other)
    assert same == (key == other)


def test_two_callers_may_use_the_same_key() -> None:
    assert ride_id(CallerId("app"), "1") != ride_id(CallerId("desk"), "1")


def test_an_id_never_changes_from_one_version_to_the_next() -> None:
    assert ride_id(CallerId("app"), "1") == "eb883cb6-cb25-54ed-9979-71cf98a58af9"
