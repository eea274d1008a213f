"""The leases that shuttles hold: whom they may let on, until when, by the plan that they follow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.domain.ids import RideId
from services.domain.plan import Plan
from services.simulator.vehicle import Vehicle


@dataclass(slots=True)
class HeldLease:
    """A lease as a shuttle held it; ``ended_s`` is when it was used or given up, if it was."""

    ride_id: RideId
    shuttle: int
    from_s: int
    until_s: int
    ended_s: int | None = None


class Leases:
    """Keeps account of all leases of a day."""

    def __init__(self) -> None:
        self.rows: list[HeldLease] = []
        self._held: dict[tuple[int, RideId], HeldLease] = {}

    def take(self, vehicle: Vehicle, plan: Plan, now_s: int) -> None:
        """A shuttle follows a plan from now on, and holds the leases of that and no others."""
        vehicle.leases = {
            ride_id: until_s
            for visit in plan.visits
            for ride_id, until_s in zip(visit.board, visit.board_until_s, strict=True)
        }
        for (shuttle, ride_id), held in list(self._held.items()):
            if shuttle == vehicle.number and vehicle.leases.get(ride_id, 0) != held.until_s:
                self._end(shuttle, ride_id, now_s)
        for ride_id, until_s in vehicle.leases.items():
            key = (vehicle.number, ride_id)
            if until_s and key not in self._held and ride_id not in vehicle.aboard:
                held = self._held[key] = HeldLease(ride_id, vehicle.number, now_s, until_s)
                self.rows.append(held)

    def use(self, vehicle: Vehicle, ride_ids: Iterable[RideId], now_s: int) -> None:
        """Parties are on board, or known not to come."""
        for ride_id in ride_ids:
            self._end(vehicle.number, ride_id, now_s)

    def give_up(self, vehicle: Vehicle, now_s: int) -> None:
        """A shuttle lets nobody on any more: it broke down."""
        vehicle.leases = {}
        for shuttle, ride_id in list(self._held):
            if shuttle == vehicle.number:
                self._end(shuttle, ride_id, now_s)

    def _end(self, shuttle: int, ride_id: RideId, now_s: int) -> None:
        held = self._held.pop((shuttle, ride_id), None)
        if held is not None:
            held.ended_s = now_s


def may_board(vehicle: Vehicle, ride_id: RideId, at_s: int) -> bool:
    """Whether a shuttle holds a lease by which a party may get on until a time."""
    return vehicle.leases.get(ride_id, 0) >= at_s
