"""What the kernels work on: the shuttles of a zone and a request, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


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
        (shuttles, 2) between which minutes
    """

    heads: NDArray[np.int64]
    visits: NDArray[np.int64]
    rides: NDArray[np.int64]
    times: NDArray[np.int64]
    limits: NDArray[np.int64]
    total: NDArray[np.int64]
    booked: NDArray[np.uint8]
    spans: NDArray[np.int64]

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
