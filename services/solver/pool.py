"""Routes seen by a search, the cheapest for each set of requests and kind of shuttle; compiled.

Routes of good solutions, put together anew, often make a better one than any of these (Rochat &
Taillard, 1995, "Probabilistic diversification and intensification in local search for vehicle
routing"); `services.solver.partition` chooses among them.
"""

from __future__ import annotations

from services.network.kernels import inner_kernel
from services.solver import arrays as a


@inner_kernel
def note(data, state, cost):  # type: ignore[no-untyped-def]
    """Note the routes that a change made, as part of a solution of this cost."""
    for q in range(state.totals[a.T_TOUCHED]):
        k = state.touched[q]
        if state.size[k] > 2:
            _note_route(data, state, k, cost)


@inner_kernel
def note_all(data, state, cost):  # type: ignore[no-untyped-def]
    """Note every route of a solution."""
    for k in range(data.numbers[a.X_SHUTTLES]):
        if state.size[k] > 2:
            _note_route(data, state, k, cost)


@inner_kernel
def _note_route(data, state, k, cost):  # type: ignore[no-untyped-def]
    n = data.numbers[a.X_REQUESTS]
    pool, totals = state.pool, state.totals
    key = data.shuttles[k, a.K_KEY]
    count = state.size[k] - 2
    for p in range(1, count + 1):
        node = state.rows[k, p, a.R_NODE]
        if node >= n:
            key += data.requests[node - n, a.Q_KEY]
    mask = len(pool) - 1
    slot = (key ^ (key >> 29)) & mask
    while pool[slot, a.P_COUNT] and pool[slot, a.P_KEY] != key:
        slot = (slot + 1) & mask
    if pool[slot, a.P_COUNT] == 0:
        full = 2 * (totals[a.T_POOL] + 1) > len(pool)
        if full or totals[a.T_POOL_NODES] + count > len(state.pool_nodes):
            return
        pool[slot, a.P_KEY] = key
        pool[slot, a.P_COUNT] = count
        pool[slot, a.P_FIRST] = totals[a.T_POOL_NODES]
        pool[slot, a.P_TOTAL] = cost
        totals[a.T_POOL_NODES] += count
        totals[a.T_POOL] += 1
    else:
        pool[slot, a.P_TOTAL] = min(pool[slot, a.P_TOTAL], cost)
        if pool[slot, a.P_COST] <= state.cost[0, k]:
            return
    pool[slot, a.P_COST] = state.cost[0, k]
    pool[slot, a.P_SHUTTLE] = k
    first = pool[slot, a.P_FIRST]
    for p in range(count):
        state.pool_nodes[first + p] = state.rows[k, p + 1, a.R_NODE]
