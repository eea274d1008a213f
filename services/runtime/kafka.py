"""The log on Apache Kafka."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.domain.errors import Unavailable
from services.runtime.kafka_connection import LETTER_BYTES_MAX, WrongTopics, connection
from services.runtime.kafka_reading import KafkaReader, Pump, close_consumer, open_consumer
from services.runtime.kafka_writing import Outgoing, Writer
from services.runtime.metrics import LogMetrics
from services.runtime.settings import KafkaSettings
from services.wire.codec import encode
from services.wire.envelope import Envelope
from services.wire.topics import Topic, key_of, partition_of, topic_of

OVERHEAD_BYTES = 1 << 10
"""More than a log adds to a record."""

FAILING_S_MAX = 5.0
"""Reading that has failed for so long is said to stand still."""


class KafkaLog:
    """Topics on Apache Kafka.

    Readers share a consumer, unless several read the same partition. They outlast a broker that
    goes away and comes back. Nothing is committed to Kafka: whoever reads writes down where it is.

    Parameters
    ----------
    settings
        How to reach the broker.
    metrics
        Where messages are counted.

    Raises
    ------
    InvalidSetting
        If a setting is missing or wrong.
    """

    def __init__(self, settings: KafkaSettings, metrics: LogMetrics | None = None) -> None:
        self._connection = connection(settings)
        self._partitions = settings.partitions
        self._metrics = metrics
        self._names = {topic: self._connection.name(topic) for topic in Topic}
        self._writer = Writer(self._connection)
        self._pumps: list[Pump] = []
        self._offsets: AIOKafkaConsumer | None = None
        self._asking = asyncio.Lock()
        if metrics is not None:
            for topic in Topic:
                metrics.lag.labels(topic).set_function(partial(self._lag, topic))

    @property
    def partitions(self) -> int:
        """Partitions of each topic."""
        return self._partitions

    @property
    def reads(self) -> bool:
        """Whether reading goes on; if not, it is tried again and again."""
        return all(pump.failing_s < FAILING_S_MAX for pump in self._pumps)

    async def start(self) -> None:
        """Connect, and see to it that the topics are there.

        Raises
        ------
        Unavailable
            If no broker answers.
        WrongTopics
            If a topic is missing or has another number of partitions.
        """
        try:
            await self._check_topics()
        except BaseException:
            await self.close()
            raise

    async def append(self, topic: Topic, key: str, value: Envelope) -> int:
        """Add a message to its zone's partition of a topic, and return its offset there."""
        (offset,) = await self._send([self._outgoing(topic, key, value)])
        self._count(topic)
        return offset

    async def append_all(self, values: Sequence[Envelope]) -> None:
        """Add messages, each to its own topic, in order and pipelined."""
        if not values:
            return
        topics = [topic_of(value.body) for value in values]
        await self._send(
            [
                self._outgoing(topic, key_of(value.body, value.zone), value)
                for topic, value in zip(topics, values, strict=True)
            ]
        )
        for topic, count in Counter(topics).items():
            self._count(topic, count)

    async def append_raw(self, topic: Topic, partition: int, key: str, data: bytes) -> int:
        """Add bytes that are no envelope, or an envelope as it came."""
        if len(data) > LETTER_BYTES_MAX - OVERHEAD_BYTES:
            raise ValueError(f"{len(data)} bytes are too long to be sent")
        (offset,) = await self._send([Outgoing(self._names[topic], partition, key.encode(), data)])
        self._count(topic)
        return offset

    async def append_raw_all(
        self, topic: Topic, partition: int, records: Sequence[tuple[str, bytes]]
    ) -> None:
        """Add bytes under their keys, in order and pipelined."""
        name = self._names[topic]
        await self._send([Outgoing(name, partition, key.encode(), data) for key, data in records])
        self._count(topic, len(records))

    async def end(self, topic: Topic, partition: int) -> int:
        """Return the offset that the next record of this partition will get."""
        place = TopicPartition(self._names[topic], partition)
        try:
            async with asyncio.timeout(self._connection.deadline_s):
                consumer = self._offsets or await self._ask()
                return int((await consumer.end_offsets([place]))[place])
        except (KafkaError, TimeoutError) as error:
            raise Unavailable(f"Kafka does not say where {place.topic} ends", str(error)) from error

    async def offset_at(self, topic: Topic, partition: int, time_ms: int) -> int:
        """Return the offset of the first record kept that the broker took at or after a time."""
        place = TopicPartition(self._names[topic], partition)
        try:
            async with asyncio.timeout(self._connection.deadline_s):
                consumer = self._offsets or await self._ask()
                found = (await consumer.offsets_for_times({place: time_ms}))[place]
        except (KafkaError, TimeoutError) as error:
            raise Unavailable("Kafka does not say what came when", str(error)) from error
        return await self.end(topic, partition) if found is None else int(found.offset)

    def reader(self, topic: Topic, partition: int, offset: int = 0) -> KafkaReader:
        """Start to read at this offset."""
        place = TopicPartition(self._names[topic], partition)
        pump = next((pump for pump in self._pumps if not pump.reads(place)), None)
        if pump is None:
            pump = Pump(self._connection)
            self._pumps.append(pump)
        reader = KafkaReader(pump, topic, place, offset, self._metrics)
        pump.add(reader)
        return reader

    async def close(self) -> None:
        """Stop reading, let what is under way to the broker finish, and disconnect."""
        for pump in self._pumps:
            await pump.close()
        if self._offsets is not None:
            await close_consumer(self._offsets)
        await self._writer.close()

    def _outgoing(self, topic: Topic, key: str, value: Envelope) -> Outgoing:
        partition = partition_of(value.zone, self._partitions)
        return Outgoing(self._names[topic], partition, key.encode(), encode(value))

    async def _send(self, records: Sequence[Outgoing]) -> list[int]:
        if self._metrics is None:
            return await self._writer.send(records)
        began = time.perf_counter()
        try:
            offsets = await self._writer.send(records)
        except Unavailable:
            self._metrics.failures.inc()
            raise
        self._metrics.appends.observe(time.perf_counter() - began)
        return offsets

    def _lag(self, topic: Topic) -> int:
        return sum(pump.lag(topic) for pump in self._pumps)

    def _count(self, topic: Topic, count: int = 1) -> None:
        if self._metrics is not None:
            self._metrics.messages.labels(topic, "appended").inc(count)

    async def _check_topics(self) -> None:
        producer = await self._writer.start()
        try:
            async with asyncio.timeout(self._connection.deadline_s):
                cluster = await producer.client.fetch_all_metadata()
        except (KafkaError, TimeoutError) as error:
            raise await self._connection.failure(error) from error
        findings = []
        for name in self._names.values():
            found = len(cluster.partitions_for_topic(name) or ())
            if found != self._partitions:
                there = f"{found} partitions" if found else "missing"
                findings.append(f"{name}: {there}, expected {self._partitions} partitions")
        if findings:
            advice = "`navette topics` creates what is missing, and says how to mend the others"
            raise WrongTopics([*findings, advice])

    async def _ask(self) -> AIOKafkaConsumer:
        """Connect a consumer that reads nothing: it only asks what lies where."""
        async with self._asking:
            if self._offsets is None:
                self._offsets = await open_consumer(self._connection)
            return self._offsets
