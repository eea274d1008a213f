"""Places on the ground, and how far they are from each other."""

from __future__ import annotations

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.geo import Plane, Point, distance_m

PARIS, LIMOGES = Point(2.3522, 48.8566), Point(1.2611, 45.8336)
CENTRE = Point(1.5, 46.2)
DEGREE_M = 111_195.1
"""Of latitude, on a sphere with the mean radius."""


@pytest.mark.parametrize(
    ("lon", "lat"), [(180.1, 0), (-180.1, 0), (0, 90.1), (0, -90.1), (nan, 0), (0, nan), (inf, 0)]
)
def test_what_is_not_on_earth_is_no_place(lon: float, lat: float) -> None:
    with pytest.raises(ValueError, match="not a place on Earth"):
        Point(lon, lat)


def test_the_edges_of_the_map_are_places() -> None:
    assert Point(180, 90) != Point(-180, -90)


def test_a_degree_of_latitude_is_as_long_everywhere() -> None:
    assert distance_m(Point(2, 46), Point(2, 47)) == pytest.approx(DEGREE_M, abs=1)
    assert distance_m(Point(0, 89), Point(0, 90)) == pytest.approx(DEGREE_M, abs=1)


def test_from_paris_to_limoges_it_is_as_far_as_an_atlas_says() -> None:
    assert distance_m(PARIS, LIMOGES) == pytest.approx(346_000, rel=0.005)


def test_the_other_side_of_the_earth_is_half_its_circumference_away() -> None:
    assert distance_m(Point(0, 0), Point(180, 0)) == pytest.approx(180 * DEGREE_M, rel=1e-6)


near = st.tuples(st.floats(-0.5, 0.5), st.floats(-0.4, 0.4))


@given(a=near, b=near)
def test_distances_on_the_flat_map_are_nearly_true(
    a: tuple[float, float], b: tuple[float, float]
) -> None:
    plane = Plane(CENTRE)
    first, second = (Point(CENTRE.lon + x, CENTRE.lat + y) for x, y in (a, b))
    true_m = distance_m(first, second)
    # Far from the centre a degree of longitude has another length: some per mille in a corner.
    assert plane.distance_m(first, second) == pytest.approx(true_m, rel=0.009, abs=0.01)
    assert plane.distance_m(first, second) == plane.distance_m(second, first)


@given(at=near)
def test_around_the_centre_the_flat_map_is_true_to_a_thousandth(at: tuple[float, float]) -> None:
    point = Point(CENTRE.lon + at[0] / 10, CENTRE.lat + at[1] / 10)
    true_m = distance_m(CENTRE, point)
    assert Plane(CENTRE).distance_m(CENTRE, point) == pytest.approx(true_m, rel=0.001, abs=0.01)


def test_east_and_north_are_positive() -> None:
    x_m, y_m = Plane(CENTRE).xy_m(Point(1.6, 46.3))
    assert x_m > 0 < y_m
