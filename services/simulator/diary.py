"""What shuttles did, written down as it happens: stops made and ways driven."""

from __future__ import annotations

from services.simulator.driven import Drive
from services.simulator.vehicle import Passengers, Place, Stay, Vehicle


class Diary:
    """The stays and drives of all shuttles.

    Parameters
    ----------
    riders
        Who is on board takes seats.
    """

    def __init__(self, riders: Passengers) -> None:
        self._riders = riders
        self.drives: list[Drive] = []
        self.stays: list[Stay] = []

    def stay(self, vehicle: Vehicle, now_s: int) -> Stay:
        """The stop that a shuttle is making; it begins now, if it makes none yet."""
        if vehicle.stay is None:
            vehicle.stay = Stay(vehicle.number, vehicle.stop, now_s, now_s, len(self.drives))
            self.stays.append(vehicle.stay)
        return vehicle.stay

    def end_stay(self, vehicle: Vehicle, now_s: int) -> None:
        """A shuttle is done at its stop."""
        stay = self.stay(vehicle, now_s)
        stay.depart_s = now_s
        loads = [self._riders.seats(ride_id) for ride_id in vehicle.aboard]
        stay.seats = sum(seats for seats, _ in loads)
        stay.wheelchairs = sum(wheelchairs for _, wheelchairs in loads)
        vehicle.stay = None

    def drive(self, vehicle: Vehicle, end: Place, end_ms: int, revision: int) -> None:
        """A shuttle came from where it set off, or last turned off, to a place."""
        if end != vehicle.place or end_ms != vehicle.place_ms:
            self.drives.append(
                Drive(
                    vehicle.number,
                    vehicle.place,
                    vehicle.place_ms,
                    vehicle.stop,
                    end,
                    end_ms,
                    vehicle.permille,
                    revision,
                )
            )
