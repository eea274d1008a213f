"""Keeps a gateway's view of rides up to date."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from services.domain.errors import Unavailable, Unreadable
from services.gateway.view import RideView
from services.runtime.ports import Forgotten, Log, Record
from services.wire.envelope import Envelope
from services.wire.topics import Topic

log = structlog.get_logger()

RETRY_S = 0.5


class Follower:
    """Reads all of ``ride-events`` from some time on; older rides are in the store.

    Parameters
    ----------
    source
        The log.
    view
        Where events go.
    unreadable
        Called for each event that could not be read.
    since_ms
        From when on, in milliseconds since 1970 UTC by the log's clock.
    hear
        Hears of each event, too.
    """

    def __init__(
        self,
        source: Log,
        view: RideView,
        unreadable: Callable[[], None],
        since_ms: int = 0,
        hear: Callable[[Envelope], None] = lambda _: None,
    ) -> None:
        self._hear = hear
        self._since_ms = since_ms
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
        offset, end = await self._range(partition)
        reader = self._log.reader(Topic.RIDE_EVENTS, partition, offset)
        try:
            while True:
                if reader.position >= end:
                    self._behind.discard(partition)
                try:
                    records = await reader.read()
                except Forgotten as error:
                    # Somebody dropped what was not read yet: those rides are in the store.
                    log.warning("events_forgotten", reason=str(error))
                    reader.close()
                    reader = self._log.reader(Topic.RIDE_EVENTS, partition, error.first)
                    continue
                for record in records:
                    self._take(record)
        finally:
            reader.close()

    async def _range(self, partition: int) -> tuple[int, int]:
        """Where to begin, and where the log ends now."""
        while True:
            try:
                offset = await self._log.offset_at(Topic.RIDE_EVENTS, partition, self._since_ms)
                return offset, await self._log.end(Topic.RIDE_EVENTS, partition)
            except Unavailable as error:
                log.warning("events_unreachable", reason=str(error))
                await asyncio.sleep(RETRY_S)

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
        self._hear(record.value)
        try:
            self._view.apply(record.offset, record.value)
        except Unavailable:
            # The view is full of rides under way. This one is unknown here; all others go on.
            log.warning("event_dropped", topic=record.topic.value, offset=record.offset)
