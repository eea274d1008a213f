"""Proposes stops: as few as possible, so that enough people can walk to one.

A trip counts only when both its ends are within the walk of a stop. That makes the question harder
than plain covering: the greedy choice (Chvatal 1979) counts a trip's first end for half and its
second end for the other half. Then small parts of the answer are taken out and chosen anew, with a
little noise, as long as that saves stops (the ruin and recreate of Schrimpf et al. 2000). The
generator has a fixed seed and the sums are in integers: the same input gives the same stops.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from services.network.flat import Floats

ROUNDS = 300
"""Attempts at choosing a part of the stops anew; few stops need fewer."""

_ROUNDS_PER_STOP = 10

_PART_MAX = 24
"""Most stops that one attempt takes out."""

_NOISE = 0.2
"""By how much an attempt may misjudge a site, so that attempts differ."""

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trips:
    """What stops are for: places in metres on a flat map, and the trips between them.

    Parameters
    ----------
    x_m, y_m
        Places, each once.
    origin, destination
        Each trip's places, by number; the same twice for people who only are there.
    weight
        What each trip counts.
    """

    x_m: Floats
    y_m: Floats
    origin: Numbers
    destination: Numbers
    weight: Numbers


def propose(
    trips: Trips,
    sites: tuple[Floats, Floats],
    reach_m: float,
    cover: float,
    rounds: int = ROUNDS,
) -> list[int]:
    """Choose sites so that a share of the trips has both ends within reach of one.

    Parameters
    ----------
    trips
        What is to be covered.
    sites
        Where stops may be: metres east and north.
    reach_m
        Straight line within which a stop counts.
    cover
        Share of the trips' weight to cover; if that is impossible, all that can be is covered.
    rounds
        Most attempts at doing with fewer.

    Returns
    -------
    list
        Numbers of the chosen sites, the one that covers most first.
    """
    state = _Cover(trips, sites, reach_m)
    target = -int(-cover * int(trips.weight.sum()) // 1)
    state.fill(target)
    target = min(target, state.covered)
    state.prune(target)
    best = sorted(state.chosen)
    generator = np.random.default_rng(0)
    for _ in range(min(rounds, _ROUNDS_PER_STOP * len(best))):
        state.take_out(generator)
        state.fill(target, generator)
        state.prune(target)
        if state.covered >= target and len(state.chosen) <= len(best):
            best = sorted(state.chosen)
        else:
            state.become(best)
    return _by_use(state, best)


def _by_use(state: _Cover, chosen: list[int]) -> list[int]:
    """Sort sites so that each next one adds most to those before."""
    state.become([])
    left = np.array(chosen, dtype=np.int64)
    order = []
    while len(left):
        site = int(left[np.argmax(state.gain[left])])
        left = left[left != site]
        state.add(site)
        order.append(site)
    return order


class _Cover:
    """Which sites are chosen, what they cover, and what each further site would bring.

    ``value`` is what each place's coming into reach would bring, in half trips, and ``gain`` the
    same for each site, counting only places that are out of reach.
    """

    def __init__(self, trips: Trips, sites: tuple[Floats, Floats], reach_m: float) -> None:
        site_xy = np.column_stack(sites)
        places = np.column_stack((trips.x_m, trips.y_m))
        near = cKDTree(site_xy).query_ball_point(places, reach_m, return_sorted=True)
        self._site_tree_xy = site_xy
        self._sites_of = [np.array(found, dtype=np.int64) for found in near]
        self._places_of: list[list[int]] = [[] for _ in range(len(site_xy))]
        for place, found in enumerate(near):
            for site in found:
                self._places_of[site].append(place)
        self._trips_of: list[list[tuple[int, int]]] = [[] for _ in near]
        ends = (trips.origin.tolist(), trips.destination.tolist(), trips.weight.tolist())
        for origin, destination, weight in zip(*ends, strict=True):
            self._trips_of[origin].append((destination, weight))
            if destination != origin:
                self._trips_of[destination].append((origin, weight))
        self.chosen: set[int] = set()
        self.covered = 0
        self._times = [0] * len(near)
        self._value = [
            sum(weight * (2 if other == place else 1) for other, weight in meant)
            for place, meant in enumerate(self._trips_of)
        ]
        self.gain = np.zeros(len(site_xy), dtype=np.int64)
        for place, value in enumerate(self._value):
            self.gain[self._sites_of[place]] += value

    def add(self, site: int) -> None:
        """Choose a site."""
        self.chosen.add(site)
        for place in self._places_of[site]:
            self._times[place] += 1
            if self._times[place] == 1:
                self._turn(place, 1)

    def remove(self, site: int) -> None:
        """Give a site up."""
        self.chosen.remove(site)
        for place in self._places_of[site]:
            self._times[place] -= 1
            if self._times[place] == 0:
                self._turn(place, -1)

    def _turn(self, place: int, sign: int) -> None:
        """Note that a place came into reach (1) or fell out of it (-1)."""
        self.gain[self._sites_of[place]] -= sign * self._value[place]
        for other, weight in self._trips_of[place]:
            if other == place:
                self.covered += sign * weight
                continue
            self._value[other] += sign * weight
            if self._times[other]:
                self.covered += sign * weight
            else:
                self.gain[self._sites_of[other]] += sign * weight

    def become(self, chosen: list[int]) -> None:
        """Change to exactly these sites."""
        wanted = set(chosen)
        for site in sorted(self.chosen - wanted):
            self.remove(site)
        for site in sorted(wanted - self.chosen):
            self.add(site)

    def fill(self, target: int, generator: np.random.Generator | None = None) -> None:
        """Add the best site until the target is met or nothing is left to gain."""
        judged = np.ones(len(self.gain))
        if generator is not None:
            judged -= _NOISE * generator.random(len(self.gain))
        while self.covered < target:
            site = int(np.argmax(self.gain * judged))
            if self.gain[site] <= 0:
                return
            self.add(site)

    def prune(self, target: int) -> None:
        """Give up sites that the target does not need, those that lose least first."""
        while True:
            loss, site = min(
                ((self._loss(site), site) for site in self.chosen), default=(target + 1, -1)
            )
            if self.covered - loss < target:
                return
            self.remove(site)

    def _loss(self, site: int) -> int:
        """What would be covered no more without this site."""
        alone = {place for place in self._places_of[site] if self._times[place] == 1}
        halves = sum(
            weight if other in alone and other != place else 2 * weight
            for place in alone
            for other, weight in self._trips_of[place]
            if other in alone or self._times[other]
        )
        return halves // 2

    def take_out(self, generator: np.random.Generator) -> None:
        """Give up some sites that lie together."""
        chosen = np.array(sorted(self.chosen), dtype=np.int64)
        pivot = chosen[generator.integers(len(chosen))]
        count = int(generator.integers(2, _PART_MAX + 1))
        xy = self._site_tree_xy
        away = np.hypot(*(xy[chosen] - xy[pivot]).T)
        for site in chosen[np.argsort(away, kind="stable")[:count]]:
            self.remove(int(site))
