"""What a route may do and what it costs, written plainly a second time; and random problems."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from services.solver.problem import ANY, NOT_YET, Integers, Problem, far


def earliest(problem: Problem, shuttle: int, route: Sequence[int]) -> list[int] | None:
    """Begins of a route's nodes, each as early as can be, or None: Bellman-Ford over all limits."""
    n, m = problem.requests, problem.shuttles
    limit = far(problem.travel.dtype)
    nodes = [2 * n + shuttle, *route, 2 * n + m + shuttle]
    begins = [int(problem.opens[node]) for node in nodes]
    begin_by, edges, dwells = [], [], []
    for p, node in enumerate(nodes):
        apart = p > 0 and problem.place[node] != problem.place[nodes[p - 1]]
        dwell = int(problem.service[node]) + (int(problem.setup[0]) if apart else 0)
        dwells.append(dwell)
        last = p == len(nodes) - 1
        latest = int(problem.begin_by[node])
        if not last:
            latest = min(latest, int(problem.leave_by[node]) - dwell)
        begin_by.append(latest)
        if p > 0:
            travel = int(problem.travel[problem.place[nodes[p - 1]], problem.place[node]])
            if last and problem.open_end[shuttle]:
                travel = 0
            if travel >= limit:
                return None
            edges.append((p - 1, p, dwells[p - 1] + travel))
        if n <= node < 2 * n:
            r = node - n
            if problem.picked_at[r] != NOT_YET:
                begin_by[p] = min(begin_by[p], int(problem.picked_at[r] + problem.ride_max[r]))
            elif problem.ride_max[r] < limit:
                pick = nodes.index(r)
                edges.append((p, pick, -int(problem.ride_max[r]) - dwells[pick]))
    if problem.duration_max[shuttle] < limit:
        edges.append((len(nodes) - 1, 0, -int(problem.duration_max[shuttle])))
    for _ in range(len(nodes) + 1):
        changed = False
        for before, after, gap in edges:
            if begins[before] + gap > begins[after]:
                begins[after] = begins[before] + gap
                changed = True
        if not changed:
            break
    else:
        return None
    return begins if all(b <= by for b, by in zip(begins, begin_by, strict=True)) else None


def legal(problem: Problem, shuttle: int, route: Sequence[int]) -> bool:
    """Whether a shuttle can drive a route."""
    if not route:
        return True
    n = problem.requests
    position = {node: p for p, node in enumerate(route)}
    if len(position) < len(route):
        return False
    load = np.zeros(3, np.int64)
    for r in range(n):
        if problem.picked_at[r] != NOT_YET and problem.shuttle_of[r] == shuttle:
            load += problem.load[r]
    for node in route:
        r = node % n
        aboard = problem.picked_at[r] != NOT_YET
        if problem.shuttle_of[r] not in (ANY, shuttle) or (aboard and node < n):
            return False
        if not aboard and not position.get(r, len(route)) < position.get(n + r, -1):
            return False
        load += problem.load[r] if node < n else -problem.load[r]
        seats = load[0] + problem.displaces[shuttle] * load[1]
        if (np.array([seats, load[1], load[2]]) > problem.capacity[shuttle]).any():
            return False
    if driven(problem, shuttle, route) > problem.length_max[shuttle]:
        return False
    return earliest(problem, shuttle, route) is not None


def driven(problem: Problem, shuttle: int, route: Sequence[int]) -> int:
    """What a route's legs cost."""
    n, m = problem.requests, problem.shuttles
    nodes = [2 * n + shuttle, *route, 2 * n + m + shuttle]
    pairs = list(pairwise(problem.place[nodes]))[: len(nodes) - 1 - problem.open_end[shuttle]]
    return sum(int(problem.length[pair]) for pair in pairs)


def cost(problem: Problem, routes: Sequence[Sequence[int]]) -> int:
    """What routes cost, with those in none."""
    n, m = problem.requests, problem.shuttles
    total, served = 0, set()
    for k, route in enumerate(routes):
        if not route:
            continue
        total += int(problem.fixed[k])
        nodes = [2 * n + k, *route, 2 * n + m + k]
        begins = earliest(problem, k, route)
        assert begins is not None
        total += driven(problem, k, route)
        for p, node in enumerate(nodes[1:-1], 1):
            r = node % n
            if node >= n:
                served.add(r)
            if not problem.load[r].any():
                continue
            if node >= n:
                total += int(problem.weights[1]) * begins[p]
                if problem.picked_at[r] != NOT_YET:
                    total -= int(problem.weights[1] * problem.picked_at[r])
                continue
            left = begins[p] + int(problem.service[node])
            if problem.place[node] != problem.place[nodes[p - 1]]:
                left += int(problem.setup[0])
            total += int(problem.weights[0]) * (left - int(problem.opens[node]))
            total -= int(problem.weights[1]) * left
    return total + sum(int(problem.penalty[r]) for r in range(n) if r not in served)


def random_problem(seed: int) -> Problem:
    """A small problem with a bit of everything, other for each seed."""
    rng = random.Random(seed)
    n, m, places = rng.randint(1, 9), rng.randint(1, 4), rng.randint(2, 12)
    dtype = rng.choice([np.int32, np.int64])
    limit = far(dtype)
    travel = _travel(rng, places, dtype)
    place = np.array([rng.randrange(places) for _ in range(2 * n + 2 * m)], np.int32)
    nodes = len(place)
    opens = np.array([rng.randint(0, 200) for _ in range(nodes)], dtype)
    width = [rng.choice([10, 40, 100, 300]) for _ in range(nodes)]
    begin_by = (opens + np.array(width)).astype(dtype)
    leave_by = np.array([int(b) + rng.randint(0, 9) for b in begin_by], dtype)
    for values in (begin_by, leave_by):
        values[[rng.random() < 0.4 for _ in range(nodes)]] = limit
    opens[2 * n :], begin_by[2 * n :] = 0, limit
    opens[2 * n : 2 * n + m] = [rng.randint(0, 30) for _ in range(m)]
    begin_by[2 * n + m :] = [rng.choice([limit, 400]) for _ in range(m)]
    opens[n : 2 * n] = [rng.choice([0, 0, int(t)]) for t in opens[n : 2 * n]]
    service = np.array([rng.randint(0, 4) for _ in range(nodes)], dtype)
    service[2 * n :], leave_by[2 * n :] = 0, limit
    shuttle_of = np.full(n, ANY, np.int32)
    picked_at = np.full(n, NOT_YET, dtype)
    load = np.array([[rng.randint(0, 2), rng.randint(0, 1), rng.randint(0, 1)] for _ in range(n)])
    for r in range(n):
        if rng.random() < 0.3:
            shuttle_of[r] = rng.randrange(m)
            if rng.random() < 0.6:
                picked_at[r] = 0
                load[r] = np.minimum(load[r], 1)
    ride_max = [rng.choice([limit, 60, 90, 150]) for _ in range(n)]
    ride_max = [t if picked_at[r] == NOT_YET else min(5 * t, limit) for r, t in enumerate(ride_max)]
    per_second = rng.choice([1, 7])
    longest = [rng.choice([limit, limit, 200 * per_second]) for _ in range(m)]
    return Problem(
        travel=travel,
        length=(travel * per_second).astype(dtype),
        place=place,
        opens=opens,
        begin_by=begin_by,
        leave_by=leave_by,
        service=service,
        setup=np.array([rng.choice([0, 3])], dtype),
        load=load.astype(np.int32),
        ride_max=np.array(ride_max, dtype),
        shuttle_of=shuttle_of,
        picked_at=picked_at,
        penalty=np.array([rng.choice([50, 10_000, 1_000_000]) for _ in range(n)], np.int64),
        capacity=np.array([[rng.randint(2, 6), rng.randint(0, 3), 3] for _ in range(m)], np.int32),
        displaces=np.array([rng.choice([0, 2]) for _ in range(m)], np.int32),
        open_end=np.array([rng.random() < 0.5 for _ in range(m)]),
        duration_max=np.array([rng.choice([limit, 250]) for _ in range(m)], dtype),
        length_max=np.array(longest, dtype),
        fixed=np.array([rng.choice([0, 500])] * m, np.int64),
        kind=np.arange(m, dtype=np.int32),
        cell=np.array([rng.randrange(4) for _ in range(places)], np.int32),
        weights=np.array(rng.choice([(0, 0), (2, 1), (1, 3)]), np.int64),
    )


def _travel(rng: random.Random, places: int, dtype: Any) -> Integers:
    points = [(rng.randint(0, 60), rng.randint(0, 60)) for _ in range(places)]
    travel = np.array([[abs(x - u) + abs(y - v) for u, v in points] for x, y in points], dtype)
    # Rounding makes some detours shorter than the direct way, and here and there is no way.
    noise = np.array([[rng.randint(0, 2) * (p != q) for p in range(places)] for q in range(places)])
    travel = (travel + noise).astype(dtype)
    if rng.random() < 0.2:
        travel[0, -1] = far(dtype)
    made: Integers = travel
    return made
