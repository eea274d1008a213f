"""The fleet as searches see it: copies, brought up to the moment at which somebody asks.

Looking changes nothing in the fleet, so what a step leaves behind is what it decided, however many
looked before. What was worked out for a moment is kept for the next search of that moment, as far
as the shuttles are still the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.dispatcher.arrays import Fleet
from services.dispatcher.moves import locate_and_book
from services.dispatcher.schedule import locate_all
from services.network.driving import Ways


class Sight:
    """Looks at the arrays of a fleet."""

    def __init__(self) -> None:
        self._moment: tuple[int, int] = (-1, 0)
        self._ways: Ways | None = None
        self._before: Fleet | None = None
        """The fleet of which the following was made."""
        self._seen: Fleet | None = None

    def at(self, ways: Ways, arrays: Fleet, now_s: int, latency_s: int) -> Fleet:
        """The arrays as they are now; whoever gets them leaves them as they are."""
        rows = self._outdated(ways, arrays, (now_s, latency_s))
        if self._seen is None or len(rows) == len(arrays.heads):
            self._before, self._seen = arrays.copy(), arrays.copy()
        elif len(rows):
            self._look_anew(arrays, rows)
        had = self._seen
        seen = self._seen = arrays._replace(
            heads=had.heads,
            visits=had.visits,
            total=had.total,
            booked=had.booked,
            spans=had.spans,
        )
        if len(rows) and len(seen.limits):
            locate_and_book(ways, seen, rows, now_s, latency_s)
        elif len(rows) == len(arrays.heads):
            locate_all(ways, *seen[:3], now_s, latency_s)
        elif len(rows):
            heads, visits, rides = seen.heads[rows], seen.visits[rows], seen.rides[rows]
            locate_all(ways, heads, visits, rides, now_s, latency_s)
            seen.heads[rows], seen.visits[rows] = heads, visits
        return seen

    def _look_anew(self, arrays: Fleet, rows: NDArray[np.int64]) -> None:
        """Take some shuttles as they are in the fleet."""
        assert self._seen is not None
        assert self._before is not None
        take_over(self._seen, arrays, rows)
        take_over(self._before, arrays, rows)

    def _outdated(self, ways: Ways, arrays: Fleet, moment: tuple[int, int]) -> NDArray[np.int64]:
        """Shuttles that have to be looked at anew."""
        before, count = self._before, len(arrays.heads)
        if (
            before is None
            or self._moment != moment
            or self._ways is not ways
            or before.visits.shape != arrays.visits.shape
            or before.booked.shape != arrays.booked.shape
            or before.days is not arrays.days
        ):
            self._moment, self._ways = moment, ways
            return np.arange(count)
        pairs = (before.heads, arrays.heads), (before.visits, arrays.visits)
        found = [*(differing(a, b) for a, b in pairs), differing(before.booked, arrays.booked)]
        return np.unique(np.concatenate(found)) if any(map(len, found)) else found[0]


def differing(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.int64]:
    """Rows in which two arrays of the same shape differ; some may be named several times."""
    if not one.size:
        return np.empty(0, np.int64)
    rows: NDArray[np.int64] = np.flatnonzero(one != other) // one[0].size
    return rows


def take_over(into: Fleet, arrays: Fleet, rows: NDArray[np.int64]) -> None:
    """Make some shuttles what they are in other arrays of the same shape."""
    if len(into.limits):
        more, less = arrays.booked[rows], into.booked[rows]
        into.total[:] += more.sum(axis=0, dtype=np.int64) - less.sum(axis=0, dtype=np.int64)
        into.booked[rows], into.spans[rows] = more, arrays.spans[rows]
    into.heads[rows], into.visits[rows] = arrays.heads[rows], arrays.visits[rows]
