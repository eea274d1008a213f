"""An instance in the plane, counted in whole millionths: the problem that solvers solve."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from services.solver.instance import Instance
from services.solver.problem import ANY, DIMENSIONS, NOT_YET, SEATS, Problem, far

UNIT = 1_000_000
"""How many of the solver's units are one of the file's."""
EXACT = 1e-3
"""Share of a millionth that is the rounding of a double and no part of the number."""
NO_LIMIT = 1e8
"""Some files write a large number where there is no limit."""
COST_MAX = 1 << 61


class TooLarge(ValueError):
    """Numbers of an instance that 64 bits cannot count in millionths."""


def problem_of(instance: Instance) -> Problem:
    """Count an instance in whole millionths.

    Travel times, openings and service are rounded down, limits up: a schedule that is feasible
    stays feasible. The other way round, one that is feasible here breaks a limit of the instance by
    at most three millionths a visit. Lengths are rounded to the nearest.

    More vehicles than requests are of no use, and left out. A vehicle costs more than all that
    could be saved by driving, and a request not served more than all vehicles, so that the cost
    alone says which of two solutions is better.

    Raises
    ------
    TooLarge
        If that does not fit into 64 bits.
    """
    places = [*instance.tasks, instance.start, instance.end]
    x, y = (np.array([getattr(site, axis) for site in places]) for axis in "xy")
    distances = np.hypot(x[:, None] - x, y[:, None] - y)
    length = _nearest(distances)
    requests, shuttles = instance.requests, max(min(instance.vehicles, instance.requests), 1)
    longest = int(length.max(axis=1).sum()) + (shuttles + 1) * int(length.max()) + 1
    fixed = longest if instance.fewest_vehicles else 0
    penalty = shuttles * fixed + longest
    if (requests + 1) * penalty > COST_MAX:
        raise TooLarge("the distances are too long to count them in millionths")
    sites = [*instance.tasks, *[instance.start] * shuttles, *[instance.end] * shuttles]
    load = np.zeros((requests, DIMENSIONS), np.int32)
    load[:, SEATS] = [pickup.load for pickup in instance.tasks[:requests]]
    capacity = np.zeros((shuttles, DIMENSIONS), np.int32)
    capacity[:, SEATS] = instance.capacity
    tasks = np.arange(2 * requests)
    return Problem(
        travel=_down(distances),
        length=length,
        place=np.r_[tasks, np.repeat((len(tasks), len(tasks) + 1), shuttles)].astype(np.int32),
        opens=_down([site.opens for site in sites]),
        begin_by=_up([site.closes for site in sites]),
        leave_by=np.full(len(sites), far(np.int64)),
        service=_down([site.service for site in sites]),
        setup=np.zeros(1, np.int64),
        load=load,
        ride_max=np.full(requests, _limit(instance.ride_max)),
        shuttle_of=np.full(requests, ANY, np.int32),
        picked_at=np.full(requests, NOT_YET, np.int64),
        penalty=np.full(requests, penalty, np.int64),
        capacity=capacity,
        displaces=np.zeros(shuttles, np.int32),
        open_end=np.zeros(shuttles, np.bool_),
        duration_max=np.full(shuttles, _limit(instance.duration_max)),
        length_max=np.full(shuttles, far(np.int64)),
        fixed=np.full(shuttles, fixed, np.int64),
        kind=np.zeros(shuttles, np.int32),
        cell=np.full(len(places), -1, np.int32),
        weights=np.zeros(2, np.int64),
    )


def _down(values: ArrayLike) -> NDArray[np.int64]:
    return np.floor(np.asarray(values, float) * UNIT + EXACT).astype(np.int64)


def _up(values: ArrayLike) -> NDArray[np.int64]:
    exact = np.asarray(values, float)
    up = np.ceil(np.minimum(exact, NO_LIMIT) * UNIT - EXACT).astype(np.int64)
    return np.where(exact < NO_LIMIT, up, far(np.int64))


def _nearest(values: ArrayLike) -> NDArray[np.int64]:
    rounded: NDArray[np.int64] = np.rint(np.asarray(values, float) * UNIT).astype(np.int64)
    return rounded


def _limit(value: float | None) -> int:
    return far(np.int64) if value is None else int(_up(value))
