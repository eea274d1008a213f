"""A problem and the state of a search as arrays of 64-bit integers, which the kernels work on.

One width keeps one compiled version of each kernel. A row holds what is looked at together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.solver.problem import DIMENSIONS, Problem, far

FAR = 1 << 48
"""No limit; beyond any time, small enough to be added up some thousand times."""
NO_WAY = 1 << 50
"""Time and length of a leg that does not exist: beyond every limit."""

# nodes[node, column]; the last two: when about it is served, given its request's other node
N_PLACE, N_OPENS, N_BEGIN_BY, N_LEAVE_BY, N_SERVICE, N_SEATS, N_WHEELCHAIRS, N_LUGGAGE = range(8)
N_SOON, N_LATE = range(8, 10)
# requests[request, column]
Q_SHUTTLE, Q_ABOARD, Q_PENALTY, Q_RIDE_MAX, Q_RIDERS, Q_PICKED, Q_KEY, Q_OPENS = range(8)
# shuttles[shuttle, column]; the last three are what is on board at the start
K_SEATS, K_WHEELCHAIRS, K_LUGGAGE, K_DISPLACES, K_DURATION, K_FIXED, K_KIND, K_KEY = range(8)
K_LENGTH, K_UNDER_WAY = 8, 9
K_ABOARD = 10
# numbers[column]
X_REQUESTS, X_SHUTTLES, X_SETUP, X_WAIT, X_RIDE, X_EXACT, X_NEAR, X_SCALE = range(8)
X_MINUTES, X_FROM_MINUTE, X_EARLY, X_LATE = range(8, 12)
# rows[shuttle, position, column]
R_NODE, R_PLACE, R_LEAVE, R_LATEST, R_LATEST_HERE, R_LEG = range(6)
R_SEATS, R_WHEELCHAIRS, R_LUGGAGE, R_TIGHT, R_SPARE, R_BEGIN = range(6, 12)
R_COLUMNS = 12
# plan[position, column]: a route as a system of difference constraints
S_LOW, S_HIGH, S_STEP, S_BEGIN, S_MATE, S_SPAN, S_FROM, S_UNTIL = range(8)
S_COLUMNS = 8
# found[column]: the best insertion so far
# F_LAZY: what passes the slacks will do for now; F_SURE: it passed the exact check
# F_WATCH: moves in minutes in which as many others do as may are checked too
F_COST, F_SHUTTLE, F_PICKUP, F_DROPOFF, F_EXTRA, F_LAZY, F_SURE, F_WATCH = range(8)
# totals[column]
T_COST, T_ABSENT, T_BEST, T_BEST_ABSENT, T_TOUCHED, T_STEPS, T_POOL, T_BLINK = range(8)
T_POOL_NODES, T_UNTIL, T_SEED, T_OLD, T_OVER = range(8, 13)
T_COLUMNS = 13
# pool[slot, column]: a route seen; the cost of the best solution that it was in
P_KEY, P_COST, P_TOTAL, P_FIRST, P_COUNT, P_SHUTTLE = range(6)
# known[request, shuttle, column]: a request's best place in a version of a route
C_VERSION, C_COST, C_PICKUP, C_DROPOFF, C_SURE = range(5)
ABSENT = -1
NO_BETTER = -2
"""As pickup in ``known``: no place is cheaper than this; the best was not looked for."""
REGRETS = 32
"""Requests put back by regret at once, at most."""
POOL = 1 << 16
"""Slots for routes seen; half of them are used."""
POOL_NODES = 1 << 20
"""Room for their visits."""
ORDERS = 7


class Data(NamedTuple):
    """A problem, as the kernels read it; see the columns above."""

    legs: NDArray[np.int64]
    nodes: NDArray[np.int64]
    requests: NDArray[np.int64]
    shuttles: NDArray[np.int64]
    orders: NDArray[np.int64]
    cell: NDArray[np.int64]
    booked: NDArray[np.int64]
    free: NDArray[np.int64]
    numbers: NDArray[np.int64]


class State(NamedTuple):
    """One search's routes, and all that it needs to change them and to take a change back."""

    rows: NDArray[np.int64]
    rows_before: NDArray[np.int64]
    size: NDArray[np.int64]
    size_before: NDArray[np.int64]
    cost: NDArray[np.int64]
    extra: NDArray[np.int64]
    saved: NDArray[np.int64]
    version: NDArray[np.int64]
    known: NDArray[np.int64]
    broken: NDArray[np.int64]
    touched: NDArray[np.int64]
    route_of: NDArray[np.int64]
    route_of_before: NDArray[np.int64]
    absent: NDArray[np.int64]
    absent_before: NDArray[np.int64]
    misses: NDArray[np.int64]
    position: NDArray[np.int64]
    scratch: NDArray[np.int64]
    near: NDArray[np.int32]
    near_known: NDArray[np.int64]
    plan: NDArray[np.int64]
    trial: NDArray[np.int64]
    found: NDArray[np.int64]
    spans: NDArray[np.int64]
    spans_before: NDArray[np.int64]
    moving: NDArray[np.int64]
    free: NDArray[np.int64]
    doubted: NDArray[np.int64]
    totals: NDArray[np.int64]
    closed: NDArray[np.int64]
    best: NDArray[np.int32]
    best_count: NDArray[np.int64]
    dice: NDArray[np.uint64]
    marks: NDArray[np.int64]
    chosen: NDArray[np.int64]
    regrets: NDArray[np.int64]
    pool: NDArray[np.int64]
    pool_nodes: NDArray[np.int32]


def data_of(problem: Problem) -> Data:
    """Lay out a problem for the kernels."""
    n, m = problem.requests, problem.shuttles
    places = len(problem.travel)
    legs = np.zeros((places + 1, places + 1, 2), np.int64)
    limit = far(problem.travel.dtype)
    for column, values in enumerate((problem.travel, problem.length)):
        legs[:places, :places, column] = values
        legs[:places, :places, column][problem.travel >= limit] = NO_WAY
    aboard = problem.picked_at >= 0
    ride_max = _limits(problem.ride_max)
    picked = np.where(aboard, problem.picked_at, 0).astype(np.int64)

    nodes = np.zeros((2 * n + 2 * m, 10), np.int64)
    nodes[:, N_PLACE] = problem.place
    # A last visit anywhere: a place to which every leg takes and costs nothing.
    nodes[2 * n + m :, N_PLACE][problem.open_end] = places
    nodes[:, N_OPENS] = problem.opens
    nodes[:, N_BEGIN_BY] = _limits(problem.begin_by)
    drop_by = np.minimum(nodes[n : 2 * n, N_BEGIN_BY], picked + ride_max)
    nodes[n : 2 * n, N_BEGIN_BY] = np.where(aboard, drop_by, nodes[n : 2 * n, N_BEGIN_BY])
    nodes[:, N_LEAVE_BY] = _limits(problem.leave_by)
    nodes[2 * n + m :, N_LEAVE_BY] = FAR
    nodes[:, N_SERVICE] = problem.service
    nodes[:n, N_SEATS:N_SOON] = problem.load
    nodes[n : 2 * n, N_SEATS:N_SOON] = -problem.load

    requests = np.zeros((n, 8), np.int64)
    requests[:, Q_SHUTTLE] = problem.shuttle_of
    requests[:, Q_ABOARD] = aboard
    requests[:, Q_PENALTY] = problem.penalty
    requests[:, Q_RIDE_MAX] = np.where(aboard, FAR, ride_max)
    requests[:, Q_RIDERS] = problem.load.any(axis=1)
    requests[:, Q_PICKED] = picked
    keys = np.random.default_rng(1).integers(-(1 << 63), 1 << 63, n, np.int64)
    requests[:, Q_KEY] = keys
    requests[:, Q_OPENS] = nodes[:n, N_OPENS]
    _tighten(legs, nodes, requests, int(problem.setup[0]))

    shuttles = _shuttles_of(problem)

    moves = problem.moves
    numbers = np.zeros(12, np.int64)
    numbers[X_REQUESTS], numbers[X_SHUTTLES] = n, m
    numbers[X_SETUP] = problem.setup[0]
    numbers[X_WAIT], numbers[X_RIDE] = problem.weights
    held = (requests[:, Q_RIDE_MAX] < FAR).any() or (shuttles[:, K_DURATION] < FAR).any()
    numbers[X_EXACT] = bool(held or problem.weights.any() or moves is not None)
    booked, free = np.zeros((m, 0), np.int64), np.zeros(0, np.int64)
    if moves is not None:
        booked, free = moves.booked.astype(np.int64), moves.free.astype(np.int64)
        numbers[X_FROM_MINUTE:] = moves.from_minute, moves.early_s, moves.late_s
        shuttles[:, K_UNDER_WAY] = moves.under_way
    numbers[X_MINUTES] = len(free)
    numbers[X_NEAR] = min(100, 2 * n)
    known = problem.travel < limit
    spent = float(problem.length[known].sum()) / max(float(problem.travel[known].sum()), 1.0)
    numbers[X_SCALE] = int(1024 * spent)
    orders = _orders(legs, nodes, n)
    cell = np.append(problem.cell, -1).astype(np.int64)
    return Data(legs, nodes, requests, shuttles, orders, cell, booked, free, numbers)


def _shuttles_of(problem: Problem) -> NDArray[np.int64]:
    shuttles = np.zeros((problem.shuttles, K_ABOARD + DIMENSIONS), np.int64)
    shuttles[:, :K_DISPLACES] = problem.capacity
    shuttles[:, K_DISPLACES] = problem.displaces
    shuttles[:, K_DURATION] = _limits(problem.duration_max)
    shuttles[:, K_LENGTH] = _limits(problem.length_max)
    shuttles[:, K_FIXED] = problem.fixed
    shuttles[:, K_KIND] = problem.kind
    shuttles[:, K_KEY] = (problem.kind + 1).astype(np.int64) * 0x9E3779B97F4A7C1
    on_board = np.flatnonzero(problem.picked_at >= 0)
    np.add.at(shuttles[:, K_ABOARD:], problem.shuttle_of[on_board], problem.load[on_board])
    shuttles[:, K_ABOARD] += shuttles[:, K_ABOARD + 1] * shuttles[:, K_DISPLACES]
    return shuttles


def _limits(values: NDArray[np.int64]) -> NDArray[np.int64]:
    limits = values.astype(np.int64)
    limits[values >= far(values.dtype)] = FAR
    return limits


def _tighten(
    legs: NDArray[np.int64], nodes: NDArray[np.int64], requests: NDArray[np.int64], setup: int
) -> None:
    """Narrow each node's window by its request's other node (Cordeau, 2006, section 5.1)."""
    n = len(requests)
    pick, drop = nodes[:n], nodes[n : 2 * n]
    ride_max, dwell = requests[:, Q_RIDE_MAX], pick[:, N_SERVICE] + setup
    pick[:, N_OPENS] = np.maximum(pick[:, N_OPENS], drop[:, N_OPENS] - ride_max - dwell)
    left_by = np.minimum(pick[:, N_BEGIN_BY] + dwell, pick[:, N_LEAVE_BY])
    by = np.where(ride_max < FAR, left_by + ride_max, FAR)
    drop[:, N_BEGIN_BY] = np.minimum(drop[:, N_BEGIN_BY], by)
    # By the direct way; a detour may be shorter, so this only guides the search.
    direct = np.minimum(legs[pick[:, N_PLACE], drop[:, N_PLACE], 0], FAR)
    nodes[:, N_SOON], nodes[:, N_LATE] = nodes[:, N_OPENS], nodes[:, N_BEGIN_BY]
    here = requests[:, Q_ABOARD] == 0
    soon = pick[:, N_OPENS] + pick[:, N_SERVICE] + direct
    late = drop[:, N_BEGIN_BY] - direct - pick[:, N_SERVICE]
    late = np.minimum(late, pick[:, N_LEAVE_BY] - pick[:, N_SERVICE])
    drop[here, N_SOON] = np.maximum(drop[:, N_SOON], soon)[here]
    pick[here, N_LATE] = np.minimum(pick[:, N_LATE], late)[here]


def _orders(legs: NDArray[np.int64], nodes: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Keys by which requests are put back: largest, far, near, narrow, early, late ones first."""
    pick, drop = nodes[:n], nodes[n : 2 * n]
    ride = legs[pick[:, N_PLACE], drop[:, N_PLACE], 1]
    depot = nodes[2 * n, N_PLACE]
    out = legs[depot, pick[:, N_PLACE], 1] + legs[depot, drop[:, N_PLACE], 1]
    width = drop[:, N_LATE] - pick[:, N_SOON]
    keys = [-pick[:, N_SEATS:N_SOON].sum(axis=1), -(out + ride), out + ride, width]
    keys += [pick[:, N_SOON], -drop[:, N_LATE], -ride]
    return np.ascontiguousarray(np.array(keys, np.int64))


def state_of(data: Data, seed: int, routes_seen: int) -> State:
    """Make room for a search; its dice depend on the seed alone.

    There are slots, a power of two, for ``routes_seen``; of one slot none is used.
    """
    n, m = int(data.numbers[X_REQUESTS]), int(data.numbers[X_SHUTTLES])
    room, watched = 2 * n + 2, len(data.free)
    dice = np.array([0, 0], np.uint64)
    dice[0] = (seed * 0x9E3779B97F4A7C15 + 0x2545F4914F6CDD1D) % (1 << 64) or 1
    return State(
        rows=np.empty((m, room, R_COLUMNS), np.int64),
        rows_before=np.empty((m, room, R_COLUMNS), np.int64),
        size=np.zeros(m, np.int64),
        size_before=np.zeros(m, np.int64),
        cost=np.zeros((2, m), np.int64),
        extra=np.zeros((2, m), np.int64),
        saved=np.zeros(m, np.int64),
        version=np.zeros((2, m), np.int64),
        known=np.zeros((n, m, 5), np.int64),
        broken=np.zeros(m, np.int64),
        touched=np.zeros(m, np.int64),
        route_of=np.full(n, ABSENT, np.int64),
        route_of_before=np.full(n, ABSENT, np.int64),
        absent=np.arange(n, dtype=np.int64),
        absent_before=np.arange(n, dtype=np.int64),
        misses=np.zeros(n, np.int64),
        position=np.zeros(len(data.nodes), np.int64),
        scratch=np.zeros(len(data.nodes), np.int64),
        near=np.zeros((2 * n, int(data.numbers[X_NEAR])), np.int32),
        near_known=np.zeros(2 * n, np.int64),
        plan=np.zeros((room, S_COLUMNS), np.int64),
        trial=np.zeros(room, np.int64),
        found=np.zeros(8, np.int64),
        spans=np.zeros((m, watched and room, 2), np.int64),
        spans_before=np.zeros((m, watched and room, 2), np.int64),
        moving=data.booked.sum(axis=0),
        free=data.free.copy(),
        doubted=np.zeros(m, np.int64),
        totals=np.zeros(T_COLUMNS, np.int64),
        closed=np.zeros(m, np.int64),
        best=np.zeros((m, room), np.int32),
        best_count=np.zeros(m, np.int64),
        dice=dice,
        marks=np.zeros(max(n, m, 1), np.int64),
        chosen=np.zeros(max(n, m, 1), np.int64),
        regrets=np.zeros((REGRETS, m, 3), np.int64),
        pool=np.zeros((routes_seen, 6), np.int64),
        pool_nodes=np.zeros(POOL_NODES if routes_seen > 1 else 1, np.int32),
    )
