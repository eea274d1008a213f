"""The loop around a zone: every message takes effect once, and nothing leaves before its commit."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from services.dispatcher.core import Zone
from services.dispatcher.loop import DispatcherLoop, LoopMetrics
from services.dispatcher.service import Dispatcher
from services.domain.errors import Unavailable, Unreadable, ZoneLost
from services.domain.events import (
    AcceptOffer,
    Command,
    OfferExpired,
    PlanIssued,
    RequestRide,
    RideConfirmed,
    RideOffered,
    WakeUp,
)
from services.domain.ids import RideId, ZoneId
from services.domain.ride import Party, Request, StopWalk
from services.network.fleet import shuttles
from services.runtime.clock import VirtualClock
from services.runtime.embedded import EmbeddedLog, EmbeddedStore
from services.runtime.journal import verify
from services.runtime.memory import MemoryLog, MemoryStore
from services.runtime.metrics import new_registry
from services.runtime.ports import Step
from services.wire.envelope import Envelope
from services.wire.topics import Topic, key_of, topic_of
from tests.gateway.peer import DAY, EIGHT_S, network

ZONE = ZoneId("main")
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class WatchedStore(EmbeddedStore):
    """A store that can be told to fail, and that knows what had left when it committed."""

    def __init__(self, memory: MemoryStore, messages: MemoryLog[bytes]) -> None:
        super().__init__(memory)
        self._messages = messages
        self.left_before: list[int] = []
        self.broken = False

    async def commit(self, zone: ZoneId, epoch: int, steps: Sequence[Step]) -> None:
        self.left_before.append(self._messages.end(Topic.RIDE_EVENTS))
        if self.broken:
            raise Unavailable("the store does not answer")
        await super().commit(zone, epoch, steps)


@dataclass
class Desk:
    """A running loop, and both ends of its topics."""

    memory: MemoryLog[bytes]
    log: EmbeddedLog
    store: WatchedStore
    clock: VirtualClock
    task: asyncio.Task[None]
    sent: int = 0

    async def send(self, command: Command, zone: ZoneId = ZONE) -> None:
        self.sent += 1
        envelope = Envelope(
            message_id=f"m-{self.sent}",
            zone=zone,
            happened_at_ms=self.clock.now_ms(),
            recorded_at_ms=self.clock.now_ms(),
            zone_time_s=self.clock.now_s(),
            traceparent=TRACE,
            body=command,
        )
        await self.log.append(topic_of(command), key_of(command, zone), envelope)

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


@contextlib.asynccontextmanager
async def desk(bound: int = 1000) -> AsyncIterator[Desk]:
    memory: MemoryLog[bytes] = MemoryLog(bound=bound)
    log = EmbeddedLog(memory)
    store = WatchedStore(MemoryStore(), memory)
    clock = VirtualClock(DAY, EIGHT_S)
    territory = network()
    dispatcher = Dispatcher(Zone(territory, shuttles(territory)))
    loop = DispatcherLoop(dispatcher, ZONE, log, store, clock, LoopMetrics(new_registry()))
    task = asyncio.create_task(loop.run())
    await asyncio.sleep(0)
    yield Desk(memory, log, store, clock, task)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


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
        rows = await here.store.journal(ZONE)
        holding = await here.store.take(ZONE)
    verify(rows)
    assert [row.step.number for row in rows] == [1, 2] == [offered.version, confirmed.version]
    assert rows[0].step.inputs == (request(),)
    assert offered.body in rows[0].step.events
    assert rows[1].step.events == (confirmed.body,) == (RideConfirmed(RideId("r-1")),)
    assert holding.offsets == {Topic.RIDE_COMMANDS: 2}
    assert [ride.status for ride in holding.rides] == ["confirmed"]


async def test_what_is_due_happens_without_any_message() -> None:
    async with desk() as here:
        await here.send(request())
        await here.events(1)
        await asyncio.sleep(0.01)
        here.clock.advance_to(EIGHT_S + 1000)
        _, expired = await here.events(2)
        rows = await here.store.journal(ZONE)
    assert expired.body == OfferExpired(RideId("r-1"))
    assert rows[-1].step.inputs == (WakeUp(),)


async def test_an_input_that_cannot_be_read_is_passed_over() -> None:
    async with desk() as here:
        here.memory.append(Topic.RIDE_COMMANDS, ZONE, b"\xff")
        await here.send(request("elsewhere"), zone=ZoneId("other"))
        await here.send(request())
        (offered,) = await here.events(1)
        holding = await here.store.take(ZONE)
    assert isinstance(offered.body, RideOffered)
    assert offered.body.ride_id == "r-1"
    assert holding.offsets == {Topic.RIDE_COMMANDS: 3}


async def test_a_dispatcher_that_was_replaced_stops() -> None:
    async with desk() as here:
        await here.send(request())
        await here.events(1)
        await here.store.take(ZONE)
        await here.send(request("r-2"))
        with pytest.raises(ExceptionGroup) as caught:
            await here.task
        assert caught.group_contains(ZoneLost)
        assert here.memory.end(Topic.RIDE_EVENTS) == 1


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
