"""Where a fleet's day begins: at stops from which much of the demand is soon reached."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from services.domain.geo import Plane
from services.network.ends import Ends
from services.network.flat import xy_m
from services.network.siting import Numbers
from services.network.stops import Stops

SHUTTLES_PER_DEPOT = 5
"""How many shuttles share a depot, unless somebody says otherwise."""

_ROUNDS_MAX = 20


def stop_weights(stops: Stops, plane: Plane, ends: Ends | None) -> Numbers:
    """Count what begins or ends nearest to each stop; without demand all stops count the same."""
    if ends is None:
        return np.ones(len(stops), dtype=np.int64)
    tree = cKDTree(np.column_stack((stops.x_mm / 1000, stops.y_mm / 1000)))
    _, nearest = tree.query(np.column_stack(xy_m(plane, ends.lon, ends.lat)))
    weight = np.zeros(len(stops), dtype=np.int64)
    for places in (ends.origin, ends.destination):
        np.add.at(weight, nearest[places], ends.weight)
    return weight


def choose_depots(drive_s: NDArray[np.uint16], weight: Numbers, count: int) -> list[int]:
    """Choose stops so that the drive from the nearest one, weighted, is short.

    One after the other is chosen where it helps most; then each moves to the best stop of those
    that it is nearest to, until none moves any more.

    Parameters
    ----------
    drive_s
        Drives between stops [from, to].
    weight
        What each stop counts.
    count
        How many depots.

    Returns
    -------
    list
        Numbers of stops, ascending.
    """
    cost = drive_s.astype(np.int64)
    nearest_s = np.full(len(weight), np.iinfo(np.uint16).max, dtype=np.int64)
    depots: list[int] = []
    for _ in range(min(count, len(weight))):
        total = np.minimum(cost, nearest_s) @ weight
        total[depots] = np.iinfo(np.int64).max
        depots.append(int(np.argmin(total)))
        nearest_s = np.minimum(nearest_s, cost[depots[-1]])
    for _ in range(_ROUNDS_MAX):
        moved = _recentre(cost, weight, depots)
        if moved == depots:
            break
        depots = moved
    return sorted(depots)


def _recentre(cost: NDArray[np.int64], weight: Numbers, depots: list[int]) -> list[int]:
    served_by = np.argmin(cost[depots], axis=0)
    moved = []
    for number in range(len(depots)):
        area = np.flatnonzero(served_by == number)
        if len(area):
            total = cost[np.ix_(area, area)] @ weight[area]
            moved.append(int(area[np.argmin(total)]))
        else:
            moved.append(depots[number])
    return moved


def share_out(
    drive_s: NDArray[np.uint16], weight: Numbers, depots: list[int], shuttles: int
) -> list[int]:
    """Share shuttles among depots by what each is nearest to; every depot gets at least one.

    Returns
    -------
    list
        Shuttles per depot (the largest remainders decide about the last ones).
    """
    served_by = np.argmin(drive_s[depots].astype(np.int64), axis=0)
    served = np.bincount(served_by, weights=weight, minlength=len(depots)).astype(np.int64)
    if not served.any():
        served += 1
    spare = shuttles - len(depots)
    total = int(served.sum())
    count = served * spare // total
    rest = served * spare % total
    for depot in np.argsort(-rest, kind="stable")[: spare - int(count.sum())]:
        count[depot] += 1
    return [1 + int(more) for more in count]
