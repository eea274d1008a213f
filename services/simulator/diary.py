"""What shuttles did, written down as it happens: stops made and ways driven."""

from __future__ import annotations

from services.network.driving import Ways, drive_until
from services.simulator.driven import Drive
from services.simulator.vehicle import Passengers, Place, Stay, Vehicle
from services.simulator.whereabouts import Whereabouts, way_m


class Diary:
    """The stays and drives of all shuttles.

    Parameters
    ----------
    riders
        Who is on board takes seats.
    ways
        Travel times at first.
    """

    def __init__(self, riders: Passengers, ways: Ways) -> None:
        self._riders = riders
        self.versions = [ways]
        """Travel times, as they were one after the other."""
        self.drives: list[Drive] = []
        self.stays: list[Stay] = []

    def stay(self, vehicle: Vehicle, now_s: int) -> Stay:
        """The stop that a shuttle is making; it begins now, if it makes none yet."""
        if vehicle.stay is None:
            vehicle.stay = Stay(vehicle.number, vehicle.stop, now_s, now_s, len(self.drives))
            vehicle.stay.level_mwh = vehicle.stay.left_mwh = vehicle.level_mwh
            self.stays.append(vehicle.stay)
        return vehicle.stay

    def end_stay(self, vehicle: Vehicle, now_s: int) -> None:
        """A shuttle is done at its stop."""
        stay = self.stay(vehicle, now_s)
        stay.depart_s = now_s
        battery = vehicle.shuttle.battery
        if battery is not None and (stay.boarded or stay.left):
            vehicle.level_mwh -= battery.per_stop_mwh
        stay.left_mwh = vehicle.level_mwh
        loads = [self._riders.seats(ride_id) for ride_id in vehicle.aboard]
        stay.seats = sum(seats for seats, _ in loads)
        stay.wheelchairs = sum(wheelchairs for _, wheelchairs in loads)
        vehicle.stay = None

    def drive(self, vehicle: Vehicle, end: Place, end_ms: int, revision: int) -> None:
        """A shuttle came from where it set off, or last turned off, to a place."""
        battery = vehicle.shuttle.battery
        if battery is not None:
            took_s = (end_ms - vehicle.place_ms) // 1000
            driven_m = way_m(self.versions[-1], vehicle.place, end, vehicle.stop)
            vehicle.level_mwh -= battery.drive_mwh(driven_m, took_s)
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
                    len(self.versions) - 1,
                )
            )

    def cut(self, vehicle: Vehicle, where: Whereabouts, now_s: int) -> None:
        """A shuttle under way leaves its way at the next node; what was ahead is not driven."""
        if vehicle.place_ms > now_s * 1000:
            self._take_back(vehicle, now_s * 1000)
        else:
            place, ms = where.leave_way(vehicle, -1, now_s, now_s)
            self.drive(vehicle, place, ms, vehicle.revision)
            vehicle.place, vehicle.place_ms = place, ms

    def _take_back(self, vehicle: Vehicle, now_ms: int) -> None:
        for i in range(len(self.drives) - 1, -1, -1):
            drive = self.drives[i]
            if drive.shuttle != vehicle.number:
                continue
            if drive.end_ms <= now_ms:
                break
            ways, way = self.versions[drive.version], (drive.start, drive.start_ms, drive.towards)
            node, ms = drive_until(ways, *way, now_ms, drive.permille)
            battery = vehicle.shuttle.battery
            if battery is not None:
                saved_m = way_m(ways, int(node), drive.end, drive.towards)
                saved_s = (drive.end_ms - int(ms)) // 1000
                vehicle.level_mwh += battery.drive_mwh(saved_m, saved_s)
            vehicle.place, vehicle.place_ms = int(node), int(ms)
            self.drives[i] = drive._replace(end=vehicle.place, end_ms=vehicle.place_ms)
