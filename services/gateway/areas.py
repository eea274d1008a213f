"""The territories that a gateway serves, and which of them a wish concerns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.domain.errors import InvalidRequest
from services.domain.geo import Point
from services.domain.ids import ZoneId
from services.gateway.bodies import PlaceIn, RideIn
from services.gateway.reading import RequestReader
from services.gateway.rendering import Rendering
from services.network.fleet import shuttles
from services.network.folder import Network
from services.network.reach import Reach
from services.runtime.clock import Clock

ZONE = ZoneId("main")
"""The zone of a territory that is alone."""


class Area:
    """A territory as its riders see it.

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
        self.clock = clock
        self.privacy = network.territory.privacy
        self.reach = Reach(network.stops, network.plane, promises)
        self.requests = RequestReader(self.reach, promises, clock)
        self.rendering = Rendering(network.stops, clock.day)
        self.shuttles = frozenset(shuttle.id for shuttle in shuttles(network))

    def walk_m(self, place: PlaceIn) -> int | None:
        """Return the walk to the nearest stop; none if nobody would walk so far."""
        near = self.reach.near(Point(place.lon, place.lat), 1)
        return near[0].walk_m if near else None


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

    def __iter__(self) -> Iterator[Area]:
        return iter(self._areas.values())

    def __getitem__(self, zone: ZoneId) -> Area:
        return self._areas[zone]

    def __contains__(self, zone: ZoneId) -> bool:
        return zone in self._areas

    def of(self, wish: RideIn) -> Area:
        """Return the territory that is named, or else that with a stop nearest to the origin.

        Raises
        ------
        InvalidRequest
            If the one that is named is not served here.
        """
        if wish.territory is not None:
            if (named := self._areas.get(ZoneId(wish.territory))) is None:
                raise InvalidRequest("territory", "it is not served here")
            return named
        first, *others = self._areas.values()
        if not others:
            return first
        walks = [(area.walk_m(wish.origin), area) for area in self._areas.values()]
        reached = [(walk_m, area) for walk_m, area in walks if walk_m is not None]
        return min(reached, key=lambda one: one[0])[1] if reached else first
