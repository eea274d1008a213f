"""Taking requests out: strings of neighbouring visits, mostly; compiled.

Slack induction by string removals: Christiaens & Vanden Berghe (2020), Transportation Science
54(2). Relatedness: Shaw (1998), "Using constraint programming and local search methods to solve
vehicle routing problems". Worst: Ropke & Pisinger (2006), "An adaptive large neighborhood search
heuristic for the pickup and delivery problem with time windows".
"""

from __future__ import annotations

from services.network.kernels import inner_kernel
from services.solver import arrays as a
from services.solver.dice import below, draw
from services.solver.routes import remove_marked

AVERAGE = 10
"""Visits taken out, on average."""
LONGEST = 10
"""Visits in a string, at most."""


@inner_kernel
def ruin(data, state):  # type: ignore[no-untyped-def]
    """Take some requests out of their routes."""
    strings(data, state)


@inner_kernel
def near(data, state, node, rank):  # type: ignore[no-untyped-def]
    """Find a node's neighbour of a rank, in space and time; lists are made when first asked for."""
    if not state.near_known[node]:
        _find_near(data, state, node)
        state.near_known[node] = 1
    return state.near[node, rank]


@inner_kernel
def _find_near(data, state, node):  # type: ignore[no-untyped-def]
    room, known = data.numbers[a.X_NEAR], 0
    apart = state.scratch
    for other in range(2 * data.numbers[a.X_REQUESTS]):
        distance = _apart(data, node, other)
        apart[other] = distance
        if known == room and distance >= apart[state.near[node, known - 1]]:
            continue
        q = known if known < room else room - 1
        while q > 0 and apart[state.near[node, q - 1]] > distance:
            state.near[node, q] = state.near[node, q - 1]
            q -= 1
        state.near[node, q] = other
        known = min(known + 1, room)


@inner_kernel
def _apart(data, one, other):  # type: ignore[no-untyped-def]
    """How far two nodes are apart: the way, and the wait where windows do not meet."""
    from_place, to_place = data.nodes[one, a.N_PLACE], data.nodes[other, a.N_PLACE]
    there = data.legs[from_place, to_place, 0] + data.nodes[one, a.N_SERVICE]
    back = data.legs[to_place, from_place, 0] + data.nodes[other, a.N_SERVICE]
    length = min(data.legs[from_place, to_place, 1], data.legs[to_place, from_place, 1])
    wait = min(
        data.nodes[other, a.N_OPENS] - data.nodes[one, a.N_BEGIN_BY] - there,
        data.nodes[one, a.N_OPENS] - data.nodes[other, a.N_BEGIN_BY] - back,
    )
    return length + max(wait, 0) * data.numbers[a.X_SCALE] // 4096


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
    seed = below(dice, 2 * n)
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
