"""Putting requests back: greedily, in one of several orders, blinking; compiled.

After Christiaens & Vanden Berghe (2020): each place is overlooked with a small probability, which
makes the greedy insertion explore.
"""

from __future__ import annotations

import numpy as np

from services.network.kernels import inlined_kernel, inner_kernel, kernel
from services.solver import arrays as a
from services.solver.dice import below, draw
from services.solver.insertion import try_route
from services.solver.moves import count_moves
from services.solver.nearness import apart
from services.solver.routes import ZERO, insert, try_with

TRIED, AMONG = 20, 6
"""So many of those left out before are tried again, each the nearest of so many."""
REGRET = 0.1
"""How often requests are put back by regret."""


@inlined_kernel
def _is_known(state, k, r):  # type: ignore[no-untyped-def]
    """Take the best place in a route from what is known, if it is; say if it is."""
    found, known = state.found, state.known
    if known[r, k, a.C_VERSION] != state.version[0, k]:
        return False
    if known[r, k, a.C_COST] >= found[a.F_COST]:
        return True
    enough = known[r, k, a.C_SURE] or found[a.F_LAZY]
    if not enough or known[r, k, a.C_PICKUP] == a.NO_BETTER:
        return False
    found[a.F_COST] = known[r, k, a.C_COST]
    found[a.F_SHUTTLE] = k
    found[a.F_PICKUP] = known[r, k, a.C_PICKUP]
    found[a.F_DROPOFF] = known[r, k, a.C_DROPOFF]
    found[a.F_SURE] = known[r, k, a.C_SURE]
    return True


@inlined_kernel
def _learn(state, k, r, before):  # type: ignore[no-untyped-def]
    """Keep what came of trying every place in a route."""
    found, known = state.found, state.known
    known[r, k, a.C_VERSION] = state.version[0, k]
    known[r, k, a.C_COST] = found[a.F_COST]
    known[r, k, a.C_PICKUP] = a.NO_BETTER
    known[r, k, a.C_SURE] = 1
    if found[a.F_COST] < before:
        known[r, k, a.C_PICKUP] = found[a.F_PICKUP]
        known[r, k, a.C_DROPOFF] = found[a.F_DROPOFF]
        known[r, k, a.C_SURE] = found[a.F_SURE]


@kernel
def recreate(data, state):  # type: ignore[no-untyped-def]
    """Put absent requests back where that costs least and less than leaving them out."""
    if state.totals[a.T_ABSENT] <= a.REGRETS and draw(state.dice) < REGRET:
        _by_regret(data, state)
        return
    left = _pass_over(data, state)
    _order(data, state, left)
    for q in range(left, state.totals[a.T_ABSENT]):
        r = state.absent[q]
        best_place(data, state, r)
        found = state.found
        if found[a.F_SHUTTLE] == a.ABSENT:
            state.absent[left] = r
            left += 1
            continue
        insert(data, state, found[a.F_SHUTTLE], r, found[a.F_PICKUP], found[a.F_DROPOFF])
    state.totals[a.T_ABSENT] = left


@inner_kernel
def _pass_over(data, state):  # type: ignore[no-untyped-def]
    """Choose whom to try of those left out before: some near the ruin; say where they begin."""
    absent, old = state.absent, state.totals[a.T_OLD]
    seed = state.totals[a.T_SEED]
    first = max(0, old - TRIED)
    for place in range(first, old if first else first):
        best = np.int64(-1)
        least = np.int64(a.FAR)
        for _ in range(AMONG):
            q = below(state.dice, place + 1)
            gap = apart(data, seed, absent[q])
            if gap < least:
                best, least = q, gap
        if best >= 0:
            absent[place], absent[best] = absent[best], absent[place]
    return first


@inner_kernel
def _by_regret(data, state):  # type: ignore[no-untyped-def]
    """Put back first who would lose most by waiting: regret, Ropke & Pisinger (2006)."""
    regrets = state.regrets
    state.found[a.F_LAZY] = 0
    count = state.totals[a.T_ABSENT]
    for q in range(count):
        for k in range(data.numbers[a.X_SHUTTLES]):
            _ask_route(data, state, q, k, False)
    while count:
        chosen, most = np.int64(-1), np.int64(-1)
        for q in range(count):
            penalty = data.requests[state.absent[q], a.Q_PENALTY]
            first, second = penalty, penalty
            for k in range(data.numbers[a.X_SHUTTLES]):
                cost = regrets[q, k, 0]
                if cost < first:
                    first, second = cost, first
                elif cost < second:
                    second = cost
            if second - first > most:
                chosen, most = q, second - first  # type: ignore[assignment]
        r = state.absent[chosen]
        best, least = np.int64(-1), data.requests[r, a.Q_PENALTY]
        for k in range(data.numbers[a.X_SHUTTLES]):
            if regrets[chosen, k, 0] < least:
                best, least = k, regrets[chosen, k, 0]  # type: ignore[assignment]
        if best < 0:
            # Nobody left has a place that is worth it.
            break
        pickup, dropoff = regrets[chosen, best, 1], regrets[chosen, best, 2]
        if not _may_move(data, state, best, r, pickup, dropoff):
            _ask_route(data, state, chosen, best, True)
            continue
        insert(data, state, best, r, pickup, dropoff)
        count -= 1
        state.absent[chosen] = state.absent[count]
        for k in range(data.numbers[a.X_SHUTTLES]):
            for c in range(3):
                regrets[chosen, k, c] = regrets[count, k, c]
        for q in range(count):
            _ask_route(data, state, q, best, False)
            if best + 1 < data.numbers[a.X_SHUTTLES] and state.size[best + 1] == 2:
                _ask_route(data, state, q, best + 1, False)
    state.totals[a.T_ABSENT] = count


@inner_kernel
def _ask_route(data, state, q, k, watch):  # type: ignore[no-untyped-def]
    """Write a request's best place in one route where regrets are looked up."""
    r = state.absent[q]
    found = state.found
    found[a.F_COST] = data.requests[r, a.Q_PENALTY]
    own = data.requests[r, a.Q_SHUTTLE]
    idle = state.size[k] == 2 and _like_another(data, state, k)
    able = own == k or (own < 0 and not state.closed[k] and not idle)
    if able and watch:
        _watch_route(data, state, k, r)
    elif able and not _is_known(state, k, r):
        before = found[a.F_COST]
        try_route(data, state, k, r, ZERO)
        _learn(state, k, r, before)
    state.regrets[q, k, 0] = found[a.F_COST]
    state.regrets[q, k, 1] = found[a.F_PICKUP]
    state.regrets[q, k, 2] = found[a.F_DROPOFF]


@inner_kernel
def best_place(data, state, r):  # type: ignore[no-untyped-def]
    """Find the best place of a request in all routes.

    What passes the slacks mostly passes the exact check too, so that this comes last where driving
    alone counts; if it fails, that route is looked at again, exactly. So is a route in which the
    place found has the shuttle move when too many others do.
    """
    found, numbers, totals = state.found, data.numbers, state.totals
    lazy = numbers[a.X_EXACT] and numbers[a.X_WAIT] == 0 and numbers[a.X_RIDE] == 0
    own = data.requests[r, a.Q_SHUTTLE]
    first = own if own >= 0 else 0
    last = own + 1 if own >= 0 else numbers[a.X_SHUTTLES]
    failed, doubts = -1, 0
    while True:
        found[a.F_COST] = data.requests[r, a.Q_PENALTY]
        found[a.F_SHUTTLE] = a.ABSENT
        for k in range(first, last):
            idle = state.size[k] == 2 and _like_another(data, state, k)
            if own < 0 and (idle or state.closed[k]):
                continue
            found[a.F_LAZY] = lazy and k != failed
            totals[a.T_UNTIL] -= 1
            blink = totals[a.T_UNTIL] == 0
            if blink:
                # Overlook some places in this route.
                totals[a.T_UNTIL] = below(state.dice, totals[a.T_BLINK]) + 1
            if doubts and state.doubted[k]:
                _watch_route(data, state, k, r)
            elif blink or not _is_known(state, k, r):
                before = found[a.F_COST]
                try_route(data, state, k, r, np.int64(2) if blink else ZERO)
                if not blink:
                    _learn(state, k, r, before)
        k = found[a.F_SHUTTLE]
        if k == a.ABSENT:
            break
        if not found[a.F_SURE]:
            if not try_with(data, state, k, r, found[a.F_PICKUP], found[a.F_DROPOFF]):
                failed = k
                state.known[r, k, a.C_VERSION] = 0
                continue
            state.known[r, k, a.C_SURE] = 1
        if doubts and state.doubted[k]:
            break
        if _may_move(data, state, k, r, found[a.F_PICKUP], found[a.F_DROPOFF]):
            break
        state.doubted[k] = doubts = 1
    if doubts:
        for k in range(first, last):
            state.doubted[k] = 0


@inlined_kernel
def _may_move(data, state, k, r, pickup, dropoff):  # type: ignore[no-untyped-def]
    """Say if a route with a request moves in no minute in which as many others do as may."""
    return not data.numbers[a.X_MINUTES] or _is_free(data, state, k, r, pickup, dropoff)


@inner_kernel
def _is_free(data, state, k, r, pickup, dropoff):  # type: ignore[no-untyped-def]
    count_moves(data, state, k, -1)
    state.found[a.F_WATCH] = 1
    may = try_with(data, state, k, r, pickup, dropoff)
    state.found[a.F_WATCH] = 0
    count_moves(data, state, k, 1)
    return may


@inner_kernel
def _watch_route(data, state, k, r):  # type: ignore[no-untyped-def]
    """Try every place in a route where the shuttle moves when not too many others do."""
    count_moves(data, state, k, -1)
    state.found[a.F_WATCH], state.found[a.F_LAZY] = 1, 0
    try_route(data, state, k, r, ZERO)
    state.found[a.F_WATCH] = 0
    count_moves(data, state, k, 1)


@inner_kernel
def _like_another(data, state, k):  # type: ignore[no-untyped-def]
    """Say if the shuttle before this one is of its kind and has nothing to do either."""
    if k == 0 or state.size[k - 1] != 2 or state.closed[k - 1]:
        return False
    return data.shuttles[k - 1, a.K_KIND] == data.shuttles[k, a.K_KIND]


@inner_kernel
def _order(data, state, first):  # type: ignore[no-untyped-def]
    """Sort absent requests, from one on: those on board first, then by a key drawn, or anyhow."""
    dice = state.dice
    count = state.totals[a.T_ABSENT]
    for q in range(count - 1, first, -1):
        other = first + below(dice, q + 1 - first)
        state.absent[q], state.absent[other] = state.absent[other], state.absent[q]
    key = below(dice, 11) - 4
    for q in range(first, count):
        if data.requests[state.absent[q], a.Q_ABOARD]:
            state.absent[q], state.absent[first] = state.absent[first], state.absent[q]
            first += 1
    if key < 0:
        return
    for q in range(first + 1, count):
        r = state.absent[q]
        p = q
        while p > first and data.orders[key, state.absent[p - 1]] > data.orders[key, r]:
            state.absent[p] = state.absent[p - 1]
            p -= 1
        state.absent[p] = r
