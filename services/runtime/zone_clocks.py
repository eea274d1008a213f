"""The clock of each zone: its seconds count from the midnight of the first day that it knew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from services.domain.ids import ZoneId
from services.network.served import Served
from services.runtime.clock import Clock, ServiceDay
from services.runtime.ports import Store
from services.wire.topics import partition_of


async def zone_clocks(
    store: Store, served: Iterable[Served], partitions: int, clock: Clock
) -> Mapping[ZoneId, Clock]:
    """Make zones known to the store, and return their clocks.

    Raises
    ------
    InvalidSetting
        If a zone was known with another number of partitions.
    Unavailable
        If the store does not answer.
    """
    found: dict[ZoneId, Clock] = {}
    for zone, network in served:
        timezone = network.territory.timezone
        today = datetime.fromtimestamp(clock.now_ms() / 1000, UTC).astimezone(ZoneInfo(timezone))
        day = await store.open(zone, partition_of(zone, partitions), today.date())
        found[zone] = clock.on(ServiceDay(day, timezone))
    return found
