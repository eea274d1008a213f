"""The stops of a territory, as arrays; a stop's number is its row in ``stops.csv``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from services.domain.geo import Plane
from services.network.flat import Floats, frozen, plane_over, xy_m

if TYPE_CHECKING:
    from collections.abc import Sequence

_NEIGHBOURS = 8
"""How many nodes compete for a stop, so that nodes at one place are told apart by number."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stops:
    """Stops; arrays are read-only.

    Parameters
    ----------
    ids, names
        As in ``stops.csv``.
    lon, lat
        WGS 84 degrees.
    node
        The road node that each stop is tied to; -1 without roads.
    x_mm, y_mm
        Millimetres east and north on the territory's flat map.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    lon: Floats
    lat: Floats
    node: NDArray[np.int32]
    x_mm: NDArray[np.int64]
    y_mm: NDArray[np.int64]

    def __post_init__(self) -> None:
        for array in (self.lon, self.lat, self.node, self.x_mm, self.y_mm):
            frozen(array)

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class StopRow:
    """A stop as a file or a proposal gives it; ``node`` is a road node's number, if tied."""

    stop_id: str
    name: str
    lon: float
    lat: float
    node: int | None = None


def place_stops(rows: Sequence[StopRow]) -> tuple[Stops, Plane]:
    """Put stops on a flat map that is centred on their mean."""
    lon = np.array([row.lon for row in rows], dtype=np.float64)
    lat = np.array([row.lat for row in rows], dtype=np.float64)
    plane = plane_over(lon, lat)
    x_m, y_m = xy_m(plane, lon, lat)
    stops = Stops(
        ids=tuple(row.stop_id for row in rows),
        names=tuple(row.name for row in rows),
        lon=lon,
        lat=lat,
        node=np.array([-1 if row.node is None else row.node for row in rows], dtype=np.int32),
        x_mm=np.rint(x_m * 1000).astype(np.int64),
        y_mm=np.rint(y_m * 1000).astype(np.int64),
    )
    return stops, plane


def nearest_nodes(
    points: tuple[Floats, Floats], nodes: tuple[Floats, Floats]
) -> tuple[NDArray[np.int64], Floats]:
    """Find the nearest node of each point, and how far it is.

    Parameters
    ----------
    points, nodes
        Longitudes and latitudes in degrees.

    Returns
    -------
    tuple
        The node's number (the lowest of those equally near, to the millimetre), and metres.
    """
    plane = plane_over(*nodes)
    tree = cKDTree(np.column_stack(xy_m(plane, *nodes)))
    count = min(_NEIGHBOURS, len(nodes[0]))
    metres, number = tree.query(np.column_stack(xy_m(plane, *points)), k=range(1, count + 1))
    millimetres = np.rint(metres * 1000).astype(np.int64)
    tied = np.where(millimetres == millimetres[:, :1], number, len(nodes[0]))
    return tied.min(axis=1), metres[:, 0]
