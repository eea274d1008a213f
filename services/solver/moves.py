"""When the shuttles of a search move, counted by the minute; compiled.

As many shuttles may move at once as are supervised, which couples routes: what one may do depends
on all others. Each drive counts from when it begins to when it ends at the latest without breaking
a limit, as the dispatcher books it (`services.dispatcher.moves`).
"""

from __future__ import annotations

from services.network.kernels import inlined_kernel, inner_kernel, kernel
from services.solver import arrays as a
from services.solver.schedule import lay, settle

MINUTE_S = 60


@inner_kernel
def book(data, k, nodes, count, plan):  # type: ignore[no-untyped-def]
    """Write in which minutes (from, and before which) each drive of a settled plan takes place."""
    _latest(plan, count)
    early, late = data.numbers[a.X_EARLY], data.numbers[a.X_LATE]
    first, minutes = data.numbers[a.X_FROM_MINUTE], data.numbers[a.X_MINUTES]
    aboard = data.shuttles[k, a.K_ABOARD] + data.shuttles[k, a.K_ABOARD + 1]
    for p in range(1, count):
        before, place = data.nodes[nodes[p - 1], a.N_PLACE], data.nodes[nodes[p], a.N_PLACE]
        drive = data.legs[before, place, 0]
        arrive = plan[p - 1, a.S_BEGIN] + plan[p - 1, a.S_STEP]
        leave, by = arrive - drive, plan[p, a.S_UNTIL]
        plan[p, a.S_FROM] = plan[p, a.S_UNTIL] = 0
        if drive > 0:
            if aboard == 0 and not (p == 1 and data.shuttles[k, a.K_UNDER_WAY]):
                leave = max(leave, _wanted(data, nodes, count, plan, p, by) - drive - early)
                arrive = leave + drive
            until = max(arrive, min(by, max(plan[p, a.S_BEGIN], arrive) + late))
            last = max(until - 1, leave) // MINUTE_S
            plan[p, a.S_FROM] = min(max(leave // MINUTE_S - first, 0), minutes)
            plan[p, a.S_UNTIL] = min(max(last + 1 - first, 0), minutes)
        aboard += data.nodes[nodes[p], a.N_SEATS] + data.nodes[nodes[p], a.N_WHEELCHAIRS]


@inner_kernel
def _latest(plan, count):  # type: ignore[no-untyped-def]
    """Write when each visit is reached at the latest, if all before is as planned."""
    by = a.FAR
    for p in range(count - 1, -1, -1):
        by = min(by, plan[p, a.S_HIGH])
        plan[p, a.S_UNTIL] = by
        if p > 0:
            by -= plan[p - 1, a.S_STEP]
    for p in range(1, count - 1):
        mate = plan[p, a.S_MATE]
        if mate > 0:
            spare = plan[p, a.S_SPAN] - plan[mate, a.S_BEGIN] + plan[p, a.S_BEGIN]
            for q in range(mate, p, -1):
                arrive = plan[q - 1, a.S_BEGIN] + plan[q - 1, a.S_STEP]
                spare += plan[q, a.S_BEGIN] - arrive
                plan[q, a.S_UNTIL] = min(plan[q, a.S_UNTIL], arrive + spare)


@inner_kernel
def _wanted(data, nodes, count, plan, p, by):  # type: ignore[no-untyped-def]
    """When an empty shuttle is wanted at a visit: once all who get on there can."""
    place, wanted = data.nodes[nodes[p], a.N_PLACE], plan[p, a.S_BEGIN]
    if p == count - 1:
        drive = data.legs[data.nodes[nodes[p - 1], a.N_PLACE], place, 0]
        # A task, as late as is safe.
        return plan[p, a.S_LOW] if plan[p, a.S_LOW] else by - drive // 4
    for q in range(p + 1, count - 1):
        boards = nodes[q] < data.numbers[a.X_REQUESTS]
        if not boards or data.nodes[nodes[q], a.N_PLACE] != place:
            break
        wanted = max(wanted, plan[q, a.S_LOW])
    return wanted


@inlined_kernel
def note_moves(data, state, k, count, settled):  # type: ignore[no-untyped-def]
    """Keep and count when a shuttle moves by the plan of its route, if there is one."""
    if data.numbers[a.X_MINUTES]:
        _note(data, state, k, count, settled)


@inner_kernel
def _note(data, state, k, count, settled):  # type: ignore[no-untyped-def]
    if settled:
        book(data, k, state.trial, count, state.plan)
    for p in range(count):
        state.spans[k, p, 0] = state.plan[p, a.S_FROM] if settled else 0
        state.spans[k, p, 1] = state.plan[p, a.S_UNTIL] if settled else 0
    count_moves(data, state, k, 1)


@inlined_kernel
def count_moves(data, state, k, sign):  # type: ignore[no-untyped-def]
    """Add a shuttle's moves to the count of those that move at once, or take them out (-1)."""
    if data.numbers[a.X_MINUTES]:
        _count(data, state, k, sign)


@inner_kernel
def _count(data, state, k, sign):  # type: ignore[no-untyped-def]
    moving, free, done = state.moving, state.free, 0
    for p in range(1, state.size[k]):
        for minute in range(max(state.spans[k, p, 0], done), state.spans[k, p, 1]):
            if data.booked[k, minute]:
                continue
            if sign > 0:
                state.totals[a.T_OVER] += moving[minute] >= free[minute]
            else:
                state.totals[a.T_OVER] -= moving[minute] > free[minute]
            moving[minute] += sign
        done = max(done, state.spans[k, p, 1])


@inner_kernel
def overbooks(data, state, k, count):  # type: ignore[no-untyped-def]
    """Whether a settled plan moves in a minute in which as many others do as may."""
    book(data, k, state.trial, count, state.plan)
    for p in range(1, count):
        for minute in range(state.plan[p, a.S_FROM], state.plan[p, a.S_UNTIL]):
            if not data.booked[k, minute] and state.moving[minute] >= state.free[minute]:
                return True
    return False


@inlined_kernel
def keep_moves(data, state, k):  # type: ignore[no-untyped-def]
    """Keep a route's moves as they are, so that they can be taken back."""
    if data.numbers[a.X_MINUTES]:
        for p in range(state.size[k]):
            state.spans_before[k, p, 0] = state.spans[k, p, 0]
            state.spans_before[k, p, 1] = state.spans[k, p, 1]


@inlined_kernel
def take_moves_back(data, state, k):  # type: ignore[no-untyped-def]
    """Return to the moves that were kept, and count them."""
    if data.numbers[a.X_MINUTES]:
        for p in range(state.size[k]):
            state.spans[k, p, 0] = state.spans_before[k, p, 0]
            state.spans[k, p, 1] = state.spans_before[k, p, 1]
        count_moves(data, state, k, 1)


@kernel
def minutes_of(data, state, k, count, minutes):  # type: ignore[no-untyped-def]
    """Mark the minutes in which a shuttle moves besides, by the route in ``state.trial``."""
    if lay(data, k, state.trial, count, state.plan, state.scratch):
        settle(state.plan, count, data.shuttles[k, a.K_DURATION])
    book(data, k, state.trial, count, state.plan)
    for p in range(1, count):
        for minute in range(state.plan[p, a.S_FROM], state.plan[p, a.S_UNTIL]):
            if not data.booked[k, minute]:
                minutes[minute] = 1
