"""First days of zones, and zones that are gone."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from services.domain.errors import InvalidSetting
from services.domain.ids import ZoneId
from services.domain.ride import Status
from services.network.served import served
from services.runtime.clock import ServiceDay, VirtualClock
from services.runtime.embedded_store import EmbeddedStore
from services.runtime.ports import Group
from services.runtime.zone_clocks import zone_clocks
from tests.network.test_zones import cut, folder
from tests.runtime.samples import journal, rides

DAY = date(2026, 6, 10)
WEST, EAST = ZoneId("valley.west"), ZoneId("valley.east")


def clock(days_later: int = 0) -> VirtualClock:
    return VirtualClock(ServiceDay(DAY, "Europe/Paris"), days_later * 86_400 + 8 * 3600)


async def test_zones_of_a_territory_count_from_one_day(tmp_path: Path) -> None:
    store, both = EmbeddedStore(), served([str(folder(tmp_path, cut()))])
    await store.open(EAST, 0, DAY)
    found = await zone_clocks(store, both, 1, clock(days_later=3))
    assert found[WEST].day.midnight == found[EAST].day.midnight
    assert await store.zones() == {EAST: DAY, WEST: DAY}
    again = await zone_clocks(store, both, 1, clock(days_later=5))
    assert again[WEST].now_s() == again[EAST].now_s() == 5 * 86_400 + 8 * 3600


async def test_zones_that_count_from_different_days_are_not_served_together(tmp_path: Path) -> None:
    store = EmbeddedStore()
    await store.open(WEST, 0, DAY)
    await store.open(EAST, 0, date(2026, 6, 11))
    with pytest.raises(InvalidSetting, match=r"valley\.east"):
        await zone_clocks(store, served([str(folder(tmp_path, cut()))]), 1, clock())


@pytest.mark.parametrize("gone", ["valley", "valley.south"])
async def test_nothing_starts_while_a_zone_that_is_gone_has_open_rides(
    tmp_path: Path, gone: str
) -> None:
    store, both = EmbeddedStore(), served([str(folder(tmp_path, cut()))])
    zone = ZoneId(gone)
    await store.open(zone, 0, DAY)
    epoch = (await store.take(0, [zone], "somebody")).epoch
    first, second = journal(2, zone)
    await store.commit(0, epoch, Group(entries=[first], changes={zone: rides(1)}))
    with pytest.raises(InvalidSetting, match=f"zone {gone} has 1 open rides"):
        await zone_clocks(store, both, 1, clock())
    over = {zone: rides(1, status=Status.COMPLETED)}
    await store.commit(0, epoch, Group(entries=[second], changes=over))
    await zone_clocks(store, both, 1, clock())
