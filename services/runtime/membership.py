"""Which shards are ours: all of them, or those that a group gives to us."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol


class Membership(Protocol):
    """Says which shards are ours."""

    async def run(
        self, take: Callable[[int], Awaitable[None]], drop: Callable[[int], Awaitable[None]]
    ) -> None:
        """Call ``take`` for each shard that becomes ours, ``drop`` before it goes; until cancelled.

        Neither waits for long.
        """


class EveryShard:
    """The membership of somebody who is alone.

    Parameters
    ----------
    partitions
        How many shards there are.
    """

    def __init__(self, partitions: int) -> None:
        self._partitions = partitions

    async def run(
        self, take: Callable[[int], Awaitable[None]], _drop: Callable[[int], Awaitable[None]]
    ) -> None:
        """Take them all, and keep them until cancelled."""
        for shard in range(self._partitions):
            await take(shard)
        await asyncio.Event().wait()
