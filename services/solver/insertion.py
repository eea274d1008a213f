"""Best place of a request in a route: slacks first, the exact check only for what would win."""

from __future__ import annotations

from services.network.kernels import kernel
from services.solver import arrays as a
from services.solver.dice import below
from services.solver.routes import try_with


@kernel
def offer(data, state, k, r, pickup, dropoff, cost):  # type: ignore[no-untyped-def]
    """Take an insertion as the best found if it is cheaper and keeps every limit."""
    found = state.found
    if data.numbers[a.X_EXACT]:
        if not try_with(data, state, k, r, pickup, dropoff):
            return
        cost += found[a.F_EXTRA] - state.extra[0, k]
        if cost >= found[a.F_COST]:
            return
    found[a.F_COST] = cost
    found[a.F_SHUTTLE] = k
    found[a.F_PICKUP] = pickup
    found[a.F_DROPOFF] = dropoff


@kernel
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
    n = data.numbers[a.X_REQUESTS]
    setup = data.numbers[a.X_SETUP]
    exact = data.numbers[a.X_EXACT]
    seats = data.nodes[r, a.N_SEATS]
    wheelchairs, luggage = data.nodes[r, a.N_WHEELCHAIRS], data.nodes[r, a.N_LUGGAGE]
    seats += data.shuttles[k, a.K_DISPLACES] * wheelchairs
    seats = data.shuttles[k, a.K_SEATS] - seats
    wheelchairs = data.shuttles[k, a.K_WHEELCHAIRS] - wheelchairs
    luggage = data.shuttles[k, a.K_LUGGAGE] - luggage
    here, there = data.nodes[r, a.N_PLACE], data.nodes[n + r, a.N_PLACE]
    opens, begin_by = data.nodes[r, a.N_OPENS], data.nodes[r, a.N_BEGIN_BY]
    leave_by, service = data.nodes[r, a.N_LEAVE_BY], data.nodes[r, a.N_SERVICE]
    drop_opens, drop_by = data.nodes[n + r, a.N_OPENS], data.nodes[n + r, a.N_BEGIN_BY]
    drop_leave_by, drop_service = data.nodes[n + r, a.N_LEAVE_BY], data.nodes[n + r, a.N_SERVICE]
    ride_max = data.requests[r, a.Q_RIDE_MAX]
    wait_weight, ride_weight = data.numbers[a.X_WAIT], data.numbers[a.X_RIDE]
    if not data.requests[r, a.Q_RIDERS]:
        wait_weight, ride_weight = 0, 0
    direct_s, direct = legs[here, there, 0], legs[here, there, 1]
    longest = data.shuttles[k, a.K_DURATION] - rows[k, count - 1, a.R_TIGHT]
    until = below(state.dice, blink) + 1 if blink else a.FAR
    for i in range(count - 1):
        if rows[k, i, a.R_LEAVE] > begin_by:
            break
        if rows[k, i, a.R_SEATS] > seats:
            continue
        if rows[k, i, a.R_WHEELCHAIRS] > wheelchairs or rows[k, i, a.R_LUGGAGE] > luggage:
            continue
        place, following = rows[k, i, a.R_PLACE], rows[k, i + 1, a.R_PLACE]
        begin = max(rows[k, i, a.R_LEAVE] + legs[place, here, 0], opens)
        if begin > begin_by:
            continue
        dwell = service if place == here else service + setup
        left = begin + dwell
        if left > leave_by:
            continue
        base = surcharge + legs[place, here, 1] - rows[k, i, a.R_LEG]
        riders = wait_weight * (left - opens) + ride_weight * direct_s
        # The dropoff behind the pickup at once.
        cost = base + direct + legs[there, following, 1] + riders
        until -= 1
        if cost < found[a.F_COST]:
            drop = max(left + direct_s, drop_opens)
            drop_dwell = drop_service if here == there else drop_service + setup
            legal = drop <= drop_by and drop + drop_dwell <= drop_leave_by
            arrive = drop + drop_dwell + legs[there, following, 0]
            late = a.R_LATEST_HERE if there == following else a.R_LATEST
            if legal and arrive <= rows[k, i + 1, late] and until != 0:
                offer(data, state, k, r, i, i, cost - riders if exact else cost)
        if until == 0:
            until = below(state.dice, blink) + 1
        if i + 2 >= count:
            break
        base += legs[here, following, 1]
        if base + riders >= found[a.F_COST]:
            continue
        # The dropoff further back.
        onward = legs[here, following, 0]
        late = a.R_LATEST_HERE if here == following else a.R_LATEST
        detour = legs[place, here, 0] + service + onward - legs[place, following, 0]
        if left + onward > rows[k, i + 1, late]:
            continue
        if exact and (detour > rows[k, i, a.R_SPARE] or detour > longest):
            continue
        time = left + onward
        tight = onward
        arrived_from = here
        for j in range(i + 1, count - 1):
            if rows[k, j, a.R_SEATS] > seats:
                break
            if rows[k, j, a.R_WHEELCHAIRS] > wheelchairs or rows[k, j, a.R_LUGGAGE] > luggage:
                break
            node, place = rows[k, j, a.R_NODE], rows[k, j, a.R_PLACE]
            begin = max(time, rows[k, j, a.R_BEGIN] if exact else data.nodes[node, a.N_OPENS])
            dwell = data.nodes[node, a.N_SERVICE]
            if place != arrived_from:
                dwell += setup
            leave = begin + dwell
            tight += dwell
            to_drop = legs[place, there, 0]
            drop = max(leave + to_drop, drop_opens)
            if drop > drop_by or tight + to_drop > ride_max:
                break
            following = rows[k, j + 1, a.R_PLACE]
            cost = base + legs[place, there, 1] + legs[there, following, 1]
            cost -= rows[k, j, a.R_LEG]
            riders = wait_weight * (left - opens) + ride_weight * direct_s
            if wait_weight >= ride_weight:
                riders = wait_weight * (left - opens) + ride_weight * (drop - left)
            until -= 1
            if cost + riders < found[a.F_COST]:
                drop_dwell = drop_service if place == there else drop_service + setup
                legal = drop + drop_dwell <= drop_leave_by
                arrive = drop + drop_dwell + legs[there, following, 0]
                late = a.R_LATEST_HERE if there == following else a.R_LATEST
                legal = legal and arrive <= rows[k, j + 1, late] and until != 0
                if legal and exact:
                    more = to_drop + drop_service + legs[there, following, 0]
                    more -= legs[place, following, 0]
                    legal = more <= rows[k, j, a.R_SPARE] and detour + more <= longest
                if legal:
                    offer(data, state, k, r, i, j, cost)
            if until == 0:
                until = below(state.dice, blink) + 1
            time = leave + legs[place, following, 0]
            tight += legs[place, following, 0]
            late = a.R_LATEST_HERE if place == following else a.R_LATEST
            if time > rows[k, j + 1, late]:
                break
            arrived_from = place


@kernel
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
            offer(data, state, k, r, -1, i, cost)
