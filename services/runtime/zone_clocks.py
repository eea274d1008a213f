"""The clock of each zone: its seconds count from the midnight of the first day that it knew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from services.domain.errors import InvalidSetting
from services.domain.ids import ZoneId
from services.domain.ride import TERMINAL
from services.network.folder import Network
from services.network.served import Served, by_territory
from services.network.zone_networks import territory_of
from services.runtime.clock import Clock, ServiceDay
from services.runtime.ports import Store
from services.wire.topics import partition_of


async def zone_clocks(
    store: Store, served: Iterable[Served], partitions: int, clock: Clock
) -> Mapping[ZoneId, Clock]:
    """Make zones known to the store, and return their clocks; a territory's zones have the same.

    Raises
    ------
    InvalidSetting
        If a zone was known with another number of partitions, the zones of a territory with
        different first days, or one that it has no more has open rides.
    Unavailable
        If the store does not answer.
    """
    found: dict[ZoneId, Clock] = {}
    served, known = tuple(served), await store.zones()
    for left in left_over(served, known):
        rides = (await store.look(left)).rides
        if still := sum(ride.status not in TERMINAL for ride in rides):
            reason = f"zone {left} has {still} open rides, and is no zone of its territory any more"
            raise InvalidSetting("territory", reason)
    days: dict[ZoneId, date] = {}
    for zone, network in served:
        timezone, territory = network.territory.timezone, territory_of(zone, network)
        if territory not in days:
            today = datetime.fromtimestamp(clock.now_ms() / 1000, UTC)
            siblings = (zone,) if network.zones is None else network.zones.ids
            first = next((known[one] for one in siblings if one in known), None)
            days[territory] = first or today.astimezone(ZoneInfo(timezone)).date()
        day = await store.open(zone, partition_of(zone, partitions), days[territory])
        # Who opened the first of them at the same moment, and earlier, has said which day it is.
        if day != days[territory] and zone in known:
            raise InvalidSetting("territory", f"zone {zone} counts its days from another first one")
        days[territory] = day
        found[zone] = clock.on(ServiceDay(day, timezone))
    return found


def dated(served: Iterable[Served], clocks: Mapping[ZoneId, Clock]) -> Mapping[ZoneId, Network]:
    """Territories as their zones count: with when clocks change there."""
    return {zone: replace(network, calendar=clocks[zone].day.calendar) for zone, network in served}


def left_over(served: Sequence[Served], known: Iterable[ZoneId]) -> list[ZoneId]:
    """Return zones that are known of the territories which are served, but not theirs any more."""
    own = {one.zone for one in served}
    territories = by_territory(served)
    return [
        zone
        for zone in known
        if zone not in own and (zone in territories or zone.rpartition(".")[0] in territories)
    ]
