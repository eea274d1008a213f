"""Reads partitions of Apache Kafka: one consumer for many readers."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from services.domain.errors import NavetteError, Unavailable, Unreadable
from services.runtime.kafka_batches import BrokenBatch, broken_at, is_of_a_batch
from services.runtime.kafka_connection import Connection
from services.runtime.metrics import LogMetrics
from services.runtime.ports import Forgotten, Record
from services.wire.codec import decode
from services.wire.envelope import Envelope
from services.wire.topics import Topic

log = structlog.get_logger()

AHEAD_MAX = 1000
"""With so many records that were not taken yet, a reader gets no more for now."""

FETCH_WAIT_MS = 100
"""For so long a broker waits for news; a reader that comes or goes on waits for it too."""

BUSY_GAP_S, BUSY_WAIT_MS, BUSY_BYTES = 0.008, 10, 32 << 10
"""If records come closer than this, a broker gathers them for so long, or until there are so many:
what a fetch takes is mostly the same for one record as for twenty."""

PARTITION_BYTES, FETCH_BYTES = 64 << 10, 512 << 10
"""What a broker sends at a time (and one batch in any case). All of it is handed on in one go: what
a consumer is not asked for when its partition is paused is thrown away and sent again."""
RETRY_S = 0.5


class Ahead(NavetteError):
    """Records were asked for that the log never had, or has lost."""

    def __init__(self, topic: Topic, offset: int, end: int) -> None:
        super().__init__(f"{topic}: offset {offset} was never written here, the log ends at {end}")


class KafkaReader:
    """Reads one partition in order, from what its pump brings.

    Parameters
    ----------
    pump
        Brings records.
    topic, place
        What is read: by our name and by the broker's.
    offset
        Where to begin.
    """

    def __init__(
        self,
        pump: Pump,
        topic: Topic,
        place: TopicPartition,
        offset: int,
        metrics: LogMetrics | None,
    ) -> None:
        self.topic = topic
        self.place = place
        self.fetched = offset
        """Offset behind the last record that the pump brought."""
        self.behind = False
        """Whether so much waits here that the pump brings no more."""
        self.failed: NavetteError | None = None
        self._pump = pump
        self._position = offset
        self._metrics = metrics
        self._waiting: deque[ConsumerRecord | BrokenBatch] = deque()
        self._news = asyncio.Event()

    @property
    def position(self) -> int:
        """Offset of the record that comes next."""
        return self._position

    async def read(self, count_max: int = 500) -> Sequence[Record]:
        """Take the next records, at least one; wait for it if need be."""
        waiting = self._waiting
        while not waiting:
            if self.failed is not None:
                raise self.failed
            self._news.clear()
            await self._news.wait()
        taken = [waiting.popleft() for _ in range(min(count_max, len(waiting)))]
        self._position = taken[-1].offset + 1
        if self.behind and len(waiting) <= AHEAD_MAX // 2:
            self._pump.resume(self)
        return self._decoded(taken)

    def close(self) -> None:
        """Let the log forget about this reader."""
        self._pump.remove(self)

    def bring(self, records: Sequence[ConsumerRecord | BrokenBatch]) -> None:
        """Take what comes next on the partition."""
        self._waiting.extend(records)
        self.fetched = records[-1].offset + 1
        self.behind = len(self._waiting) >= AHEAD_MAX
        self._news.set()

    def fail(self, error: NavetteError) -> None:
        """Tell whoever reads, once all that came before was taken."""
        self.failed = error
        self._news.set()

    def _decoded(self, taken: list[ConsumerRecord | BrokenBatch]) -> list[Record]:
        topic, partition = self.topic, self.place.partition
        records = []
        unreadable = 0
        value: Envelope | Unreadable
        for found in taken:
            data = found.value or b""
            try:
                if isinstance(found, BrokenBatch):
                    raise Unreadable("batch", found.reason)
                value = decode(data)
            except Unreadable as error:
                value = error
                unreadable += 1
            key = found.key.decode(errors="replace") if found.key else ""
            records.append(Record(topic, partition, found.offset, key, value, data))
        if self._metrics is not None:
            self._metrics.messages.labels(topic, "read").inc(len(records) - unreadable)
            if unreadable:
                self._metrics.messages.labels(topic, "unreadable").inc(unreadable)
        return records


class Pump:
    """Brings records to readers, each of another partition, by one consumer.

    Where each reader is lies here and not in the consumer, which forgets it whenever a reader comes
    or goes, and which is replaced when it fails.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._readers: dict[TopicPartition, KafkaReader] = {}
        self._consumer: AIOKafkaConsumer | None = None
        self._changed = False
        self._busy = False
        self._careful = False
        self._failing_since_s: float | None = None
        self._fetched_s = 0.0
        self._task: asyncio.Task[None] | None = None

    @property
    def failing_s(self) -> float:
        """For how long it has failed to read."""
        since_s = self._failing_since_s
        return 0.0 if since_s is None else time.monotonic() - since_s

    def reads(self, place: TopicPartition) -> bool:
        """Whether a reader of this partition is here."""
        return place in self._readers

    def add(self, reader: KafkaReader) -> None:
        """Bring records to this reader from now on."""
        self._readers[reader.place] = reader
        self._change()
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    def remove(self, reader: KafkaReader) -> None:
        """Bring this reader no more."""
        if self._readers.get(reader.place) is reader:
            del self._readers[reader.place]
            self._change()

    def resume(self, reader: KafkaReader) -> None:
        """Go on bringing records to a reader that was behind."""
        reader.behind = False
        if self._readers.get(reader.place) is reader and self._consumer and not self._changed:
            self._consumer.resume(reader.place)

    def lag(self, topic: Topic) -> int:
        """Return how many records of a topic lie before its readers, as far as is known."""
        consumer = self._consumer
        if consumer is None or self._changed:
            return 0
        lag = 0
        for reader in self._readers.values():
            if reader.topic is topic and reader.failed is None:
                lag += max(0, (consumer.highwater(reader.place) or 0) - reader.position)
        return lag

    async def close(self) -> None:
        """Stop, and tell whoever still reads."""
        for reader in self._readers.values():
            reader.fail(Unavailable("the log is closed"))
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._drop()

    def _change(self) -> None:
        if not self._changed:
            self._changed = True
            # Many readers may come in a row; the consumer is told once.
            asyncio.get_running_loop().call_soon(self._assign)

    def _assign(self) -> None:
        consumer = self._consumer
        if consumer is None:
            return
        self._changed = False
        readers = [reader for reader in self._readers.values() if reader.failed is None]
        consumer.assign([reader.place for reader in readers])
        for reader in readers:
            consumer.seek(reader.place, reader.fetched)
            if reader.behind:
                consumer.pause(reader.place)

    async def _run(self) -> None:
        while True:
            try:
                consumer = self._consumer or await self._open()
                found = await consumer.getmany(
                    timeout_ms=3 * BUSY_WAIT_MS if self._busy else 1000,
                    max_records=1 if self._careful else None,
                )
                self._failing_since_s = None
                self._careful = self._careful and bool(found)
                if not self._changed:  # or else it is read again, from where each reader is
                    self._hand_on(consumer, found)
                self._pace(consumer, sum(map(len, found.values())))
                await asyncio.sleep(0)  # with more at hand, the consumer does not wait
            except OffsetOutOfRangeError as error:
                await self._out_of_range(error.args[0])
            except Exception as error:  # whatever it is, reading goes on where it was
                if self._failing_since_s is None:
                    self._failing_since_s = time.monotonic()
                log.warning("kafka_reading_interrupted", reason=str(error) or type(error).__name__)
                if not (is_of_a_batch(error) and await self._pass_broken()):
                    await self._drop()
                    await asyncio.sleep(RETRY_S)

    async def _pass_broken(self) -> bool:
        """Hand a broken batch on as it is, and go on behind it.

        What the consumer had at hand of other partitions is lost with the error, and so is what lay
        before the batch; so first, one by one, all of that is read again.
        """
        consumer = self._consumer
        if consumer is None:
            return False
        passed, self._careful = not self._careful, not self._careful
        with suppress(KafkaError):
            for reader in [] if passed else list(self._readers.values()):
                batch = await broken_at(consumer, reader.place, reader.fetched)
                if batch is not None and self._readers.get(reader.place) is reader:
                    log.error("kafka_batch_broken", topic=reader.topic.value, reason=batch.reason)
                    reader.bring([batch])
                    passed = True
        self._change()
        return passed

    def _hand_on(
        self, consumer: AIOKafkaConsumer, found: dict[TopicPartition, list[ConsumerRecord]]
    ) -> None:
        for place, records in found.items():
            reader = self._readers[place]
            reader.bring(records)
            if reader.behind:
                consumer.pause(place)

    def _pace(self, consumer: AIOKafkaConsumer, count: int) -> None:
        """Have records fetched one by one while they are few, and together while they are many."""
        now_s = time.monotonic()
        gap_s, self._fetched_s = now_s - self._fetched_s, now_s
        busy = count > 1 if self._busy else count > 0 and gap_s < BUSY_GAP_S
        if busy is not self._busy:
            self._busy = busy
            fetcher: Any = consumer._fetcher
            fetcher._fetch_min_bytes = BUSY_BYTES if busy else 1
            fetcher._fetch_max_wait_ms = BUSY_WAIT_MS if busy else FETCH_WAIT_MS

    async def _open(self) -> AIOKafkaConsumer:
        self._consumer = await open_consumer(self._connection)
        self._busy = False
        self._assign()
        return self._consumer

    async def _drop(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            with suppress(Exception):  # it is of no use any more, whatever it complains about
                async with asyncio.timeout(self._connection.deadline_s):
                    await close_consumer(consumer)

    async def _out_of_range(self, offsets: dict[TopicPartition, int]) -> None:
        consumer = self._consumer
        assert consumer is not None
        try:
            first = await consumer.beginning_offsets(list(offsets))
            end = await consumer.end_offsets(list(offsets))
        except KafkaError as error:
            log.warning("kafka_reading_interrupted", reason=str(error) or type(error).__name__)
            await asyncio.sleep(RETRY_S)
            return
        for place, offset in offsets.items():
            reader = self._readers.get(place)
            if reader is None or reader.fetched != offset:
                continue
            if offset < first[place]:
                reader.fail(Forgotten(reader.topic, offset, first[place]))
            elif offset > end[place]:
                reader.fail(Ahead(reader.topic, offset, end[place]))
        self._change()


async def open_consumer(connection: Connection) -> AIOKafkaConsumer:
    """Connect a consumer that belongs to no group and writes down nothing.

    Raises
    ------
    Unavailable
        If no broker answers.
    """
    consumer = AIOKafkaConsumer(
        **connection.options,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        fetch_max_wait_ms=FETCH_WAIT_MS,
        max_partition_fetch_bytes=PARTITION_BYTES,
        fetch_max_bytes=FETCH_BYTES,
    )
    try:
        async with asyncio.timeout(connection.deadline_s):
            await consumer.start()
    except (KafkaError, OSError, TimeoutError) as error:
        await close_consumer(consumer)
        raise await connection.failure(error) from error
    except asyncio.CancelledError:
        await close_consumer(consumer)
        raise
    return consumer


async def close_consumer(consumer: AIOKafkaConsumer) -> None:
    """Disconnect a consumer, however little of it has begun."""
    # It cancels tasks of its own and awaits them; one that never began would cancel us.
    await asyncio.sleep(0)
    await consumer.stop()
