"""The loop around a zone: every message takes effect once, and nothing leaves before its commit."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from services.dispatcher.company import Beside
from services.dispatcher.host import POSITIONS_S_MAX, Host
from services.dispatcher.shard import INPUT_BYTES_MAX, Shard
from services.dispatcher.surroundings import ShardMetrics, Surroundings
from services.domain.errors import ShardLost, Unavailable, Unreadable
from services.domain.events import (
    AcceptOffer,
    Message,
    OfferExpired,
    Passed,
    PlanIssued,
    ReportMarked,
    RequestRide,
    RideConfirmed,
    RideOffered,
    WakeUp,
)
from services.domain.ids import RideId, ShuttleId, ZoneId
from services.domain.operating_domain import RestrictDriving, Restriction
from services.domain.ride import Party, Request, StopWalk
from services.domain.zone_crossing import PassedOn
from services.runtime.clock import VirtualClock
from services.runtime.embedded import EmbeddedLog
from services.runtime.embedded_store import EmbeddedStore
from services.runtime.journal import verify
from services.runtime.memory import MemoryLog
from services.runtime.metrics import new_registry
from services.runtime.ports import Group, Holding, Record, ZoneHolding
from services.wire.envelope import Envelope
from services.wire.stored import decode_entry
from services.wire.topics import Topic, key_of, topic_of
from tests.gateway.peer import DAY, EIGHT_S, network

ZONE = ZoneId("main")
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class WatchedStore(EmbeddedStore):
    """A store that can be told to fail, and that knows what had left when it committed."""

    def __init__(self, messages: MemoryLog[bytes]) -> None:
        super().__init__()
        self._messages = messages
        self.left_before: list[int] = []
        self.broken = False

    async def commit(self, shard: int, epoch: int, group: Group) -> None:
        if group.entries:
            self.left_before.append(self._messages.end(Topic.RIDE_EVENTS))
        if self.broken:
            raise Unavailable("the store does not answer")
        await super().commit(shard, epoch, group)

    def read_to(self, topic: Topic) -> int:
        """From where an owner would go on to read."""
        return self._shards[0].offsets.get(topic, 0)

    async def taken_over(self) -> Holding:
        """What an owner would get to know; whoever owns the shard loses it by this."""
        return await self.take(0, list(await self.zones()), "somebody else")


class Letters:
    """Dead letters, as they come."""

    def __init__(self) -> None:
        self.kept: list[tuple[bytes, str, str]] = []

    async def put(self, record: Record, place: str, reason: str) -> None:
        self.kept.append((record.data, place, reason))


@dataclass
class Desk:
    """A running loop, and both ends of its topics."""

    memory: MemoryLog[bytes]
    log: EmbeddedLog
    store: WatchedStore
    clock: VirtualClock
    letters: Letters = field(default_factory=Letters)
    metrics: ShardMetrics = field(default_factory=lambda: ShardMetrics(new_registry()))
    sent: int = 0
    host: Host | None = None
    hosts: dict[ZoneId, Host] = field(default_factory=dict)
    shard: Shard = field(init=False)
    task: asyncio.Task[None] = field(init=False)

    async def send(
        self, command: Message, zone: ZoneId = ZONE, message_id: str | None = None
    ) -> None:
        self.sent += 1
        envelope = Envelope(
            message_id=message_id or f"m-{self.sent}",
            zone=zone,
            happened_at_ms=self.clock.now_ms(),
            recorded_at_ms=self.clock.now_ms(),
            zone_time_s=self.clock.now_s(),
            traceparent=TRACE,
            body=command,
        )
        await self.log.append(topic_of(command), key_of(command, zone), envelope)

    async def heard_position(self) -> None:
        """Wait until a position waits to be taken into the zone."""
        async with asyncio.timeout(20):
            while self.host is None or self.host.next_due_s() is None:  # noqa: ASYNC110 - nobody says so
                await asyncio.sleep(0)

    async def events(self, count: int, topic: Topic = Topic.RIDE_EVENTS) -> list[Envelope]:
        """The first ``count`` events that left."""
        reader = self.log.reader(topic, 0)
        found: list[Envelope] = []
        async with asyncio.timeout(20):
            while len(found) < count:
                for record in await reader.read():
                    assert not isinstance(record.value, Unreadable)
                    found.append(record.value)
        reader.close()
        return found


def shard_of(here: Desk) -> Shard:
    territory = network()
    around = Surroundings(
        messages=here.log,
        store=here.store,
        dead_letters=here.letters,
        clock=here.clock,
        owner="dispatcher-0",
        metrics=here.metrics,
    )

    def host(zone: ZoneId, holding: ZoneHolding) -> Host:
        here.host = Host.held(zone, territory, here.clock, holding)
        return here.host

    return Shard(0, [ZONE], host, lambda _: Beside(), around)


@contextlib.asynccontextmanager
async def desk(bound: int = 1000) -> AsyncIterator[Desk]:
    memory: MemoryLog[bytes] = MemoryLog(bound=bound)
    here = Desk(memory, EmbeddedLog(memory), WatchedStore(memory), VirtualClock(DAY, EIGHT_S))
    await here.store.open(ZONE, 0, DAY.date)
    here.shard = shard_of(here)
    here.task = asyncio.create_task(here.shard.run())
    await asyncio.sleep(0)
    yield here
    here.task.cancel()
    await asyncio.gather(here.task, return_exceptions=True)


def request(name: str = "r-1") -> RequestRide:
    return RequestRide(
        Request(
            ride_id=RideId(name),
            party=Party(),
            origins=(StopWalk(0, 15),),
            destinations=(StopWalk(2, 15),),
            departure_s=EIGHT_S,
        )
    )


def sample() -> Envelope:
    return Envelope(
        message_id="m",
        zone=ZONE,
        happened_at_ms=0,
        recorded_at_ms=0,
        zone_time_s=0,
        body=RideConfirmed(RideId("r-0")),
    )


async def test_a_request_leads_to_an_offer_and_a_plan() -> None:
    async with desk() as here:
        await here.send(request())
        (offered,) = await here.events(1)
        (planned,) = await here.events(1, Topic.SHUTTLE_PLANS)
    assert isinstance(offered.body, RideOffered)
    assert isinstance(planned.body, PlanIssued)
    assert offered.version == planned.version == 1
    assert offered.traceparent == TRACE
    assert offered.message_id != planned.message_id


async def test_nothing_leaves_before_it_is_committed() -> None:
    async with desk() as here:
        await here.send(request())
        await here.events(1)
        assert here.store.left_before == [0]
        here.store.broken = True
        await here.send(request("r-2"))
        with pytest.raises(ExceptionGroup) as caught:
            await here.task
        assert caught.group_contains(Unavailable)
        assert here.memory.end(Topic.RIDE_EVENTS) == 1


async def test_the_journal_holds_every_step_and_where_to_go_on() -> None:
    async with desk() as here:
        await here.send(request())
        await here.send(AcceptOffer(RideId("r-1")))
        offered, confirmed = await here.events(2)
        found = await here.store.journal(ZONE)
        holding = await here.store.taken_over()
    verify(found)
    assert [entry.number for entry in found] == [1, 2] == [offered.version, confirmed.version]
    assert found[0].messages() == (request(),)
    assert offered.body in found[0].decided()
    assert found[1].decided() == (confirmed.body,) == (RideConfirmed(RideId("r-1")),)
    assert holding.offsets == {Topic.RIDE_COMMANDS: 2}
    assert [ride.status for ride in holding.zones[ZONE].rides] == ["confirmed"]


async def test_a_copy_of_the_journal_goes_out() -> None:
    async with desk() as here:
        await here.send(request())
        await here.events(1)
        reader = here.log.reader(Topic.ZONE_JOURNAL, 0)
        async with asyncio.timeout(20):
            (record,) = await reader.read()
        assert [decode_entry(record.data)] == await here.store.journal(ZONE)


async def test_what_is_due_happens_without_any_message() -> None:
    async with desk() as here:
        await here.send(request())
        await here.events(1)
        await asyncio.sleep(0.01)
        here.clock.advance_to(EIGHT_S + 1000)
        _, expired = await here.events(2)
        found = await here.store.journal(ZONE)
    assert expired.body == OfferExpired(RideId("r-1"))
    assert found[-1].messages() == (WakeUp(),)


async def test_what_cannot_be_read_is_put_aside_and_the_rest_goes_on() -> None:
    async with desk() as here:
        here.memory.append(Topic.RIDE_COMMANDS, ZONE, b"\xff")
        await here.send(request("elsewhere"), zone=ZoneId("other"))
        await here.send(request())
        (offered,) = await here.events(1)
        holding = await here.store.taken_over()
    assert isinstance(offered.body, RideOffered)
    assert offered.body.ride_id == "r-1"
    assert holding.offsets == {Topic.RIDE_COMMANDS: 3}
    (broken, _, _), (_, place, _) = here.letters.kept
    assert broken == b"\xff"
    assert place == "envelope.zone"


async def test_a_command_that_is_too_long_is_put_aside() -> None:
    long = RestrictDriving(tuple(Restriction("rain", n, n + 1) for n in range(30_000)))
    async with desk() as here:
        await here.send(long)
        await here.send(request())
        await here.events(1)
    ((data, place, reason),) = here.letters.kept
    assert len(data) > INPUT_BYTES_MAX
    assert (place, reason) == ("envelope", "longer than 262144 bytes")


async def test_what_another_zone_says_may_be_longer_than_what_it_was_told() -> None:
    async with desk() as here:
        await here.send(PassedOn(ShuttleId("x"), 0, bytes(INPUT_BYTES_MAX)))
        (marked,) = await here.events(1)
    assert isinstance(marked.body, ReportMarked)
    assert here.letters.kept == []


async def test_a_message_that_comes_again_takes_effect_once() -> None:
    async with desk() as here:
        await here.send(request(), message_id="same")
        await here.send(request(), message_id="same")
        await here.send(request("r-2"))
        await here.events(2)
        assert len(await here.store.journal(ZONE)) == 2


async def test_positions_wait_for_the_next_step_and_only_the_newest_counts() -> None:
    async with desk() as here:
        shuttle = ShuttleId("shuttle-1")
        for at_s in range(EIGHT_S - 5, EIGHT_S):
            await here.send(Passed(shuttle, 0, at_s))
        await here.heard_position()
        await here.send(request())
        await here.events(1)
        (entry,) = await here.store.journal(ZONE)
    assert entry.messages() == (Passed(shuttle, 0, EIGHT_S - 1), request())


async def test_positions_do_not_wait_for_long() -> None:
    async with desk() as here:
        await here.send(Passed(ShuttleId("shuttle-1"), 0, EIGHT_S))
        await here.heard_position()
        here.clock.advance_to(EIGHT_S + POSITIONS_S_MAX)
        async with asyncio.timeout(20):
            while not (found := await here.store.journal(ZONE)):  # noqa: ASYNC110
                await asyncio.sleep(0)
    assert isinstance(found[0].messages()[0], Passed)


async def test_a_dispatcher_that_was_replaced_stops() -> None:
    async with desk() as here:
        await here.send(request())
        await here.events(1)
        await here.store.taken_over()
        await here.send(request("r-2"))
        with pytest.raises(ExceptionGroup) as caught:
            await here.task
        assert caught.group_contains(ShardLost)
        assert here.memory.end(Topic.RIDE_EVENTS) == 1


async def test_a_shard_that_is_let_go_has_let_everything_out() -> None:
    async with desk() as here:
        for number in range(5):
            await here.send(request(f"r-{number}"))
        await here.events(1)
        here.shard.let_go()
        async with asyncio.timeout(20):
            await here.task
        holding = await here.store.taken_over()
        number = holding.zones[ZONE].number
        assert number >= 1
        assert holding.zones[ZONE].published == number
        assert here.memory.end(Topic.RIDE_EVENTS) == number


async def test_the_next_owner_goes_on_where_the_last_one_was_cut_off() -> None:
    async with desk() as here:
        await here.send(request())
        await here.events(1)
        here.task.cancel()
        await asyncio.gather(here.task, return_exceptions=True)
        # Meanwhile the rider accepts, in time; nobody is there to hear it before the offer lapses.
        await here.send(AcceptOffer(RideId("r-1")))
        here.clock.advance_to(EIGHT_S + 1000)
        here.task = asyncio.create_task(shard_of(here).run())
        events = await here.events(2)
        while events[-1].body != RideConfirmed(RideId("r-1")):
            events = await here.events(len(events) + 1)
        verify(await here.store.journal(ZONE))
    assert OfferExpired(RideId("r-1")) not in [one.body for one in events]


async def test_what_was_committed_and_not_let_out_goes_out_under_the_next_owner() -> None:
    async with desk(bound=1) as here:
        first = here.log.reader(Topic.RIDE_EVENTS, 0)
        await here.log.append(Topic.RIDE_EVENTS, "k", sample())
        await here.send(request())
        async with asyncio.timeout(20):
            while not await here.store.journal(ZONE):  # noqa: ASYNC110 - an outbox that is stuck
                await asyncio.sleep(0)
        here.task.cancel()
        await asyncio.gather(here.task, return_exceptions=True)
        assert here.memory.end(Topic.RIDE_EVENTS) == 1
        await first.read()
        here.task = asyncio.create_task(shard_of(here).run())
        async with asyncio.timeout(20):
            (record,) = await first.read()
    assert isinstance(record.value, Envelope)
    assert isinstance(record.value.body, RideOffered)


async def test_events_wait_for_room_and_none_is_lost() -> None:
    async with desk(bound=3) as here:
        slow = here.log.reader(Topic.RIDE_EVENTS, 0)
        plans = here.log.reader(Topic.SHUTTLE_PLANS, 0)
        for number in range(3):
            await here.send(request(f"r-{number}"))
            await asyncio.sleep(0.01)
            await plans.read()
        await here.send(AcceptOffer(RideId("r-0")))
        await asyncio.sleep(0.1)
        assert here.memory.end(Topic.RIDE_EVENTS) == 3
        seen: list[Any] = []
        async with asyncio.timeout(10):
            while len(seen) < 4:
                seen += await slow.read()
    assert [type(record.value.body).__name__ for record in seen] == [
        *["RideOffered"] * 3,
        "RideConfirmed",
    ]
