"""Checks routes of an instance in double precision, in plain Python, sharing nothing with solvers.

Whether a schedule exists is a question of difference constraints: each says that one time is at
least another plus a constant. The earliest times that obey all of them are found by relaxing one
after the other (R. Bellman 1958, L. Ford 1956); there are none if that does not settle within as
many rounds as there are times.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import hypot

from services.solver.instance import Instance, Site

TOLERANCE = 3e-6
"""A visit; solvers count whole millionths, and round where it loses no solution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What is wrong with routes (nothing, if they are feasible) and what they cost."""

    faults: tuple[str, ...]
    vehicles: int
    distance: float

    @property
    def feasible(self) -> bool:
        """Whether all requests are served as they should be."""
        return not self.faults


def recheck(instance: Instance, routes: Sequence[Sequence[int]]) -> Judgement:
    """Judge routes in the file's numbers, without depots; empty ones are vehicles not used."""
    used = [route for route in routes if route]
    sites = {site.id: site for site in instance.tasks}
    faults = list(_of_the_whole(instance, used, set(sites)))
    distance = 0.0
    for number, route in enumerate(used, start=1):
        visits = [instance.start, *(sites[i] for i in route if i in sites), instance.end]
        distance += sum(_distance(a, b) for a, b in pairwise(visits))
        faults += [f"route {number}: {fault}" for fault in _of_a_route(instance, visits)]
    return Judgement(faults=tuple(faults), vehicles=len(used), distance=distance)


def _distance(a: Site, b: Site) -> float:
    return hypot(a.x - b.x, a.y - b.y)


def _of_the_whole(
    instance: Instance, routes: Sequence[Sequence[int]], known: set[int]
) -> Iterator[str]:
    """What only all routes together show."""
    if len(routes) > instance.vehicles:
        yield f"{len(routes)} vehicles, of which there are {instance.vehicles}"
    visited = Counter(i for route in routes for i in route)
    yield from (f"{i} is not a pickup or delivery" for i in visited if i not in known)
    yield from (f"{i} is visited {times} times" for i, times in visited.items() if times > 1)
    yield from (f"{i} is not visited" for i in sorted(known - set(visited)))


def _of_a_route(instance: Instance, visits: Sequence[Site]) -> Iterator[str]:
    """Order, room and times of one route, from depot to depot."""
    at = {site.id: index for index, site in enumerate(visits[1:-1], start=1)}
    rides = []
    count = instance.requests
    for pickup, delivery in zip(instance.tasks[:count], instance.tasks[count:], strict=True):
        first, last = at.get(pickup.id), at.get(delivery.id)
        if first is not None and last is not None and first < last:
            rides.append((first, last))
        elif first is not None or last is not None:
            yield f"pickup {pickup.id} does not come before its delivery {delivery.id}"
    on_board = 0
    for site in visits:
        on_board += site.load
        if on_board > instance.capacity:
            yield f"{on_board} on board after {site.id}, and room for {instance.capacity}"
    yield from _of_times(instance, visits, rides)


def _of_times(
    instance: Instance, visits: Sequence[Site], rides: Sequence[tuple[int, int]]
) -> Iterator[str]:
    """Whether there is a schedule: within all windows, rides and route not too long."""
    at_least = [
        (i, i + 1, a.service + _distance(a, b)) for i, (a, b) in enumerate(pairwise(visits))
    ]
    if instance.ride_max is not None:
        at_least += [(j, i, -instance.ride_max - visits[i].service) for i, j in rides]
    if instance.duration_max is not None:
        at_least.append((len(visits) - 1, 0, -instance.duration_max))
    slack = TOLERANCE * len(visits)
    begins = [site.opens for site in visits]
    for _ in visits:
        settled = True
        for i, j, least in at_least:
            # Going back in time is for limits, which may be passed by the tolerance.
            if begins[i] + least > begins[j] + (slack if j < i else 0.0):
                begins[j] = begins[i] + least
                settled = False
        if settled:
            break
    else:
        yield "no schedule keeps the longest ride and the longest route"
        return
    for site, begin in zip(visits, begins, strict=True):
        if begin > site.closes + slack:
            yield f"{site.id} begins at {begin:.6f} or later, and closes at {site.closes:g}"
