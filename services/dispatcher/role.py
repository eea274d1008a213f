"""A dispatcher, put together: shards, zones and what runs beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prometheus_client import CollectorRegistry

from services.dispatcher.attendants import Attendants
from services.dispatcher.host import Host
from services.dispatcher.ownership import Ownership
from services.dispatcher.shard import Shard
from services.dispatcher.surroundings import Surroundings
from services.domain.day import DayKind, Weather
from services.domain.ids import ZoneId
from services.forecast.expected import expected_in
from services.network.served import Served
from services.runtime.clock import Clock
from services.runtime.membership import Membership
from services.runtime.ports import ZoneHolding
from services.runtime.zone_clocks import dated
from services.wire.topics import partition_of


def dispatcher(
    served: Sequence[Served],
    clocks: Mapping[ZoneId, Clock],
    around: Surroundings,
    membership: Membership,
    registry: CollectorRegistry,
    weather: Weather = Weather.DRY,
) -> tuple[Ownership, Attendants]:
    """Put a dispatcher together that takes the shards which a membership gives to it.

    Parameters
    ----------
    served, clocks
        All zones that there are, and their clocks.
    around
        What shards work with.
    membership
        Says which shards are ours.
    weather
        The day's, for the forecast.

    Raises
    ------
    InvalidFile
        If a territory's shuttles go by a forecast that cannot be read.
    """
    for _, network in served:
        expected_in(network, DayKind(0, weather))  # a forecast that is missing is told at once
    attendants = Attendants(around.messages, weather, registry)

    networks = dated(served, clocks)

    def host(zone: ZoneId, holding: ZoneHolding) -> Host:
        return Host.held(zone, networks[zone], clocks[zone], holding)

    def make(number: int) -> Shard:
        partitions = around.messages.partitions
        zones = [zone for zone in networks if partition_of(zone, partitions) == number]
        return Shard(number, zones, host, attendants.of, around)

    return Ownership(membership, make, registry), attendants
