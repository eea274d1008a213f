"""The day cut where roads are closed and opened, and fastest ways in each piece."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from services.simulator.check.columns import BoolArray, FloatArray, IntArray
from services.simulator.check.ground import Ground
from services.simulator.check.run import Closure, Run
from services.simulator.check.ways import RoadWays, Ways

FAR_S = 2**40


class Epochs:
    """The pieces of a day, by number; without closures it is one piece.

    Parameters
    ----------
    run, ground, ways
        The day, its roads, and fastest ways with all roads open.
    """

    def __init__(self, run: Run, ground: Ground, ways: Ways) -> None:
        self._closures: tuple[Closure, ...] = run.file.disruptions.closures
        self._links = ground.links
        self._ground = ground
        turns = {c.from_s for c in self._closures}
        turns |= {c.until_s for c in self._closures if c.until_s is not None}
        self.starts_s = np.array(sorted(turns), dtype=np.int64)
        self._ways: dict[int, Ways] = {0: ways}

    def of(self, at_ms: IntArray) -> IntArray:
        """The number of the epoch in which each time lies; 0 before the first closure."""
        found: IntArray = np.searchsorted(self.starts_s * 1000, at_ms, side="right")
        return found

    def shut(self, epoch: int) -> BoolArray:
        """Which links are closed in an epoch."""
        links = self._links
        assert links is not None
        if not epoch:
            return np.zeros(len(links.ids), dtype=np.bool_)
        at_s = int(self.starts_s[epoch - 1])
        names = {
            name
            for closure in self._closures
            if closure.from_s <= at_s < (FAR_S if closure.until_s is None else closure.until_s)
            for name in closure.links
        }
        return np.array([link_id in names for link_id in links.ids], dtype=np.bool_)

    def ways(self, epoch: int) -> Ways:
        """Fastest ways in an epoch."""
        if epoch not in self._ways:
            links = self._links
            assert links is not None
            left = ~self.shut(epoch)
            kept = replace(
                links,
                ids=(),
                tail=links.tail[left],
                head=links.head[left],
                length_mm=links.length_mm[left],
                ms=links.ms[left],
            )
            self._ways[epoch] = RoadWays(self._ground, kept)
        return self._ways[epoch]

    def fastest_ms(self, epochs: IntArray, start: IntArray, end: IntArray) -> FloatArray:
        """Fastest drive of each pair of places in its epoch."""
        fastest = np.full(len(start), np.inf)
        for epoch in np.unique(epochs).tolist():
            own = epochs == epoch
            fastest[own] = self.ways(epoch).fastest_ms(start[own], end[own])
        return fastest
