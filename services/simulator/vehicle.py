"""A shuttle in the simulated world: where it is, who is on board, what it is about to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from services.domain.ids import RideId
from services.domain.plan import Visit
from services.domain.shuttle import Shuttle

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
    permille: int = 1000
    aboard: set[RideId] = field(default_factory=set)
    done: set[RideId] = field(default_factory=set)
    stay: Stay | None = None
    departures: int = 0
