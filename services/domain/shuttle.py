"""A shuttle as it is built: what fits in, and where it lives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.domain.battery import Battery
from services.domain.ids import ShuttleId
from services.domain.ride import Load
from services.domain.task import Upkeep


@dataclass(frozen=True, slots=True, kw_only=True)
class Shuttle:
    """A vehicle of the fleet.

    Parameters
    ----------
    depot_stop
        Number of the stop where its day begins.
    capacity
        Room in each dimension.
    seats_per_wheelchair
        Seats that each rider in a wheelchair takes away, beside the place.
    shifts
        From when to when it is on duty, in seconds after midnight, in order; every day the same.
        None: always.
    upkeep
        What is to be done to it every day.
    dark
        Whether it may drive in darkness.
    battery
        None: it never runs out of energy.
    """

    id: ShuttleId
    depot_stop: int
    capacity: Load
    seats_per_wheelchair: int = 0
    shifts: tuple[tuple[int, int], ...] = ()
    upkeep: tuple[Upkeep, ...] = ()
    dark: bool = True
    battery: Battery | None = None

    def fits(self, load: Load) -> bool:
        """Whether there is room for a load in the empty shuttle."""
        seats = load.seats + self.seats_per_wheelchair * load.wheelchairs
        room = self.capacity
        return (
            seats <= room.seats
            and load.wheelchairs <= room.wheelchairs
            and load.luggage <= room.luggage
        )


class FaultKind(StrEnum):
    """Why a shuttle is out of order."""

    BREAKDOWN = "breakdown"
    SENSORS = "sensors"
    ENERGY = "energy"
    ACCIDENT = "accident"
