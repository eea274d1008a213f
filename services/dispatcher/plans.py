"""A shuttle's route and schedule as the plan that it is told."""

from __future__ import annotations

from services.dispatcher import columns as c
from services.dispatcher.departures import BARE_LATE_S
from services.dispatcher.fleet import Shuttles
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
            leave_s, drive_s = fleet.set_off(k, free_s, head[c.H_STOP], parking)
            visits = (_bare_visit(fleet, parking, leave_s, leave_s + drive_s),)
        return Plan(
            shuttle_id=route.shuttle.id, revision=route.revision, visits=visits, fault_s=fault_s
        )
    visits = _visits(fleet, k, early_s)
    turns = moving and (visits[0].stop != head[c.H_STOP] or head[c.H_PENDING])
    return Plan(
        shuttle_id=route.shuttle.id,
        revision=route.revision,
        visits=visits,
        divert_node=(head[c.H_NODE] if fleet.ways.node_drive_s.shape[0] else -1) if turns else None,
        divert_s=head[c.H_FREE] if turns else None,
        fault_s=fault_s,
    )


def _visits(fleet: Shuttles, k: int, early_s: int) -> tuple[Visit, ...]:
    visits = []
    route, head = fleet.routes[k], fleet.arrays.heads[k].tolist()
    rows = fleet.arrays.visits[k, : len(route.stops)].tolist()
    parks, times = fleet.outline(k, early_s)
    here = -1 if head[c.H_MODE] == c.MOVING else head[c.H_STOP]
    if parks is not None:
        visits.append(_bare_visit(fleet, parks[0], head[c.H_FREE], parks[1]))
        here = parks[0]
    for stop, row, (leave_s, arrive_s, depart_s, latest_s) in zip(
        route.stops, rows, times, strict=True
    ):
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
                latest_s=latest_s if fleet.supervised and stop.stop != here else None,
            )
        )
        here = stop.stop
    return tuple(visits)


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
