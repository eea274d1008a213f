"""How much goes out at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from services.dispatcher.outbox import BATCH_BYTES, Outbox, OutboxMetrics
from services.runtime.clock import WallClock
from services.runtime.embedded import EmbeddedLog
from services.runtime.memory import MemoryLog
from services.runtime.metrics import new_registry
from services.wire.stored import decode_entry
from services.wire.topics import Topic
from tests.runtime.samples import journal


class WatchedLog(EmbeddedLog):
    """Knows which copies came together."""

    def __init__(self) -> None:
        super().__init__(MemoryLog(bound=10_000))
        self.together: list[list[int]] = []

    async def append_raw_all(
        self, topic: Topic, partition: int, records: Sequence[tuple[str, bytes]]
    ) -> None:
        self.together.append([decode_entry(data).number for _, data in records])
        await super().append_raw_all(topic, partition, records)


async def together(count: int, input_bytes: int) -> list[list[int]]:
    """Which of so many steps went out together."""
    log = WatchedLog()
    outbox = Outbox(log, 0, WallClock.from_now("UTC"), OutboxMetrics(new_registry()))
    for step in journal(count):
        outbox.put(replace(step, inputs=(bytes(input_bytes),), events=()), ())
    running = asyncio.create_task(outbox.run())
    async with asyncio.timeout(20):
        await outbox.empty()
    running.cancel()
    return log.together


async def test_many_short_steps_go_out_together() -> None:
    assert await together(150, 100) == [list(range(1, 151))]


async def test_long_steps_go_out_few_by_few_and_in_order() -> None:
    groups = await together(20, BATCH_BYTES // 4)
    assert groups == [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10], [11, 12, 13, 14, 15], [16, 17, 18, 19, 20]]
