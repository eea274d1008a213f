"""What every membership keeps to: each adapter has a class of tests made from this."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from services.runtime.membership import Membership

PARTITIONS = 5


class Owner:
    """Takes and drops shards, and writes down what it was asked for."""

    def __init__(self) -> None:
        self.held: set[int] = set()
        self.calls: list[str] = []
        self._news = asyncio.Condition()

    async def take(self, shard: int) -> None:
        assert shard not in self.held
        await self._note(f"take {shard}")
        async with self._news:
            self.held.add(shard)
            self._news.notify_all()

    async def drop(self, shard: int) -> None:
        assert shard in self.held
        await self._note(f"drop {shard}")
        async with self._news:
            self.held.discard(shard)
            self._news.notify_all()

    async def until(self, held: set[int]) -> None:
        """Wait until exactly these shards are held."""
        async with asyncio.timeout(30), self._news:
            await self._news.wait_for(lambda: self.held == held)

    async def until_some(self) -> None:
        async with asyncio.timeout(30), self._news:
            await self._news.wait_for(lambda: bool(self.held))

    async def _note(self, call: str) -> None:
        self.calls.append(call)
        await asyncio.sleep(0)


@asynccontextmanager
async def taking_part(membership: Membership, owner: Owner) -> AsyncIterator[asyncio.Task[None]]:
    running = asyncio.create_task(membership.run(owner.take, owner.drop))
    try:
        yield running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


class MembershipContract:
    async def test_who_is_alone_takes_every_shard_once(self, membership: Membership) -> None:
        owner = Owner()
        async with taking_part(membership, owner):
            await owner.until(set(range(PARTITIONS)))
            assert sorted(owner.calls) == [f"take {n}" for n in range(PARTITIONS)]

    async def test_who_has_shards_has_them_confirmed(self, membership: Membership) -> None:
        owner = Owner()
        async with taking_part(membership, owner), asyncio.timeout(30):
            await owner.until(set(range(PARTITIONS)))
            await membership.confirm()

    async def test_who_leaves_drops_what_it_took(self, membership: Membership) -> None:
        owner = Owner()
        async with taking_part(membership, owner):
            await owner.until(set(range(PARTITIONS)))
        assert sorted(owner.calls[PARTITIONS:]) == [f"drop {n}" for n in range(PARTITIONS)]
        assert owner.held == set()

    async def test_what_goes_wrong_when_a_shard_is_taken_ends_it_and_the_others_are_dropped(
        self, membership: Membership
    ) -> None:
        owner = Owner()

        async def take(shard: int) -> None:
            if shard == 3:
                await owner.until({0, 1, 2, 4})
                raise ValueError("a bug")
            await owner.take(shard)

        with pytest.raises(ExceptionGroup) as caught:
            async with asyncio.timeout(30):
                await membership.run(take, owner.drop)
        assert caught.group_contains(ValueError, match="a bug")
        assert owner.held == set()
