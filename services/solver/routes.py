"""Routes of a search: writing them, taking requests out, taking changes back; compiled.

Each row keeps the earliest times along the route, and backwards from its end how late each visit
may begin so that all windows after it are kept (forward time slack: Savelsbergh, 1992, "The vehicle
routing problem with time windows: minimizing route duration").
"""

from __future__ import annotations

import numpy as np

from services.network.kernels import inner_kernel, kernel
from services.solver import arrays as a
from services.solver.moves import (
    count_moves,
    keep_moves,
    note_moves,
    overbooks,
    take_moves_back,
)
from services.solver.schedule import lay, riders_cost, settle

ZERO = np.int64(0)
"""Typed: a plain 0 would have whatever takes it compiled once more, for 0 alone."""
MIX = 0x5851F42D4C957F2D
"""An odd number, for the versions of routes: a hash of their nodes."""


@inner_kernel
def write(data, state, k, count):  # type: ignore[no-untyped-def]
    """Make the nodes in ``state.trial`` the route of a shuttle; say if that keeps every limit."""
    n = data.numbers[a.X_REQUESTS]
    rows, plan, nodes = state.rows, state.plan, state.trial
    count_moves(data, state, k, -1)
    legal = lay(data, k, nodes, count, plan, state.position)
    legal = settled = legal and settle(plan, count, data.shuttles[k, a.K_DURATION])
    seats = data.shuttles[k, a.K_ABOARD]
    wheelchairs = data.shuttles[k, a.K_ABOARD + 1]
    luggage = data.shuttles[k, a.K_ABOARD + 2]
    displaces = data.shuttles[k, a.K_DISPLACES]
    drive, tight, before, version = 0, 0, -1, 1
    for p in range(count):
        node = nodes[p]
        version = (version ^ (version >> 31)) * MIX + node
        place = data.nodes[node, a.N_PLACE]
        dwell = data.nodes[node, a.N_SERVICE]
        if p > 0:
            leg = data.legs[before, place, 1]
            rows[k, p - 1, a.R_LEG] = leg
            drive += leg
            tight += data.legs[before, place, 0]
            if place != before:
                dwell += data.numbers[a.X_SETUP]
        rows[k, p, a.R_NODE] = node
        rows[k, p, a.R_PLACE] = place
        rows[k, p, a.R_BEGIN] = plan[p, a.S_BEGIN]
        rows[k, p, a.R_LEAVE] = plan[p, a.S_BEGIN] + dwell
        rows[k, p, a.R_TIGHT] = tight
        rows[k, p, a.R_SPARE] = a.FAR
        tight += dwell
        seats += data.nodes[node, a.N_SEATS] + displaces * data.nodes[node, a.N_WHEELCHAIRS]
        wheelchairs += data.nodes[node, a.N_WHEELCHAIRS]
        luggage += data.nodes[node, a.N_LUGGAGE]
        if node < 2 * n:
            legal = legal and seats <= data.shuttles[k, a.K_SEATS]
            legal = legal and wheelchairs <= data.shuttles[k, a.K_WHEELCHAIRS]
            legal = legal and luggage <= data.shuttles[k, a.K_LUGGAGE]
        rows[k, p, a.R_SEATS] = seats
        rows[k, p, a.R_WHEELCHAIRS] = wheelchairs
        rows[k, p, a.R_LUGGAGE] = luggage
        before = place
    rows[k, count - 1, a.R_LEG] = 0
    state.size[k] = count
    note_moves(data, state, k, count, settled)
    state.version[0, k] = version
    if count == 2:
        # A shuttle without work stays where it is.
        state.cost[0, k] = 0
        state.extra[0, k] = 0
    else:
        legal = legal and drive <= data.shuttles[k, a.K_LENGTH]
        extra = riders_cost(data, nodes, count, plan)
        state.extra[0, k] = extra
        state.cost[0, k] = drive + extra + data.shuttles[k, a.K_FIXED]
    _backwards(data, state, k, count)
    # Without work a shuttle need not get to its end in time.
    legal = legal or count == 2
    state.broken[k] = not legal
    return legal


@inner_kernel
def _backwards(data, state, k, count):  # type: ignore[no-untyped-def]
    rows = state.rows
    setup = data.numbers[a.X_SETUP]
    leave_by = a.FAR
    for p in range(count - 1, -1, -1):
        node = rows[k, p, a.R_NODE]
        leave_by = min(leave_by, data.nodes[node, a.N_LEAVE_BY])
        leave_by -= data.nodes[node, a.N_SERVICE]
        begin_by = data.nodes[node, a.N_BEGIN_BY]
        here, there = min(begin_by, leave_by), min(begin_by, leave_by - setup)
        rows[k, p, a.R_LATEST_HERE] = here
        rows[k, p, a.R_LATEST] = there
        if p > 0:
            place, before = rows[k, p, a.R_PLACE], rows[k, p - 1, a.R_PLACE]
            leave_by = (here if place == before else there) - data.legs[before, place, 0]
    if not data.numbers[a.X_EXACT]:
        return
    n = data.numbers[a.X_REQUESTS]
    for p in range(1, count - 1):
        node = rows[k, p, a.R_NODE]
        if node < n and data.requests[node, a.Q_RIDE_MAX] < a.FAR:
            drop = state.position[n + node]
            dwell = rows[k, p, a.R_LEAVE] - rows[k, p, a.R_BEGIN]
            ride = rows[k, drop, a.R_TIGHT] - rows[k, p, a.R_TIGHT] - dwell
            spare = data.requests[node, a.Q_RIDE_MAX] - ride
            for q in range(p, drop):
                rows[k, q, a.R_SPARE] = min(rows[k, q, a.R_SPARE], spare)


@inner_kernel
def cost_of(data, state):  # type: ignore[no-untyped-def]
    """Cost of all routes, with penalties of requests in none."""
    cost = 0
    for k in range(len(state.size)):
        cost += state.cost[0, k]
    for q in range(state.totals[a.T_ABSENT]):
        cost += data.requests[state.absent[q], a.Q_PENALTY]
    return cost


@inner_kernel
def save(data, state, k):  # type: ignore[no-untyped-def]
    """Keep a route as it is, if it is not kept already, so that it can be taken back."""
    if state.saved[k]:
        return
    state.saved[k] = 1
    keep_moves(data, state, k)
    state.touched[state.totals[a.T_TOUCHED]] = k
    state.totals[a.T_TOUCHED] += 1
    count = state.size[k]
    state.size_before[k] = count
    state.cost[1, k] = state.cost[0, k]
    state.extra[1, k] = state.extra[0, k]
    state.version[1, k] = state.version[0, k]
    for p in range(count):
        for c in range(a.R_COLUMNS):
            state.rows_before[k, p, c] = state.rows[k, p, c]


@inner_kernel
def begin(state):  # type: ignore[no-untyped-def]
    """Begin a change."""
    state.totals[a.T_TOUCHED] = 0
    absent = state.totals[a.T_ABSENT]
    for q in range(absent):
        state.absent_before[q] = state.absent[q]
    state.totals[a.T_OLD] = absent
    return absent


@kernel
def legal(state):  # type: ignore[no-untyped-def]
    """Say if every route that was changed keeps every limit.

    Where a detour is shorter than the direct way, even taking a request out can break one.
    """
    broken = 0
    for q in range(state.totals[a.T_TOUCHED]):
        broken += state.broken[state.touched[q]]
    return broken == 0 and state.totals[a.T_OVER] == 0


@kernel
def keep(state):  # type: ignore[no-untyped-def]
    """Keep a change."""
    for q in range(state.totals[a.T_TOUCHED]):
        state.saved[state.touched[q]] = 0
    state.totals[a.T_TOUCHED] = 0


@inner_kernel
def take_back(data, state, absent):  # type: ignore[no-untyped-def]
    """Take a change back."""
    n = data.numbers[a.X_REQUESTS]
    for q in range(absent):
        state.absent[q] = state.absent_before[q]
        state.route_of[state.absent[q]] = a.ABSENT
    state.totals[a.T_ABSENT] = absent
    for q in range(state.totals[a.T_TOUCHED]):
        k = state.touched[q]
        state.saved[k] = 0
        count = state.size_before[k]
        count_moves(data, state, k, -1)
        state.size[k] = count
        take_moves_back(data, state, k)
        state.cost[0, k] = state.cost[1, k]
        state.extra[0, k] = state.extra[1, k]
        state.version[0, k] = state.version[1, k]
        state.broken[k] = 0
        for p in range(count):
            for c in range(a.R_COLUMNS):
                state.rows[k, p, c] = state.rows_before[k, p, c]
            node = state.rows[k, p, a.R_NODE]
            state.position[node] = p
            if n <= node < 2 * n:
                state.route_of[node - n] = k
    state.totals[a.T_TOUCHED] = 0


@inner_kernel
def remove_marked(data, state, k):  # type: ignore[no-untyped-def]
    """Take the marked requests out of a route; they become absent."""
    n = data.numbers[a.X_REQUESTS]
    save(data, state, k)
    count = ZERO
    for p in range(state.size[k]):
        node = state.rows[k, p, a.R_NODE]
        if node < 2 * n:
            r = node if node < n else node - n
            if state.marks[r]:
                if node >= n:
                    state.absent[state.totals[a.T_ABSENT]] = r
                    state.totals[a.T_ABSENT] += 1
                    state.route_of[r] = a.ABSENT
                continue
        state.trial[count] = node
        count += 1
    for q in range(state.totals[a.T_ABSENT]):
        state.marks[state.absent[q]] = 0
    return write(data, state, k, count)


@inner_kernel
def insert(data, state, k, r, pickup, dropoff):  # type: ignore[no-untyped-def]
    """Put a request into a route: its pickup and dropoff behind the visits at these positions."""
    save(data, state, k)
    count = _with(data, state, k, r, pickup, dropoff)
    state.route_of[r] = k
    return write(data, state, k, count)


@inner_kernel
def _with(data, state, k, r, pickup, dropoff):  # type: ignore[no-untyped-def]
    n = data.numbers[a.X_REQUESTS]
    count = ZERO
    for p in range(state.size[k]):
        state.trial[count] = state.rows[k, p, a.R_NODE]
        count += 1
        if p == pickup:
            state.trial[count] = r
            count += 1
        if p == dropoff:
            state.trial[count] = n + r
            count += 1
    return count


@inner_kernel
def try_with(data, state, k, r, pickup, dropoff):  # type: ignore[no-untyped-def]
    """Say if a route stays legal with a request inserted; its riders' cost goes to ``found``."""
    count = _with(data, state, k, r, pickup, dropoff)
    if not lay(data, k, state.trial, count, state.plan, state.scratch):
        return False
    if not settle(state.plan, count, data.shuttles[k, a.K_DURATION]):
        return False
    if state.found[a.F_WATCH] and overbooks(data, state, k, count):
        return False
    state.found[a.F_EXTRA] = riders_cost(data, state.trial, count, state.plan)
    return True


@kernel
def remember(data, state):  # type: ignore[no-untyped-def]
    """Keep the routes as the best ones seen."""
    for k in range(len(state.size)):
        state.best_count[k] = state.size[k]
        for p in range(state.size[k]):
            state.best[k, p] = state.rows[k, p, a.R_NODE]
    state.totals[a.T_BEST] = cost_of(data, state)
    state.totals[a.T_BEST_ABSENT] = state.totals[a.T_ABSENT]


@kernel
def remember_if_better(data, state):  # type: ignore[no-untyped-def]
    """Keep the routes as the best ones seen if they are."""
    if cost_of(data, state) < state.totals[a.T_BEST]:
        remember(data, state)


@kernel
def recall(data, state):  # type: ignore[no-untyped-def]
    """Return to the best routes seen; say if they keep every limit."""
    n = data.numbers[a.X_REQUESTS]
    legal = True
    for r in range(n):
        state.route_of[r] = a.ABSENT
    for k in range(len(state.size)):
        count = state.best_count[k]
        for p in range(count):
            node = state.best[k, p]
            state.trial[p] = node
            if n <= node < 2 * n:
                state.route_of[node - n] = k
        legal = write(data, state, k, count) and legal
    absent = 0
    for r in range(n):
        if state.route_of[r] == a.ABSENT:
            state.absent[absent] = r
            absent += 1
    state.totals[a.T_ABSENT] = absent
    return legal
