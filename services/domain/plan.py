"""A shuttle's plan: the stops it makes, in order, and whom it lets on and off there."""

from __future__ import annotations

from dataclasses import dataclass

from services.domain.ids import RideId, ShuttleId
from services.domain.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One stop made.

    Parameters
    ----------
    stop
        Number of the stop.
    leave_s
        When to set off for it, at the earliest.
    arrive_s
        Expected arrival; who leaves, leaves now.
    depart_s
        Expected end of boarding, after which the shuttle may go on.
    board_from_s
        Boarding does not start before; 0 if nobody boards.
    board, leave
        Rides that get on and off.
    board_until_s
        Of each that gets on, until when it may (its lease), in the same order; 0: not yet.
    task
        What the shuttle does there instead; then nobody gets on or off, or stays on board.
    level_wh
        What its battery is expected to hold on arrival, if it has one.
    latest_s
        Until when somebody supervises the drive to it, from ``leave_s`` on; absent if it is there
        already, or if nobody has to.
    """

    stop: int
    leave_s: int
    arrive_s: int
    depart_s: int
    board_from_s: int = 0
    board: tuple[RideId, ...] = ()
    leave: tuple[RideId, ...] = ()
    task: Task | None = None
    level_wh: int | None = None
    latest_s: int | None = None
    board_until_s: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that a shuttle is to do from here on, as its ``revision``-th order.

    ``divert_node`` is the road node at which a shuttle under way is expected to turn off towards
    the first visit, if that is not where it is heading already; ``divert_s`` is when it gets there.
    Without roads the node is -1 and the time says it all.

    ``fault_s`` is when the shuttle last broke down, as far as this plan knows. A shuttle that broke
    down since does not follow it: others may have been sent for its riders.
    """

    shuttle_id: ShuttleId
    revision: int
    visits: tuple[Visit, ...]
    divert_node: int | None = None
    divert_s: int | None = None
    fault_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One stop of a proposed route: who gets on and off there, in whatever time."""

    stop: int
    board: tuple[RideId, ...] = ()
    leave: tuple[RideId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedRoute:
    """All that a shuttle should do from its ``revision``-th plan on, as a solver sees it."""

    shuttle_id: ShuttleId
    revision: int
    calls: tuple[Call, ...]
