"""A log in this process's memory, without waiting.

The simulator drives it as it is; `services.runtime.embedded` makes of it what the roles wait for.
All calls come from one thread. Everything has a bound.
"""

from __future__ import annotations

import asyncio
from typing import Generic, NamedTuple, TypeVar

from services.domain.errors import Unavailable
from services.runtime.ports import Forgotten
from services.wire.topics import Topic

V = TypeVar("V")

COPIES = frozenset({Topic.ZONE_JOURNAL, Topic.DEAD_LETTERS})
"""What lies on these is for whoever may want to look; if nobody does, it is forgotten."""


class Item(NamedTuple, Generic[V]):
    """A record as it lies in memory."""

    offset: int
    key: str
    value: V


class _Partition(Generic[V]):
    __slots__ = ("first", "items", "readers", "waiters")

    def __init__(self) -> None:
        self.first = 0
        self.items: list[tuple[str, V]] = []
        self.readers: list[MemoryReader[V]] = []
        self.waiters: list[asyncio.Future[None]] = []

    @property
    def end(self) -> int:
        return self.first + len(self.items)


class MemoryLog(Generic[V]):
    """Partitioned topics of values of any one kind.

    What all readers have read may be forgotten when room is needed; what one of them has not read
    is kept, and when a partition is full of that, it takes no more.

    Parameters
    ----------
    partitions
        Partitions of each topic.
    bound
        Most records that a partition holds.
    """

    def __init__(self, partitions: int = 1, bound: int = 100_000) -> None:
        self.partitions = partitions
        self.bound = bound
        self._partitions: dict[Topic, list[_Partition[V]]] = {
            topic: [_Partition() for _ in range(partitions)] for topic in Topic
        }

    def append(self, topic: Topic, key: str, value: V, partition: int = 0) -> int:
        """Add a record and return its offset.

        Raises
        ------
        Unavailable
            If the partition is full of records that somebody has yet to read.
        """
        part = self._partitions[topic][partition]
        if len(part.items) >= self.bound:
            self._make_room(topic, part)
        part.items.append((key, value))
        if part.waiters:
            _wake(part.waiters)
        return part.first + len(part.items) - 1

    def read(
        self, topic: Topic, partition: int = 0, offset: int = 0, count_max: int = 500
    ) -> list[Item[V]]:
        """Return the records from ``offset`` on that are there; none if there are none yet.

        Raises
        ------
        Forgotten
            If the first of them is not kept any more.
        """
        part = self._partitions[topic][partition]
        start = offset - part.first
        if start < 0:
            raise Forgotten(topic, offset, part.first)
        found = part.items[start : start + count_max]
        return [Item(offset + i, key, value) for i, (key, value) in enumerate(found)]

    def end(self, topic: Topic, partition: int = 0) -> int:
        """Return the offset that the next record will get."""
        return self._partitions[topic][partition].end

    def begin(self, topic: Topic, partition: int = 0) -> int:
        """Return the offset of the oldest record that is kept, or the end."""
        return self._partitions[topic][partition].first

    async def wait(self, topic: Topic, partition: int = 0, offset: int = 0) -> None:
        """Wait until there is a record at ``offset``."""
        part = self._partitions[topic][partition]
        while part.end <= offset:
            waiter = asyncio.get_running_loop().create_future()
            part.waiters.append(waiter)
            try:
                await waiter
            finally:
                if waiter in part.waiters:
                    part.waiters.remove(waiter)

    def reader(self, topic: Topic, partition: int = 0, offset: int = 0) -> MemoryReader[V]:
        """Start to read at this offset; from there on, nothing is forgotten before it was read."""
        reader = MemoryReader(self, topic, partition, offset)
        self._partitions[topic][partition].readers.append(reader)
        return reader

    def leave(self, reader: MemoryReader[V]) -> None:
        """Wait for this reader no longer."""
        readers = self._partitions[reader.topic][reader.partition].readers
        if reader in readers:
            readers.remove(reader)

    def part(self, topic: Topic, partition: int) -> _Partition[V]:
        """Return a partition itself, for its readers."""
        return self._partitions[topic][partition]

    def _make_room(self, topic: Topic, part: _Partition[V]) -> None:
        unread = part.end if topic in COPIES else part.first
        read = min((reader.position for reader in part.readers), default=unread) - part.first
        if read <= 0:
            raise Unavailable(f"{topic} is full", f"{self.bound} records wait to be read")
        del part.items[:read]
        part.first += min(read, self.bound)


def _wake(waiters: list[asyncio.Future[None]]) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)
    waiters.clear()


class MemoryReader(Generic[V]):
    """Reads one partition of a `MemoryLog` in order."""

    def __init__(self, log: MemoryLog[V], topic: Topic, partition: int, offset: int) -> None:
        self.topic = topic
        self.partition = partition
        self.position = offset
        self._log = log
        self._part = log.part(topic, partition)

    def take(self, count_max: int = 500) -> list[Item[V]]:
        """Take the next records that are there; none if there are none yet."""
        if self.position == self._part.first + len(self._part.items):
            return []
        items = self._log.read(self.topic, self.partition, self.position, count_max)
        self.position += len(items)
        return items

    async def read(self, count_max: int = 500) -> list[Item[V]]:
        """Take the next records, at least one; wait for it if need be."""
        await self._log.wait(self.topic, self.partition, self.position)
        return self.take(count_max)

    def close(self) -> None:
        """Let the log forget what this reader has not read."""
        self._log.leave(self)
