"""A log that was wiped is known for another one, and nothing is decided on it unasked."""

from __future__ import annotations

import asyncio

import pytest

from services.dispatcher.marks import OtherLog
from services.runtime.embedded import EmbeddedLog
from services.runtime.memory import MemoryLog
from services.wire.topics import Topic
from tests.dispatcher.test_shard import ZONE, Desk, desk, request, shard_of


async def let_go(here: Desk) -> None:
    here.shard.let_go()
    async with asyncio.timeout(20):
        await here.task


def begin_anew(here: Desk) -> None:
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
        begin_anew(here)
        for number in range(count):
            await here.send(request(f"new-{number}"))
        with pytest.raises(OtherLog, match=f"{reason}.*navette topics --begin-anew"):
            await taken_again(here)
        assert len(await here.store.journal(ZONE)) == 1
        assert here.memory.end(Topic.RIDE_EVENTS) == 0


async def test_a_log_that_only_grew_is_known_again() -> None:
    async with desk() as here:
        await here.send(request())
        await here.events(1)
        await let_go(here)
        await here.send(request("r-2"))
        here.shard = shard_of(here)
        here.task = asyncio.create_task(here.shard.run())
        await here.events(2)
