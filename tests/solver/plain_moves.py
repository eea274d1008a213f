"""In which minutes the shuttles of a solution move, from the definition: slowly and plainly."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.solver.problem import NOT_YET, Moves, Problem, far
from tests.solver.oracle import earliest


def with_moves(problem: Problem, seed: int) -> Problem:
    """A problem in which few shuttles may move at once."""
    rng = random.Random(seed)
    m, minutes = problem.shuttles, 12
    return problem._replace(
        fixed=np.zeros(m, np.int64),
        moves=Moves(
            free=np.array([rng.randint(0, m) for _ in range(minutes)], np.int32),
            booked=np.array([[rng.random() < 0.1 for _ in range(minutes)] for _ in range(m)]),
            under_way=np.array([rng.random() < 0.3 for _ in range(m)]),
            from_minute=rng.choice([0, 0, 1]),
            early_s=rng.choice([0, 20]),
            late_s=rng.choice([10, 60, 600]),
        ),
    )


def moving(problem: Problem, routes: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """How many shuttles move in each minute."""
    assert problem.moves is not None
    busy = problem.moves.booked.copy()
    for k, route in enumerate(routes):
        for leave_s, until_s in _drives(problem, k, route):
            last = max(until_s - 1, leave_s) // 60
            for minute in range(leave_s // 60, last + 1):
                at = minute - problem.moves.from_minute
                if 0 <= at < len(problem.moves.free):
                    busy[k, at] = True
    counts: NDArray[np.int64] = busy.sum(axis=0)
    return counts


def _drives(problem: Problem, k: int, route: Sequence[int]) -> list[tuple[int, int]]:
    assert problem.moves is not None
    n, m = problem.requests, problem.shuttles
    nodes = [2 * n + k, *route, 2 * n + m + k]
    begins = earliest(problem, k, route)
    if begins is None:
        return []  # without work it need not get to its end in time
    dwells = _dwells(problem, nodes)
    aboard = sum(
        int(problem.load[r, :2].sum() + problem.displaces[k] * problem.load[r, 1])
        for r in range(n)
        if problem.picked_at[r] != NOT_YET and problem.shuttle_of[r] == k
    )
    spans = []
    for p in range(1, len(nodes)):
        drive_s = _leg(problem, nodes, p)
        leave_s = begins[p - 1] + dwells[p - 1]
        if drive_s > 0:
            latest_s = _latest(problem, nodes, begins, dwells, p)
            if aboard == 0 and not (p == 1 and problem.moves.under_way[k]):
                wanted_s = _wanted(problem, nodes, begins, dwells, p, latest_s)
                leave_s = max(leave_s, wanted_s - drive_s - problem.moves.early_s)
            arrive_s = leave_s + drive_s
            until_s = min(latest_s, max(begins[p], arrive_s) + problem.moves.late_s)
            spans.append((leave_s, max(arrive_s, until_s)))
        if nodes[p] < 2 * n:
            sign = 1 if nodes[p] < n else -1
            aboard += sign * int(problem.load[nodes[p] % n, :2].sum())
    return spans


def _dwells(problem: Problem, nodes: Sequence[int]) -> list[int]:
    apart = [
        p > 0 and problem.place[nodes[p]] != problem.place[nodes[p - 1]] for p in range(len(nodes))
    ]
    return [
        int(problem.service[node]) + apart[p] * int(problem.setup[0])
        for p, node in enumerate(nodes)
    ]


def _leg(problem: Problem, nodes: Sequence[int], p: int) -> int:
    n, m = problem.requests, problem.shuttles
    if nodes[p] >= 2 * n + m and problem.open_end[nodes[p] - 2 * n - m]:
        return 0
    return int(problem.travel[problem.place[nodes[p - 1]], problem.place[nodes[p]]])


def _begin_by(problem: Problem, node: int, dwell_s: int) -> int:
    """When a node begins at the latest, by its own windows and its request's."""
    n, limit = problem.requests, far(problem.travel.dtype)
    by = [int(problem.begin_by[node]), int(problem.leave_by[node]) - dwell_s]
    by = [at if at < limit // 2 else 2**40 for at in by]
    if n <= node < 2 * n and problem.ride_max[node - n] < limit:
        r = node - n
        picked_s = int(problem.picked_at[r])
        if picked_s == NOT_YET:
            picked_s = _left_by(problem, r, limit)
        by.append(picked_s + int(problem.ride_max[r]))
    return min(by)


def _left_by(problem: Problem, r: int, limit: int) -> int:
    """When a pickup is left at the latest."""
    left_by = [2**40]
    if problem.begin_by[r] < limit:
        left_by.append(int(problem.begin_by[r] + problem.service[r] + problem.setup[0]))
    if problem.leave_by[r] < limit:
        left_by.append(int(problem.leave_by[r]))
    return min(left_by)


def _latest(
    problem: Problem, nodes: Sequence[int], begins: list[int], dwells: list[int], p: int
) -> int:
    """The latest arrival at a node with which all after it is in time, as planned before it."""
    arrive_s = begins[p - 1] + dwells[p - 1] + _leg(problem, nodes, p)
    latest_s, step_s = arrive_s, 1 << 14
    while step_s:
        if _in_time(problem, nodes, begins, dwells, p, latest_s + step_s):
            latest_s += step_s
        else:
            step_s //= 2
        if latest_s > arrive_s + (1 << 15):
            break
    return latest_s


def _in_time(
    problem: Problem,
    nodes: Sequence[int],
    begins: list[int],
    dwells: list[int],
    p: int,
    arrive_s: int,
) -> bool:
    n, limit = problem.requests, far(problem.travel.dtype)
    for q in range(p, len(nodes)):
        waits = begins[q] > begins[q - 1] + dwells[q - 1] + _leg(problem, nodes, q)
        begin_s = max(arrive_s, begins[q]) if waits else arrive_s
        node = nodes[q]
        if begin_s > _begin_by(problem, node, dwells[q] if q < len(nodes) - 1 else 0):
            return False
        if n <= node < 2 * n and problem.picked_at[node - n] == NOT_YET:
            pick = list(nodes).index(node - n)
            ride_max = int(problem.ride_max[node - n])
            if pick < p and ride_max < limit and begin_s > begins[pick] + dwells[pick] + ride_max:
                return False
        if q + 1 < len(nodes):
            arrive_s = begin_s + dwells[q] + _leg(problem, nodes, q + 1)
    return True


def _wanted(
    problem: Problem,
    nodes: Sequence[int],
    begins: list[int],
    dwells: list[int],
    p: int,
    latest_s: int,
) -> int:
    n, m, limit = problem.requests, problem.shuttles, far(problem.travel.dtype)
    if nodes[p] >= 2 * n + m:
        opens_s = int(problem.opens[nodes[p]])
        return opens_s or latest_s - _leg(problem, nodes, p) // 4
    wanted_s = begins[p]
    for q in range(p + 1, len(nodes) - 1):
        r = nodes[q]
        if r >= n or problem.place[r] != problem.place[nodes[p]]:
            break
        opens_s = int(problem.opens[r])
        if problem.ride_max[r] < limit:
            dwell_s = int(problem.service[r] + problem.setup[0])
            opens_s = max(opens_s, int(problem.opens[n + r] - problem.ride_max[r]) - dwell_s)
        if begins[q] > begins[q - 1] + dwells[q - 1]:
            opens_s = max(opens_s, begins[q])
        wanted_s = max(wanted_s, opens_s)
    return wanted_s
