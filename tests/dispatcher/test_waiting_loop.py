"""Beside a living zone, somebody looks after its idle shuttles; what fails leaves them in peace."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from prometheus_client import CollectorRegistry

from services.dispatcher.company import Beside
from services.dispatcher.host import Host
from services.dispatcher.rebalancing import standings
from services.dispatcher.shard import Shard
from services.dispatcher.surroundings import ShardMetrics, Surroundings
from services.dispatcher.waiting import Waiting
from services.dispatcher.waiting_loop import WaitingLoop, WaitingMetrics
from services.domain.events import Arrived, Departed, PlanIssued
from services.domain.fleet_settings import FleetGroup
from services.domain.ids import ShuttleId, ZoneId
from services.domain.territory import ServiceHours
from services.runtime.clock import VirtualClock
from services.runtime.embedded import EmbeddedLog
from services.runtime.embedded_store import EmbeddedStore
from services.runtime.memory import MemoryLog
from services.runtime.metrics import new_registry
from services.runtime.ports import Record
from services.wire.topics import Topic
from tests.builders import EIGHT_S, LINE, crow_network, territory
from tests.gateway.peer import DAY

ZONE = ZoneId("main")
A = ShuttleId("shuttle-1")
EVERY_S = 300


class NoLetters:
    async def put(self, record: Record, place: str, reason: str) -> None:
        raise AssertionError(reason)


@dataclass
class House:
    """A zone whose shuttle a stands away from its depot, and who looks after it."""

    log: EmbeddedLog
    clock: VirtualClock
    registry: CollectorRegistry

    async def counted(self, name: str, outcome: str, least: float = 1) -> float:
        """Wait until so many were counted."""
        async with asyncio.timeout(20):
            while self._count(name, outcome) < least:  # noqa: ASYNC110 - a thread is at work
                await asyncio.sleep(0)
        return self._count(name, outcome)

    def _count(self, name: str, outcome: str) -> float:
        return self.registry.get_sample_value(name, {"outcome": outcome}) or 0.0


@contextlib.asynccontextmanager
async def house(*, broken: bool = False, **service: str) -> AsyncIterator[House]:
    parking = {"strategy": "depot", "every_s": EVERY_S}
    rules = territory(fleet=[FleetGroup(depot="s0", count=1)], parking=parking, service=service)
    network = crow_network(LINE, rules)
    memory: MemoryLog[bytes] = MemoryLog()
    log, store = EmbeddedLog(memory), EmbeddedStore()
    clock, registry = VirtualClock(DAY, EIGHT_S), new_registry()
    await store.open(ZONE, 0, DAY.date)
    host = Host(ZONE, network, clock)
    zone, waiting = host.zone, Waiting(network, host.fleet)
    zone.apply(Departed(A, 0, 3, EIGHT_S - 900), EIGHT_S - 900)
    zone.apply(Arrived(A, 3, EIGHT_S - 700), EIGHT_S - 700)
    if broken:
        waiting._depot = {}
    look = WaitingLoop(
        waiting,
        lambda now_s: standings(zone.fleet, 120, now_s),
        ZONE,
        log,
        clock,
        WaitingMetrics(registry),
    )
    around = Surroundings(
        messages=log,
        store=store,
        dead_letters=NoLetters(),
        clock=clock,
        owner="me",
        metrics=ShardMetrics(registry),
    )
    shard = Shard(0, [ZONE], lambda *_: host, lambda _: Beside({"waiting": look.run}), around)
    taken = asyncio.Event()
    shard.taken = taken.set
    task = asyncio.create_task(shard.run())
    async with asyncio.timeout(20):
        await taken.wait()
    for _ in range(10):
        await asyncio.sleep(0)
    yield House(log, clock, registry)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_an_idle_shuttle_is_sent_home_by_way_of_the_log() -> None:
    async with house() as made:
        made.clock.advance_to(EIGHT_S + EVERY_S)
        await made.counted("navette_moves_total", "taken")
        reader = made.log.reader(Topic.SHUTTLE_PLANS, 0)
        async with asyncio.timeout(20):
            (record,) = await reader.read()
        issued = record.value.body  # type: ignore[union-attr]
        assert isinstance(issued, PlanIssued)
        assert [visit.stop for visit in issued.plan.visits] == [0]


async def test_what_fails_is_counted_and_tried_again_later() -> None:
    async with house(broken=True) as made:
        for times in (1, 2):
            made.clock.advance_to(EIGHT_S + times * EVERY_S)
            await made.counted("navette_waiting_looks_total", "failed", times)
        assert made.registry.get_sample_value("navette_moves_total", {"outcome": "taken"}) is None


async def test_outside_the_service_hours_nobody_is_sent_anywhere() -> None:
    async with house(opens="08:07", closes="20:00") as made:
        made.clock.advance_to(EIGHT_S + EVERY_S)
        await asyncio.sleep(0)
        made.clock.advance_to(EIGHT_S + 2 * EVERY_S)
        assert await made.counted("navette_waiting_looks_total", "proposed") == 1


@pytest.mark.parametrize(
    ("hours", "clock_h", "is_open"),
    [
        (("00:00", "00:00"), 3, True),
        (("08:00", "20:00"), 8, True),
        (("08:00", "20:00"), 20, False),
        (("08:00", "20:00"), 32, True),
        (("18:00", "02:00"), 1, True),
        (("18:00", "02:00"), 25, True),
        (("18:00", "02:00"), 3, False),
    ],
)
def test_service_hours_say_when_they_are(
    hours: tuple[str, str], clock_h: int, is_open: bool
) -> None:
    service = ServiceHours.model_validate({"opens": hours[0], "closes": hours[1]})
    assert service.is_open(clock_h * 3600) is is_open
