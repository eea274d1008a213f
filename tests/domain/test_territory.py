"""What a territory's settings may say, and what follows from them."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.domain.settings_part import DAY_S
from services.domain.territory import Promises, ServiceHours
from tests.builders import territory

times = st.builds(time, st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))


def seconds(at: time) -> int:
    return at.hour * 3600 + at.minute * 60 + at.second


@given(opens=times, closes=times)
def test_service_closes_within_a_day_of_opening(opens: time, closes: time) -> None:
    hours = ServiceHours(opens=opens, closes=closes)
    assert hours.opens_s == seconds(opens)
    if opens == closes:
        assert hours.closes_s is None
        return
    assert hours.closes_s is not None
    assert 0 < hours.closes_s - hours.opens_s < DAY_S
    assert hours.closes_s % DAY_S == seconds(closes)


def test_closing_before_opening_lies_on_the_next_day() -> None:
    hours = ServiceHours(opens=time(6), closes=time(1, 30))
    assert (hours.opens_s, hours.closes_s) == (6 * 3600, DAY_S + 5400)


def test_midnight_closes_the_day_that_it_ends() -> None:
    assert ServiceHours(opens=time(6), closes=time(0)).closes_s == DAY_S


@given(walk_m=st.integers(0, 20_000), speed=st.floats(0.3, 5))
def test_walks_are_rounded_up_to_the_second(walk_m: int, speed: float) -> None:
    walk_s = Promises(walk_speed_m_s=speed).walk_s(walk_m)
    assert isinstance(walk_s, int)
    assert walk_m / speed - 1e-6 <= walk_s < walk_m / speed + 1 + 1e-6


@pytest.mark.parametrize(
    "part",
    [
        {"promises": {"ride_factor": 0.9}},
        {"promises": {"wait_s_max": 0}},
        {"promises": {"wait_max": 900}},
        {"promises": {"walk_speed_m_s": 0}},
        {"timezone": "Europe/Lutetia"},
        {"fleet": []},
        {"fleet": [{"depot": "s0", "count": 0}]},
        {"name": ""},
        {"stop_times": {"base_s": -1}},
        {"colour": "green"},
    ],
)
def test_settings_that_make_no_sense_are_refused(part: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        territory(**part)


def test_no_ride_limit_is_said_by_a_factor_of_zero() -> None:
    assert territory(promises={"ride_factor": 0}).promises.ride_factor == 0
    assert territory(promises={"ride_factor": 1}).promises.ride_factor == 1


def test_a_walk_that_takes_whole_seconds_takes_no_second_more() -> None:
    assert [Promises(walk_speed_m_s=1.2).walk_s(walk_m) for walk_m in (0, 6, 120, 121)] == [
        *(0, 5, 100),
        101,
    ]


@pytest.mark.parametrize(
    ("promises", "reserve_s"),
    [
        ({}, 60),
        ({"wait_s_max": 105}, 30),
        ({"wait_s_max": 40}, 0),
        ({"ride_constant_s": 50}, 25),
        ({"ride_constant_s": 0}, 0),
        ({"ride_factor": 0, "ride_constant_s": 0}, 60),
    ],
)
def test_the_reserve_never_takes_all_that_is_promised(
    promises: dict[str, Any], reserve_s: int
) -> None:
    stop_times = {"base_s": 30, "party_s": 15}
    assert territory(promises=promises, stop_times=stop_times).reserve_s == reserve_s
