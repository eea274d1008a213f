"""Times of a route: earliest schedule with ride-time and duration limits, exactly; compiled.

A route with windows, longest rides and a longest duration is a system of difference constraints
(a simple temporal problem: Dechter, Meiri & Pearl, 1991, "Temporal constraint networks"). Its least
solution is found by raising what is violated until nothing is: from the windows forward along the
route, and back from a dropoff to its pickup, which is held back so that the ride gets no longer
than it may. One pass more than there are limits proves that there is none (Bellman & Ford). The
eight steps of Cordeau & Laporte (2003) miss some feasible routes; this misses none, like Firat &
Woeginger (2011), "Analysis of the dial-a-ride problem of Hunsaker and Savelsbergh".
"""

from __future__ import annotations

from services.network.kernels import inner_kernel
from services.solver import arrays as a


@inner_kernel
def lay(data, k, nodes, count, plan, position):  # type: ignore[no-untyped-def]
    """Write the constraints of a route, given by its nodes from start to end, into a plan.

    Positions of its nodes go to ``position``. Returns whether no ride is too long even without
    any waiting.
    """
    n = data.numbers[a.X_REQUESTS]
    tight = 0
    dwell = 0
    before = -1
    for p in range(count):
        node = nodes[p]
        place = data.nodes[node, a.N_PLACE]
        if p > 0:
            step = dwell + data.legs[before, place, 0]
            plan[p - 1, a.S_STEP] = step
            tight += step
        dwell = data.nodes[node, a.N_SERVICE]
        if p > 0 and place != before:
            dwell += data.numbers[a.X_SETUP]
        plan[p, a.S_LOW] = data.nodes[node, a.N_OPENS]
        high = data.nodes[node, a.N_LEAVE_BY] - dwell
        plan[p, a.S_HIGH] = min(data.nodes[node, a.N_BEGIN_BY], high)
        plan[p, a.S_MATE] = -1
        plan[p, a.S_STEP] = dwell
        position[node] = p
        if node < n:
            # Until the dropoff is met: the time without waiting at which the ride begins.
            plan[p, a.S_SPAN] = tight + dwell
        elif node < 2 * n and data.requests[node - n, a.Q_RIDE_MAX] < a.FAR:
            pick = position[node - n]
            ride_max = data.requests[node - n, a.Q_RIDE_MAX]
            if tight - plan[pick, a.S_SPAN] > ride_max:
                return False
            plan[pick, a.S_MATE] = p
        before = place
    if tight > data.shuttles[k, a.K_DURATION]:
        return False
    for p in range(1, count - 1):
        if plan[p, a.S_MATE] > 0:
            node = nodes[p]
            place = data.nodes[node, a.N_PLACE]
            dwell = data.nodes[node, a.N_SERVICE]
            if place != data.nodes[nodes[p - 1], a.N_PLACE]:
                dwell += data.numbers[a.X_SETUP]
            plan[p, a.S_SPAN] = data.requests[node, a.Q_RIDE_MAX] + dwell
    return True


@inner_kernel
def settle(plan, count, duration):  # type: ignore[no-untyped-def]
    """Find the earliest begin of every visit; say if there is a schedule at all."""
    for _ in range(count + 1):
        begin = plan[0, a.S_LOW]
        for p in range(count):
            begin = max(begin, plan[p, a.S_LOW])
            if begin > plan[p, a.S_HIGH]:
                return False
            plan[p, a.S_BEGIN] = begin
            begin += plan[p, a.S_STEP]
        raised = False
        for p in range(count - 2, 0, -1):
            mate = plan[p, a.S_MATE]
            if mate > 0:
                least = plan[mate, a.S_BEGIN] - plan[p, a.S_SPAN]
                if least > plan[p, a.S_BEGIN]:
                    plan[p, a.S_LOW] = least
                    plan[p, a.S_BEGIN] = least
                    raised = True
        least = plan[count - 1, a.S_BEGIN] - duration
        if least > plan[0, a.S_BEGIN]:
            plan[0, a.S_LOW] = least
            raised = True
        if not raised:
            return True
    return False


@inner_kernel
def riders_cost(data, nodes, count, plan):  # type: ignore[no-untyped-def]
    """What waits and rides cost in a settled plan."""
    wait, ride = data.numbers[a.X_WAIT], data.numbers[a.X_RIDE]
    if wait == 0 and ride == 0:
        return 0
    n = data.numbers[a.X_REQUESTS]
    cost = 0
    for p in range(1, count - 1):
        node = nodes[p]
        if node < n:
            if data.requests[node, a.Q_RIDERS]:
                left = plan[p, a.S_BEGIN] + data.nodes[node, a.N_SERVICE]
                if data.nodes[node, a.N_PLACE] != data.nodes[nodes[p - 1], a.N_PLACE]:
                    left += data.numbers[a.X_SETUP]
                cost += wait * (left - data.requests[node, a.Q_OPENS]) - ride * left
        elif data.requests[node - n, a.Q_RIDERS]:
            cost += ride * plan[p, a.S_BEGIN]
            if data.requests[node - n, a.Q_ABOARD]:
                cost -= ride * data.requests[node - n, a.Q_PICKED]
    return cost
