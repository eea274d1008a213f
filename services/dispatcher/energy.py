"""What is left in a shuttle's battery along its plan: compiled.

Energy is drawn by metres and seconds of driving and by stops, not by waiting, so what a plan takes
does not depend on when it happens; where there are speed caps, drives count as long as under them.
"""

from __future__ import annotations

from services.dispatcher import columns as c
from services.network.driving import crow_m, crow_s, longest_from_node_s, longest_s
from services.network.kernels import inner_kernel, kernel


@kernel
def leg_mwh(ways, head, start, end):  # type: ignore[no-untyped-def]
    """What the drive between two stops takes."""
    way_m, drive_s = int(ways.drive_m[start, end]), longest_s(ways, start, end)
    return way_m * head[c.H_PER_M] + drive_s * head[c.H_PER_S]


@kernel
def way_mwh(ways, head, place, stop):  # type: ignore[no-untyped-def]
    """What the drive to a stop takes from a road node or, without roads, a point."""
    node, x_mm, y_mm = place
    if ways.node_drive_s.shape[0]:
        way_m, drive_s = int(ways.node_drive_m[node, stop]), longest_from_node_s(ways, node, stop)
    else:
        way_m, drive_s = crow_m(ways, x_mm, y_mm, stop), crow_s(ways, x_mm, y_mm, stop)
    return way_m * head[c.H_PER_M] + drive_s * head[c.H_PER_S]


@kernel
def point_mwh(ways, head, stop):  # type: ignore[no-untyped-def]
    """The same from where a moving shuttle can be sent elsewhere."""
    place = (head[c.H_NODE], head[c.H_FREE_X], head[c.H_FREE_Y])
    return way_mwh(ways, head, place, stop)


@kernel
def to_first_mwh(ways, head, stop):  # type: ignore[no-untyped-def]
    """What the drive to a plan's first stop takes, from where a shuttle is when it is free."""
    if head[c.H_MODE] == c.AT_STOP:
        return leg_mwh(ways, head, head[c.H_STOP], stop)
    return point_mwh(ways, head, stop)


@inner_kernel
def _way_mwh(ways, head, last, stop):  # type: ignore[no-untyped-def]
    """What the drive to a stop takes from the last one, or from where a shuttle is (-1)."""
    return leg_mwh(ways, head, last, stop) if last >= 0 else to_first_mwh(ways, head, stop)


@kernel
def level_when_free(ways, head):  # type: ignore[no-untyped-def]
    """What is left where, and when, a shuttle can be sent elsewhere."""
    if head[c.H_MODE] == c.AT_STOP:
        return head[c.H_LEVEL]
    return head[c.H_LEVEL] + point_mwh(ways, head, head[c.H_STOP])


@kernel
def beyond_reserve(ways, head, stop, level):  # type: ignore[no-untyped-def]
    """What is left beyond the reserve and the way to the next charger, on leaving a stop."""
    to_charger = ways.charger_m[stop] * head[c.H_PER_M] + ways.charger_s[stop] * head[c.H_PER_S]
    return level - to_charger - head[c.H_RESERVE]


@kernel
def after_visit(head, visit, level):  # type: ignore[no-untyped-def]
    """What is left on leaving a planned visit, given what was left on arrival."""
    if visit[c.V_TASK]:
        return max(level, min(level + visit[c.V_CHARGE], head[c.H_CAPACITY]))
    return level - head[c.H_PER_STOP]


@kernel
def levels(ways, head, visits):  # type: ignore[no-untyped-def]
    """Reckon what is left along a plan; return at how many visits that is too little."""
    level, last, short = level_when_free(ways, head), -1, 0
    for i in range(head[c.H_VISITS]):
        stop = visits[i, c.V_STOP]
        level -= _way_mwh(ways, head, last, stop)
        visits[i, c.V_LEVEL] = level
        arrived = level - head[c.H_RESERVE]
        level = after_visit(head, visits[i], level)
        margin = min(arrived, beyond_reserve(ways, head, stop, level))
        visits[i, c.V_MARGIN] = margin
        short += margin < 0
        last = stop
    return short


@kernel
def runs_short(ways, head, visits, own):  # type: ignore[no-untyped-def]
    """Whether a plan with two more stops leaves too little anywhere.

    Where it is too little as planned, it may not get less. ``own``: positions and stops of pickup
    and dropoff; a stop of -1 is none, the visit there is joined.
    """
    pick, pickup, drop, dropoff = own
    level, last = level_when_free(ways, head), -1
    if pick > 0:
        level, last = visits[pick - 1, c.V_LEVEL], visits[pick - 1, c.V_STOP]
        level = after_visit(head, visits[pick - 1], level)
    for i in range(pick, head[c.H_VISITS] + 1):
        for stop in (pickup if i == pick else -1, dropoff if i == drop else -1):
            if stop >= 0:
                level -= _way_mwh(ways, head, last, stop) + head[c.H_PER_STOP]
                if beyond_reserve(ways, head, stop, level) < 0:
                    return True
                last = stop
        if i == head[c.H_VISITS]:
            break
        stop = visits[i, c.V_STOP]
        level -= _way_mwh(ways, head, last, stop)
        arrived = level - head[c.H_RESERVE]
        level = after_visit(head, visits[i], level)
        margin = min(arrived, beyond_reserve(ways, head, stop, level))
        if margin < min(visits[i, c.V_MARGIN], 0):
            return True
        last = stop
    return False
