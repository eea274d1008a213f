"""Whose a shard is, and who takes it again when it was lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from services.dispatcher import ownership
from services.dispatcher.ownership import Ownership
from services.dispatcher.saving import Saving
from services.domain.errors import Unavailable
from services.runtime.embedded import EmbeddedLog
from services.runtime.membership import Call, EveryShard
from services.runtime.metrics import new_registry
from services.runtime.ports import Group as StoreGroup
from services.wire.topics import Topic
from tests.dispatcher.test_shard import ZONE, Desk, desk, request, sample, shard_of


class Group(EveryShard):
    """A group that gives all shards, and confirms them when it is told to."""

    def __init__(self) -> None:
        super().__init__(1)
        self.asked, self.confirms = asyncio.Event(), asyncio.Event()
        self.calls: tuple[Call, Call] | None = None

    async def run(self, take: Call, drop: Call) -> None:
        self.calls = take, drop
        await super().run(take, drop)

    async def confirm(self) -> None:
        self.asked.set()
        await self.confirms.wait()


@contextlib.asynccontextmanager
async def owned(here: Desk, group: Group) -> AsyncIterator[Ownership]:
    """A desk whose shard is kept by somebody who takes it again."""
    here.task.cancel()
    owner = Ownership(group, lambda _: shard_of(here), new_registry())
    here.task = asyncio.create_task(owner.run())
    async with asyncio.timeout(20):
        yield owner


async def epoch(here: Desk) -> int:
    """The shard's; whoever owned it loses it by this."""
    return (await here.store.taken_over()).epoch


async def test_who_lost_a_shard_takes_it_again_only_once_the_group_says_that_it_is_theirs() -> None:
    group = Group()
    async with desk() as here, owned(here, group):
        await here.send(request())
        await here.events(1)
        lost_at = await epoch(here)
        await here.send(request("r-2"))
        await group.asked.wait()
        assert await epoch(here) == lost_at + 1
        assert len(await here.store.journal(ZONE)) == 1
        group.confirms.set()
        await here.events(2)


async def test_nobody_takes_a_shard_who_cannot_reach_the_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = asyncio.Event()

    async def silent(_self: EmbeddedLog, topic: Topic, _partition: int) -> int:
        asked.set()
        raise Unavailable(f"nobody says where {topic} ends")

    async with desk() as here:
        here.task.cancel()
        before = await epoch(here)
        monkeypatch.setattr(EmbeddedLog, "end", silent)
        async with owned(here, Group()):
            await asked.wait()
            for _ in range(10):
                await asyncio.sleep(0)
            assert await epoch(here) == before + 1


async def test_another_log_is_no_bug_of_ours() -> None:
    registry = new_registry()

    def drops(cause: str) -> float | None:
        return registry.get_sample_value("navette_shard_drops_total", {"cause": cause})

    async with desk() as here:
        epoch_of_ours = await epoch(here)
        offsets = {Topic.RIDE_COMMANDS: 7}
        await here.store.commit(0, epoch_of_ours, StoreGroup(offsets=offsets))
        here.task.cancel()
        owner = Ownership(Group(), lambda _: shard_of(here), registry)
        here.task = asyncio.create_task(owner.run())
        async with asyncio.timeout(20):
            while not drops("other_log"):  # noqa: ASYNC110 - nobody says so
                await asyncio.sleep(0)
        assert not drops("bug")


async def test_nobody_waits_for_a_shard_that_is_dead_when_it_is_given_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ownership, "LET_GO_S", 3600.0)
    group = Group()
    async with desk() as here, owned(here, group):
        await here.send(request())
        await here.events(1)
        await epoch(here)
        await here.send(request("r-2"))
        await group.asked.wait()
        assert group.calls is not None
        await group.calls[1](0)


async def test_a_shard_that_was_let_go_while_it_broke_is_not_taken_again() -> None:
    group = Group()
    async with desk() as here, owned(here, group):
        await here.send(request())
        await here.events(1)
        assert group.calls is not None
        # It finds out that the store is gone as it lets go.
        here.store.broken = True
        await here.send(request("r-2"))
        await group.calls[1](0)
        here.store.broken = False
        before = await epoch(here)
        assert await epoch(here) == before + 1
        assert len(await here.store.journal(ZONE)) == 1


async def test_what_a_take_that_failed_had_read_is_not_counted_as_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with desk(bound=1) as here:
        await here.log.append(Topic.RIDE_EVENTS, "k", sample())
        await here.send(request())
        async with asyncio.timeout(20):
            while not await here.store.journal(ZONE):  # noqa: ASYNC110 - an outbox that is stuck
                await asyncio.sleep(0)
        here.task.cancel()
        await asyncio.gather(here.task, return_exceptions=True)

        async def fails(*_: object) -> None:
            raise Unavailable("the store does not answer")

        monkeypatch.setattr(Saving, "save_due", fails)
        with pytest.raises(Unavailable):
            await shard_of(here).run()
    assert here.metrics.outbox.waiting._value.get() == 0
