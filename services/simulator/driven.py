"""Roads driven: remembered as drives, written out link by link when the day is over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.network.driving import Ways, count_links, write_links
from services.network.folder import Network
from services.simulator.records import Legs


class Drive(NamedTuple):
    """A piece of way without a change of mind: towards a stop, perhaps not all of the way.

    With roads, ``start`` and ``end`` are nodes; without, (x, y) in millimetres.
    """

    shuttle: int
    start: int | tuple[int, int]
    start_ms: int
    towards: int
    end: int | tuple[int, int]
    end_ms: int
    permille: int
    revision: int
    version: int = 0
    """Of the travel times."""


def name_of(place: int | tuple[int, int], network: Network) -> str:
    """A road node's id; without roads, the first stop at a place, or its millimetres."""
    if isinstance(place, int):
        assert network.roads is not None
        return network.roads.node_ids[place]
    stops = network.stops
    at = np.flatnonzero((stops.x_mm == place[0]) & (stops.y_mm == place[1]))
    return stops.ids[int(at[0])] if len(at) else f"@{place[0]},{place[1]}"


def legs_of(
    drives: list[Drive], network: Network, versions: Sequence[Ways]
) -> tuple[Legs, NDArray[np.int64]]:
    """Write drives out, each by its version of the travel times.

    Returns
    -------
    legs
        By shuttle and time.
    drive_mm
        Length of each drive, in the order given.
    """
    order = sorted(range(len(drives)), key=lambda i: (drives[i].shuttle, i))
    sorted_drives = [drives[i] for i in order]
    legs, lengths = (
        _straight(sorted_drives, network)
        if network.roads is None
        else _along_roads(sorted_drives, network, versions)
    )
    drive_mm = np.zeros(len(drives), np.int64)
    drive_mm[order] = lengths
    return legs, drive_mm


def _along_roads(
    drives: list[Drive], network: Network, versions: Sequence[Ways]
) -> tuple[Legs, NDArray[np.int64]]:
    assert network.roads is not None
    table = np.array(
        [[d.start, d.start_ms, d.towards, d.end, d.permille] for d in drives], np.int64
    ).reshape(-1, 5)
    driven_by = np.array([d.version for d in drives], np.int64)
    counts = np.zeros(len(drives), np.int64)
    for version in np.unique(driven_by):
        own = driven_by == version
        counts[own] = count_links(versions[version], table[own])
    size = int(counts.sum())
    links = np.zeros(size, np.int32)
    depart_ms = np.zeros(size, np.int64)
    arrive_ms = np.zeros(size, np.int64)
    for version in np.unique(driven_by):
        own = driven_by == version
        rows = np.repeat(own, counts)
        size = int(rows.sum())
        part = (np.zeros(size, np.int32), np.zeros(size, np.int64), np.zeros(size, np.int64))
        write_links(versions[version], table[own], *part)
        links[rows], depart_ms[rows], arrive_ms[rows] = part
    roads = network.roads
    length_mm = roads.link_mm[links]
    shuttle = np.repeat(np.array([d.shuttle for d in drives], np.int32), counts)
    ends = np.concatenate(([0], np.cumsum(counts)))
    totals = np.concatenate(([0], np.cumsum(length_mm, dtype=np.int64)))
    legs = Legs(
        nodes=roads.node_ids,
        shuttle=shuttle,
        seq=_count_within(shuttle),
        from_node=roads.tail[links],
        to_node=roads.head[links],
        depart_ms=depart_ms,
        arrive_ms=arrive_ms,
        length_mm=length_mm,
        plan_revision=np.repeat(np.array([d.revision for d in drives], np.int32), counts),
    )
    return legs, totals[ends[1:]] - totals[ends[:-1]]


def _straight(drives: list[Drive], network: Network) -> tuple[Legs, NDArray[np.int64]]:
    stops = network.stops
    names = list(stops.ids)
    number: dict[tuple[int, int], int] = {}
    for stop in range(len(names) - 1, -1, -1):
        number[int(stops.x_mm[stop]), int(stops.y_mm[stop])] = stop
    ends: list[tuple[int, int]] = []
    for drive in drives:
        pair = []
        for place in (drive.start, drive.end):
            assert isinstance(place, tuple)
            if place not in number:
                number[place] = len(names)
                names.append(f"@{place[0]},{place[1]}")
            pair.append(number[place])
        ends.append((pair[0], pair[1]))
    factor = network.territory.travel.crow_factor
    straight = [
        np.hypot(d.end[0] - d.start[0], d.end[1] - d.start[1])  # type: ignore[index]
        for d in drives
    ]
    length_mm = np.ceil(np.array(straight, np.float64) * factor - 1e-6).astype(np.int64)
    shuttle = np.array([d.shuttle for d in drives], np.int32)
    legs = Legs(
        nodes=tuple(names),
        shuttle=shuttle,
        seq=_count_within(shuttle),
        from_node=np.array([a for a, _ in ends], np.int32),
        to_node=np.array([b for _, b in ends], np.int32),
        depart_ms=np.array([d.start_ms for d in drives], np.int64),
        arrive_ms=np.array([d.end_ms for d in drives], np.int64),
        length_mm=length_mm.astype(np.int32),
        plan_revision=np.array([d.revision for d in drives], np.int32),
    )
    return legs, length_mm


def _count_within(groups: NDArray[np.int32]) -> NDArray[np.int32]:
    """Count 0, 1, 2 … within each run of equal numbers."""
    if not len(groups):
        return np.zeros(0, np.int32)
    starts = np.flatnonzero(np.concatenate(([True], groups[1:] != groups[:-1])))
    lengths = np.diff(np.concatenate((starts, [len(groups)])))
    counted: NDArray[np.int32] = (np.arange(len(groups)) - np.repeat(starts, lengths)).astype(
        np.int32
    )
    return counted
