"""Travel times and distances between stops, and from road nodes to stops.

Distances come from customisable contraction hierarchies (Dibbelt, Strasser & Wagner 2016), on links
in whole milliseconds, so that they are exact. One backward look over each node's links then says
which way the fastest path goes, and metres are counted along it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyroutingkit import INF_WEIGHT, CCHMetric, CCHTopology

from services.domain.errors import NavetteError
from services.network.flat import frozen
from services.network.kernels import array_kernel
from services.network.roads import Roads
from services.network.stops import Stops

FORMAT = "navette-tables-1"
"""Changes whenever the same roads would give other tables."""

UNREACHABLE_S = 65_535
"""Stands in ``drive_s`` where no way leads."""

NO_LINK = 255
"""Stands in ``next_link`` where there is nothing left to drive, or no way."""

_BATCH = 64
"""Stops computed at once; bounds the memory needed beside the tables."""

Progress = Callable[[int, int], None]
"""Called with how much is done, of how much."""


class NoTables(NavetteError):
    """Roads on which travel tables cannot be computed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tables:
    """Travel tables; arrays are read-only.

    Parameters
    ----------
    version
        Hash of all that the tables are computed from.
    drive_s
        Fastest drive between stops [from, to]: exact milliseconds summed, then rounded up to the
        second; 65,535 where no way leads.
    drive_m
        Metres along that fastest path, rounded up.
    node_drive_s, node_drive_m
        The same from each road node to each stop; no rows without roads.
    next_link
        Which of a node's outgoing links (0 is the one at ``first_out``) is next on the fastest path
        to each stop; 255 if the node is the stop's own or no way leads.
    """

    version: str
    drive_s: NDArray[np.uint16]
    drive_m: NDArray[np.uint32]
    node_drive_s: NDArray[np.uint16]
    node_drive_m: NDArray[np.uint32]
    next_link: NDArray[np.uint8]

    def __post_init__(self) -> None:
        for array in self.arrays().values():
            frozen(array)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """All tables by name."""
        return {
            "drive_s": self.drive_s,
            "drive_m": self.drive_m,
            "node_drive_s": self.node_drive_s,
            "node_drive_m": self.node_drive_m,
            "next_link": self.next_link,
        }


def road_version(roads: Roads, stops: Stops) -> str:
    """Hash of what tables by road are computed from."""
    inputs = (roads.first_out, roads.head, roads.link_ms, roads.link_mm, stops.node)
    return content_hash("road", *inputs)


def content_hash(kind: str, *arrays: NDArray[np.generic]) -> str:
    """Hash arrays by their values, whatever the machine's byte order."""
    digest = hashlib.sha256(f"{FORMAT} {kind}".encode())
    for array in arrays:
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        digest.update(f" {little.dtype.str}{array.shape} ".encode())
        digest.update(np.ascontiguousarray(little).tobytes())
    return digest.hexdigest()


def road_tables(roads: Roads, stops: Stops, progress: Progress | None = None) -> Tables:
    """Compute the tables of a road network.

    Raises
    ------
    NoTables
        If a drive takes 65,535 s or more, or a node has more than 254 outgoing links.
    """
    _check_fan_out(roads)
    distances = _Distances(roads)
    node_s = np.empty((roads.node_count, len(stops)), dtype=np.uint16)
    node_m = np.empty(node_s.shape, dtype=np.uint32)
    next_link = np.empty(node_s.shape, dtype=np.uint8)
    for start in range(0, len(stops), _BATCH):
        end = min(start + _BATCH, len(stops))
        to_stop_ms = distances.to_nodes(stops.node[start:end])
        node_s[:, start:end] = _seconds(to_stop_ms).T
        hops = np.full(to_stop_ms.shape, NO_LINK, dtype=np.uint8)
        metres = np.zeros(to_stop_ms.shape, dtype=np.uint32)
        _follow(roads.first_out, roads.head, roads.link_ms, roads.link_mm, to_stop_ms, hops, metres)
        next_link[:, start:end] = hops.T
        node_m[:, start:end] = metres.T
        if progress is not None:
            progress(end, len(stops))
    return Tables(
        version=road_version(roads, stops),
        drive_s=node_s[stops.node],
        drive_m=node_m[stops.node],
        node_drive_s=node_s,
        node_drive_m=node_m,
        next_link=next_link,
    )


class _Distances:
    """Exact shortest times to a few nodes from all nodes."""

    def __init__(self, roads: Roads) -> None:
        topology = CCHTopology()
        topology.build(
            roads.tail.astype(np.uint32),
            roads.head.astype(np.uint32),
            roads.lat.astype(np.float32),
            roads.lon.astype(np.float32),
            roads.node_count,
        )
        self._metric = CCHMetric(topology)
        self._metric.customize(roads.link_ms.astype(np.uint32))
        self._nodes = np.arange(roads.node_count, dtype=np.uint32)

    def to_nodes(self, targets: NDArray[np.int32]) -> NDArray[np.int64]:
        """Milliseconds [target, from node]; -1 where no way leads."""
        found = self._metric.distances_many_to_many(self._nodes, targets.astype(np.uint32))
        time_ms = np.ascontiguousarray(found.T).astype(np.int64)
        time_ms[time_ms >= INF_WEIGHT] = -1
        return time_ms


def _seconds(time_ms: NDArray[np.int64]) -> NDArray[np.uint16]:
    time_s = -(-time_ms // 1000)
    if int(time_s.max(initial=0)) >= UNREACHABLE_S:
        raise NoTables(
            f"a drive takes {int(time_s.max())} s, but travel tables end at {UNREACHABLE_S - 1} s:"
            " make the territory smaller or its roads faster"
        )
    return np.where(time_ms < 0, UNREACHABLE_S, time_s).astype(np.uint16)


def _check_fan_out(roads: Roads) -> None:
    fan_out = np.diff(roads.first_out)
    if len(fan_out) and int(fan_out.max()) >= NO_LINK:
        node = roads.node_ids[int(fan_out.argmax())]
        raise NoTables(f"road node '{node}' has {int(fan_out.max())} outgoing links, more than 254")


@array_kernel
def _follow(
    first_out: NDArray[np.int32],
    head: NDArray[np.int32],
    link_ms: NDArray[np.int32],
    link_mm: NDArray[np.int32],
    to_stop_ms: NDArray[np.int64],
    hops: NDArray[np.uint8],
    metres: NDArray[np.uint32],
) -> None:
    """Find each node's next link towards each stop, and the length of the way from there.

    Every link takes at least 1 ms, so times fall along a path and no path comes back on itself.
    """
    targets, nodes = to_stop_ms.shape
    length_mm = np.empty(nodes, dtype=np.int64)
    stack = np.empty(nodes, dtype=np.int32)
    for target in range(targets):
        time_ms = to_stop_ms[target]
        for node in range(nodes):
            length_mm[node] = 0 if time_ms[node] <= 0 else -1
            if time_ms[node] <= 0:
                continue
            for link in range(first_out[node], first_out[node + 1]):
                ahead_ms = time_ms[head[link]]
                if ahead_ms >= 0 and ahead_ms + link_ms[link] == time_ms[node]:
                    hops[target, node] = link - first_out[node]
                    break
        for start in range(nodes):
            depth = 0
            node = start
            while length_mm[node] < 0:
                stack[depth] = node
                depth += 1
                node = head[first_out[node] + hops[target, node]]
            length = length_mm[node]
            while depth > 0:
                depth -= 1
                node = stack[depth]
                length += link_mm[first_out[node] + hops[target, node]]
                length_mm[node] = length
            metres[target, start] = (length_mm[start] + 999) // 1000
