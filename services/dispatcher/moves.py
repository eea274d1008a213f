"""When shuttles move, booked by the minute, so that no more move than are supervised: compiled.

Each drive of a plan is booked from when it begins at the earliest to when it ends at the latest
without breaking a promise, so shuttles that run late, within what was promised, disturb no other.
Minutes are counted from where the bookings begin (`services.dispatcher.pages`).
"""

from __future__ import annotations

import numpy as np

from services.dispatcher import columns as c
from services.dispatcher.departures import BARE_LATE_S, T_COLUMNS, T_LATEST, T_LEAVE, outline
from services.dispatcher.schedule import begin, locate, schedule
from services.network.kernels import array_kernel, kernel

MINUTE_S = 60
DAY_MIN = 1440


@array_kernel
def drives(ways, head, visits, now_s, times):  # type: ignore[no-untyped-def]
    """Write from when to when each drive of a plan is booked; return how many there are.

    ``times``: (positions + 2, 3) is written, with the visit that each drive leads to (-1: none); a
    drive in which the shuttle already is begins now.
    """
    moving, free_s, count = head[c.H_MODE] == c.MOVING, head[c.H_FREE], 0
    here = -1 if moving else head[c.H_STOP]
    plan = np.empty((head[c.H_VISITS], T_COLUMNS), np.int64)
    stop, there_s = outline(ways, head, visits, plan, head[c.H_PARK], head[c.H_EARLY])
    if not head[c.H_VISITS] and moving:
        stop, there_s = head[c.H_STOP], min(head[c.H_ARRIVE], free_s + c.UNREACHABLE_S)
    if stop >= 0:
        times[0, 0], times[0, 1] = min(free_s, there_s), there_s + BARE_LATE_S
        times[0, 2] = -1
        here, count = stop, 1
    for i in range(head[c.H_VISITS]):
        if visits[i, c.V_STOP] != here:
            times[count, 0], times[count, 1] = plan[i, T_LEAVE], plan[i, T_LATEST]
            times[count, 2] = i
            count += 1
        here = visits[i, c.V_STOP]
    if moving and count:
        times[0, 0] = min(times[0, 0], now_s)
    return count


@kernel
def last_minute(span):  # type: ignore[no-untyped-def]
    """The last minute of a drive (it ends as the next one begins, at the latest)."""
    return max(span[1] - 1, span[0]) // MINUTE_S


@array_kernel
def book(ways, fleet, k, now_s):  # type: ignore[no-untyped-def]
    """Book the drives of a shuttle's plan in place of those booked before.

    Returns
    -------
    int
        How many minutes there would have to be for all of it.
    """
    row, spans, total = fleet.booked[k], fleet.spans, fleet.total
    for minute in range(spans[k, 0], spans[k, 1]):
        total[minute] -= row[minute]
        row[minute] = 0
    spans[k] = 0
    head, visits = fleet.heads[k], fleet.visits[k]
    stays = not head[c.H_VISITS] and head[c.H_MODE] != c.MOVING and head[c.H_PARK] < 0
    if head[c.H_OUT] or stays:
        return 0
    times = np.empty((head[c.H_VISITS] + 2, 3), np.int64)
    first, needed = len(total), 0
    for i in range(drives(ways, head, visits, now_s, times)):
        begins = max(times[i, 0] // MINUTE_S - fleet.days[0, 0], 0)
        ends = last_minute(times[i]) + 1 - fleet.days[0, 0]
        first, needed = min(first, begins), max(needed, ends)
        for minute in range(begins, min(ends, len(total))):
            total[minute] += 1 - row[minute]
            row[minute] = 1
    spans[k, 0], spans[k, 1] = first, max(min(needed, len(total)), first)
    return needed


@array_kernel
def book_kept(ways, head, visits, kept, row):  # type: ignore[no-untyped-def]
    """Mark the minutes in which a shuttle moves whatever becomes of visits that are planned anew.

    Parameters
    ----------
    kept
        Now, the first visit that is planned anew, the first that is not any more, and from when
        the shuttle can be sent elsewhere.
    row
        (minutes from now on,) is written.
    """
    now_s, first, rest, free_s = kept
    if head[c.H_OUT]:
        return
    times = np.empty((head[c.H_VISITS] + 2, 3), np.int64)
    for i in range(drives(ways, head, visits, now_s, times)):
        anew = first < rest and (times[i, 2] < 0 or first <= times[i, 2] <= rest)
        if anew and times[i, 0] >= free_s:
            continue
        if anew:
            times[i, 1] = min(times[i, 1], free_s)
        start = now_s // MINUTE_S
        for minute in range(times[i, 0] // MINUTE_S, last_minute(times[i]) + 1):
            if 0 <= minute - start < len(row):
                row[minute - start] = True


@kernel
def locate_and_book(ways, fleet, shuttles, now_s, latency_s):  # type: ignore[no-untyped-def]
    """Locate some shuttles, and bring schedules and bookings of those that wait up to date."""
    for k in shuttles:
        head, visits = fleet.heads[k], fleet.visits[k]
        if locate(ways, head, visits, now_s, latency_s):
            schedule(ways, head, visits, fleet.rides[k])
            book(ways, fleet, k, now_s)
        begin(head, visits, now_s, latency_s)


@kernel
def limit_at(fleet, minute):  # type: ignore[no-untyped-def]
    """How many shuttles are supervised in a minute, by what clocks show then."""
    minute += fleet.days[0, 0]
    more = 0
    for change in range(len(fleet.days)):
        if fleet.days[change, 0] <= minute:
            more = fleet.days[change, 1]
    return fleet.limits[(minute + more) % DAY_MIN]


@kernel
def is_full(fleet, minute):  # type: ignore[no-untyped-def]
    """Whether as many shuttles are booked as are supervised."""
    taken = fleet.total[minute] if minute < len(fleet.total) else 0
    return taken >= limit_at(fleet, minute)


@kernel
def is_overbooked(fleet, k):  # type: ignore[no-untyped-def]
    """Whether a shuttle moves, by its plan, in a minute in which too many do."""
    for minute in range(fleet.spans[k, 0], fleet.spans[k, 1]):
        if fleet.booked[k, minute] and fleet.total[minute] > limit_at(fleet, minute):
            return True
    return False


@array_kernel
def overbooks(ways, fleet, ask, found):  # type: ignore[no-untyped-def]
    """Whether a plan with a request in it moves in a full minute in which it does not yet.

    ``found``: shuttle, candidates and places of pickup and dropoff.
    """
    k = found[0]
    head, visits = _with_request(fleet, ask, found)
    rides = _rides_with_request(fleet, ask, found)
    head[c.H_RIDES] += 1
    schedule(ways, head, visits, rides)
    times = np.empty((head[c.H_VISITS] + 2, 3), np.int64)
    for i in range(drives(ways, head, visits, head[c.H_FREE], times)):
        begins = max(times[i, 0] // MINUTE_S - fleet.days[0, 0], 0)
        for minute in range(begins, last_minute(times[i]) + 1 - fleet.days[0, 0]):
            own = minute < len(fleet.total) and fleet.booked[k, minute]
            if not own and is_full(fleet, minute):
                return True
    return False


@array_kernel
def _with_request(fleet, ask, found):  # type: ignore[no-untyped-def]
    """A shuttle's head and visits with a request in its plan; times are computed after."""
    k, a, b, pick, pick_joins, drop, drop_joins = found
    head, old, party = fleet.heads[k].copy(), fleet.visits[k], ask.party
    count = head[c.H_VISITS]
    visits = np.zeros((count + 2, c.V_COLUMNS), np.int64)
    seats = party[c.A_SEATS] + head[c.H_PER_WHEELCHAIR] * party[c.A_WHEELCHAIRS]
    own_s, at, aboard = party[c.A_BASE_S] + party[c.A_PARTY_S], 0, False
    for i in range(count + 1):
        before_seats, before_wheelchairs = head[c.H_ABOARD_SEATS], head[c.H_ABOARD_WHEELCHAIRS]
        if i > 0:
            before_seats, before_wheelchairs = old[i - 1, c.V_SEATS], old[i - 1, c.V_WHEELCHAIRS]
        for drops in range(2):
            if i != (drop if drops else pick) or (drop_joins if drops else pick_joins):
                continue
            row = visits[at]
            row[c.V_STOP] = ask.dropoffs[b, c.D_STOP] if drops else ask.pickups[a, c.P_STOP]
            row[c.V_EARLIEST] = 0 if drops else ask.pickups[a, c.P_EARLIEST]
            row[c.V_PICK_BY] = c.FAR_S if drops else ask.pickups[a, c.P_PICK_BY]
            row[c.V_DROP_BY] = ask.dropoffs[b, c.D_DROP_BY] if drops else c.FAR_S
            row[c.V_DWELL] = own_s
            aboard = not drops
            row[c.V_SEATS] = before_seats + seats * aboard
            row[c.V_WHEELCHAIRS] = before_wheelchairs + party[c.A_WHEELCHAIRS] * aboard
            at += 1
        if i == count:
            break
        row = visits[at]
        row[:] = old[i]
        if i == drop and drop_joins:
            aboard = False
            row[c.V_DWELL] += party[c.A_PARTY_S]
            row[c.V_DROP_BY] = min(row[c.V_DROP_BY], ask.dropoffs[b, c.D_DROP_BY])
        if i == pick and pick_joins:
            aboard = True
            row[c.V_DWELL] += party[c.A_PARTY_S]
            row[c.V_EARLIEST] = max(row[c.V_EARLIEST], ask.pickups[a, c.P_EARLIEST])
            row[c.V_PICK_BY] = min(row[c.V_PICK_BY], ask.pickups[a, c.P_PICK_BY])
        row[c.V_SEATS] += seats * aboard
        row[c.V_WHEELCHAIRS] += party[c.A_WHEELCHAIRS] * aboard
        at += 1
    head[c.H_VISITS], head[c.H_PARK] = at, -1
    return head, visits


@array_kernel
def _rides_with_request(fleet, ask, found):  # type: ignore[no-untyped-def]
    k, a, b, pick, pick_joins, drop, drop_joins = found
    count = fleet.heads[k, c.H_RIDES]
    rides = np.zeros((count + 1, c.R_COLUMNS), np.int64)
    for r in range(count):
        rides[r] = fleet.rides[k, r]
        for column in (c.R_PICK, c.R_DROP):
            at = rides[r, column]
            if at >= 0:
                rides[r, column] = at + (at >= pick and not pick_joins)
                rides[r, column] += at >= drop and not drop_joins
    rides[count, c.R_PICK] = pick
    rides[count, c.R_DROP] = drop + (not pick_joins)
    rides[count, c.R_LIMIT] = ask.pairs[a, b, c.E_LIMIT]
    return rides
