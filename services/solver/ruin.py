"""Taking requests out: strings of neighbouring visits, mostly; compiled.

Slack induction by string removals: Christiaens & Vanden Berghe (2020), Transportation Science
54(2). Relatedness: Shaw (1998), "Using constraint programming and local search methods to solve
vehicle routing problems". Worst: Ropke & Pisinger (2006), "An adaptive large neighborhood search
heuristic for the pickup and delivery problem with time windows".
"""

from __future__ import annotations

import numpy as np

from services.network.kernels import inner_kernel
from services.solver import arrays as a
from services.solver.dice import below, draw
from services.solver.nearness import near
from services.solver.routes import remove_marked

AVERAGE = 10
"""Visits taken out, on average."""
LONGEST = 10
"""Visits in a string, at most."""
STRINGS = 0.8
"""How often strings are taken out, and not single requests."""


@inner_kernel
def ruin(data, state):  # type: ignore[no-untyped-def]
    """Take some requests out of their routes, in one of several ways."""
    seed = below(state.dice, 2 * data.numbers[a.X_REQUESTS])
    state.totals[a.T_SEED] = seed
    way = draw(state.dice)
    if way < STRINGS:
        strings(data, state)
        return
    way = (way - STRINGS) / (1.0 - STRINGS)
    most = 1 + below(state.dice, AVERAGE)
    if way < 0.5:
        count = _related(data, state, seed, most)
    elif way < 0.65:
        count = _anywhere(data, state, most)
    elif way < 0.8:
        count = _worst(data, state, most)
    elif way < 0.9:
        count = _same_cell(data, state, seed, 2 * most)
    else:
        count = _whole_route(data, state, seed)
    for q in range(count):
        k = state.route_of[state.chosen[q]]
        if k != a.ABSENT:
            remove_marked(data, state, k)


@inner_kernel
def _choose(state, r, count):  # type: ignore[no-untyped-def]
    """Choose a request to be taken out, if it is in a route and not chosen yet."""
    if state.route_of[r] == a.ABSENT or state.marks[r]:
        return count
    state.marks[r] = 1
    state.chosen[count] = r
    return count + 1


@inner_kernel
def _related(data, state, seed, most):  # type: ignore[no-untyped-def]
    """Choose requests close to a node in space and time (Shaw, 1998)."""
    n = data.numbers[a.X_REQUESTS]
    count = 0
    for rank in range(data.numbers[a.X_NEAR]):
        if count == most:
            break
        if draw(state.dice) < 0.3:
            continue
        node = near(data, state, seed, rank)
        if node >= n or not data.requests[node, a.Q_ABOARD]:
            count = _choose(state, node % n, count)
    return count


@inner_kernel
def _anywhere(data, state, most):  # type: ignore[no-untyped-def]
    count = 0
    for _ in range(most):
        count = _choose(state, below(state.dice, data.numbers[a.X_REQUESTS]), count)
    return count


@inner_kernel
def _worst(data, state, most):  # type: ignore[no-untyped-def]
    """Choose requests whose visits are the longest detours, of a few drawn at random each."""
    n = data.numbers[a.X_REQUESTS]
    count = 0
    for _ in range(most):
        chosen, longest = np.int64(-1), np.int64(-1)
        for _ in range(6):
            r = below(state.dice, n)
            if state.route_of[r] == a.ABSENT or state.marks[r]:
                continue
            detour = _detour(data, state, n + r)
            if not data.requests[r, a.Q_ABOARD]:
                detour += _detour(data, state, r)
            if detour > longest:
                chosen, longest = r, detour
        if chosen >= 0:
            count = _choose(state, chosen, count)
    return count


@inner_kernel
def _detour(data, state, node):  # type: ignore[no-untyped-def]
    r = node % data.numbers[a.X_REQUESTS]
    k, p = state.route_of[r], state.position[node]
    rows = state.rows
    before, after = rows[k, p - 1, a.R_PLACE], rows[k, p + 1, a.R_PLACE]
    return rows[k, p - 1, a.R_LEG] + rows[k, p, a.R_LEG] - data.legs[before, after, 1]


@inner_kernel
def _same_cell(data, state, seed, most):  # type: ignore[no-untyped-def]
    """Choose requests that begin or end in the map's cell of a node."""
    n = data.numbers[a.X_REQUESTS]
    cell = data.cell[data.nodes[seed, a.N_PLACE]]
    if cell < 0:
        return _related(data, state, seed, most)
    count = 0
    first = below(state.dice, n)
    for q in range(n):
        r = (first + q) % n
        begins = data.cell[data.nodes[r, a.N_PLACE]] == cell
        if count < most and (begins or data.cell[data.nodes[n + r, a.N_PLACE]] == cell):
            count = _choose(state, r, count)
    return count


@inner_kernel
def _whole_route(data, state, seed):  # type: ignore[no-untyped-def]
    """Choose all requests of a node's route."""
    n = data.numbers[a.X_REQUESTS]
    k = state.route_of[seed % n]
    count = 0
    if k != a.ABSENT and state.size[k] - 2 <= 4 * LONGEST:
        for p in range(1, state.size[k] - 1):
            count = _choose(state, state.rows[k, p, a.R_NODE] % n, count)
    return count


@inner_kernel
def strings(data, state):  # type: ignore[no-untyped-def]
    """Take strings of visits out of routes that come close to a node drawn at random."""
    n, m = data.numbers[a.X_REQUESTS], data.numbers[a.X_SHUTTLES]
    dice = state.dice
    visits, used = 0, 0
    for k in range(m):
        if state.size[k] > 2:
            used += 1
            visits += state.size[k] - 2
    if used == 0:
        return
    longest = min(float(LONGEST), visits / used)
    most = 4.0 * AVERAGE / (1.0 + longest) - 1.0
    strings = 1 + int(draw(dice) * most)
    seed = state.totals[a.T_SEED]
    for rank in range(data.numbers[a.X_NEAR]):
        node = near(data, state, seed, rank)
        r = node if node < n else node - n
        k = state.route_of[r]
        if k == a.ABSENT or state.saved[k]:
            continue
        if node < n and data.requests[r, a.Q_ABOARD]:
            continue
        _string(data, state, k, state.position[node], longest)
        strings -= 1
        if strings == 0:
            break


@inner_kernel
def _string(data, state, k, position, longest):  # type: ignore[no-untyped-def]
    """Mark a string of visits around a position and take it out, half the time with a gap."""
    n = data.numbers[a.X_REQUESTS]
    dice = state.dice
    visits = state.size[k] - 2
    most = min(float(visits), longest)
    length = 1 + int(draw(dice) * most)
    gap = 0
    if length > 1 and draw(dice) < 0.5:
        while length + gap < visits and draw(dice) > 0.01 * 1:
            gap += 1
            if draw(dice) < 0.5:
                break
    total = length + gap
    first = max(1, position - total + 1)
    last = min(position, state.size[k] - 1 - total)
    first += below(dice, last - first + 1)
    skip = first + below(dice, length) + 1 if gap else 0
    for p in range(first, first + total):
        if gap and skip <= p < skip + gap:
            continue
        node = state.rows[k, p, a.R_NODE]
        state.marks[node if node < n else node - n] = 1
    remove_marked(data, state, k)
