"""A shuttle in the simulated world: where it is, who is on board, what it is about to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol

from services.domain.events import Report
from services.domain.ids import RideId
from services.domain.plan import Plan, Visit
from services.domain.shuttle import Shuttle
from services.domain.task import Task, TaskKind

Place = int | tuple[int, int]


class Passengers(Protocol):
    """Who stands at the stops, as far as a shuttle has to know."""

    def present_s(self, ride: RideId, /) -> int:
        """When a party is at its stop; far in the future, if it does not come."""

    def pickup_from_s(self, ride: RideId, /) -> int:
        """From when the party was promised to be picked up."""

    def seats(self, ride: RideId, /) -> tuple[int, int]:
        """Seats and wheelchair places that the party takes."""


@dataclass(slots=True)
class Stay:
    """A stop made, as it goes on."""

    shuttle: int
    stop: int
    arrive_s: int
    depart_s: int
    drives: int
    """How many drives had been made by then, by all shuttles."""
    boarded: list[RideId] = field(default_factory=list)
    left: list[RideId] = field(default_factory=list)
    seats: int = 0
    wheelchairs: int = 0
    broke_down_at: Place | None = None
    """Where the shuttle stood, if it broke down: it let everybody off at this stop."""
    task: Task | None = None
    """What the shuttle did there."""
    level_mwh: int = 0
    left_mwh: int = 0
    charged_mwh: int = 0
    """What its battery held on arrival and on leaving, and what came in."""


@dataclass(slots=True)
class Vehicle:
    """One shuttle in the world.

    ``stop`` is where it stands or for which it is heading. ``place`` and ``place_ms`` are where
    and when it set off, or last changed its mind (which may lie just ahead). ``turn`` grows with
    each change, so that what was entered in the agenda before is void.
    """

    number: int
    shuttle: Shuttle
    stop: int
    visits: list[Visit] = field(default_factory=list)
    revision: int = 0
    moving: bool = False
    boarding: bool = False
    turn: int = 0
    place: Place = 0
    place_ms: int = 0
    arrive_ms: int = 0
    cut_off: bool = False
    """Waits at its place under way, since no road leads on."""
    permille: int = 1000
    aboard: set[RideId] = field(default_factory=set)
    leases: dict[RideId, int] = field(default_factory=dict)
    """Until when each party of its plan may get on; 0: not yet."""
    done: set[RideId | Task] = field(default_factory=set)
    stay: Stay | None = None
    departures: int = 0
    level_mwh: int = 0
    """What its battery holds, as it was when it last stood or turned off."""
    broken_until_s: int = 0
    """Stands out of order until then; 0: it is in order."""
    fault_s: int = -1
    """When it last broke down."""
    silent_until_s: int = 0
    """Neither hears nor is heard until then."""
    unsaid: list[Report] = field(default_factory=list)
    unheard: Plan | None = None
    """What it has to say and is to hear once it is no longer silent."""


def is_void(vehicle: Vehicle, plan: Plan) -> bool:
    """Whether a newer plan is known, or this was made before it was known that it broke down.

    In the latter case others may be on their way to its riders.
    """
    known_fault_s = -1 if plan.fault_s is None else plan.fault_s
    return plan.revision <= vehicle.revision or known_fault_s < vehicle.fault_s


def prune(vehicle: Vehicle, now_s: int = 0) -> None:
    """Drop what is done already: a plan may have been on its way while it was.

    And who it may not pick up any more, as their leases are over.
    """
    visits = vehicle.visits
    while visits:
        visit = visits[0]
        if visit.task is not None:
            if visit.task not in vehicle.done:
                return
        elif not visit.board and not visit.leave:
            if vehicle.moving or visit.stop != vehicle.stop:
                return
        else:
            board = tuple(
                ride_id
                for ride_id in visit.board
                if ride_id not in vehicle.aboard
                and ride_id not in vehicle.done
                and not 0 < vehicle.leases.get(ride_id, 0) < now_s
            )
            leave = tuple(ride_id for ride_id in visit.leave if ride_id in vehicle.aboard)
            if board or leave:
                if (board, leave) != (visit.board, visit.leave):
                    visits[0] = replace(visit, board=board, leave=leave)
                return
        visits.pop(0)


def start_mwh(shuttle: Shuttle) -> int:
    """What a shuttle's battery holds when the day begins."""
    return 0 if shuttle.battery is None else shuttle.battery.start_mwh


def charge(vehicle: Vehicle, gain_mwh: int) -> None:
    """Let energy come in, as far as there is room for it."""
    battery, stay = vehicle.shuttle.battery, vehicle.stay
    if battery is not None and stay is not None:
        stay.charged_mwh = max(min(gain_mwh, battery.capacity_mwh - vehicle.level_mwh), 0)
        vehicle.level_mwh += stay.charged_mwh


def plugged_in(vehicles: Iterable[Vehicle], stop: int) -> int:
    """How many shuttles charge at a stop."""
    stays = (vehicle.stay for vehicle in vehicles if vehicle.stop == stop and not vehicle.moving)
    tasks = (stay.task for stay in stays if stay is not None)
    return sum(task is not None and task.kind is TaskKind.CHARGE for task in tasks)
