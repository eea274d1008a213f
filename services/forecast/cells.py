"""H3 cells of a territory: where its stops lie, coarsely."""

from __future__ import annotations

from typing import NamedTuple

import h3
import numpy as np
from numpy.typing import NDArray

from services.network.stops import Stops

RESOLUTION = 7
"""Cells of some 5 km², 2.4 km across: a village and what belongs to it."""


class Cells(NamedTuple):
    """Cells that have a stop.

    Parameters
    ----------
    names
        H3 indexes, in alphabetical order.
    of_stop
        (stops,) the number of each stop's cell.
    """

    names: tuple[str, ...]
    of_stop: NDArray[np.int64]


def cells_of(stops: Stops, resolution: int = RESOLUTION) -> Cells:
    """Find the cells in which stops lie."""
    found = [
        h3.latlng_to_cell(lat, lon, resolution)
        for lat, lon in zip(stops.lat.tolist(), stops.lon.tolist(), strict=True)
    ]
    names = tuple(sorted(set(found)))
    number = {name: i for i, name in enumerate(names)}
    return Cells(names, np.array([number[name] for name in found], np.int64))
