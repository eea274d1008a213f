"""A dial-a-ride problem as arrays, and what solves one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

SEATS, WHEELCHAIRS, LUGGAGE = range(3)
DIMENSIONS = 3
ANY = -1
"""In ``shuttle_of``: any shuttle may serve the request."""
NOT_YET = -1
"""In ``picked_at``: the party is not on board yet."""

Integers = NDArray[Any]
Route = list[int]
"""The nodes that one shuttle visits, in order, without its start and end."""


class Moves(NamedTuple):
    """How many shuttles may move at once, by the minute; times are in seconds.

    A drive counts from when the shuttle sets off (empty ones do so as late as is early enough)
    until it ends at the latest without breaking a limit.

    Parameters
    ----------
    free
        (M,) how many may move in each minute, those in ``booked`` included.
    booked
        (m, M) whether a shuttle moves whatever its route.
    under_way
        (m,) whether it moves already when its route begins.
    from_minute
        The first minute: its number since time 0.
    early_s
        An empty shuttle is at a pickup so long before it opens.
    late_s
        No drive counts for longer than this after the visit that it leads to is planned to begin.
    """

    free: NDArray[np.int32]
    booked: NDArray[np.bool_]
    under_way: NDArray[np.bool_]
    from_minute: int
    early_s: int
    late_s: int


class Problem(NamedTuple):
    """Requests and shuttles; with partly executed routes, people on board and open ends.

    With n requests and m shuttles there are 2n + 2m nodes: request r is picked up at node r and let
    off at node n + r; shuttle k starts at node 2n + k and ends at node 2n + m + k. Nodes lie at
    places, of which several share one. Times and costs are integers of one width: int32 seconds in
    a zone, int64 millionths where an instance has fractions. "No limit" is ``far(dtype)``.

    A node is reached at an arrival, begins no earlier than it opens, and is left after its dwell:
    its service, and the setup before it if the node before lies at another place. A pickup happens
    when it is left, a dropoff when it begins. A request that is on board has a dropoff only; so has
    a task of a shuttle (a charge, a break), as something without load that is on board.

    Parameters
    ----------
    travel
        (P, P) time between places; ``far`` where there is no way.
    length
        (P, P) what driving between places costs.
    place
        (N,) place of each node, int32.
    opens
        (N,) a node begins no earlier; of a start: when the shuttle is there.
    begin_by
        (N,) it begins no later; of a start: when the shuttle sets off at the latest; of an end:
        when it arrives at the latest.
    leave_by
        (N,) it is left no later.
    service
        (N,) what it takes.
    setup
        (1,) what stopping takes besides.
    load
        (n, 3) seats, wheelchairs and luggage, int32.
    ride_max
        (n,) longest time from the pickup to the dropoff.
    shuttle_of
        (n,) the only shuttle that may serve it, or `ANY`, int32.
    picked_at
        (n,) when it was picked up, if it is on board of ``shuttle_of``; else `NOT_YET`.
    penalty
        (n,) what it costs not to serve it.
    capacity
        (m, 3) room, int32.
    displaces
        (m,) seats that each wheelchair takes besides its place, int32.
    open_end
        (m,) whether the shuttle may end wherever its last visit is (its end node is not driven to,
        though its ``begin_by`` still limits the last departure).
    duration_max
        (m,) longest time from start to end.
    length_max
        (m,) largest sum of ``length`` over the legs driven.
    fixed
        (m,) what it costs to use a shuttle at all.
    kind
        (m,) shuttles of one kind can take each other's routes, int32.
    cell
        (P,) cell of the map that a place lies in, or -1, int32.
    weights
        (2,) what a unit of waiting (from the opening of a pickup until it is left) and of riding
        costs, in units of ``length``; both 0 where driving alone counts.
    moves
        How many shuttles may move at once; None: any number.
    """

    travel: Integers
    length: Integers
    place: NDArray[np.int32]
    opens: Integers
    begin_by: Integers
    leave_by: Integers
    service: Integers
    setup: Integers
    load: NDArray[np.int32]
    ride_max: Integers
    shuttle_of: NDArray[np.int32]
    picked_at: Integers
    penalty: NDArray[np.int64]
    capacity: NDArray[np.int32]
    displaces: NDArray[np.int32]
    open_end: NDArray[np.bool_]
    duration_max: Integers
    length_max: Integers
    fixed: NDArray[np.int64]
    kind: NDArray[np.int32]
    cell: NDArray[np.int32]
    weights: NDArray[np.int64]
    moves: Moves | None = None

    @property
    def requests(self) -> int:
        """How many requests there are."""
        return len(self.load)

    @property
    def shuttles(self) -> int:
        """How many shuttles there are."""
        return len(self.capacity)


def far(dtype: Any) -> int:
    """What stands for "no limit": large, and still safe to add to."""
    return int(np.iinfo(dtype).max // 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How long to search: until the first of these is used up.

    Parameters
    ----------
    seconds
        Wall time.
    iterations
        Steps of the search, per thread; runs with a budget of iterations alone repeat exactly.
    threads
        Searches side by side, merged in a fixed order.
    """

    seconds: float | None = None
    iterations: int | None = None
    threads: int = 1

    def __post_init__(self) -> None:
        if self.seconds is None and self.iterations is None:
            raise ValueError("a search without any limit never ends")


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """Routes, one a shuttle, and what they cost.

    Parameters
    ----------
    routes
        Of each shuttle; empty if it has nothing to do.
    unserved
        Requests in no route.
    cost
        Of driving, shuttles used, waits, rides, and penalties, in the problem's units.
    iterations
        Steps of the search.
    seconds
        Wall time that it took.
    """

    routes: tuple[tuple[int, ...], ...]
    unserved: tuple[int, ...]
    cost: int
    iterations: int
    seconds: float


class Solver(Protocol):
    """Solves a problem; the better, the longer it may."""

    def __call__(
        self, problem: Problem, budget: Budget, *, seed: int, start: list[Route] | None = None
    ) -> Solution:
        """Find good routes, from ``start`` on if given (one route a shuttle), else from nothing."""
