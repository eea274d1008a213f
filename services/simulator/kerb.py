"""The people at the stops as a shuttle meets them: who is there, what fits, how long it takes."""

from __future__ import annotations

from collections.abc import Iterable

from services.domain.events import RideLetOff
from services.domain.ids import RideId
from services.domain.ride import Load
from services.domain.territory import StopTimes
from services.simulator.leases import may_board
from services.simulator.vehicle import Passengers, Stay, Vehicle

NEVER_S = 2**40


class Kerb:
    """Where people get on and off.

    Parameters
    ----------
    riders
        Who stands at the stops.
    stop_times
        How long stops take, and how long shuttles wait for people.
    """

    def __init__(self, riders: Passengers, stop_times: StopTimes) -> None:
        self._riders = riders
        self._stop_times = stop_times
        self._picked_up: set[RideId] = set()
        self._stranded: dict[RideId, tuple[int, int]] = {}
        """Who was let off on the way: at which stop, from when on."""

    def got_on(self, ride_id: RideId) -> None:
        """A party is on board."""
        self._picked_up.add(ride_id)

    def was_let_off(self, ride_id: RideId, stop: int, from_s: int) -> None:
        """A party had to get off on the way, at a stop where it is from a time on."""
        self._picked_up.discard(ride_id)
        self._stranded[ride_id] = (stop, from_s)

    def goes_on(self, vehicle: Vehicle, event: RideLetOff) -> None:
        """A party that got off waits there for another shuttle, or the same one later."""
        if event.ride_id in vehicle.done:
            vehicle.done.remove(event.ride_id)
            self.was_let_off(event.ride_id, event.stop, event.at_s)

    def present_s(self, ride_id: RideId, stop: int) -> int:
        """When a party is at its stop; never again, once it got on somewhere."""
        if ride_id in self._stranded:
            where, since_s = self._stranded[ride_id]
            return since_s if where == stop and ride_id not in self._picked_up else NEVER_S
        return NEVER_S if ride_id in self._picked_up else self._riders.present_s(ride_id)

    def patient_until_s(self, ride_id: RideId, stay: Stay) -> int:
        """How long a shuttle waits for a party."""
        waits_from_s = max(self._riders.pickup_from_s(ride_id), stay.arrive_s)
        return waits_from_s + self._stop_times.patience_s

    def stop_s(self, parties: Iterable[RideId]) -> int:
        """What a stop takes at which these parties get on or off; nothing, if there are none."""
        times = self._stop_times
        each_s = [times.of_party_s(self._riders.seats(ride_id)[1]) for ride_id in parties]
        return times.base_s + sum(each_s) if each_s else 0

    def alighted_s(self, stay: Stay | None) -> int:
        """When all who leave at a stop are off; the past, if nobody does."""
        return 0 if stay is None else stay.arrive_s + self.stop_s(stay.left)

    def who_comes(
        self, vehicle: Vehicle, parties: Iterable[RideId], stay: Stay, now_s: int
    ) -> tuple[list[RideId], list[RideId], list[RideId]]:
        """Of those whom a shuttle may let on: who gets on now, does not fit, or is not there."""
        coming: list[RideId] = []
        crowded: list[RideId] = []
        absent: list[RideId] = []
        for ride_id in parties:
            if not may_board(vehicle, ride_id, now_s):
                continue  # it is somebody else's to pick up by now
            if self.present_s(ride_id, vehicle.stop) <= now_s:
                fits = self.fits(vehicle, (*coming, ride_id))
                (coming if fits else crowded).append(ride_id)
            elif self.patient_until_s(ride_id, stay) <= now_s:
                absent.append(ride_id)
        return coming, crowded, absent

    def dwell_s(
        self, vehicle: Vehicle, coming: list[RideId], stay: Stay, now_s: int, permille: int
    ) -> int:
        """How long it takes to get on and off; who would get on too late is struck off."""
        dwell_s = -(-self.stop_s([*coming, *stay.left]) * permille // 1000)
        while late := [one for one in coming if not may_board(vehicle, one, now_s + dwell_s)]:
            coming.remove(late[-1])
            dwell_s = -(-self.stop_s([*coming, *stay.left]) * permille // 1000)
        return dwell_s

    def fits(self, vehicle: Vehicle, coming: tuple[RideId, ...]) -> bool:
        """Whether there is room for these parties beside those on board."""
        loads = [self._riders.seats(ride_id) for ride_id in (*vehicle.aboard, *coming)]
        seats, wheelchairs = (sum(column) for column in zip(*loads, strict=True))
        return vehicle.shuttle.fits(Load(seats, wheelchairs, 0))
