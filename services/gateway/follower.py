"""Keeps a gateway's view of rides up to date."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from services.domain.errors import Unavailable, Unreadable
from services.gateway.view import RideView
from services.runtime.ports import Log, Record
from services.wire.topics import Topic

log = structlog.get_logger()


class Follower:
    """Reads all of ``ride-events``, from the oldest event that is kept.

    Parameters
    ----------
    source
        The log.
    view
        Where events go.
    unreadable
        Called for each event that could not be read.
    """

    def __init__(self, source: Log, view: RideView, unreadable: Callable[[], None]) -> None:
        self._log = source
        self._view = view
        self._unreadable = unreadable
        self._behind: set[int] = set(range(source.partitions))
        self._failed = False

    @property
    def ready(self) -> bool:
        """Whether all that was on the log at the start has been read, and reading goes on."""
        return not self._behind and not self._failed

    async def run(self) -> None:
        """Follow until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for partition in range(self._log.partitions):
                    tasks.create_task(self._follow(partition))
        except Exception:
            # Without events nobody gets an answer: say so to all who wait, and to the probe.
            log.exception("follower_failed")
            self._failed = True
            self._view.close()
            raise

    async def _follow(self, partition: int) -> None:
        reader = self._log.reader(Topic.RIDE_EVENTS, partition)
        try:
            end = await self._log.end(Topic.RIDE_EVENTS, partition)
            while True:
                if reader.position >= end:
                    self._behind.discard(partition)
                for record in await reader.read():
                    self._take(record)
        finally:
            reader.close()

    def _take(self, record: Record) -> None:
        if isinstance(record.value, Unreadable):
            self._unreadable()
            log.error(
                "event_unreadable",
                topic=record.topic.value,
                offset=record.offset,
                part=record.value.place,
                reason=record.value.reason,
            )
            return
        try:
            self._view.apply(record.offset, record.value)
        except Unavailable:
            # The view is full of rides under way. This one is unknown here; all others go on.
            log.warning("event_dropped", topic=record.topic.value, offset=record.offset)
