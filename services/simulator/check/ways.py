"""Fastest ways, found anew by SciPy's Dijkstra: nothing here knows the planner's tables."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from services.domain.territory import Travel
from services.simulator.check.columns import FloatArray, IntArray
from services.simulator.check.ground import Ground, Links

_TOGETHER = 64
TIME_FIRST = 2**28
"""Millimetres for which a millisecond weighs more than any way is long; sums stay exact floats."""


class Ways(Protocol):
    """Fastest drives between places (road nodes; stops if there are no roads)."""

    def fastest_ms(self, start: IntArray, end: IntArray) -> FloatArray:
        """Exact time of the fastest drive for each pair of places; infinite if there is none."""
        ...

    def direct_s(self, start: IntArray, end: IntArray) -> tuple[FloatArray, FloatArray]:
        """Whole seconds that a planner counts for it, as the least and most that can be meant."""
        ...

    def way_m(self, start: IntArray, end: IntArray) -> tuple[FloatArray, FloatArray]:
        """Metres of the fastest drive, rounded up: least and most, if several are as fast."""
        ...


def ways_of(ground: Ground, travel: Travel) -> Ways:
    """Fastest ways of a territory."""
    if ground.links is not None:
        return RoadWays(ground, ground.links)
    return CrowWays(ground, travel)


class RoadWays:
    """Along roads, between the nodes of stops."""

    def __init__(self, ground: Ground, links: Links) -> None:
        # A sparse matrix adds parallel links up, so only the quickest may go in.
        node_count = len(ground.nodes)
        pair = links.tail * node_count + links.head
        _, first = np.unique(pair, return_index=True)
        self._graph = csr_matrix(
            (links.ms[first].astype(np.float64), (links.tail[first], links.head[first])),
            shape=(node_count, node_count),
        )
        self._links, self._node_count = links, node_count
        self._stop_nodes = np.unique(ground.stop_node)
        self._from: dict[int, FloatArray] = {}

    def fastest_ms(self, start: IntArray, end: IntArray) -> FloatArray:
        """Exact time of the fastest drive for each pair of nodes; infinite if there is none."""
        result = np.full(len(start), np.inf)
        order = np.argsort(start, kind="stable")
        sources, first = np.unique(start[order], return_index=True)
        self._search([int(source) for source in sources if int(source) not in self._from])
        for source, pairs in zip(sources, np.split(order, first[1:]), strict=False):
            column = np.searchsorted(self._stop_nodes, end[pairs])
            result[pairs] = self._from[int(source)][column]
        return result

    def _search(self, sources: list[int]) -> None:
        for at in range(0, len(sources), _TOGETHER):
            chunk = sources[at : at + _TOGETHER]
            times = dijkstra(self._graph, indices=chunk)[:, self._stop_nodes]
            self._from |= dict(zip(chunk, times, strict=True))

    def direct_s(self, start: IntArray, end: IntArray) -> tuple[FloatArray, FloatArray]:
        """Exact milliseconds rounded up to the second."""
        seconds = np.ceil(self.fastest_ms(start, end) / 1000)
        return seconds, seconds

    def way_m(self, start: IntArray, end: IntArray) -> tuple[FloatArray, FloatArray]:
        """Found by time first and then length: the shortest of the fastest, and the longest."""
        sources, row = np.unique(start, return_inverse=True)
        if not len(sources):
            return np.empty(0), np.empty(0)
        column = np.searchsorted(self._stop_nodes, end)
        least_mm, most_mm = (self._way_mm(sources, sign)[row, column] for sign in (1, -1))
        return np.ceil(least_mm / 1000), np.ceil(most_mm / 1000)

    def _way_mm(self, sources: IntArray, sign: int) -> FloatArray:
        links = self._links
        weight = links.ms * TIME_FIRST + sign * links.length_mm
        order = np.lexsort((weight, links.head, links.tail))
        tail, head = links.tail[order], links.head[order]
        _, first = np.unique(tail * self._node_count + head, return_index=True)
        graph = csr_matrix(
            (weight[order][first].astype(np.float64), (tail[first], head[first])),
            shape=(self._node_count, self._node_count),
        )
        chunks = [sources[at : at + _TOGETHER] for at in range(0, len(sources), _TOGETHER)]
        found = [dijkstra(graph, indices=chunk)[:, self._stop_nodes] for chunk in chunks]
        total = np.concatenate(found)
        reached = np.isfinite(total)
        whole = np.where(reached, total, 0.0).astype(np.int64)
        length_mm = whole % TIME_FIRST if sign > 0 else -whole % TIME_FIRST
        return np.where(reached, length_mm, np.inf)


class CrowWays:
    """In straight lines, times a factor."""

    def __init__(self, ground: Ground, travel: Travel) -> None:
        self._ground, self._factor = ground, travel.crow_factor
        self._ms_per_m = travel.crow_factor * 3600 / travel.crow_speed_kmh

    def fastest_ms(self, start: IntArray, end: IntArray) -> FloatArray:
        """Exact time of the straight line for each pair of stops."""
        x_m, y_m = self._ground.stop_x_m, self._ground.stop_y_m
        ms: FloatArray = np.hypot(x_m[start] - x_m[end], y_m[start] - y_m[end]) * self._ms_per_m
        return ms

    def direct_s(self, start: IntArray, end: IntArray) -> tuple[FloatArray, FloatArray]:
        """To the nearest second; a millisecond's doubt, since stops lie on whole millimetres."""
        ms = self.fastest_ms(start, end)
        return np.floor(ms / 1000 + 0.499), np.floor(ms / 1000 + 0.501)

    def way_m(self, start: IntArray, end: IntArray) -> tuple[FloatArray, FloatArray]:
        """The straight line times the factor, known to the millimetre."""
        x_m, y_m = self._ground.stop_x_m, self._ground.stop_y_m
        way_m = np.hypot(x_m[start] - x_m[end], y_m[start] - y_m[end]) * self._factor
        return np.ceil(way_m - 0.001), np.ceil(way_m + 0.001)
