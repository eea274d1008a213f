"""Routes in plain values, for insertion spelled out."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.dispatcher import columns as c
from services.domain.battery import Battery
from services.domain.ids import RideId

NEW = RideId("the new party")


@dataclass(frozen=True, kw_only=True)
class Stop:
    """A stop that a route makes; ``number`` is its position in the route as it was."""

    stop: int
    number: int = -1
    board: tuple[RideId, ...] = ()
    leave: tuple[RideId, ...] = ()
    served_s: int = 0
    task_s: int | None = None
    """What a task takes that is done here."""
    gain_mwh: int = 0
    earliest_s: int = 0
    pick_by_s: int = c.FAR_S
    drop_by_s: int = c.FAR_S


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a shuttle is when it can be sent elsewhere.

    Parameters
    ----------
    free_s
        From then on.
    drive_s
        Seconds from there to each stop, if it stands nowhere.
    stop
        Where it stands, or the stop for which it is heading.
    arrive_s
        When it gets to the stop for which it is heading.
    keeps_course
        It is so close to the first stop of its route that it goes there first.
    boarding
        The first stop of its route is under way and ends at ``free_s``.
    """

    free_s: int
    drive_s: tuple[int, ...]
    stop: int
    arrive_s: int | None
    keeps_course: bool
    boarding: bool


@dataclass(frozen=True, kw_only=True)
class Shuttle:
    """A shuttle with its route, who is on board since when, and its room."""

    place: Place
    route: tuple[Stop, ...]
    aboard: dict[RideId, int]
    room: tuple[int, int, int]
    per_wheelchair: int
    battery: Battery | None
    level_mwh: int
    approach_mwh: tuple[int, ...]
    approach_m: tuple[int, ...]


@dataclass(frozen=True)
class Timetable:
    """When a route makes its stops; the driving in all; whether there is a way at all."""

    arrive_s: list[int] = field(default_factory=list)
    depart_s: list[int] = field(default_factory=list)
    drive_s: int = 0
    possible: bool = True


@dataclass(frozen=True, order=True, kw_only=True)
class Insertion:
    """A way to serve a request; the least one is the best one."""

    value: int
    shuttle: int
    pickup: int
    """Number of the pickup stop among the candidates."""
    pick: int
    """Position among the stops of the route as it is."""
    pick_joins: int
    """Whether the stop at that position is joined (1), or one is made before it (0)."""
    drop: int
    dropoff: int
    drop_joins: int
    pickup_s: int
    dropoff_s: int
