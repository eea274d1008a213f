"""Zones are written down as a whole when it is due, as they were committed, by who owns them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.dispatcher.core import Zone
from services.dispatcher.host import Host
from services.dispatcher.saving import EVERY_MS, Saving, is_due, kept_rows
from services.domain.errors import ShardLost
from services.domain.events import RequestRide
from services.domain.ids import RideId, ZoneId
from services.domain.ride import Party, Request, StopWalk
from services.network.folder import Network
from services.runtime.clock import VirtualClock
from services.runtime.code_version import code_version
from services.runtime.embedded_store import EmbeddedStore
from services.runtime.ports import Group, ZoneHolding
from services.wire.snapshots import SnapshotMark, decode_snapshot, encode_snapshot
from services.wire.zone_rows import decode_row
from tests.gateway.peer import DAY, EIGHT_S, network

ZONE = ZoneId("main")
SHARD = 0


def test_snapshots_are_due_each_day_and_when_code_or_territory_changed() -> None:
    mark = SnapshotMark(10, 1000, "code", "place")
    assert is_due(None, "code", "place", 1000)
    assert not is_due(mark, "code", "place", 1000 + EVERY_MS - 1)
    assert is_due(mark, "code", "place", 1000 + EVERY_MS)
    assert is_due(mark, "other", "place", 1000)
    assert is_due(mark, "code", "other", 1000)


def host(clock: VirtualClock, holding: ZoneHolding, territory: Network | None = None) -> Host:
    return Host.held(ZONE, territory or network(), clock, holding)


async def store_with_a_step(clock: VirtualClock) -> EmbeddedStore:
    store = EmbeddedStore()
    await store.open(ZONE, SHARD, DAY.date)
    holding = await store.take(SHARD, [ZONE], "one")
    own = host(clock, holding.zones[ZONE])
    asked = Request(
        ride_id=RideId("r-1"),
        party=Party(),
        origins=(StopWalk(0, 15),),
        destinations=(StopWalk(2, 15),),
        departure_s=EIGHT_S,
    )
    step = own.wake(RequestRide(asked), EIGHT_S)
    group = Group(entries=[step.entry], changes={ZONE: own.changes()})
    await store.commit(SHARD, holding.epoch, group)
    return store


async def test_a_snapshot_is_the_zone_as_it_was_committed() -> None:
    clock = VirtualClock(DAY, EIGHT_S)
    store = await store_with_a_step(clock)
    holding = await store.take(SHARD, [ZONE], "two")
    own = host(clock, holding.zones[ZONE])
    await Saving(store, SHARD).save_due([own], holding.epoch)
    (kept,) = await store.snapshots(ZONE)
    held = holding.zones[ZONE]
    assert (kept.number, kept.link, kept.now_s) == (1, held.link, EIGHT_S)
    assert kept.code == code_version()
    rows = [decode_row(*row) for row in kept.rows]
    assert kept_rows(Zone.restored(network(), own.fleet, rows)) == kept.rows
    assert "r-1" in {row.id for row in kept.rows}
    assert decode_snapshot(encode_snapshot(kept)) == kept


async def test_it_is_taken_again_only_when_it_is_due() -> None:
    clock = VirtualClock(DAY, EIGHT_S)
    store = await store_with_a_step(clock)

    async def look(territory: Network | None = None) -> int:
        holding = await store.take(SHARD, [ZONE], "two")
        own = host(clock, holding.zones[ZONE], territory)
        saving = Saving(store, SHARD)
        for _ in range(3):
            await saving.save_due([own], holding.epoch)
        return len(await store.snapshots(ZONE))

    assert await look() == 1
    clock.advance_to(EIGHT_S + 10)
    assert await look() == 1
    here = network()
    promises = here.territory.promises.model_copy(update={"offer_s": 77})
    changed = here.territory.model_copy(update={"promises": promises})
    assert await look(replace(here, territory=changed)) == 2
    clock.advance_to(EIGHT_S + 20)
    assert await look() == 3
    clock.advance_to(EIGHT_S + 20 + EVERY_MS // 1000)
    assert await look() == 4


async def test_who_was_replaced_saves_nothing() -> None:
    clock = VirtualClock(DAY, EIGHT_S)
    store = await store_with_a_step(clock)
    holding = await store.take(SHARD, [ZONE], "two")
    own = host(clock, holding.zones[ZONE])
    await store.take(SHARD, [ZONE], "three")
    with pytest.raises(ShardLost):
        await Saving(store, SHARD).save_due([own], holding.epoch)
    assert await store.snapshots(ZONE) == []
