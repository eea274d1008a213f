"""What the kernels work on: the shuttles of a zone and a request, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.dispatcher import columns as c


class Fleet(NamedTuple):
    """The arrays of all shuttles, by the columns of ``columns``; int64.

    Parameters
    ----------
    heads
        (shuttles, H_COLUMNS)
    visits
        (shuttles, positions, V_COLUMNS)
    rides
        (shuttles, rides, R_COLUMNS)
    times
        (positions, 2) scratch of the search
    limits
        (1440,) shuttles that may move at once, by the minute of the day; (0,): there is no limit,
        and the following mean nothing
    total
        (minutes,) shuttles that are booked to move, those that are not in these arrays included
    booked
        (shuttles, minutes) uint8: whether a shuttle is
    spans
        (shuttles, 2) between which of these minutes
    days
        (changes of clocks + 1, 2) from which minute on the minutes above are, and how many more
        clocks show then; the same of all changes after that
    """

    heads: NDArray[np.int64]
    visits: NDArray[np.int64]
    rides: NDArray[np.int64]
    times: NDArray[np.int64]
    limits: NDArray[np.int64]
    total: NDArray[np.int64]
    booked: NDArray[np.uint8]
    spans: NDArray[np.int64]
    days: NDArray[np.int64]

    def copy(self) -> Fleet:
        """A copy to work on."""
        return Fleet(
            self.heads.copy(),
            self.visits.copy(),
            self.rides.copy(),
            self.times,
            self.limits,
            self.total.copy(),
            self.booked.copy(),
            self.spans.copy(),
            self.days,
        )

    def some(self, chosen: Sequence[int]) -> Fleet:
        """A copy with only some of the shuttles."""
        rows = list(chosen)
        return Fleet(
            self.heads[rows],
            self.visits[rows],
            self.rides[rows],
            self.times.copy(),
            self.limits,
            self.total.copy(),
            self.booked[rows],
            self.spans[rows],
            self.days,
        )


class Ask(NamedTuple):
    """A request as arrays, by the columns of ``columns``; all int64.

    Parameters
    ----------
    pickups
        (p, P_COLUMNS)
    dropoffs
        (d, D_COLUMNS)
    pairs
        (p, d, E_COLUMNS)
    party
        (A_COLUMNS,)
    """

    pickups: NDArray[np.int64]
    dropoffs: NDArray[np.int64]
    pairs: NDArray[np.int64]
    party: NDArray[np.int64]


def allocated(heads: NDArray[np.int64], positions: int, limits: NDArray[np.int64]) -> Fleet:
    """Arrays for shuttles with nothing to do, with room for so many stops each."""
    count = len(heads)
    return Fleet(
        heads=heads,
        visits=np.zeros((count, positions, c.V_COLUMNS), np.int64),
        rides=np.zeros((count, positions, c.R_COLUMNS), np.int64),
        times=np.zeros((positions, 2), np.int64),
        limits=limits,
        total=np.zeros(0, np.int64),
        booked=np.zeros((count, 0), np.uint8),
        spans=np.zeros((count, 2), np.int64),
        days=np.zeros((1, 2), np.int64),
    )
