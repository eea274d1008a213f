"""Which shards are ours: all of them, or those that a group gives to us."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

Call = Callable[[int], Awaitable[None]]


class Membership(Protocol):
    """Shares the shards among all dispatchers: partition n of both input topics is shard n."""

    async def run(self, take: Call, drop: Call) -> None:
        """Take part until cancelled; then drop all that was taken.

        A shard is dropped only if it went to somebody else, and that may then have it before
        ``drop`` has returned, or before it was called. What counts is the epoch: whoever takes a
        shard raises it, and commits under an older one are turned away.

        Parameters
        ----------
        take
            Awaited when a shard becomes ours. Of different shards at the same time.
        drop
            Awaited for a shard of which ``take`` has returned, when it is ours no more.

        Raises
        ------
        ExceptionGroup
            With what ``take`` or ``drop`` raised.
        """

    async def confirm(self) -> None:
        """Wait until the group says, asked from now on, that what is ours still is.

        Whoever lost a shard to somebody else asks this before he takes it again: or else two would
        take it from each other for ever.
        """


class Shards:
    """The shards that we hold, and the calls that change that."""

    def __init__(self, take: Call, drop: Call) -> None:
        self._take = take
        self._drop = drop
        self._held: set[int] = set()

    async def become(self, wanted: frozenset[int]) -> None:
        """Drop what is not wanted any more, then take what is new."""
        async with asyncio.TaskGroup() as tasks:
            for shard in sorted(self._held - wanted):
                tasks.create_task(self._let_go(shard))
        async with asyncio.TaskGroup() as tasks:
            for shard in sorted(wanted - self._held):
                tasks.create_task(self._get(shard))

    async def _let_go(self, shard: int) -> None:
        self._held.discard(shard)
        await self._drop(shard)

    async def _get(self, shard: int) -> None:
        await self._take(shard)
        self._held.add(shard)


class EveryShard:
    """A process that is alone has all shards, always."""

    def __init__(self, partitions: int) -> None:
        self._partitions = partitions

    async def run(self, take: Call, drop: Call) -> None:
        """Take all shards, and keep them until cancelled."""
        shards = Shards(take, drop)
        try:
            await shards.become(frozenset(range(self._partitions)))
            await asyncio.Event().wait()
        finally:
            await shards.become(frozenset())

    async def confirm(self) -> None:
        """Nobody else is there."""
