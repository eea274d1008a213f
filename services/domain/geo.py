"""Places on the ground: WGS 84 degrees in, metres out."""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, cos, hypot, radians, sin, sqrt

EARTH_RADIUS_M = 6_371_008.8
"""Mean Earth radius (IUGG)."""


@dataclass(frozen=True, slots=True)
class Point:
    """A place in WGS 84 degrees.

    Raises
    ------
    ValueError
        If a coordinate is not finite or out of range.
    """

    lon: float
    lat: float

    def __post_init__(self) -> None:
        if not (-180 <= self.lon <= 180 and -90 <= self.lat <= 90):
            raise ValueError(f"not a place on Earth: lon {self.lon}, lat {self.lat}")


def distance_m(a: Point, b: Point) -> float:
    """Great-circle distance in metres (haversine formula)."""
    lat_a, lat_b = radians(a.lat), radians(b.lat)
    h = (
        sin((lat_b - lat_a) / 2) ** 2
        + cos(lat_a) * cos(lat_b) * sin(radians(b.lon - a.lon) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(h)))


@dataclass(frozen=True, slots=True)
class Plane:
    """Local flat map around a centre (equirectangular): metres east and north.

    Good to better than 0.1 % over a territory of 100 km.
    """

    centre: Point

    def xy_m(self, point: Point) -> tuple[float, float]:
        """Metres east and north of the centre."""
        x_m = radians(point.lon - self.centre.lon) * EARTH_RADIUS_M * cos(radians(self.centre.lat))
        y_m = radians(point.lat - self.centre.lat) * EARTH_RADIUS_M
        return x_m, y_m

    def distance_m(self, a: Point, b: Point) -> float:
        """Straight line between two points on this map, in metres."""
        ax, ay = self.xy_m(a)
        bx, by = self.xy_m(b)
        return hypot(ax - bx, ay - by)
