"""The territories that a gateway serves, and which of them a wish concerns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.domain.errors import InvalidRequest
from services.domain.geo import Point
from services.domain.ids import ZoneId
from services.domain.ride import StopWalk
from services.gateway.bodies import PlaceIn, RideIn
from services.gateway.reading import RequestReader
from services.gateway.rendering import Rendering
from services.network.folder import Network
from services.network.reach import Reach
from services.network.zone_networks import homes, territory_of
from services.runtime.clock import Clock

ZONE = ZoneId("main")
"""The zone of a territory that is alone."""


class Area:
    """A territory as its riders see it, or one of its zones.

    Parameters
    ----------
    zone
        The zone that commands are for.
    network
        Its stops and settings.
    clock
        Tells its time.
    """

    def __init__(self, zone: ZoneId, network: Network, clock: Clock) -> None:
        promises = network.territory.promises
        self.zone = zone
        self.territory = territory_of(zone, network)
        self.zones = network.zones
        self.clock = clock
        self.privacy = network.territory.privacy
        self.reach = Reach(network.stops, network.plane, promises)
        self.requests = RequestReader(self.reach, promises, clock)
        self.rendering = Rendering(network.stops, clock.day)
        self.shuttles = homes(zone, network)
        """All shuttles of the territory, and the zones to which they belong at first."""

    def zone_of(self, stop: int) -> ZoneId:
        """Return the zone of a stop of the territory."""
        return self.zone if self.zones is None else self.zones.of(stop)

    def nearest(self, place: PlaceIn) -> StopWalk | None:
        """Return the nearest stop of the territory; none if nobody would walk so far."""
        near = self.reach.near(Point(place.lon, place.lat), 1)
        return near[0] if near else None


class Areas:
    """All territories of a gateway.

    Parameters
    ----------
    areas
        At least one.
    """

    def __init__(self, areas: Iterable[Area]) -> None:
        self._areas = {area.zone: area for area in areas}
        assert self._areas, "a gateway serves a territory"
        self.territories: dict[ZoneId, Area] = {}
        """Of each territory, one of its zones."""
        for area in self._areas.values():
            self.territories.setdefault(area.territory, area)

    def __iter__(self) -> Iterator[Area]:
        return iter(self._areas.values())

    def __getitem__(self, zone: ZoneId) -> Area:
        return self._areas[zone]

    def __contains__(self, zone: ZoneId) -> bool:
        return zone in self._areas

    def of(self, wish: RideIn) -> Area:
        """Return the territory that is named, or else that with a stop nearest to the origin.

        Of a territory with several zones, it is that of the stop nearest to the origin.

        Raises
        ------
        InvalidRequest
            If the one that is named is not served here.
        """
        if wish.territory is not None:
            if (named := self.territories.get(ZoneId(wish.territory))) is None:
                raise InvalidRequest("territory", "it is not served here")
            return self._zone_of(named, wish)
        first, *others = self.territories.values()
        if not others:
            return self._zone_of(first, wish)
        near = [(area.nearest(wish.origin), area) for area in self.territories.values()]
        reached = [(stop.walk_m, area) for stop, area in near if stop is not None]
        return self._zone_of(min(reached, key=lambda one: one[0])[1] if reached else first, wish)

    def _zone_of(self, area: Area, wish: RideIn) -> Area:
        stop = None if area.zones is None else area.nearest(wish.origin)
        return area if stop is None else self._areas[area.zone_of(stop.stop)]
