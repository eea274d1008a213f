"""The stops near a place, and how far one walks to them."""

from __future__ import annotations

from itertools import chain, product
from math import floor, hypot

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from services.domain.geo import Plane, Point
from services.domain.ride import StopWalk
from services.domain.territory import Promises
from services.network.flat import xy_m
from services.network.stops import Stops

FURTHEST_M = 10_000
"""No stop further away than this is ever named."""
FURTHER = 2
"""Stops are found up to this many times the longest walk away, and the nearest one in any case, so
that the dispatcher can say what a longer walk would bring."""


class Reach:
    """Finds the stops near places.

    A walk is the straight line on the territory's flat map, times the walk factor, rounded up to
    the metre. Stops come nearest first; equally far ones, by number.

    Parameters
    ----------
    stops, plane
        The territory's stops and map.
    promises
        How people walk, and how far.
    """

    def __init__(self, stops: Stops, plane: Plane, promises: Promises) -> None:
        self._plane = plane
        self._factor = promises.walk_factor
        self._walk_m_max = FURTHER * promises.walk_m_max
        self._x_m = stops.x_mm / 1000
        self._y_m = stops.y_mm / 1000
        self._x_list: list[float] = self._x_m.tolist()
        self._y_list: list[float] = self._y_m.tolist()
        self._radius_m = (self._walk_m_max + 1) / self._factor
        self._around: dict[tuple[int, int], list[int]] = {}
        """Stops of a square of the map and of the eight around it."""
        for stop, (x_m, y_m) in enumerate(zip(self._x_list, self._y_list, strict=True)):
            i, j = _cell(x_m, y_m, self._radius_m)
            for cell in product((i - 1, i, i + 1), (j - 1, j, j + 1)):
                self._around.setdefault(cell, []).append(stop)
        self._tree = cKDTree(np.column_stack((self._x_m, self._y_m)))

    def near(self, point: Point, count: int) -> tuple[StopWalk, ...]:
        """Find the nearest stops of a place, at most ``count``, also beyond the walking limit."""
        x_m, y_m = self._plane.xy_m(point)
        # In plain Python: the arrays of `near_many` are made ten times as slowly as a few stops.
        walks: list[tuple[int, int]] = []
        for stop in self._around.get(_cell(x_m, y_m, self._radius_m), ()):
            straight_m = hypot(self._x_list[stop] - x_m, self._y_list[stop] - y_m)
            walk_m = -(-round(straight_m * self._factor * 1000) // 1000)
            if walk_m <= self._walk_m_max:
                walks.append((walk_m, stop))
        walks.sort()
        if not walks and count:
            return self._nearest(x_m, y_m)
        return tuple(StopWalk(stop, walk_m) for walk_m, stop in walks[:count])

    def near_many(self, lon: ArrayLike, lat: ArrayLike, count: int) -> list[tuple[StopWalk, ...]]:
        """Find the nearest stops of many places (degrees) at once; see `near`."""
        x_m, y_m = xy_m(
            self._plane, np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
        )
        if not len(x_m):
            return []
        found = self._tree.query_ball_point(np.column_stack((x_m, y_m)), self._radius_m)
        places = np.repeat(np.arange(len(found)), [len(near) for near in found])
        stops = np.fromiter(chain.from_iterable(found), np.int64, len(places))
        straight_m = np.hypot(self._x_m[stops] - x_m[places], self._y_m[stops] - y_m[places])
        walk_m = walks_m(straight_m, self._factor)
        order = np.lexsort((stops, walk_m, places))
        order = order[walk_m[order] <= self._walk_m_max]
        ends = np.cumsum(np.bincount(places[order], minlength=len(found))).tolist()
        pairs = zip(stops[order].tolist(), walk_m[order].tolist(), strict=True)
        walks = [StopWalk(*pair) for pair in pairs]
        starts = [0, *ends[:-1]]
        near = [
            tuple(walks[start : min(end, start + count)])
            for start, end in zip(starts, ends, strict=True)
        ]
        for i, stops_near in enumerate(near):
            if not stops_near and count:
                near[i] = self._nearest(float(x_m[i]), float(y_m[i]))
        return near

    def _nearest(self, x_m: float, y_m: float) -> tuple[StopWalk, ...]:
        """Find the nearest stop that can be walked to at all; of equals, the lowest number."""
        walk_m = walks_m(np.hypot(self._x_m - x_m, self._y_m - y_m), self._factor)
        stop = int(walk_m.argmin())
        return (StopWalk(stop, int(walk_m[stop])),) if walk_m[stop] <= FURTHEST_M else ()


def _cell(x_m: float, y_m: float, size_m: float) -> tuple[int, int]:
    return floor(x_m / size_m), floor(y_m / size_m)


def walks_m(straight_m: NDArray[np.float64], factor: float) -> NDArray[np.int64]:
    """Turn straight lines into walks: times the factor, to the millimetre, then up to the metre."""
    return -(-np.rint(straight_m * factor * 1000).astype(np.int64) // 1000)
