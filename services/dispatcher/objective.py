"""What the best insertion minimises, and a bound that tells early which cannot win: compiled."""

from __future__ import annotations

from services.dispatcher import columns as c
from services.network.kernels import inner_kernel

ROUNDING_S = 4
"""By how much a way over several stops can seem shorter than the direct one, for rounding."""
DRIVE_COST = 1000
"""What one second of added driving costs; other weights are thousandths of it."""


@inner_kernel
def least_cost(ways, ask, a):  # type: ignore[no-untyped-def]
    """What the ride and the walks cost at least, from one of the pickup stops."""
    cost = c.FAR_S
    for b in range(len(ask.dropoffs)):
        ride_s = ways.drive_s[ask.pickups[a, c.P_STOP], ask.dropoffs[b, c.D_STOP]]
        walks = ask.pairs[a, b, c.E_WALK_COST]
        cost = min(cost, ask.party[c.A_RIDE_WEIGHT] * ride_s + walks)
    return cost


@inner_kernel
def at_least(ask, a, added_s, boarded_s, least):  # type: ignore[no-untyped-def]
    """A value that no insertion with the pickup at this place can beat.

    By the triangle inequality the dropoff adds no less than nothing; rounded times may miss that by
    some seconds. It does not hold for the metres of fastest ways.
    """
    mode, pickup = ask.party[c.A_MODE], ask.pickups[a]
    if mode == c.COST and ask.party[c.A_KM_WEIGHT]:
        return 0
    if mode == c.COST:
        waited = ask.party[c.A_WAIT_WEIGHT] * (boarded_s - pickup[c.P_EARLIEST])
        return (added_s - ROUNDING_S) * DRIVE_COST + waited + least
    if mode in (c.LEAVE_LATER, c.LATENESS):
        return max(boarded_s - pickup[c.P_GOAL], 0)
    return max(pickup[c.P_EXTRA_WALK], 0) if mode == c.WALK_FURTHER else 0


@inner_kernel
def value_of(ask, a, b, drive_cost, shortage, picked_s, dropped_s, delay_s):  # type: ignore[no-untyped-def]
    """What is minimised; it never falls when pickup or ride get later or longer."""
    mode = ask.party[c.A_MODE]
    if mode == c.LEAVE_LATER:
        return max(picked_s - ask.pickups[a, c.P_GOAL], 0)
    if mode == c.ARRIVE_LATER:
        return max(dropped_s - ask.dropoffs[b, c.D_GOAL], 0)
    if mode == c.WALK_FURTHER:
        return max(ask.pickups[a, c.P_EXTRA_WALK], ask.dropoffs[b, c.D_EXTRA_WALK], 0)
    if mode == c.FEWER_SEATS:
        return shortage
    if mode == c.RIDE_LONGER:
        return max(dropped_s - picked_s - ask.pairs[a, b, c.E_GOAL], 0)
    if mode == c.LATENESS:
        late_s = max(picked_s - ask.pickups[a, c.P_GOAL], 0)
        return late_s + max(dropped_s - ask.dropoffs[b, c.D_GOAL], 0)
    cost = drive_cost + ask.pairs[a, b, c.E_WALK_COST]
    cost += ask.party[c.A_WAIT_WEIGHT] * (picked_s - ask.pickups[a, c.P_EARLIEST])
    cost += ask.party[c.A_RIDE_WEIGHT] * (dropped_s - picked_s)
    cost += ask.party[c.A_DELAY_WEIGHT] * max(delay_s, 0)
    return max(cost, 0)
