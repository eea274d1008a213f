from __future__ import annotations

import pytest

from services.domain.ride import Status
from services.runtime.embedded_store import EmbeddedStore
from services.runtime.ports import Group, Store
from tests.runtime.samples import ZONE, entry, journal, rides
from tests.runtime.store_contract import DAY, SHARD, StoreContract


class TestEmbeddedStore(StoreContract):
    @pytest.fixture
    def store(self) -> Store:
        return EmbeddedStore()


async def test_old_steps_are_dropped_beyond_the_bound() -> None:
    store = EmbeddedStore(steps_max=10)
    await store.open(ZONE, SHARD, DAY)
    epoch = (await store.take(SHARD, [ZONE], "me")).epoch
    for one in journal(50):
        await store.commit(SHARD, epoch, Group(entries=[one]))
    kept = await store.journal(ZONE)
    assert 10 <= len(kept) <= 11
    assert kept[-1].number == 50


async def test_rides_that_came_to_their_end_are_dropped_first_and_others_never() -> None:
    store = EmbeddedStore(rides_max=10)
    await store.open(ZONE, SHARD, DAY)
    epoch, link = (await store.take(SHARD, [ZONE], "me")).epoch, b""
    for number in range(1, 41):
        status = Status.CONFIRMED if number % 4 == 0 else Status.COMPLETED
        step = entry(number, link)
        link = step.link
        changes = {ZONE: rides(number, status=status)}
        await store.commit(SHARD, epoch, Group(entries=[step], changes=changes))
    kept = (await store.take(SHARD, [ZONE], "me")).zones[ZONE].rides
    assert sum(one.status is Status.CONFIRMED for one in kept) == 10
    assert len(kept) <= 12
