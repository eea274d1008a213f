"""A shuttle's route and schedule as the plan that it is told."""

from __future__ import annotations

from services.dispatcher import columns as c
from services.dispatcher.fleet import Shuttles
from services.dispatcher.moves import BARE_LATE_S, LATE_S
from services.dispatcher.schedule import is_cut_short
from services.domain.ids import RideId
from services.domain.plan import Plan, Visit


def plan_of(fleet: Shuttles, k: int, early_s: int) -> Plan:
    """The plan of shuttle ``k`` as a value.

    An empty shuttle sets off for a pickup only so as to be ``early_s`` before its earliest
    time, and for a task as late as is safe, so that it can be asked for till then. One that is
    under way with nothing to do goes on to its stop and parks there; one that stands sets off
    at once to where it is to park.
    """
    route, head = fleet.routes[k], fleet.arrays.heads[k].tolist()
    moving = head[c.H_MODE] == c.MOVING
    fault_s = route.fault_s if route.fault_s >= 0 else None
    if not route.stops:
        visits: tuple[Visit, ...] = ()
        free_s = head[c.H_FREE]
        cut_off = head[c.H_ARRIVE] - free_s >= c.UNREACHABLE_S
        if moving and not head[c.H_PENDING] and not cut_off:
            visits = (_bare_visit(fleet, head[c.H_STOP], free_s, head[c.H_ARRIVE]),)
        elif (parking := fleet.parking(k)) is not None:
            drive_s = fleet.drive_s[head[c.H_STOP], parking]
            leave_s = fleet.may_leave_s(k, free_s, drive_s)
            visits = (_bare_visit(fleet, parking, leave_s, leave_s + drive_s),)
        return Plan(
            shuttle_id=route.shuttle.id, revision=route.revision, visits=visits, fault_s=fault_s
        )
    rows = fleet.arrays.visits[k, : len(route.stops)].tolist()
    visits = tuple(_visits(fleet, k, rows, early_s, parks_first(fleet, k, early_s)))
    turns = moving and (visits[0].stop != head[c.H_STOP] or head[c.H_PENDING])
    return Plan(
        shuttle_id=route.shuttle.id,
        revision=route.revision,
        visits=visits,
        divert_node=(head[c.H_NODE] if fleet.ways.node_drive_s.shape[0] else -1) if turns else None,
        divert_s=head[c.H_FREE] if turns else None,
        fault_s=fault_s,
    )


def parks_first(fleet: Shuttles, k: int, early_s: int) -> tuple[int, int] | None:
    """Where, and from when, a shuttle is to stand before its next work, if that is elsewhere.

    One that is under way with nothing but a task ahead goes on to its stop, if there is time.
    """
    route, head = fleet.routes[k], fleet.arrays.heads[k].tolist()
    if (parking := fleet.parking(k)) is not None:
        return parking, head[c.H_FREE] + fleet.drive_s[head[c.H_STOP], parking]
    if route.stops and is_cut_short(fleet.ways, fleet.arrays.heads[k], route.stops[0].stop):
        return head[c.H_STOP], max(head[c.H_ARRIVE], head[c.H_FREE])
    task = route.stops[0].task if route.stops and not route.aboard else None
    if task is None or head[c.H_MODE] != c.MOVING or head[c.H_PENDING]:
        return None
    stop, there_s = head[c.H_STOP], head[c.H_ARRIVE]
    if head[c.H_CAPACITY] and not fleet.can_spare(k, stop):
        return None
    due_s = task.earliest_s - early_s - fleet.drive_s[stop, task.stop]
    return (stop, there_s) if stop != task.stop and there_s <= due_s else None


def _visits(
    fleet: Shuttles,
    k: int,
    rows: list[list[int]],
    early_s: int,
    parks: tuple[int, int] | None,
) -> list[Visit]:
    visits = []
    route, head = fleet.routes[k], fleet.arrays.heads[k].tolist()
    empty = head[c.H_ABOARD_SEATS] + head[c.H_ABOARD_WHEELCHAIRS] == 0
    free_s, last = head[c.H_FREE], -1
    if parks is not None:
        visits.append(_bare_visit(fleet, parks[0], free_s, parks[1]))
        last, free_s = parks
    spare_s = _spare_s(rows, early_s) if route.tasks else []
    here = -1 if head[c.H_MODE] == c.MOVING else head[c.H_STOP]
    for i, (stop, row) in enumerate(zip(route.stops, rows, strict=True)):
        arrive_s, depart_s = row[c.V_ARRIVE], row[c.V_DEPART]
        drive_s = max(arrive_s - free_s - row[c.V_PAUSE], 0)
        drive_s = fleet.drive_s[last, stop.stop] if last >= 0 else drive_s
        arrive_s = max(arrive_s, free_s + drive_s) if last >= 0 else arrive_s
        leave_s = min(free_s, arrive_s)
        begun = last < 0 and (head[c.H_MODE] == c.MOVING or head[c.H_LOCKED])
        if not begun:
            leave_s = fleet.may_leave_s(k, leave_s, drive_s)
        if empty and not begun:
            by_s = row[c.V_EARLIEST]
            if stop.task is not None:
                # Drives take longer some days.
                by_s = row[c.V_ARRIVE] + spare_s[i] - drive_s // 4
            leave_s = fleet.leave_late_s(k, leave_s, by_s - drive_s - early_s, drive_s)
            arrive_s = max(arrive_s, leave_s + drive_s)
        if arrive_s > row[c.V_ARRIVE]:
            depart_s = max(depart_s, max(arrive_s, row[c.V_EARLIEST]) + row[c.V_DWELL])
        drives = fleet.supervised and stop.stop != (last if last >= 0 else here)
        visits.append(
            Visit(
                stop=stop.stop,
                leave_s=leave_s,
                arrive_s=arrive_s,
                depart_s=depart_s,
                board_from_s=row[c.V_EARLIEST] if stop.board else 0,
                board=_without(stop.board, route.awaited),
                leave=_without(stop.leave, route.awaited),
                task=stop.task,
                level_wh=row[c.V_LEVEL] // 1000 if head[c.H_CAPACITY] else None,
                latest_s=_latest_s(row, arrive_s) if drives else None,
            )
        )
        empty = row[c.V_SEATS] + row[c.V_WHEELCHAIRS] == 0
        free_s, last = depart_s, stop.stop
    return visits


def _without(ride_ids: list[RideId], awaited: set[RideId]) -> tuple[RideId, ...]:
    if not awaited:
        return tuple(ride_ids)
    return tuple(ride_id for ride_id in ride_ids if ride_id not in awaited)


def _bare_visit(fleet: Shuttles, stop: int, leave_s: int, arrive_s: int) -> Visit:
    """A stop made for nobody, to stand there."""
    return Visit(
        stop=stop,
        leave_s=min(leave_s, arrive_s),
        arrive_s=arrive_s,
        depart_s=arrive_s,
        latest_s=arrive_s + BARE_LATE_S if fleet.supervised else None,
    )


def _latest_s(row: list[int], arrive_s: int) -> int:
    """Until when a drive is supervised: no promise breaks if it takes so long."""
    within_s = row[c.V_ARRIVE] + row[c.V_RIDE_SLACK]
    return max(arrive_s, min(within_s, max(row[c.V_START], arrive_s) + LATE_S))


def _spare_s(rows: list[list[int]], early_s: int) -> list[int]:
    """By how much a shuttle can come later to each visit: tasks in time, rides not later at all."""
    spare_s, after_s = [0] * len(rows), c.FAR_S
    for i in range(len(rows) - 1, -1, -1):
        row = rows[i]
        wait_s = row[c.V_START] - row[c.V_ARRIVE]
        if row[c.V_TASK]:
            after_s = max(min(row[c.V_DROP_BY] - row[c.V_ARRIVE], wait_s + after_s), 0)
        else:
            after_s = max(wait_s - early_s, 0)
        spare_s[i] = after_s
    return spare_s
