"""Every figure of the tiny run, worked out by hand; and days on which there is nothing to count."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from services.simulator.access import near_a_stop, nearest_place, town_times
from services.simulator.fleet_day import State, fleet_day, people_on_legs, pooled_rides
from services.simulator.kpis import Kpis, kpis, on_time, spread
from services.simulator.records import VisitRow
from tests.simulator import run_builder as build


@pytest.fixture(scope="module")
def figures() -> Kpis:
    return kpis(build.run(), build.network(), build.demand())


def test_every_request_is_counted_once(figures: Kpis) -> None:
    assert figures["requests"] == 6
    assert figures["served"] == 2
    assert figures["served_share"] == 0.3333
    assert figures["refused"] == {"wait": 1, "walk_to_stop": 1}
    assert figures["refused_total"] == 2
    assert (figures["cancelled"], figures["no_show"], figures["failed"]) == (1, 1, 0)
    assert (figures["offers"], figures["accepted_share"]) == (4, 0.75)


def test_a_request_is_in_reach_if_both_ends_have_a_stop_nearby(figures: Kpis) -> None:
    # r4 starts 3.9 km from the nearest stop; r6 ends exactly at the longest walk of 500 m.
    assert figures["in_reach"] == 5
    assert figures["served_share_in_reach"] == 0.4


def test_waits_count_from_when_the_rider_can_be_at_the_stop(figures: Kpis) -> None:
    assert figures["wait_s"] == {"mean": 245.0, "p50": 245.0, "p95": 258.5, "max": 260.0}


def test_rides_detours_and_walks_are_those_of_served_parties(figures: Kpis) -> None:
    assert figures["ride_s"]["mean"] == 565.0  # 730 and 400
    assert figures["detour"]["mean"] == 1.021  # 730 / 700 and 400 / 400
    assert figures["walk_m"]["mean"] == 70.0  # 100 + 40 and 0 + 0


def test_a_promise_is_kept_by_pickup_and_arrival_together(figures: Kpis) -> None:
    assert figures["on_time_share"] == 0.5
    assert figures["late_pickups"] == 1
    assert figures["pickup_late_s"]["max"] == 60.0
    assert figures["late_arrivals"] == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [("picked_up_s", 28_999), ("picked_up_s", 29_301), ("dropped_off_s", 30_001)],
)
def test_early_pickup_late_pickup_and_late_arrival_each_break_the_promise(
    field: str, value: int
) -> None:
    kept = build.RIDES[0]
    assert on_time(kept)
    assert not on_time(replace(kept, **{field: value}))  # type: ignore[arg-type]


def test_a_failed_ride_is_a_broken_promise() -> None:
    rides = (build.RIDES[0], replace(build.RIDES[0], request_id="r2", status="failed"))
    day = build.run(rides=rides)
    assert kpis(day, build.network(), build.demand())["on_time_share"] == 1.0
    gone = replace(rides[1], picked_up_s=None, dropped_off_s=None)
    day = build.run(rides=(rides[0], gone))
    assert kpis(day, build.network(), build.demand())["on_time_share"] == 0.5


def test_kilometres_are_split_by_who_is_on_board(figures: Kpis) -> None:
    # 2 km empty, 3 km with 2 people, 4 km with 3.
    assert (figures["vehicle_km"], figures["empty_km"]) == (9.0, 2.0)
    assert figures["empty_share"] == 0.2222
    assert figures["waiting_km"] == 0.0
    assert figures["km_per_served"] == 4.5
    assert figures["occupancy"] == {"loaded": 2.571, "all": 2.0}
    assert figures["pooled_share"] == 1.0


def test_ways_to_stops_where_nobody_gets_on_or_off_were_driven_to_wait_there() -> None:
    last = build.VISITS[-1]
    bare = replace(
        last, seq=last.seq + 1, boarded=(), left=(), seats_on_board=0, wheelchairs_on_board=0
    )
    waits, passes = replace(bare, drive_mm=1_500_000), replace(bare, seats_on_board=1)
    for visit, km in ((waits, 1.5), (passes, 0.0)):
        day = build.run(visits=(*build.VISITS, visit))
        assert kpis(day, build.network(), build.demand())["waiting_km"] == km


def test_hours_are_those_of_shuttles_that_do_something(figures: Kpis) -> None:
    # The first shuttle is busy from 29,000 to 29,990; two shuttles are in service for two hours.
    assert figures["vehicle_hours"] == {"active": 0.275, "upkeep": 0.0, "in_service": 4.0}
    assert figures["passengers_per_vehicle_hour"] == {"active": 10.909, "in_service": 0.75}


def test_the_climate_is_compared_with_one_car_a_party(figures: Kpis) -> None:
    assert figures["energy_kwh"] == 4.5  # 9 km of 500 Wh
    assert figures["co2e_kg"] == 0.234  # x 0.0519
    assert figures["car_km"] == 11.0  # 7 and 4 km
    assert figures["co2e_kg_by_car"] == 2.112  # x 0.192
    assert "ADEME" in figures["co2e_factors"]["car"]["source"]


def test_places_get_the_requests_that_start_nearest_to_them(figures: Kpis) -> None:
    rows = {row["place"]: row for row in figures["by_place"]}
    assert [row["requests"] for row in figures["by_place"]] == [0, 4, 1, 1, 0]
    assert (rows["Pont"]["served"], rows["Pont"]["refused"]) == (2, 1)
    assert rows["Pont"]["wait_s_mean"] == 245.0
    assert rows["Bourg"]["served_share"] is None


def test_people_near_their_town_are_counted_with_and_without_a_wait() -> None:
    # Bourg and Pont are near; Bout takes exactly 1,200 s, so that any wait puts it out of reach.
    assert [time.direct_s for time in town_times(build.network())] == [0, 300, 1200, None]
    figures = kpis(build.run(), build.network(), build.demand())["people_within_20_min"]
    assert figures == {
        "town": "Bourg",
        "people": 2000,
        "share_direct": 0.95,
        "share_with_mean_wait": 0.8,
    }


def test_nobody_is_near_a_town_that_is_not_named() -> None:
    assert (
        kpis(build.run(), build.network(places=False), build.demand())["people_within_20_min"]
        is None
    )


def test_a_day_without_requests_has_figures_without_values() -> None:
    day = build.empty_run()
    figures = kpis(day, build.network(), build.demand())
    assert figures["requests"] == 0
    assert figures["served_share"] is None
    assert figures["wait_s"] == {"mean": None, "p50": None, "p95": None, "max": None}
    assert figures["vehicle_km"] == 0.0
    assert figures["occupancy"] == {"loaded": None, "all": None}
    json.dumps(figures, allow_nan=False)


def test_the_same_day_gives_the_same_figures() -> None:
    first = kpis(build.run(), build.network(), build.demand())
    again = kpis(build.run(), build.network(), build.demand())
    assert json.dumps(first) == json.dumps(again)


def test_people_on_board_are_those_of_the_last_stop_made() -> None:
    assert people_on_legs(build.run()).tolist() == [0, 0, 2, 2, 2, 3, 3, 3, 3]


def test_a_shuttle_has_nobody_on_board_before_its_first_stop() -> None:
    day = build.run()
    other = replace(day.legs, shuttle=np.ones(len(day.legs), dtype=np.int32))
    assert people_on_legs(replace(day, legs=other)).tolist() == [0] * 9


def test_rounding_of_stop_times_moves_nobody_to_another_leg() -> None:
    day = build.run()
    early = replace(day.legs, depart_ms=day.legs.depart_ms - 900)
    assert people_on_legs(replace(day, legs=early)).tolist() == [0, 0, 2, 2, 2, 3, 3, 3, 3]


def test_states_of_a_shuttle_add_up_and_never_overlap() -> None:
    day = build.run()
    timeline = fleet_day(day, people_on_legs(day))
    assert timeline.state_ms(State.DRIVING_EMPTY) == 200_000
    assert timeline.state_ms(State.DRIVING_LOADED) == 700_000
    assert timeline.state_ms(State.AT_STOP) == 90_000
    assert (timeline.start_ms[1:] >= timeline.end_ms[:-1]).all()


def test_a_stand_with_riders_on_board_is_a_stop() -> None:
    day = build.run()
    later_ms = np.where(day.legs.seq >= 5, 60_000, 0)
    legs = replace(
        day.legs, depart_ms=day.legs.depart_ms + later_ms, arrive_ms=day.legs.arrive_ms + later_ms
    )
    visits = (*build.VISITS[:2], replace(build.VISITS[2], arrive_s=30_020, depart_s=30_050))
    day = replace(day, legs=legs, visits=visits)
    assert fleet_day(day, people_on_legs(day)).state_ms(State.AT_STOP) == 150_000


def test_shuttles_in_each_state_are_means_over_each_bin() -> None:
    day = build.run()
    edges_ms = np.array([28_900, 29_100, 29_200, 29_300], dtype=np.int64) * 1000
    shares = fleet_day(day, people_on_legs(day)).shares(edges_ms)
    assert shares[State.DRIVING_EMPTY].tolist() == [0.5, 1.0, 0.0]
    assert shares[State.AT_STOP].tolist() == [0.0, 0.0, 0.3]
    assert shares[State.DRIVING_LOADED].tolist() == [0.0, 0.0, 0.7]


def test_parties_that_change_places_at_a_stop_did_not_share() -> None:
    visits = (
        VisitRow(shuttle_id="v1", seq=0, stop="pont", arrive_s=0, depart_s=9, boarded=("a",)),
        VisitRow(
            shuttle_id="v1",
            seq=1,
            stop="bout",
            arrive_s=20,
            depart_s=29,
            boarded=("b",),
            left=("a",),
        ),
        VisitRow(shuttle_id="v1", seq=2, stop="pont", arrive_s=40, depart_s=49, boarded=("c",)),
        VisitRow(shuttle_id="v2", seq=0, stop="pont", arrive_s=50, depart_s=59, boarded=("d",)),
    )
    assert pooled_rides(visits) == {"b", "c"}


def test_nothing_near_is_no_error() -> None:
    assert near_a_stop(build.network(), []).tolist() == []
    assert nearest_place(build.network(), []).tolist() == []


def test_a_single_value_is_its_own_spread() -> None:
    assert spread([3.0]) == {"mean": 3.0, "p50": 3.0, "p95": 3.0, "max": 3.0}
