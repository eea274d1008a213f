"""Into which zones a territory is cut, and which stops belong to which (docs/zones.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import h3
import numpy as np
from numpy.typing import NDArray

from services.domain.errors import NavetteError
from services.domain.ids import ZoneId
from services.domain.ride import Request
from services.domain.territory import Territory
from services.network.stops import Stops

SIZES = (4, 5, 6, 7)
"""Of cells that are named to whoever looks for the right ones: from 50 km across to 3 km."""


class NoCut(NavetteError):
    """Zones do not cut a territory."""

    def __init__(self, zone: str | None, reason: str) -> None:
        self.zone, self.reason = zone, reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True, eq=False)
class Zones:
    """The zones of a territory, as one of them sees it.

    Parameters
    ----------
    territory
        The territory's id.
    own
        Whose view this is.
    ids
        All zones, in the order of the settings.
    of_stop
        (stops,) in which of them each stop lies.
    charged
        Which of them have chargers.
    watched
        In which of them anybody supervises moving shuttles.
    settings
        The territory's, of which a zone's own are a part.
    """

    territory: ZoneId
    own: ZoneId
    ids: tuple[ZoneId, ...]
    of_stop: NDArray[np.int16]
    charged: frozenset[ZoneId]
    watched: frozenset[ZoneId]
    settings: Territory

    def of(self, stop: int) -> ZoneId:
        """Return the zone of a stop."""
        return self.ids[int(self.of_stop[stop])]

    def neighbour(self, request: Request, drive_s: NDArray[np.uint16]) -> ZoneId | None:
        """Return the other zone that a request is best referred to, if there is any.

        That of its destination; or else the one with the stop from which a shuttle is soonest at
        its origin, and of equals the first.
        """
        if request.destinations and self.of(request.destinations[0].stop) != self.own:
            return self.of(request.destinations[0].stop)
        if not request.origins or len(self.ids) < 2:
            return None
        ways_s = drive_s[:, request.origins[0].stop]
        others = (number for number, zone in enumerate(self.ids) if zone != self.own)
        return self.ids[min(others, key=lambda n: (int(ways_s[self.of_stop == n].min()), n))]


def zone_of_stops(zones: Mapping[str, tuple[str, ...]], stops: Stops) -> NDArray[np.int16]:
    """Say in which zone, by its number, each stop lies.

    Raises
    ------
    NoCut
        If a cell is none, a stop lies in no zone or in two, or a zone has no stop.
    """
    found = np.full(len(stops.ids), -1, np.int16)
    for number, (name, cells) in enumerate(zones.items()):
        for cell in cells:
            if not h3.is_valid_cell(cell):
                raise NoCut(name, f"'{cell}' is no H3 cell")
        resolutions = {h3.get_resolution(cell) for cell in cells}
        inside = set(cells)
        for stop, (lon, lat) in enumerate(zip(stops.lon, stops.lat, strict=True)):
            if not any(h3.latlng_to_cell(lat, lon, size) in inside for size in resolutions):
                continue
            if found[stop] >= 0:
                other = [*zones][found[stop]]
                raise NoCut(name, f"stop '{stops.ids[stop]}' lies in '{other}' too")
            found[stop] = number
        if number not in found:
            raise NoCut(name, "there is no stop in it")
    if len(outside := np.flatnonzero(found < 0)):
        first = outside[0]
        more = f" (and {len(outside) - 1} others)" if len(outside) > 1 else ""
        around = [h3.latlng_to_cell(stops.lat[first], stops.lon[first], size) for size in SIZES]
        here = f"it lies in the cells {', '.join(around)}"
        raise NoCut(None, f"stop '{stops.ids[first]}'{more} lies in no zone; {here}")
    return found
