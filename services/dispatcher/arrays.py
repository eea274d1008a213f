"""What the kernels work on: the shuttles of a zone and a request, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Fleet(NamedTuple):
    """The arrays of all shuttles, by the columns of ``columns``; all int64.

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
    """

    heads: NDArray[np.int64]
    visits: NDArray[np.int64]
    rides: NDArray[np.int64]
    times: NDArray[np.int64]

    def some(self, chosen: Sequence[int]) -> Fleet:
        """A copy with only some of the shuttles."""
        rows = list(chosen)
        return Fleet(self.heads[rows], self.visits[rows], self.rides[rows], self.times.copy())


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
