"""Where each shuttle will be when a batch takes effect, and what of its plan lies before: compiled.

Whatever a shuttle has begun by then, or is about to arrive at, is frozen; a search plans on from
the stop at which it stands then, or from the point at which it can turn off.
"""

from __future__ import annotations

import numpy as np

from services.dispatcher import columns as c
from services.network.driving import (
    crow_m,
    crow_point,
    crow_s,
    drive_from_s,
    drive_until,
    from_node_s,
    set_off,
)
from services.network.kernels import array_kernel, inner_kernel, kernel

# projected[shuttle, column]
J_FROZEN = 0  # how many visits lie before
J_TIME = 1  # from when it can be sent elsewhere
J_STOP = 2  # the stop where it stands then, or -1 on the way
J_TOWARDS = 3  # on the way: the stop for which it is heading
J_LEFT = 4  # on the way: seconds from there to that stop
J_NODE = 5  # on the way: road node, if there are roads
J_X = 6  # on the way: place, mm, if there are none
J_Y = 7
J_COLUMNS = 8


@kernel
def project(ways, head, visits, times, projected):  # type: ignore[no-untyped-def]
    """Follow a shuttle along its plan.

    Parameters
    ----------
    ways
        Travel times.
    head, visits
        The shuttle's rows, located and scheduled.
    times
        When the batch takes effect; how far ahead a shuttle can turn off; within how much of its
        arrival it keeps its course; how early an empty one is at a booked pickup; all in s.
    projected
        (J_COLUMNS,) is written.
    """
    deadline_s, latency_s, keep_s, early_s = times
    count, i = head[c.H_VISITS], head[c.H_FIRST]
    moving = head[c.H_MODE] == c.MOVING
    here, free_s = head[c.H_STOP], head[c.H_FREE]
    while i < count or (i == 0 and moving):
        target = visits[i, c.V_STOP] if i < count else here
        if i == 0 and moving:
            leave_s = head[c.H_MS] // 1000
            arrive_s = visits[0, c.V_ARRIVE] if count else head[c.H_ARRIVE]
            node, ms, x_mm, y_mm = head[c.H_NODE], head[c.H_MS], head[c.H_X], head[c.H_Y]
        else:
            drive_s = int(ways.drive_s[here, target])
            arrive_s = visits[i, c.V_ARRIVE]
            leave_s = min(free_s + visits[i, c.V_PAUSE], arrive_s)
            if ways.caps.shape[0]:
                leave_s, drive_s = set_off(ways, head[c.H_DARK], free_s, here, target)
                leave_s = min(leave_s, arrive_s)
            if _is_empty(head, visits, i):
                leave_s = max(leave_s, visits[i, c.V_EARLIEST] - drive_s - early_s)
                arrive_s = max(arrive_s, leave_s + drive_s)
            settled = target == here and visits[i, c.V_START] <= deadline_s + latency_s
            if leave_s > deadline_s and not settled:
                break
            node, ms = ways.stop_node[here], leave_s * 1000
            x_mm, y_mm = ways.stop_mm[here, 0], ways.stop_mm[here, 1]
        if arrive_s > deadline_s + max(keep_s, latency_s):
            _on_the_way(ways, (node, ms, x_mm, y_mm), target, arrive_s, times, projected)
            projected[J_FROZEN] = i
            return
        here, moving = target, False
        free_s = visits[i, c.V_DEPART] if i < count else arrive_s
        i += 1
    projected[J_FROZEN] = min(i, count)
    projected[J_TIME] = max(free_s, deadline_s)
    projected[J_STOP] = here


@inner_kernel
def _is_empty(head, visits, i):  # type: ignore[no-untyped-def]
    if i == 0:
        return head[c.H_ABOARD_SEATS] + head[c.H_ABOARD_WHEELCHAIRS] == 0
    return visits[i - 1, c.V_SEATS] + visits[i - 1, c.V_WHEELCHAIRS] == 0


@inner_kernel
def _on_the_way(ways, place, target, arrive_s, times, projected):  # type: ignore[no-untyped-def]
    node, ms, x_mm, y_mm = place
    until_s = times[0] + times[1]
    if ways.node_drive_s.shape[0]:
        node, ms = drive_until(ways, node, ms, target, until_s * 1000, 1000)
        projected[J_NODE] = node
        projected[J_TIME] = max((ms + 999) // 1000, times[0])
    else:
        until_s = max(until_s, (ms + 999) // 1000)
        total_ms = arrive_s * 1000 - ms
        at = crow_point(ways, x_mm, y_mm, target, until_s * 1000 - ms, total_ms)
        projected[J_X], projected[J_Y] = at
        projected[J_TIME] = until_s
    projected[J_STOP], projected[J_TOWARDS] = -1, target
    projected[J_LEFT] = max(arrive_s - projected[J_TIME], 0)


@array_kernel
def project_all(ways, fleet, times):  # type: ignore[no-untyped-def]
    """Project every shuttle.

    Returns
    -------
    (shuttles, J_COLUMNS) int64
    """
    count = len(fleet.heads)
    projected = np.zeros((count, J_COLUMNS), np.int64)
    for k in range(count):
        project(ways, fleet.heads[k], fleet.visits[k], times, projected[k])
    return projected


@array_kernel
def approaches(ways, projected, stops):  # type: ignore[no-untyped-def]
    """Seconds from where each shuttle can be sent elsewhere to stops.

    Returns
    -------
    (shuttles, stops) int32
    """
    drive_s = np.zeros((len(projected), len(stops)), np.int32)
    for k in range(len(projected)):
        at = projected[k]
        for s in range(len(stops)):
            stop = stops[s]
            if at[J_STOP] >= 0:
                drive_s[k, s] = drive_from_s(ways, at[J_TIME], at[J_STOP], stop)
            elif stop == at[J_TOWARDS]:
                drive_s[k, s] = at[J_LEFT]
            elif ways.node_drive_s.shape[0]:
                leg_s, ms = int(ways.node_drive_s[at[J_NODE], stop]), at[J_TIME] * 1000
                drive_s[k, s] = from_node_s(ways, at[J_NODE], ms, stop, leg_s) - at[J_TIME]
            else:
                drive_s[k, s] = crow_s(ways, at[J_X], at[J_Y], stop)
    return drive_s


@array_kernel
def approaches_m(ways, projected, stops):  # type: ignore[no-untyped-def]
    """Metres of the same ways.

    Returns
    -------
    (shuttles, stops) int64
    """
    way_m = np.zeros((len(projected), len(stops)), np.int64)
    for k in range(len(projected)):
        at = projected[k]
        for s in range(len(stops)):
            if at[J_STOP] >= 0:
                way_m[k, s] = ways.drive_m[at[J_STOP], stops[s]]
            elif ways.node_drive_m.shape[0]:
                way_m[k, s] = ways.node_drive_m[at[J_NODE], stops[s]]
            else:
                way_m[k, s] = crow_m(ways, at[J_X], at[J_Y], stops[s])
    return way_m
