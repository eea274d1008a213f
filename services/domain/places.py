"""Places that people mean by name: towns, villages, hamlets, and what is there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.domain.geo import Point


class PlaceKind(StrEnum):
    """How large a settlement is, as OpenStreetMap tells them apart."""

    TOWN = "town"
    VILLAGE = "village"
    HAMLET = "hamlet"


class PlaceRole(StrEnum):
    """What brings people to a place."""

    STATION = "station"
    SCHOOL = "school"
    MARKET = "market"
    MEDICAL = "medical"
    WORK = "work"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A settlement.

    Parameters
    ----------
    population
        Inhabitants; absent where nobody says.
    insee
        The French commune's code, where the place is its centre.
    """

    name: str
    kind: PlaceKind
    point: Point
    population: int | None = None
    roles: frozenset[PlaceRole] = frozenset()
    insee: str | None = None
