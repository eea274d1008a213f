"""Best place of a request in a route: slacks first, the exact check only for what would win."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from services.network.kernels import inlined_kernel, inner_kernel
from services.solver import arrays as a
from services.solver.dice import below
from services.solver.routes import try_with


@inner_kernel
def offer(data, state, k, r, pickup, dropoff, cost):  # type: ignore[no-untyped-def]
    """Take an insertion as the best found if it is cheaper and keeps every limit."""
    found = state.found
    driven = state.cost[0, k] - state.extra[0, k] - data.shuttles[k, a.K_FIXED] + cost
    if driven > data.shuttles[k, a.K_LENGTH]:
        return
    if data.numbers[a.X_EXACT] and not found[a.F_LAZY]:
        if not try_with(data, state, k, r, pickup, dropoff):
            return
        cost += found[a.F_EXTRA] - state.extra[0, k]
        if cost >= found[a.F_COST]:
            return
    found[a.F_COST] = cost
    found[a.F_SHUTTLE] = k
    found[a.F_PICKUP] = pickup
    found[a.F_DROPOFF] = dropoff
    found[a.F_SURE] = not found[a.F_LAZY]


class Ask(NamedTuple):
    """A request as it looks to one shuttle: room it leaves, windows, and what it costs."""

    seats: int
    wheelchairs: int
    luggage: int
    here: int
    there: int
    drop_opens: int
    drop_by: int
    drop_leave_by: int
    drop_service: int
    ride_max: int
    spare: int
    wait: int
    ride: int
    blink: int


@inlined_kernel
def _ask(data, state, k, r, blink):  # type: ignore[no-untyped-def]
    drop = data.numbers[a.X_REQUESTS] + r
    riders = data.requests[r, a.Q_RIDERS]
    seats = data.nodes[r, a.N_SEATS]
    seats += data.shuttles[k, a.K_DISPLACES] * data.nodes[r, a.N_WHEELCHAIRS]
    return Ask(
        data.shuttles[k, a.K_SEATS] - seats,
        data.shuttles[k, a.K_WHEELCHAIRS] - data.nodes[r, a.N_WHEELCHAIRS],
        data.shuttles[k, a.K_LUGGAGE] - data.nodes[r, a.N_LUGGAGE],
        data.nodes[r, a.N_PLACE],
        data.nodes[drop, a.N_PLACE],
        data.nodes[drop, a.N_OPENS],
        data.nodes[drop, a.N_BEGIN_BY],
        data.nodes[drop, a.N_LEAVE_BY],
        data.nodes[drop, a.N_SERVICE],
        data.requests[r, a.Q_RIDE_MAX],
        data.shuttles[k, a.K_DURATION] - state.rows[k, state.size[k] - 1, a.R_TIGHT],
        data.numbers[a.X_WAIT] * riders,
        data.numbers[a.X_RIDE] * riders,
        blink,
    )


@inlined_kernel
def _room(rows, k, p, ask):  # type: ignore[no-untyped-def]
    room = rows[k, p, a.R_SEATS] <= ask.seats and rows[k, p, a.R_WHEELCHAIRS] <= ask.wheelchairs
    return room and rows[k, p, a.R_LUGGAGE] <= ask.luggage


@inlined_kernel
def try_route(data, state, k, r, blink):  # type: ignore[no-untyped-def]
    """Try every place of a request in a route; the best so far is in ``state.found``.

    One place in ``blink`` is skipped at random (0: none).
    """
    count = state.size[k]
    # A shuttle that had nothing to do did not drive to its end either.
    surcharge = data.shuttles[k, a.K_FIXED] + state.rows[k, 0, a.R_LEG] if count == 2 else 0
    if surcharge >= state.found[a.F_COST]:
        return
    if data.requests[r, a.Q_ABOARD]:
        _try_dropoff(data, state, k, r, surcharge)
        return
    rows, legs, found = state.rows, data.legs, state.found
    setup, exact = data.numbers[a.X_SETUP], data.numbers[a.X_EXACT]
    opens, begin_by = data.nodes[r, a.N_OPENS], data.nodes[r, a.N_BEGIN_BY]
    leave_by, service = data.nodes[r, a.N_LEAVE_BY], data.nodes[r, a.N_SERVICE]
    ask = _ask(data, state, k, r, blink)
    here, there = ask.here, ask.there
    direct_s, direct = legs[here, there, 0], legs[here, there, 1]
    until = below(state.dice, blink) + 1 if blink else a.FAR
    for i in range(count - 1):
        if rows[k, i, a.R_LEAVE] > begin_by:
            break
        if rows[k, i + 1, a.R_LATEST_HERE] < opens + service:
            continue
        if not _room(rows, k, i, ask):
            continue
        place, following = rows[k, i, a.R_PLACE], rows[k, i + 1, a.R_PLACE]
        begin = max(rows[k, i, a.R_LEAVE] + legs[place, here, 0], opens)
        left = begin + (service if place == here else service + setup)
        if begin > begin_by or left > leave_by:
            continue
        base = surcharge + legs[place, here, 1] - rows[k, i, a.R_LEG]
        # Where waits or rides count, what these riders' cost at least belongs to the bound.
        riders = ask.wait * (left - data.requests[r, a.Q_OPENS]) + ask.ride * direct_s
        until -= 1
        if until == 0:
            until = below(state.dice, blink) + 1
        elif base + direct + legs[there, following, 1] + riders < found[a.F_COST]:
            drop = max(left + direct_s, ask.drop_opens)
            if _drop_fits(data, rows, k, i, drop, here, ask):
                offer(data, state, k, r, i, i, base + direct + legs[there, following, 1])
        base += legs[here, following, 1]
        onward = legs[here, following, 0]
        late = a.R_LATEST_HERE if here == following else a.R_LATEST
        if base + riders >= found[a.F_COST] or left + onward > rows[k, i + 1, late]:
            continue
        detour = legs[place, here, 0] + service + onward - legs[place, following, 0]
        if exact and (detour > rows[k, i, a.R_SPARE] or detour > ask.spare):
            continue
        until = _dropoffs(data, state, k, r, i, left, detour, base, riders, ask, until)


@inlined_kernel
def _drop_fits(data, rows, k, j, drop, place, ask):  # type: ignore[no-untyped-def]
    """Say if a dropoff that begins at a time, behind visit j, leaves what follows in time."""
    following = rows[k, j + 1, a.R_PLACE]
    leave = drop + ask.drop_service
    if place != ask.there:
        leave += data.numbers[a.X_SETUP]
    late = a.R_LATEST_HERE if ask.there == following else a.R_LATEST
    arrive = leave + data.legs[ask.there, following, 0]
    in_time = drop <= ask.drop_by and leave <= ask.drop_leave_by
    return in_time and arrive <= rows[k, j + 1, late]


@inlined_kernel
def _dropoffs(data, state, k, r, i, left, detour, base, riders, ask, until):  # type: ignore[no-untyped-def]
    """Try the dropoff behind each later visit, with the pickup behind visit i."""
    rows, legs, found = state.rows, data.legs, state.found
    setup, exact = data.numbers[a.X_SETUP], data.numbers[a.X_EXACT]
    there, before = ask.there, ask.here
    tight = legs[before, rows[k, i + 1, a.R_PLACE], 0]
    time = left + tight
    for j in range(i + 1, state.size[k] - 1):
        if not _room(rows, k, j, ask):
            break
        node, place = rows[k, j, a.R_NODE], rows[k, j, a.R_PLACE]
        begin = max(time, rows[k, j, a.R_BEGIN] if exact else data.nodes[node, a.N_OPENS])
        dwell = data.nodes[node, a.N_SERVICE] + (0 if place == before else setup)
        leave = begin + dwell
        tight += dwell
        to_drop = legs[place, there, 0]
        drop = max(leave + to_drop, ask.drop_opens)
        if drop > ask.drop_by or tight + to_drop > ask.ride_max:
            break
        following = rows[k, j + 1, a.R_PLACE]
        onward = legs[place, following, 0]
        cost = base + legs[place, there, 1] + legs[there, following, 1] - rows[k, j, a.R_LEG]
        if ask.wait >= ask.ride:
            riders = ask.wait * (left - data.requests[r, a.Q_OPENS]) + ask.ride * (drop - left)
        until -= 1
        if until == 0:
            until = below(state.dice, ask.blink) + 1
        elif cost + riders < found[a.F_COST] and _drop_fits(data, rows, k, j, drop, place, ask):
            more = to_drop + ask.drop_service + legs[there, following, 0] - onward
            if not exact or (more <= rows[k, j, a.R_SPARE] and detour + more <= ask.spare):
                offer(data, state, k, r, i, j, cost)
        time = leave + onward
        tight += onward
        late = a.R_LATEST_HERE if place == following else a.R_LATEST
        if time > rows[k, j + 1, late]:
            break
        before = place
    return until


@inner_kernel
def _try_dropoff(data, state, k, r, surcharge):  # type: ignore[no-untyped-def]
    """Try every place of the dropoff of a request that is on board."""
    rows, legs, found = state.rows, data.legs, state.found
    node = data.numbers[a.X_REQUESTS] + r
    setup = data.numbers[a.X_SETUP]
    there = data.nodes[node, a.N_PLACE]
    for i in range(state.size[k] - 1):
        place, following = rows[k, i, a.R_PLACE], rows[k, i + 1, a.R_PLACE]
        begin = max(rows[k, i, a.R_LEAVE] + legs[place, there, 0], data.nodes[node, a.N_OPENS])
        if begin > data.nodes[node, a.N_BEGIN_BY]:
            continue
        leave = begin + data.nodes[node, a.N_SERVICE]
        if place != there:
            leave += setup
        late = a.R_LATEST_HERE if there == following else a.R_LATEST
        if leave > data.nodes[node, a.N_LEAVE_BY]:
            continue
        if leave + legs[there, following, 0] > rows[k, i + 1, late]:
            continue
        cost = surcharge + legs[place, there, 1] + legs[there, following, 1]
        cost -= rows[k, i, a.R_LEG]
        if cost < found[a.F_COST]:
            offer(data, state, k, r, np.int64(-1), i, cost)
