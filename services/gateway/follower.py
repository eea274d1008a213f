"""Follows a topic, all of it, for whoever keeps a view of what is on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from services.domain.errors import Unavailable, Unreadable
from services.runtime.ports import Forgotten, Log, Record
from services.wire.envelope import Envelope
from services.wire.topics import Topic

log = structlog.get_logger()

RETRY_S = 0.5


class Follower:
    """Reads all partitions of a topic from some time on, for as long as it runs.

    Parameters
    ----------
    source, topic
        The log, and what to follow on it.
    hear
        Hears of each message and its offset.
    unreadable
        Called for each message that could not be read.
    since_ms
        From when on, in milliseconds since 1970 UTC by the log's clock.
    """

    def __init__(
        self,
        source: Log,
        topic: Topic,
        hear: Callable[[int, Envelope], object],
        unreadable: Callable[[], None],
        since_ms: int = 0,
    ) -> None:
        self._log = source
        self._topic = topic
        self._hear = hear
        self._unreadable = unreadable
        self._since_ms = since_ms
        self._behind = set(range(source.partitions))
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
            log.exception("follower_failed", topic=self._topic.value)
            self._failed = True
            raise

    async def _follow(self, partition: int) -> None:
        offset, end = await self._range(partition)
        reader = self._log.reader(self._topic, partition, offset)
        try:
            while True:
                if reader.position >= end:
                    self._behind.discard(partition)
                try:
                    records = await reader.read()
                except Forgotten as error:
                    # What was dropped before it was read is in the store, or out of date.
                    log.warning("records_forgotten", reason=str(error))
                    reader.close()
                    reader = self._log.reader(self._topic, partition, error.first)
                    continue
                for record in records:
                    self._take(record)
        finally:
            reader.close()

    async def _range(self, partition: int) -> tuple[int, int]:
        """Where to begin, and where the log ends now."""
        while True:
            try:
                offset = await self._log.offset_at(self._topic, partition, self._since_ms)
                return offset, await self._log.end(self._topic, partition)
            except Unavailable as error:
                log.warning("log_unreachable", topic=self._topic.value, reason=str(error))
                await asyncio.sleep(RETRY_S)

    def _take(self, record: Record) -> None:
        if isinstance(record.value, Unreadable):
            self._unreadable()
            log.error(
                "record_unreadable",
                topic=record.topic.value,
                offset=record.offset,
                part=record.value.place,
                reason=record.value.reason,
            )
            return
        self._hear(record.offset, record.value)
