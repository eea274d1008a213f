"""How far shuttles drive by their plans, and what an insertion adds: compiled."""

from __future__ import annotations

from services.dispatcher import columns as c
from services.network.driving import crow_m
from services.network.kernels import inner_kernel, kernel


@kernel
def from_head_m(ways, head, stop):  # type: ignore[no-untyped-def]
    """Metres to a stop from where a shuttle is when it can be sent elsewhere."""
    if head[c.H_MODE] == c.AT_STOP:
        return int(ways.drive_m[head[c.H_STOP], stop])
    if ways.node_drive_m.shape[0]:
        return int(ways.node_drive_m[head[c.H_NODE], stop])
    return crow_m(ways, head[c.H_FREE_X], head[c.H_FREE_Y], stop)


@inner_kernel
def _way_m(ways, head, visits, position, stop):  # type: ignore[no-untyped-def]
    """Metres to a stop from the place that is left before a position."""
    if position == 0:
        return from_head_m(ways, head, stop)
    return int(ways.drive_m[visits[position - 1, c.V_STOP], stop])


@kernel
def plan_m(ways, head, visits):  # type: ignore[no-untyped-def]
    """Metres of all of a shuttle's plan, from where it can be sent elsewhere."""
    total = 0
    for i in range(head[c.H_VISITS]):
        total += _way_m(ways, head, visits, i, visits[i, c.V_STOP])
    return total


@kernel
def detour_m(ways, head, visits, own):  # type: ignore[no-untyped-def]
    """Metres that two more stops add to a plan; fewer than none, if the fastest way is shorter.

    ``own``: positions and stops of pickup and dropoff; a stop of -1 is none, the visit there is
    joined.
    """
    pick, pickup, drop, dropoff = own
    both = pickup >= 0 and dropoff >= 0 and pick == drop
    added = 0
    if pickup >= 0:
        added += _way_m(ways, head, visits, pick, pickup)
        if both:
            added += int(ways.drive_m[pickup, dropoff])
        if pick < head[c.H_VISITS]:
            following = visits[pick, c.V_STOP]
            added += int(ways.drive_m[dropoff if both else pickup, following])
            added -= _way_m(ways, head, visits, pick, following)
    if dropoff >= 0 and not both:
        added += _way_m(ways, head, visits, drop, dropoff)
        if drop < head[c.H_VISITS]:
            following = visits[drop, c.V_STOP]
            added += int(ways.drive_m[dropoff, following])
            added -= _way_m(ways, head, visits, drop, following)
    return added
