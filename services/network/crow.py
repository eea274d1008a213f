"""Travel as the crow flies: straight line x factor at one speed; to start quickly, to compare."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.network.stops import Stops
from services.network.tables import UNREACHABLE_S, NoTables, Tables, content_hash


def crow_tables_of(stops: Stops, factor: float, speed_kmh: float) -> Tables:
    """Compute the tables of a territory without roads."""
    return crow_tables(stops.x_mm, stops.y_mm, factor, speed_kmh)


def crow_tables(
    x_mm: NDArray[np.int64], y_mm: NDArray[np.int64], factor: float, speed_kmh: float
) -> Tables:
    """Compute the tables of bare points.

    Parameters
    ----------
    x_mm, y_mm
        Where the stops are on a flat map, in millimetres.
    factor
        Length of the way as a multiple of the straight line.
    speed_kmh
        Driving speed; drives are rounded to the nearest second (half a second up).

    Raises
    ------
    NoTables
        If a drive takes 65,535 s or more.
    """
    count = len(x_mm)
    drive_s = np.empty((count, count), dtype=np.uint16)
    drive_m = np.empty((count, count), dtype=np.uint32)
    for stop in range(count):
        east_mm, north_mm = x_mm - x_mm[stop], y_mm - y_mm[stop]
        way_m = factor * np.hypot(east_mm.astype(np.float64), north_mm.astype(np.float64)) / 1000
        time_s = np.floor(way_m * 3.6 / speed_kmh + 0.5)
        if time_s.max() >= UNREACHABLE_S:
            raise NoTables(
                f"a drive takes {time_s.max():.0f} s, but travel tables end at"
                f" {UNREACHABLE_S - 1} s: are the stops all in one territory?"
            )
        drive_s[stop] = time_s
        drive_m[stop] = -(-np.rint(way_m * 1000).astype(np.int64) // 1000)
    model = np.array([factor, speed_kmh], dtype=np.float64)
    return Tables(
        version=content_hash("crow", x_mm, y_mm, model),
        drive_s=drive_s,
        drive_m=drive_m,
        node_drive_s=np.empty((0, count), dtype=np.uint16),
        node_drive_m=np.empty((0, count), dtype=np.uint32),
        next_link=np.empty((0, count), dtype=np.uint8),
    )
