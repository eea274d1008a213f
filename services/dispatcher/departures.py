"""When shuttles set off by their plans, and where they stand first: compiled.

What they are told (`services.dispatcher.plans`) and the minutes that are booked for them
(`services.dispatcher.moves`) are the same times.
"""

from __future__ import annotations

from services.dispatcher import columns as c
from services.dispatcher.energy import runs_short
from services.dispatcher.schedule import is_cut_short
from services.network.driving import drive_from_s, set_off
from services.network.kernels import inner_kernel, kernel

LATE_S = 600
"""A drive is booked for no longer than this after it is planned to end."""
TRIES = 3
"""How often a late departure is looked for, where how long a drive takes depends on it."""
BARE_LATE_S = 120
"""The same for drives to a stop where nobody waits."""

# times[position, column] of a plan
T_LEAVE = 0
T_ARRIVE = 1
T_DEPART = 2
T_LATEST = 3  # until when the drive is booked
T_COLUMNS = 4


@inner_kernel
def _parks_first(ways, head, visits, parking, early_s):  # type: ignore[no-untyped-def]
    """Where a shuttle stands before its next work, and from when; -1: nowhere.

    ``parking``: a stop where it is told to wait; -1: none. One that is under way with nothing but
    a task ahead goes on to its stop, if there is time and energy.
    """
    stop = head[c.H_STOP]
    if parking >= 0:
        leave_s, drive_s = head[c.H_FREE], drive_from_s(ways, head[c.H_FREE], stop, parking)
        if not head[c.H_VISITS]:
            leave_s, drive_s = set_off(ways, head[c.H_DARK], leave_s, stop, parking)
        return parking, leave_s + drive_s
    if head[c.H_VISITS] and is_cut_short(ways, head, visits[0, c.V_STOP]):
        return stop, max(head[c.H_ARRIVE], head[c.H_FREE])
    aboard = head[c.H_ABOARD_SEATS] + head[c.H_ABOARD_WHEELCHAIRS]
    if not head[c.H_VISITS] or not visits[0, c.V_TASK] or aboard:
        return -1, 0
    if head[c.H_MODE] != c.MOVING or head[c.H_PENDING] or stop == visits[0, c.V_STOP]:
        return -1, 0
    if head[c.H_CAPACITY] and runs_short(ways, head, visits, (0, stop, -1, -1)):
        return -1, 0
    way_s = ways.drive_s[stop, visits[0, c.V_STOP]]
    if head[c.H_ARRIVE] > visits[0, c.V_EARLIEST] - early_s - way_s:
        return -1, 0
    return stop, head[c.H_ARRIVE]


@kernel
def outline(ways, head, visits, times, parking, early_s):  # type: ignore[no-untyped-def]
    """Write when a shuttle sets off for each visit, arrives and departs, at the earliest.

    An empty one sets off for a pickup only so as to be ``early_s`` before its earliest time, and
    for a task as late as is safe. Returns where it stands before its next
    work, and from when; -1: nowhere.
    """
    moving, free_s, last = head[c.H_MODE] == c.MOVING, head[c.H_FREE], -1
    aboard = head[c.H_ABOARD_SEATS] + head[c.H_ABOARD_WHEELCHAIRS]
    parks, there_s = _parks_first(ways, head, visits, parking, early_s)
    if parks >= 0:
        last, free_s = parks, there_s
    _spare(head, visits, times, early_s)
    for i in range(head[c.H_VISITS]):
        spare_s, stop, arrive_s = times[i, T_LEAVE], visits[i, c.V_STOP], visits[i, c.V_ARRIVE]
        drive_s = max(arrive_s - free_s - visits[i, c.V_PAUSE], 0)
        if last >= 0:
            drive_s = int(ways.drive_s[last, stop])
            arrive_s = max(arrive_s, free_s + drive_s)
        leave_s, depart_s = min(free_s, arrive_s), visits[i, c.V_DEPART]
        begun = last < 0 and (moving or head[c.H_LOCKED])
        start = last if last >= 0 else head[c.H_STOP]
        if not begun:
            leave_s, drive_s = set_off(ways, head[c.H_DARK], leave_s, start, stop)
            arrive_s = max(arrive_s, leave_s + drive_s)
        if not aboard and not begun:
            by_s = visits[i, c.V_EARLIEST]
            if visits[i, c.V_TASK]:
                # Drives take longer some days.
                by_s = visits[i, c.V_ARRIVE] + spare_s - drive_s // 4
            late_s = _leave_late_s(ways, head, by_s - early_s, drive_s, (start, stop))
            if late_s > leave_s:
                leave_s, drive_s = late_s, drive_from_s(ways, late_s, start, stop)
            arrive_s = max(arrive_s, leave_s + drive_s)
        if arrive_s > visits[i, c.V_ARRIVE]:
            start_s = max(arrive_s, visits[i, c.V_EARLIEST])
            depart_s = max(depart_s, start_s + visits[i, c.V_DWELL])
        times[i, T_LEAVE], times[i, T_ARRIVE], times[i, T_DEPART] = leave_s, arrive_s, depart_s
        times[i, T_LATEST] = _latest_s(visits[i], arrive_s)
        free_s, last = depart_s, stop
        aboard = visits[i, c.V_SEATS] + visits[i, c.V_WHEELCHAIRS]
    return parks, there_s


@inner_kernel
def _spare(head, visits, times, early_s):  # type: ignore[no-untyped-def]
    """Write by how much a shuttle can come later to each visit: tasks in time, rides not later."""
    after_s = c.FAR_S
    for i in range(head[c.H_VISITS] - 1, -1, -1):
        wait_s = visits[i, c.V_START] - visits[i, c.V_ARRIVE]
        if visits[i, c.V_TASK]:
            in_time_s = visits[i, c.V_DROP_BY] - visits[i, c.V_ARRIVE]
            after_s = max(min(in_time_s, wait_s + after_s), 0)
        else:
            after_s = max(wait_s - early_s, 0)
        times[i, T_LEAVE] = after_s


@inner_kernel
def _leave_late_s(ways, head, by_s, drive_s, ends):  # type: ignore[no-untyped-def]
    """The latest that a shuttle may set off so as to be there by a time; under caps, about.

    ``ends``: from which stop to which; ``drive_s``: what the drive takes about that time.
    """
    pauses = ways.pauses[head[c.H_DARK]]
    for _ in range(TRIES):
        late_s = by_s - drive_s
        for p in range(len(pauses) - 1, -1, -1):
            if late_s < pauses[p, 1] and late_s + drive_s > pauses[p, 0]:
                late_s = pauses[p, 0] - drive_s
        if not ways.caps.shape[0]:
            return late_s
        leave_s, takes_s = set_off(ways, head[c.H_DARK], late_s, *ends)
        if leave_s == late_s and leave_s + takes_s <= by_s:
            return late_s
        drive_s = max(drive_s, takes_s)
    return -c.FAR_S


@inner_kernel
def _latest_s(visit, arrive_s):  # type: ignore[no-untyped-def]
    """Until when a visit's drive is booked: no promise breaks if it takes so long."""
    within_s = visit[c.V_ARRIVE] + visit[c.V_RIDE_SLACK]
    return max(arrive_s, min(within_s, max(visit[c.V_START], arrive_s) + LATE_S))
