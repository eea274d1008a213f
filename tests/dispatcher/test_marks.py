"""A log that was wiped is known for another one, and nothing is decided on it unasked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from services.dispatcher.begin_anew import begin_anew
from services.dispatcher.marks import Marks, OtherLog
from services.domain.errors import Unreadable
from services.domain.ids import RideId, ZoneId
from services.domain.ride import Status
from services.domain.settings_part import DAY_S
from services.runtime.embedded import EmbeddedLog
from services.runtime.embedded_store import EmbeddedStore
from services.runtime.memory import MemoryLog
from services.runtime.ports import UNREAD, Changes, Group, Part, Reader, Record
from services.wire.envelope import Envelope
from services.wire.topics import Topic
from tests.dispatcher.test_shard import ZONE, Desk, desk, request, sample, shard_of
from tests.gateway.peer import DAY, EIGHT_S


async def let_go(here: Desk) -> None:
    here.shard.let_go()
    async with asyncio.timeout(20):
        await here.task


def wipe(here: Desk) -> None:
    """Lose all that is on the log."""
    here.memory = MemoryLog(bound=1000)
    here.log = EmbeddedLog(here.memory)


async def taken_again(here: Desk) -> None:
    here.shard = shard_of(here)
    here.task = asyncio.create_task(here.shard.run())
    async with asyncio.timeout(20):
        await here.task


@pytest.mark.parametrize(("count", "reason"), [(0, "ends at 0"), (9, "lay another message")])
async def test_a_log_that_was_wiped_is_not_read_as_if_nothing_had_happened(
    count: int, reason: str
) -> None:
    async with desk() as here:
        await here.send(request())
        await here.events(1)
        await let_go(here)
        wipe(here)
        for number in range(count):
            await here.send(request(f"new-{number}"))
        with pytest.raises(OtherLog, match=f"{reason}.*navette topics --begin-anew"):
            await taken_again(here)
        assert len(await here.store.journal(ZONE)) == 1
        assert here.memory.end(Topic.RIDE_EVENTS) == 0


async def test_who_meets_another_log_takes_the_shard_from_nobody() -> None:
    async with desk() as here:
        await here.send(request())
        await here.events(1)
        await let_go(here)
        wipe(here)
        before = (await here.store.progress(0)).epoch
        with pytest.raises(OtherLog):
            await taken_again(here)
        assert (await here.store.progress(0)).epoch == before


async def test_a_log_that_only_grew_is_known_again() -> None:
    async with desk() as here:
        await here.send(request())
        await here.events(1)
        await let_go(here)
        await here.send(request("r-2"))
        here.shard = shard_of(here)
        here.task = asyncio.create_task(here.shard.run())
        await here.events(2)


class Patched(EmbeddedLog):
    """A log of which one place reads otherwise than it was written."""

    def __init__(self, memory: MemoryLog[bytes]) -> None:
        super().__init__(memory)
        self.instead: dict[Topic, Record] = {}

    def reader(self, topic: Topic, partition: int, offset: int = 0) -> Reader:  # type: ignore[override]
        found = self.instead.get(topic)
        return super().reader(topic, partition, offset) if found is None else _One(found)


class _One:
    position = 0

    def __init__(self, record: Record) -> None:
        self._record = record

    async def read(self, count_max: int = 500) -> Sequence[Record]:
        return [self._record]

    def close(self) -> None:
        pass


BROKEN = Unreadable("batch", "its checksum is wrong (offsets 0 to 3)")


@pytest.mark.parametrize(
    ("offset", "value", "is_another"),
    [(0, BROKEN, False), (3, BROKEN, False), (3, sample(), False), (0, sample(), True)],
    ids=["its batch broke", "its batch of several broke", "it was dropped", "another one"],
)
async def test_a_marked_record_that_broke_or_was_dropped_does_not_make_it_another_log(
    offset: int, value: Envelope | Unreadable, is_another: bool
) -> None:
    log, store = Patched(MemoryLog(bound=10)), EmbeddedStore()
    await store.open(ZONE, 0, DAY.date)
    epoch = (await store.take(0, [ZONE], "dispatcher-0")).epoch
    for _ in range(4):
        await log.append(Topic.RIDE_COMMANDS, "k", replace(sample(), body=request()))
    marks, reader = Marks(log, store, 0), log.reader(Topic.RIDE_COMMANDS, 0)
    await marks.see(epoch, (await reader.read())[:1])
    assert await marks.differences() == {}
    log.instead[Topic.RIDE_COMMANDS] = Record(
        Topic.RIDE_COMMANDS,
        0,
        offset,
        "k",
        value,
        b"other bytes",
    )
    assert bool(await marks.differences()) is is_another


async def test_only_inputs_that_are_others_are_read_from_their_beginning() -> None:
    memory: MemoryLog[bytes] = MemoryLog(bound=10, partitions=3)
    log, store, name = EmbeddedLog(memory), EmbeddedStore(), "dispatcher-0"
    read = {Topic.RIDE_COMMANDS: 0, Topic.SHUTTLE_REPORTS: 0}
    zones = [ZoneId(f"zone-{shard}") for shard in range(3)]
    for shard, zone in enumerate(zones):
        await store.open(zone, shard, DAY.date)
        epoch = (await store.take(shard, [zone], name)).epoch
        lost = {1: {Topic.RIDE_COMMANDS: 7}}.get(shard, {})
        parts = tuple(Part(UNREAD, topic, b"0") for topic in read)
        changes = {zone: Changes(parts=parts)}
        await store.commit(shard, epoch, Group(offsets=read | lost, changes=changes))
    assert await begin_anew(log, store) == [(Topic.RIDE_COMMANDS, 1)]
    assert [(await store.progress(shard)).offsets for shard in range(3)] == [
        read,
        {Topic.SHUTTLE_REPORTS: 0},
        read,
    ]
    assert set((await store.look(zones[1])).unread) == {Topic.SHUTTLE_REPORTS}
    assert set((await store.look(zones[2])).unread) == set(read)
    assert await begin_anew(log, store, [2]) == [(topic, 2) for topic in read]
    assert (await store.progress(2)).offsets == {}


@pytest.mark.parametrize("referrals", [0, 1])
async def test_a_request_that_comes_again_when_its_zone_forgot_the_ride_changes_nothing(
    referrals: int,
) -> None:
    async with desk() as here:
        asked = replace(request(), useful_until_s=EIGHT_S + 30, referrals=referrals)
        await here.send(asked)
        await here.events(1)
        here.clock.advance_to(EIGHT_S + 3 * DAY_S)
        for count, name in enumerate(("r-2", "r-3"), 3):
            await here.send(replace(request(name), useful_until_s=EIGHT_S + 3 * DAY_S + 30))
            await here.events(count)
        found = await here.store.ride(RideId("r-1"))
        assert here.host is not None
        assert RideId("r-1") not in here.host.zone.rides
        steps = len(await here.store.journal(ZONE))
        await here.send(asked, message_id="again")
        await here.send(replace(request("r-4"), useful_until_s=EIGHT_S + 3 * DAY_S + 30))
        await here.events(5)
        assert len(await here.store.journal(ZONE)) == steps + 1
        assert await here.store.ride(RideId("r-1")) == found
        assert found is not None
        assert found.ride.status is Status.EXPIRED
