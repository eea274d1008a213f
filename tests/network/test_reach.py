from __future__ import annotations

from math import ceil, hypot

from hypothesis import given
from hypothesis import strategies as st

from services.domain.geo import Point
from services.domain.territory import Promises
from services.network.reach import FURTHEST_M, Reach
from services.network.stops import StopRow, place_stops

step = st.integers(-12, 12)
grid = st.tuples(step, step)


def stop_rows(places: list[tuple[int, int]]) -> list[StopRow]:
    return [StopRow(f"s{i}", "", 6 + x / 1000, 50 + y / 1000) for i, (x, y) in enumerate(places)]


@given(places=st.lists(grid, min_size=1, max_size=25), at=grid, count=st.integers(1, 6))
def test_the_nearest_stops_come_first_and_equals_by_number(
    places: list[tuple[int, int]], at: tuple[int, int], count: int
) -> None:
    stops, plane = place_stops(stop_rows(places))
    promises = Promises(walk_m_max=400, walk_factor=1.3)
    point = Point(6 + at[0] / 1000, 50 + at[1] / 1000)
    found = Reach(stops, plane, promises).near(point, count)
    x_m, y_m = plane.xy_m(point)
    walks = []
    for number in range(len(stops)):
        straight_m = hypot(stops.x_mm[number] / 1000 - x_m, stops.y_mm[number] / 1000 - y_m)
        walks.append((ceil(round(straight_m * 1.3, 3)), number))
    expected = [(stop, walk_m) for walk_m, stop in sorted(walks) if walk_m <= 800][:count]
    if not expected and min(walks)[0] <= FURTHEST_M:  # the nearest one is named in any case
        expected = [(stop, walk_m) for walk_m, stop in sorted(walks)][:1]
    assert [tuple(one) for one in found] == expected
    assert Reach(stops, plane, promises).near_many([point.lon] * 2, [point.lat] * 2, count) == [
        found,
        found,
    ]


def test_stops_beyond_the_walking_limit_are_found_up_to_twice_as_far() -> None:
    stops, plane = place_stops(stop_rows([(0, 0), (0, 5), (0, 6)]))
    reach = Reach(stops, plane, Promises(walk_m_max=400, walk_factor=1.3))
    near = reach.near(Point(6, 50), 3)
    assert [one.stop for one in near] == [0, 1]
    assert near[0].walk_m == 0 or near[0].walk_m == 1
    assert 400 < near[1].walk_m <= 800


def test_nowhere_near_a_stop_there_is_none() -> None:
    stops, plane = place_stops(stop_rows([(0, 0)]))
    assert Reach(stops, plane, Promises()).near(Point(7, 50), 3) == ()
