"""Many points at once on the flat map of `services.domain.geo.Plane`."""

from __future__ import annotations

from math import cos, fsum, radians

import numpy as np
from numpy.typing import NDArray

from services.domain.geo import EARTH_RADIUS_M, Plane, Point

Floats = NDArray[np.float64]


def plane_over(lon: Floats, lat: Floats) -> Plane:
    """Return the flat map centred on the mean of these points (degrees)."""
    return Plane(Point(fsum(lon) / len(lon), fsum(lat) / len(lat)))


def xy_m(plane: Plane, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Metres east and north of the map's centre."""
    east_m = EARTH_RADIUS_M * cos(radians(plane.centre.lat))
    x_m = np.radians(lon - plane.centre.lon) * east_m
    y_m = np.radians(lat - plane.centre.lat) * EARTH_RADIUS_M
    return x_m, y_m


def frozen(array: NDArray[np.generic]) -> None:
    """Make an array read-only."""
    array.flags.writeable = False
