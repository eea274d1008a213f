"""What is promised follows from the territory's rules and from what was asked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatcher import columns as c
from services.dispatcher.offers import Terms
from services.domain.events import RequestRide, RideOffered
from services.domain.ride import StopWalk
from services.domain.settings_part import DAY_S
from tests.builders import EIGHT_S, LINE, crow_network, request, territory, zone

HOUR_S = 3600
DIRECT_S = 400


def terms(**parts: Any) -> Terms:
    return Terms(territory(**parts), lambda a, b: 0 if a == b else DIRECT_S)


@pytest.mark.parametrize(
    ("departure_h", "opens_h", "closes_h"),
    [
        (5, 6, 25.5),
        (23, 6, 25.5),
        (24.5, 6, 25.5),
        (25.5, 30, 49.5),
        (29, 30, 49.5),
        (0.5, -18, 1.5),
    ],
)
def test_whoever_leaves_after_midnight_leaves_on_the_day_that_has_not_closed(
    departure_h: float, opens_h: float, closes_h: float
) -> None:
    rules = terms(service={"opens": "06:00", "closes": "01:30"})
    asked = request(departure_s=int(departure_h * HOUR_S))
    assert rules.hours(asked) == (opens_h * HOUR_S, closes_h * HOUR_S)


def test_a_service_that_closes_at_midnight_is_closed_after_it() -> None:
    rules = terms(service={"opens": "06:00", "closes": "00:00"})
    assert rules.hours(request(departure_s=DAY_S - 1)) == (6 * HOUR_S, DAY_S)
    assert rules.hours(request(departure_s=DAY_S)) == (DAY_S + 6 * HOUR_S, 2 * DAY_S)


def test_a_service_around_the_clock_never_closes() -> None:
    assert terms().hours(request(departure_s=5 * DAY_S)) == (0, c.FAR_S)


@given(
    earliest_s=st.integers(0, 500),
    waits_s=st.integers(0, 900),
    dwell_s=st.integers(0, 120),
    window_s=st.one_of(st.none(), st.integers(1, 900)),
    reserve_s=st.integers(0, 100),
)
def test_the_promised_window_holds_the_planned_pickup_and_is_no_wider_than_asked(
    earliest_s: int, waits_s: int, dwell_s: int, window_s: int | None, reserve_s: int
) -> None:
    rules = terms(
        promises={"pickup_window_s": window_s, "wait_s_max": 2000},
        dispatch={"reserve_s": reserve_s},
    )
    start_s = EIGHT_S + earliest_s + waits_s
    picked_s, pick_by_s = start_s + dwell_s, EIGHT_S + earliest_s + 1200
    times_s = (EIGHT_S + earliest_s, start_s, picked_s, pick_by_s)
    promise = rules.promise(request(), StopWalk(1, 0), StopWalk(4, 0), times_s)
    assert EIGHT_S + earliest_s <= promise.pickup_from_s <= start_s
    assert picked_s <= promise.pickup_to_s <= max(pick_by_s, picked_s + reserve_s)
    width_s = promise.pickup_to_s - promise.pickup_from_s
    if window_s is None:
        assert (promise.pickup_from_s, promise.pickup_to_s) == (EIGHT_S + earliest_s, pick_by_s)
    elif promise.pickup_to_s > picked_s + reserve_s:
        assert width_s == min(window_s, pick_by_s - EIGHT_S - earliest_s)
    assert promise.arrive_by_s == promise.pickup_to_s + promise.ride_s_max


def test_the_ride_limit_is_never_more_than_between_the_nearest_stops() -> None:
    far = {(0, 1): 100, (0, 2): 900}
    rules = Terms(
        territory(promises={"ride_factor": 1.5, "ride_constant_s": 60}),
        lambda a, b: far.get((a, b), 500),
    )
    asked = request(origins=[0, 3], destinations=[1, 2])
    assert rules.ride_s_max(asked, 0, 1) == 150 + 60
    assert rules.ride_s_max(asked, 0, 2) == 150 + 60
    assert rules.ride_s_max(asked, 3, 2) == 150 + 60
    nearest_are_one = request(origins=[0, 3], destinations=[0, 2])
    assert rules.ride_s_max(nearest_are_one, 3, 2) == 750 + 60


def test_an_arrival_is_promised_no_later_than_asked_for_and_before_the_service_closes() -> None:
    times_s = (EIGHT_S, EIGHT_S, EIGHT_S + 45, EIGHT_S + 900)
    walk = StopWalk(4, 120)
    by_s = (
        terms()
        .promise(request(arrive_by_s=EIGHT_S + 1000), StopWalk(1, 0), walk, times_s)
        .arrive_by_s
    )
    assert by_s == EIGHT_S + 1000 - 100
    closing = terms(service={"opens": "06:00", "closes": "08:15"})
    assert closing.promise(request(), StopWalk(1, 0), walk, times_s).arrive_by_s == EIGHT_S + 900


def test_only_the_nearest_few_stops_within_the_walking_limit_are_tried() -> None:
    rules = zone().terms
    near = tuple(StopWalk(stop, walk_m) for stop, walk_m in enumerate((0, 100, 300, 400, 501)))
    assert rules.tried(near) == near[:3]
    assert rules.tried(near[3:]) == near[3:4]


@pytest.mark.parametrize(
    "promises", [{"wait_s_max": 60}, {"ride_factor": 1.0, "ride_constant_s": 0}]
)
def test_a_shuttle_at_the_stop_serves_whoever_asks_there_however_little_is_promised(
    promises: dict[str, Any],
) -> None:
    made = zone(crow_network(LINE, territory(promises=promises)), 1)
    assert isinstance(made.apply(RequestRide(request("r", 1, 4)), EIGHT_S)[0], RideOffered)
