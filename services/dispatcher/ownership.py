"""Which shards this process dispatches: it takes them as they are given to it, and lets them go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from services.dispatcher.marks import OtherLog
from services.dispatcher.shard import Shard
from services.domain.errors import ShardLost, Unavailable
from services.runtime.membership import Membership

log = structlog.get_logger()

LET_GO_S = 3.0
"""A shard that has not ended by then is dropped as it is: what it committed is safe."""

RETRY_S = 0.1
RETRY_S_MAX = 2.0


class Ownership:
    """Keeps the shards that are ours running.

    Parameters
    ----------
    membership
        Says which are ours.
    make
        Makes a shard, given its number.
    registry
        Where it is counted how many are ours.
    """

    def __init__(
        self,
        membership: Membership,
        make: Callable[[int], Shard],
        registry: CollectorRegistry,
    ) -> None:
        self._membership = membership
        self._make = make
        self._shards: dict[int, Shard] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._running: set[int] = set()
        owned = Gauge("navette_shards_owned", "Shards that this process owns.", registry=registry)
        owned.set_function(lambda: len(self._running))
        self._dropped = Counter(
            "navette_shard_drops_total",
            "Shards that were dropped and taken anew: what did not answer, broke, or is lost.",
            ["cause"],
            registry=registry,
        )

    @property
    def ready(self) -> bool:
        """Whether all shards that are ours are taken."""
        return set(self._tasks) == self._running

    async def run(self) -> None:
        """Take and let go until cancelled; then let all go."""
        try:
            await self._membership.run(self._take, self._drop)
        finally:
            await asyncio.gather(*(self._drop(number) for number in list(self._tasks)))

    async def _take(self, number: int) -> None:
        if number not in self._tasks:
            self._tasks[number] = asyncio.create_task(self._keep(number))

    async def _drop(self, number: int) -> None:
        task = self._tasks.pop(number, None)
        if task is None:
            return
        if (shard := self._shards.pop(number, None)) is not None:
            shard.let_go()
            await asyncio.wait({task}, timeout=LET_GO_S)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self._running.discard(number)

    async def _keep(self, number: int) -> None:
        """Run a shard; when it was lost or is in doubt, forget all of it and take it anew."""
        pause_s = RETRY_S
        while number in self._tasks:
            shard = self._shards[number] = self._make(number)
            shard.taken = lambda: self._running.add(number)
            try:
                await shard.run()
            except Exception as error:
                lost = self._explain(number, error)
            else:
                break
            finally:
                self._shards.pop(number, None)  # nobody need wait for it any more
            pause_s = RETRY_S if number in self._running else min(2 * pause_s, RETRY_S_MAX)
            self._running.discard(number)
            await asyncio.sleep(pause_s)
            if lost:
                await self._membership.confirm()

    def _explain(self, number: int, error: Exception) -> bool:
        """Say why a shard was dropped, and return if it was lost."""
        causes = list(_all(error))
        for one in causes:
            if isinstance(one, Unavailable | ShardLost):
                self._dropped.labels("doubt").inc()
                log.warning("shard_dropped", shard=number, reason=str(one))
            elif isinstance(one, OtherLog):
                self._dropped.labels("other_log").inc()
                log.error("other_log", shard=number, reason=str(one))
            else:
                self._dropped.labels("bug").inc()
                log.error("shard_broke", shard=number, reason=str(one), exc_info=one)
        return any(isinstance(one, ShardLost) for one in causes)


def _all(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _all(one)
    else:
        yield error
