"""A shuttle as it is built: what fits in, and where it lives."""

from __future__ import annotations

from dataclasses import dataclass

from services.domain.ids import ShuttleId
from services.domain.ride import Load


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
    """

    id: ShuttleId
    depot_stop: int
    capacity: Load
    seats_per_wheelchair: int = 0

    def fits(self, load: Load) -> bool:
        """Whether there is room for a load in the empty shuttle."""
        seats = load.seats + self.seats_per_wheelchair * load.wheelchairs
        room = self.capacity
        return (
            seats <= room.seats
            and load.wheelchairs <= room.wheelchairs
            and load.luggage <= room.luggage
        )
