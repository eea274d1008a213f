"""Where people live in a territory, and what draws others there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, degrees, radians, sin, sqrt
from typing import Protocol

from services.domain.geo import EARTH_RADIUS_M, Point
from services.domain.places import Place, PlaceKind, PlaceRole
from services.domain.territory import Territory
from services.network.stops import Stops

SETTLEMENT_M = 12.0
"""A settlement's radius is this times the square root of its people, ..."""
SETTLEMENT_M_MIN = 80.0
"""... and at least this."""
STOP_POPULATION = 100
"""People around each stop, where a territory comes without places."""
POPULATION = {PlaceKind.TOWN: 4000, PlaceKind.VILLAGE: 400, PlaceKind.HAMLET: 40}
"""People in a place, where nobody says."""


class Inhabited(Protocol):
    """A territory with its places or, without any, its stops."""

    @property
    def territory(self) -> Territory:
        """Its settings."""

    @property
    def places(self) -> Sequence[Place]:
        """Where people live."""

    @property
    def stops(self) -> Stops:
        """Where shuttles stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """Where people live, and what others come for."""

    name: str
    centre: Point
    population: int
    roles: frozenset[PlaceRole] = frozenset()

    @property
    def radius_m(self) -> float:
        """Radius within which nearly all of its people live."""
        return max(SETTLEMENT_M_MIN, SETTLEMENT_M * sqrt(self.population))

    def point_at(self, *, distance_m: float, bearing: float) -> Point:
        """Return the place so far from the centre in this direction (radians), to 6 digits."""
        lat = self.centre.lat + degrees(distance_m * sin(bearing) / EARTH_RADIUS_M)
        east_m = EARTH_RADIUS_M * cos(radians(self.centre.lat))
        lon = self.centre.lon + degrees(distance_m * cos(bearing) / east_m)
        return Point(round(lon, 6), round(lat, 6))


def settlements_of(network: Inhabited) -> tuple[Settlement, ...]:
    """Return the settlements of a territory: its places, or else one around each stop."""
    settlements = tuple(
        Settlement(
            name=place.name,
            centre=place.point,
            population=POPULATION[place.kind] if place.population is None else place.population,
            roles=place.roles,
        )
        for place in network.places
    )
    if any(settlement.population for settlement in settlements):
        return settlements
    stops = network.stops
    return settlements + tuple(
        Settlement(name=name, centre=Point(float(lon), float(lat)), population=STOP_POPULATION)
        for name, lon, lat in zip(stops.ids, stops.lon, stops.lat, strict=True)
    )


def attractors(settlements: Sequence[Settlement], role: PlaceRole | None) -> tuple[Settlement, ...]:
    """Return the settlements with a role; where none has it, the largest takes it.

    No role means all where people live.
    """
    if role is None:
        return tuple(settlement for settlement in settlements if settlement.population)
    found = tuple(settlement for settlement in settlements if role in settlement.roles)
    return found or (max(settlements, key=lambda settlement: settlement.population),)


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Share out a total in whole numbers, by largest remainder (Hamilton's method)."""
    whole = sum(weights)
    quotas = [total * weight // whole for weight in weights]
    by_remainder = sorted(
        range(len(weights)), key=lambda index: (-(total * weights[index] % whole), index)
    )
    for index in by_remainder[: total - sum(quotas)]:
        quotas[index] += 1
    return quotas
