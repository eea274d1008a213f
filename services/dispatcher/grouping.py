"""Cuts a zone's open work into groups along the H3 cells of the map.

Shuttles whose plans lead through the same cells, or neighbouring ones, compete for the same rides.
Those that compete most come into one group, as long as it does not get too large to be solved well
in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import h3
import numpy as np
from numpy.typing import NDArray

from services.dispatcher.answers import Asked
from services.dispatcher.snapshot import Snapshot
from services.network.stops import Stops

RESOLUTION = 6
"""Of the cells: some 36 km2 each, 3.7 km to a side."""

Group = tuple[list[int], list[Asked]]


class Cells(NamedTuple):
    """The cells of a map.

    Parameters
    ----------
    of_stop
        (stops,) number of the cell in which each stop lies, int32.
    near
        (cells, cells) whether two are the same or neighbours.
    """

    of_stop: NDArray[np.int32]
    near: NDArray[np.bool_]


def cells_of(stops: Stops) -> Cells:
    """Number the cells in which stops lie, in the order of their ids."""
    of_stop = [
        h3.latlng_to_cell(lat, lon, RESOLUTION)
        for lat, lon in zip(stops.lat.tolist(), stops.lon.tolist(), strict=True)
    ]
    cells = sorted(set(of_stop))
    number = {cell: i for i, cell in enumerate(cells)}
    near = np.zeros((len(cells), len(cells)), np.bool_)
    for cell, i in number.items():
        near[i, [number[other] for other in h3.grid_disk(cell, 1) if other in number]] = True
    return Cells(np.array([number[cell] for cell in of_stop], np.int32), near)


def groups_of(
    snapshot: Snapshot, asked: Sequence[Asked], cells: Cells, rides_max: int
) -> list[Group]:
    """Group shuttles and requests that wait; each group has open work.

    Parameters
    ----------
    snapshot
        The zone's open work.
    asked
        Requests that wait; each goes to the group that has most to do near its pickup, and room.
    cells
        Of the map.
    rides_max
        How many rides a group may have; a single shuttle's are never divided.
    """
    shuttles = snapshot.shuttles()
    rides = np.array([snapshot.rides(k) for k in shuttles], np.int64)
    if not shuttles or not (rides.sum() or asked):
        return []
    if rides.sum() + len(asked) <= rides_max:
        return [(shuttles, list(asked))]
    visited = np.zeros((len(shuttles), len(cells.near)), np.int64)
    for i, k in enumerate(shuttles):
        visited[i, cells.of_stop[snapshot.stops(k)]] = 1
    around = (visited @ cells.near > 0).astype(np.int64)
    members = _merge(visited @ around.T + around @ visited.T, rides, rides_max)
    waiting: list[list[Asked]] = [[] for _ in members]
    for one in asked:
        cell = cells.of_stop[one.pickup.stop]
        near = [
            (rides[own].sum() + len(new) < rides_max, int(around[own, cell].sum()))
            for own, new in zip(members, waiting, strict=True)
        ]
        waiting[near.index(max(near))].append(one)
    return [
        ([shuttles[i] for i in own], new)
        for own, new in zip(members, waiting, strict=True)
        if new or rides[own].any()
    ]


def _merge(rivalry: NDArray[np.int64], rides: NDArray[np.int64], rides_max: int) -> list[list[int]]:
    """Merge the two groups that compete most, a pair of their shuttles on average, and again."""
    members = [[i] for i in range(len(rides))]
    sums, sizes, loads = rivalry.astype(np.float64), np.ones(len(rides)), rides.copy()
    np.fill_diagonal(sums, 0)
    while True:
        there = sizes > 0
        fits = np.outer(there, there) & (np.add.outer(loads, loads) <= rides_max)
        np.fill_diagonal(fits, False)
        mean = np.where(fits, sums / np.maximum(np.outer(sizes, sizes), 1), 0)
        a, b = divmod(int(mean.argmax()), len(rides))
        if mean[a, b] <= 0:
            return [sorted(own) for own, size in zip(members, sizes, strict=True) if size > 0]
        members[a] += members[b]
        sums[a] += sums[b]
        sums[:, a] += sums[:, b]
        sums[a, a] = 0
        sizes[a], loads[a] = sizes[a] + sizes[b], loads[a] + loads[b]
        sizes[b], loads[b] = 0, 0
