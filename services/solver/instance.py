"""A static instance of the literature, exactly as its file says."""

from __future__ import annotations

from dataclasses import dataclass

REQUESTS_MAX = 2500
"""The tables of times and lengths between 5,000 places fill 400 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A row of an instance's file: a depot, a pickup or a delivery, in the file's own unit.

    Parameters
    ----------
    id
        Its number in the file.
    load
        What gets on; negative at a delivery.
    opens, closes
        Service begins no earlier and no later; of the depot: set off, be back.
    """

    id: int
    x: float
    y: float
    service: float
    load: int
    opens: float
    closes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """Requests in the plane and a fleet of equal vehicles; exactly what the file says.

    Driving is straight, and a unit of way takes a unit of time.

    Parameters
    ----------
    tasks
        Pickups of all requests, then their deliveries in the same order: task i of the solver's
        routes is ``tasks[i]``.
    start, end
        Where vehicles set off and come back to.
    vehicles
        How many there are at most.
    ride_max
        Longest time from the end of a pickup's service to the start of the delivery's, if any.
    duration_max
        Longest time from setting off to being back, if any.
    fewest_vehicles
        Whether fewer vehicles are better whatever the distance; else distance alone counts.
    """

    name: str
    tasks: tuple[Site, ...]
    start: Site
    end: Site
    vehicles: int
    capacity: int
    ride_max: float | None = None
    duration_max: float | None = None
    fewest_vehicles: bool = False

    @property
    def requests(self) -> int:
        """How many requests there are."""
        return len(self.tasks) // 2

    def ids(self, routes: tuple[tuple[int, ...], ...]) -> list[list[int]]:
        """Turn a solver's routes into the file's numbers, without vehicles that stay at home."""
        return [[self.tasks[node].id for node in route] for route in routes if route]
