"""What every store keeps to, wherever it runs; a new one joins by a branch of the fixture."""

from __future__ import annotations

import pytest

from services.domain.errors import ZoneLost
from services.domain.ids import RideId, ZoneId
from services.domain.ride import Status
from services.runtime.embedded import EmbeddedStore
from services.runtime.journal import verify
from services.runtime.memory import MemoryStore
from services.runtime.ports import Store
from services.wire.topics import Topic
from tests.runtime.samples import ZONE, ride, step


@pytest.fixture(params=["embedded"])
def store(request: pytest.FixtureRequest) -> Store:
    assert request.param == "embedded"
    return EmbeddedStore(MemoryStore())


async def test_a_new_zone_is_empty(store: Store) -> None:
    holding = await store.take(ZONE)
    assert (holding.number, holding.now_s, holding.link) == (0, 0, b"")
    assert holding.offsets == {}
    assert holding.rides == ()
    assert await store.journal(ZONE) == []


async def test_an_owner_finds_what_the_one_before_committed(store: Store) -> None:
    first = await store.take(ZONE)
    await store.commit(ZONE, first.epoch, [step(1), step(2)])
    await store.commit(ZONE, first.epoch, [step(3, offsets=((Topic.SHUTTLE_REPORTS, 5),))])
    second = await store.take(ZONE)
    assert second.epoch > first.epoch
    assert (second.number, second.now_s) == (3, step(3).now_s)
    assert second.offsets == {Topic.RIDE_COMMANDS: 20, Topic.SHUTTLE_REPORTS: 5}
    assert second.rides == (ride(1), ride(2), ride(3))
    assert second.link == (await store.journal(ZONE))[-1].link


async def test_an_owner_that_was_replaced_cannot_write(store: Store) -> None:
    old = await store.take(ZONE)
    new = await store.take(ZONE)
    with pytest.raises(ZoneLost):
        await store.commit(ZONE, old.epoch, [step(1)])
    assert await store.journal(ZONE) == []
    await store.commit(ZONE, new.epoch, [step(1)])


async def test_nobody_writes_a_zone_that_it_never_took(store: Store) -> None:
    with pytest.raises(ZoneLost):
        await store.commit(ZONE, 1, [step(1)])


@pytest.mark.parametrize(
    "steps",
    [
        [step(1)],
        [step(3)],
        [step(2), step(4)],
        [step(2), step(2)],
        [step(2, now_s=0)],
        [step(2), step(3, now_s=0)],
    ],
    ids=["again", "gap", "gap inside", "twice", "back in time", "back in time inside"],
)
async def test_steps_that_do_not_follow_are_not_written_not_even_in_part(
    store: Store, steps: list[object]
) -> None:
    holding = await store.take(ZONE)
    await store.commit(ZONE, holding.epoch, [step(1)])
    with pytest.raises(ZoneLost):
        await store.commit(ZONE, holding.epoch, steps)  # type: ignore[arg-type]
    again = await store.take(ZONE)
    assert again.number == 1
    assert again.rides == (ride(1),)
    assert again.offsets == {Topic.RIDE_COMMANDS: 10}


async def test_a_ride_is_kept_as_it_was_last_committed(store: Store) -> None:
    holding = await store.take(ZONE)
    await store.commit(ZONE, holding.epoch, [step(1), step(2)])
    await store.commit(ZONE, holding.epoch, [step(3, rides=(ride(1, Status.ABOARD),))])
    found = await store.ride(RideId("r-1"))
    assert found is not None
    assert found.status is Status.ABOARD
    assert await store.ride(RideId("r-2")) == ride(2)
    assert await store.ride(RideId("r-9")) is None
    assert len((await store.take(ZONE)).rides) == 2


async def test_the_journal_gives_back_every_step_in_order_and_its_chain_holds(store: Store) -> None:
    holding = await store.take(ZONE)
    steps = [step(number) for number in range(1, 8)]
    await store.commit(ZONE, holding.epoch, steps[:3])
    await store.commit(ZONE, holding.epoch, steps[3:])
    rows = await store.journal(ZONE)
    assert [(row.step.inputs, row.step.events, row.step.now_s) for row in rows] == [
        (one.inputs, one.events, one.now_s) for one in steps
    ]
    assert verify(rows) == rows[-1].link
    part = await store.journal(ZONE, after=2, count_max=3)
    assert part == rows[2:5]
    assert verify(part, previous=rows[1].link) == rows[4].link
    assert await store.journal(ZONE, after=7) == []


async def test_zones_do_not_mix(store: Store) -> None:
    other = ZoneId("other")
    here, there = await store.take(ZONE), await store.take(other)
    await store.commit(ZONE, here.epoch, [step(1)])
    await store.commit(other, there.epoch, [step(1, rides=(ride(2),)), step(2, rides=())])
    assert (await store.take(ZONE)).rides == (ride(1),)
    assert (await store.take(other)).number == 2
    assert len(await store.journal(ZONE)) == 1
