"""The log of a single process, behind the same port as the real one.

Every message goes through its bytes, so that what works here has been encoded and decoded.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Sequence

from services.domain.errors import Unreadable
from services.runtime.memory import Item, MemoryLog, MemoryReader
from services.runtime.metrics import LogMetrics
from services.runtime.ports import Record
from services.wire.codec import decode, encode
from services.wire.envelope import Envelope
from services.wire.topics import Topic, key_of, partition_of, topic_of


class EmbeddedReader:
    """Reads one partition and decodes it."""

    def __init__(self, reader: MemoryReader[bytes], metrics: LogMetrics | None) -> None:
        self._reader = reader
        self._metrics = metrics

    @property
    def position(self) -> int:
        """Offset of the record that comes next."""
        return self._reader.position

    async def read(self, count_max: int = 500) -> Sequence[Record]:
        """Take the next records, at least one; wait for it if need be."""
        return [self._record(item) for item in await self._reader.read(count_max)]

    def close(self) -> None:
        """Let the log forget about this reader."""
        self._reader.close()

    def _record(self, item: Item[bytes]) -> Record:
        topic, partition = self._reader.topic, self._reader.partition
        value: Envelope | Unreadable
        try:
            value = decode(item.value)
        except Unreadable as error:
            value = error
        if self._metrics is not None:
            outcome = "unreadable" if isinstance(value, Unreadable) else "read"
            self._metrics.messages.labels(topic=topic, outcome=outcome).inc()
        return Record(topic, partition, item.offset, item.key, value, item.value)


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


class _Times:
    """When the records of a partition came: for each moment, the first of them."""

    __slots__ = ("moments_ms", "offsets")

    def __init__(self) -> None:
        self.moments_ms: list[int] = []
        self.offsets: list[int] = []

    def note(self, now_ms: int, offset: int) -> None:
        if not self.moments_ms or now_ms > self.moments_ms[-1]:
            self.moments_ms.append(now_ms)
            self.offsets.append(offset)

    def forget(self, first: int) -> None:
        """Drop what was noted of records before the first."""
        gone = bisect_left(self.offsets, first)
        del self.moments_ms[:gone], self.offsets[:gone]


class EmbeddedLog:
    """Topics in this process, as bytes.

    Parameters
    ----------
    memory
        Where they lie.
    metrics
        Where messages are counted.
    now_ms
        The clock by which records come, in milliseconds since 1970 UTC.
    """

    def __init__(
        self,
        memory: MemoryLog[bytes],
        metrics: LogMetrics | None = None,
        now_ms: Callable[[], int] = _wall_ms,
    ) -> None:
        self._memory = memory
        self._metrics = metrics
        self._now_ms = now_ms
        self._times: dict[tuple[Topic, int], _Times] = defaultdict(_Times)

    @property
    def partitions(self) -> int:
        """Partitions of each topic."""
        return self._memory.partitions

    async def append(self, topic: Topic, key: str, value: Envelope) -> int:
        """Add a message to its zone's partition of a topic, and return its offset there."""
        partition = partition_of(value.zone, self._memory.partitions)
        return self._append(topic, partition, key, encode(value))

    async def append_all(self, values: Sequence[Envelope]) -> None:
        """Add messages, each to its own topic, in order."""
        for value in values:
            await self.append(topic_of(value.body), key_of(value.body, value.zone), value)

    async def append_raw(self, topic: Topic, partition: int, key: str, data: bytes) -> int:
        """Add bytes that are no envelope, or an envelope as it came."""
        return self._append(topic, partition, key, data)

    async def append_raw_all(
        self, topic: Topic, partition: int, records: Sequence[tuple[str, bytes]]
    ) -> None:
        """Add bytes under their keys, in order."""
        for key, data in records:
            self._append(topic, partition, key, data)

    async def offset_at(self, topic: Topic, partition: int, time_ms: int) -> int:
        """Return the offset of the first record kept that came at or after a time."""
        times = self._times[topic, partition]
        found = bisect_left(times.moments_ms, time_ms)
        if found == len(times.offsets):
            return self._memory.end(topic, partition)
        return max(times.offsets[found], self._memory.begin(topic, partition))

    def _append(self, topic: Topic, partition: int, key: str, data: bytes) -> int:
        offset = self._memory.append(topic, key, data, partition)
        times = self._times[topic, partition]
        times.note(self._now_ms(), offset)
        if len(times.offsets) > 2 * self._memory.bound:
            times.forget(self._memory.begin(topic, partition))
        if self._metrics is not None:
            self._metrics.messages.labels(topic=topic, outcome="appended").inc()
        return offset

    async def end(self, topic: Topic, partition: int) -> int:
        """Return the offset that the next record of this partition will get."""
        return self._memory.end(topic, partition)

    def reader(self, topic: Topic, partition: int, offset: int = 0) -> EmbeddedReader:
        """Start to read at this offset."""
        return EmbeddedReader(self._memory.reader(topic, partition, offset), self._metrics)
