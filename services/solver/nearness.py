"""Which visits are near each other, in space and time; compiled."""

from __future__ import annotations

from services.network.kernels import inner_kernel
from services.solver import arrays as a

NEAREST = 24
"""As many neighbours of a node are looked for at first; few are ever asked for more."""


@inner_kernel
def near(data, state, node, rank):  # type: ignore[no-untyped-def]
    """Find a node's neighbour of a rank, in space and time; lists are made when first asked for."""
    while rank >= state.near_known[node]:
        most = data.numbers[a.X_NEAR]
        room = most if state.near_known[node] else min(most, NEAREST)
        _find_near(data, state, node, room)
        state.near_known[node] = room
    return state.near[node, rank]


@inner_kernel
def _find_near(data, state, node, room):  # type: ignore[no-untyped-def]
    known = 0
    gaps = state.scratch
    for other in range(2 * data.numbers[a.X_REQUESTS]):
        distance = apart(data, node, other)
        gaps[other] = distance
        if known == room and distance >= gaps[state.near[node, known - 1]]:
            continue
        q = known if known < room else room - 1
        while q > 0 and gaps[state.near[node, q - 1]] > distance:
            state.near[node, q] = state.near[node, q - 1]
            q -= 1
        state.near[node, q] = other
        known = min(known + 1, room)


@inner_kernel
def apart(data, one, other):  # type: ignore[no-untyped-def]
    """How far two nodes are apart: the way, and the wait where windows do not meet."""
    from_place, to_place = data.nodes[one, a.N_PLACE], data.nodes[other, a.N_PLACE]
    there = data.legs[from_place, to_place, 0] + data.nodes[one, a.N_SERVICE]
    back = data.legs[to_place, from_place, 0] + data.nodes[other, a.N_SERVICE]
    length = min(data.legs[from_place, to_place, 1], data.legs[to_place, from_place, 1])
    wait = min(
        data.nodes[other, a.N_SOON] - data.nodes[one, a.N_LATE] - there,
        data.nodes[one, a.N_SOON] - data.nodes[other, a.N_LATE] - back,
    )
    return length + max(wait, 0) * data.numbers[a.X_SCALE] // 4096
