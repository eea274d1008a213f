"""Fewer shuttles: empty a route, then search until everybody has a place; compiled.

The absence counters of Christiaens & Vanden Berghe (2020): who was left out often weighs more, so
that the search leaves out whoever is easiest to place, until nobody is.
"""

from __future__ import annotations

import math

import numpy as np

from services.network.kernels import inner_kernel, kernel
from services.solver import arrays as a
from services.solver.dice import draw
from services.solver.recreate import recreate
from services.solver.routes import begin, cost_of, keep, legal, remember, remove_marked, take_back
from services.solver.ruin import ruin


@kernel
def close_route(data, state):  # type: ignore[no-untyped-def]
    """Close the shuttle whose requests were left out least, and all without work; say which."""
    n = data.numbers[a.X_REQUESTS]
    chosen, least = np.int64(-1), np.int64(0)
    for k in range(data.numbers[a.X_SHUTTLES]):
        if state.size[k] == 2:
            state.closed[k] = 1
            continue
        weight = 0
        for p in range(1, state.size[k] - 1):
            node = state.rows[k, p, a.R_NODE]
            if node >= n:
                weight += state.misses[node - n] + 1
                if data.requests[node - n, a.Q_SHUTTLE] >= 0:
                    weight += a.FAR
        if weight < a.FAR and data.shuttles[k, a.K_FIXED] and (chosen < 0 or weight < least):
            chosen, least = k, weight  # type: ignore[assignment]
    if chosen >= 0:
        begin(state)
        for p in range(1, state.size[chosen] - 1):
            node = state.rows[chosen, p, a.R_NODE]
            if node >= n:
                state.marks[node - n] = 1
        remove_marked(data, state, chosen)
        state.closed[chosen] = 1
        keep(state)
    return chosen


@inner_kernel
def _missed(state):  # type: ignore[no-untyped-def]
    missed = 0
    for q in range(state.totals[a.T_ABSENT]):
        missed += state.misses[state.absent[q]] + 1
    return missed


@kernel
def place_all(data, state, steps, temperature):  # type: ignore[no-untyped-def]
    """Search for some steps for places for those left out; say if everybody has one."""
    totals = state.totals
    for step in range(steps):
        before, missed = cost_of(data, state), _missed(state)
        absent = begin(state)
        ruin(data, state)
        recreate(data, state)
        now_missed = _missed(state)
        for q in range(totals[a.T_ABSENT]):
            state.misses[state.absent[q]] += 1
        worse = -temperature * math.log(1.0 - draw(state.dice))
        better = now_missed < missed
        better = better or (now_missed == missed and cost_of(data, state) < before + worse)
        if better and legal(state):
            keep(state)
            if totals[a.T_ABSENT] <= totals[a.T_BEST_ABSENT]:
                if cost_of(data, state) < totals[a.T_BEST]:
                    remember(data, state)
                totals[a.T_STEPS] += step + 1
                return True
        else:
            take_back(data, state, absent)
    totals[a.T_STEPS] += steps
    return False
