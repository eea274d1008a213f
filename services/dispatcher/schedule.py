"""Where each shuttle can be sent from, and the earliest schedule of its plan: compiled.

The slack of a position is the forward time slack of Savelsbergh (1992),
"The vehicle routing problem with time windows: minimizing route duration", kept for windows alone
and with the ride-time limits of those on board (after Cordeau & Laporte, 2003).
"""

from __future__ import annotations

from services.dispatcher import columns as c
from services.dispatcher.energy import levels
from services.network.driving import (
    crow_point,
    crow_s,
    drive_from_s,
    drive_until,
    ends_before,
    from_node_s,
    is_hindered,
    set_off,
)
from services.network.kernels import array_kernel, inlined_kernel, inner_kernel, kernel


@inlined_kernel
def from_head(ways, head, stop):  # type: ignore[no-untyped-def]
    """Seconds to a stop from where a shuttle is when it can be sent elsewhere."""
    if head[c.H_MODE] == c.AT_STOP:
        return int(ways.drive_s[head[c.H_STOP], stop])
    if stop == head[c.H_STOP] and not head[c.H_PENDING]:
        return max(head[c.H_ARRIVE] - head[c.H_FREE], 0)
    if ways.node_drive_s.shape[0]:
        return int(ways.node_drive_s[head[c.H_NODE], stop])
    return crow_s(ways, head[c.H_FREE_X], head[c.H_FREE_Y], stop)


@kernel
def first_s(ways, head, stop):  # type: ignore[no-untyped-def]
    """Seconds until a shuttle can be at a stop, when it may not drive left out.

    One under way that would not get there before goes on to where it is heading, and waits there.
    """
    leg_s, free_s, begins_s = from_head(ways, head, stop), head[c.H_FREE], head[c.H_FREE]
    if not is_hindered(ways) or leg_s >= c.UNREACHABLE_S:
        return leg_s
    if head[c.H_MODE] != c.AT_STOP:
        if not is_cut_short(ways, head, stop):
            return at_once_s(ways, head, stop)
        leg_s, begins_s = int(ways.drive_s[head[c.H_STOP], stop]), max(head[c.H_ARRIVE], free_s)
        if leg_s >= c.UNREACHABLE_S:
            return leg_s
    leave_s, leg_s = set_off(ways, head[c.H_DARK], begins_s, head[c.H_STOP], stop)
    return leave_s - free_s + leg_s


@kernel
def at_once_s(ways, head, stop):  # type: ignore[no-untyped-def]
    """Seconds until a shuttle is at a stop if it sets off as soon as it can, at that time's speeds.

    Not earlier than with no speed caps, which `from_head` gives.
    """
    leg_s, free_s = from_head(ways, head, stop), head[c.H_FREE]
    goes_on = head[c.H_MODE] != c.AT_STOP and stop == head[c.H_STOP] and not head[c.H_PENDING]
    if not ways.caps.shape[0] or leg_s >= c.UNREACHABLE_S or goes_on:
        return leg_s
    if head[c.H_MODE] == c.AT_STOP:
        return drive_from_s(ways, free_s, head[c.H_STOP], stop)
    ms = max(head[c.H_MS], free_s * 1000 - 999)
    return max(from_node_s(ways, head[c.H_NODE], ms, stop, leg_s) - free_s, leg_s)


@kernel
def is_cut_short(ways, head, stop):  # type: ignore[no-untyped-def]
    """Whether a shuttle under way would not get to a stop before it may not drive."""
    if not ways.pauses.shape[1] or head[c.H_MODE] == c.AT_STOP or head[c.H_PENDING]:
        return False
    leg_s = at_once_s(ways, head, stop)
    elsewhere = stop != head[c.H_STOP] and leg_s < c.UNREACHABLE_S
    return elsewhere and not ends_before(ways, head[c.H_DARK], head[c.H_FREE], leg_s)


@inlined_kernel
def locate(ways, head, visits, now_s, latency_s):  # type: ignore[no-untyped-def]
    """Find from where, and when, a shuttle can be sent elsewhere; say if its schedule moved.

    Standing, it is free now, or once it has boarded. Under way, it is free at the first road node
    of its way that lies at least ``latency_s`` ahead; between stops of a map without roads, at the
    point that it reaches then.
    """
    head[c.H_FIRST] = 0
    if head[c.H_MODE] == c.AT_STOP:
        return _locate_standing(head, visits, now_s)
    if head[c.H_PENDING]:
        free_s = (head[c.H_MS] + 999) // 1000
        if free_s < now_s:
            head[c.H_SILENT] = 1
        head[c.H_FREE] = free_s
        return False
    if ways.node_drive_s.shape[0]:
        until_ms = (now_s + latency_s) * 1000
        node, ms = drive_until(ways, head[c.H_NODE], head[c.H_MS], head[c.H_STOP], until_ms, 1000)
        head[c.H_NODE] = node
        head[c.H_MS] = ms
        head[c.H_FREE] = max((ms + 999) // 1000, now_s)
    else:
        free_s = max(min(now_s + latency_s, head[c.H_ARRIVE]), now_s)
        head[c.H_FREE] = free_s
        head[c.H_FREE_X], head[c.H_FREE_Y] = crow_point(
            ways,
            head[c.H_X],
            head[c.H_Y],
            head[c.H_STOP],
            free_s * 1000 - head[c.H_MS],
            head[c.H_ARRIVE] * 1000 - head[c.H_MS],
        )
    # Reports that came late can leave it under way to another stop than its plan begins with.
    elsewhere = head[c.H_VISITS] > 0 and visits[0, c.V_STOP] != head[c.H_STOP]
    if head[c.H_ARRIVE] < now_s:
        head[c.H_ARRIVE] = now_s
        return True
    return elsewhere


@inner_kernel
def _locate_standing(head, visits, now_s):  # type: ignore[no-untyped-def]
    free_s = max(now_s, head[c.H_BUSY])
    if head[c.H_VISITS] and visits[0, c.V_STOP] == head[c.H_STOP]:
        # Boarding may have begun since the zone last looked.
        serving = head[c.H_SERVING] > 0
        begins = not head[c.H_LOCKED] and (serving or visits[0, c.V_START] <= now_s)
        if begins:
            start_s = max(min(visits[0, c.V_START], now_s), visits[0, c.V_EARLIEST])
            if not serving:
                start_s = max(start_s, head[c.H_BUSY])
            head[c.H_LOCKED] = 1
            visits[0, c.V_ARRIVE] = free_s
            visits[0, c.V_START] = start_s
            visits[0, c.V_DEPART] = max(start_s + visits[0, c.V_DWELL], free_s)
        if head[c.H_LOCKED]:
            head[c.H_FIRST] = 1
            late = visits[0, c.V_DEPART] < now_s
            if late:
                visits[0, c.V_DEPART] = now_s
            head[c.H_FREE] = visits[0, c.V_DEPART]
            return late or begins
    moved = head[c.H_FREE] != free_s
    head[c.H_FREE] = free_s
    return moved and head[c.H_VISITS] > 0


@kernel
def begin(head, visits, now_s, latency_s):  # type: ignore[no-untyped-def]
    """Settle the visit that a shuttle standing at its stop is about to begin.

    Only once it is scheduled, since boarding may have to be held back.
    """
    if head[c.H_MODE] != c.AT_STOP or head[c.H_LOCKED] or not head[c.H_VISITS]:
        return
    if visits[0, c.V_STOP] == head[c.H_STOP] and visits[0, c.V_START] <= now_s + latency_s:
        head[c.H_LOCKED] = 1
        head[c.H_FIRST] = 1
        head[c.H_FREE] = visits[0, c.V_DEPART]


@kernel
def schedule(ways, head, visits, rides):  # type: ignore[no-untyped-def]
    """Compute a shuttle's schedule and slacks, count broken promises; say if boarding was held.

    The schedule is as early as possible, except that boarding is held back where the ride would
    otherwise get too long because the shuttle waits later on. A visit in which boarding has begun
    keeps its times.
    """
    _forward(ways, head, visits, head[c.H_FIRST])
    held = _hold_back(ways, head, visits, rides)
    _slacks(head, visits, rides)
    if head[c.H_CAPACITY]:
        head[c.H_BROKEN] += levels(ways, head, visits)
    return held


@inner_kernel
def _forward(ways, head, visits, first):  # type: ignore[no-untyped-def]
    time_s = visits[first - 1, c.V_DEPART] if first > head[c.H_FIRST] else head[c.H_FREE]
    for i in range(first, head[c.H_VISITS]):
        stop = visits[i, c.V_STOP]
        visits[i, c.V_PAUSE] = 0
        if i > 0:
            drive_s = int(ways.drive_s[visits[i - 1, c.V_STOP], stop])
            last = visits[i - 1, c.V_STOP]
            leave_s, driven_s = set_off(ways, head[c.H_DARK], time_s, last, stop)
            arrive_s = leave_s + driven_s
            visits[i, c.V_PAUSE] = arrive_s - time_s - drive_s
        elif head[c.H_MODE] != c.AT_STOP and stop == head[c.H_STOP] and not head[c.H_PENDING]:
            arrive_s = head[c.H_ARRIVE]
        else:
            arrive_s = time_s + first_s(ways, head, stop)
            visits[i, c.V_PAUSE] = arrive_s - time_s - from_head(ways, head, stop)
        start_s = max(arrive_s, visits[i, c.V_EARLIEST])
        visits[i, c.V_ARRIVE] = arrive_s
        visits[i, c.V_START] = start_s
        time_s = start_s + visits[i, c.V_DWELL]
        visits[i, c.V_DEPART] = time_s


@array_kernel
def _hold_back(ways, head, visits, rides):  # type: ignore[no-untyped-def]
    """Start boarding later where that shortens a ride which is too long, and harms nobody.

    Steps 7 and 8 of Cordeau & Laporte (2003), "A tabu search heuristic for the static multi-vehicle
    dial-a-ride problem". Raises V_EARLIEST of the visits concerned.
    """
    held = False
    for r in range(head[c.H_RIDES]):
        pick, drop, limit_s = rides[r, c.R_PICK], rides[r, c.R_DROP], rides[r, c.R_LIMIT]
        if limit_s >= c.FAR_S or pick < head[c.H_FIRST]:
            continue
        delay_s = visits[drop, c.V_ARRIVE] - visits[pick, c.V_DEPART] - limit_s
        if delay_s <= 0:
            continue
        delay_s = min(delay_s, _delay_s_max(head, visits, rides, pick, drop))
        if delay_s > 0:
            earliest_s = visits[pick, c.V_EARLIEST]
            pauses_s = visits[pick + 1 : drop + 1, c.V_PAUSE].copy()
            visits[pick, c.V_EARLIEST] = visits[pick, c.V_START] + delay_s
            _forward(ways, head, visits, pick)
            held = True
            # Leaving later, a shuttle may miss the time in which it may drive.
            if (visits[pick + 1 : drop + 1, c.V_PAUSE] > pauses_s).any():
                visits[pick, c.V_EARLIEST] = earliest_s
                _forward(ways, head, visits, pick)
    return held


@inner_kernel
def _delay_s_max(head, visits, rides, pick, drop):  # type: ignore[no-untyped-def]
    """By how much boarding at a visit can be put off, all of it made good before a dropoff."""
    most_s = visits[pick, c.V_PICK_BY] - visits[pick, c.V_DEPART]
    waits_s = 0
    for i in range(pick + 1, drop):
        most_s = min(most_s, waits_s + max(visits[i, c.V_DROP_BY] - visits[i, c.V_ARRIVE], 0))
        waits_s += visits[i, c.V_START] - visits[i, c.V_ARRIVE]
        most_s = min(most_s, waits_s + max(visits[i, c.V_PICK_BY] - visits[i, c.V_DEPART], 0))
    most_s = min(most_s, waits_s)
    for q in range(head[c.H_RIDES]):
        before, after = rides[q, c.R_PICK], rides[q, c.R_DROP]
        if before < pick < after:
            picked_s = rides[q, c.R_PICKED] if before < 0 else visits[before, c.V_DEPART]
            spare_s = max(rides[q, c.R_LIMIT] - (visits[after, c.V_ARRIVE] - picked_s), 0)
            for i in range(pick + 1, min(after, drop)):
                spare_s += visits[i, c.V_START] - visits[i, c.V_ARRIVE]
            most_s = min(most_s, spare_s)
    return most_s


@inner_kernel
def _slacks(head, visits, rides):  # type: ignore[no-untyped-def]
    count = head[c.H_VISITS]
    broken = 0
    slack_s = c.FAR_S
    for i in range(count - 1, -1, -1):
        spare_s = visits[i, c.V_PICK_BY] - visits[i, c.V_DEPART]
        early_s = visits[i, c.V_DROP_BY] - visits[i, c.V_ARRIVE]
        if spare_s < 0 or early_s < 0:
            broken += 1
        if visits[i, c.V_SEATS] > head[c.H_SEATS] or visits[i, c.V_LUGGAGE] > head[c.H_LUGGAGE]:
            broken += 1
        if visits[i, c.V_WHEELCHAIRS] > head[c.H_WHEELCHAIRS]:
            broken += 1
        if visits[i, c.V_TASK] and visits[i, c.V_SEATS] + visits[i, c.V_WHEELCHAIRS]:
            broken += 1
        left_s = visits[i - 1, c.V_DEPART] if i else head[c.H_FREE]
        if visits[i, c.V_ARRIVE] - left_s >= c.UNREACHABLE_S:
            broken += 1
        if i + 1 < count:
            slack_s += visits[i + 1, c.V_PAUSE]
        wait_s = visits[i, c.V_START] - visits[i, c.V_ARRIVE]
        slack_s = min(wait_s + min(max(spare_s, 0), slack_s), max(early_s, 0))
        visits[i, c.V_SLACK] = slack_s
        visits[i, c.V_RIDE_SLACK] = slack_s
    for r in range(head[c.H_RIDES]):
        limit_s = rides[r, c.R_LIMIT]
        if limit_s >= c.FAR_S:
            continue
        pick, drop = rides[r, c.R_PICK], rides[r, c.R_DROP]
        picked_s = rides[r, c.R_PICKED] if pick < 0 else visits[pick, c.V_DEPART]
        spare_s = limit_s - (visits[drop, c.V_ARRIVE] - picked_s)
        if spare_s < 0:
            broken += 1
            spare_s = 0
        for i in range(drop, pick, -1):
            if i < drop:
                spare_s += visits[i, c.V_START] - visits[i, c.V_ARRIVE]
                spare_s += visits[i + 1, c.V_PAUSE]
            visits[i, c.V_RIDE_SLACK] = min(visits[i, c.V_RIDE_SLACK], spare_s)
    head[c.H_BROKEN] = broken


@kernel
def locate_all(ways, heads, visits, rides, now_s, latency_s):  # type: ignore[no-untyped-def]
    """Locate every shuttle, and bring the schedules of those that wait up to date."""
    for k in range(heads.shape[0]):
        if locate(ways, heads[k], visits[k], now_s, latency_s):
            schedule(ways, heads[k], visits[k], rides[k])
        begin(heads[k], visits[k], now_s, latency_s)


@kernel
def refresh(ways, head, visits, rides, now_s, latency_s):  # type: ignore[no-untyped-def]
    """Locate one shuttle and compute its schedule anew; say if boarding was held."""
    locate(ways, head, visits, now_s, latency_s)
    held = schedule(ways, head, visits, rides)
    begin(head, visits, now_s, latency_s)
    return held
