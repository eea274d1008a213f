"""A territory as each of its zones sees it: the same stops and roads, its own part of the rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from services.domain.fleet_settings import Supervision, Watch
from services.domain.ids import ShuttleId, ZoneId
from services.domain.territory import Territory
from services.network.fleet import shuttles
from services.network.folder import Network
from services.network.zones import Zones, zone_of_stops


def zone_networks(territory: ZoneId, network: Network) -> dict[ZoneId, Network]:
    """Return the network of each zone, in the order of the settings; one alone is the territory."""
    cut = network.territory.zones
    if not cut:
        return {territory: network}
    ids = tuple(ZoneId(f"{territory}.{name}") for name in cut)
    of_stop = zone_of_stops(cut, network.stops)
    at_home = np.zeros(len(ids), np.int64)
    for group in network.territory.fleet:
        at_home[of_stop[network.stops.ids.index(group.depot)]] += group.count
    chargers = network.territory.chargers
    charged = frozenset(ids[of_stop[network.stops.ids.index(one.stop)]] for one in chargers)
    own = [_own(network, of_stop == number, at_home, number) for number in range(len(ids))]
    watched = frozenset(zone for zone, part in zip(ids, own, strict=True) if _is_watched(part))
    return {
        zone: replace(
            network,
            territory=part,
            zones=Zones(territory, zone, ids, of_stop, charged, watched, network.territory),
        )
        for zone, part in zip(ids, own, strict=True)
    }


def whole(network: Network) -> Network:
    """Return the territory of which a network is perhaps a zone's view."""
    if network.zones is None:
        return network
    return replace(network, territory=network.zones.settings, zones=None)


def homes(zone: ZoneId, network: Network) -> dict[ShuttleId, ZoneId]:
    """Return all shuttles of a territory, and the zones to which they belong at first."""
    zones = network.zones
    return {
        shuttle.id: zone if zones is None else zones.of(shuttle.depot_stop)
        for shuttle in shuttles(network)
    }


def territory_of(zone: ZoneId, network: Network) -> ZoneId:
    """Return the territory of a zone; that of one that is alone has its id."""
    return zone if network.zones is None else network.zones.territory


def _own(
    network: Network, inside: NDArray[np.bool_], at_home: NDArray[np.int64], number: int
) -> Territory:
    """The settings as a zone has them: its chargers, and its share of the operators."""
    settings, ids = network.territory, network.stops.ids
    chargers = tuple(one for one in settings.chargers if inside[ids.index(one.stop)])
    supervision = settings.supervision
    if supervision is not None:
        watches = []
        for one in supervision.operators:
            moving = _share(one.count * supervision.shuttles_per_operator, at_home)[number]
            watches.append(Watch.model_construct(between=one.between, count=moving))
        supervision = Supervision.model_construct(shuttles_per_operator=1, operators=tuple(watches))
    return settings.model_copy(update={"chargers": chargers, "supervision": supervision})


def _is_watched(settings: Territory) -> bool:
    """Whether shuttles may move, at any time of day."""
    supervision = settings.supervision
    return supervision is None or any(one.count for one in supervision.operators)


def _share(count: int, at_home: NDArray[np.int64]) -> list[int]:
    """Share a number out in proportion; what is left goes to the largest remainders, in order."""
    shares = count * at_home // at_home.sum()
    rest = count * at_home % at_home.sum()
    for lucky in np.argsort(-rest, kind="stable")[: count - int(shares.sum())]:
        shares[lucky] += 1
    found: list[int] = shares.tolist()
    return found
