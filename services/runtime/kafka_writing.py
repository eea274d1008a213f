"""Puts records on Apache Kafka, in order, with a deadline of our own on every one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerClosed

from services.domain.errors import NavetteError, Unavailable
from services.runtime.kafka_connection import LETTER_BYTES_MAX, Connection

log = structlog.get_logger()

BATCH_BYTES = 256 << 10
"""A batch that is this long takes no more; one batch a partition is on its way at a time."""


class Outgoing(NamedTuple):
    """A record on its way: the topic's name on the broker, the partition, key and bytes."""

    topic: str
    partition: int
    key: bytes
    data: bytes


class Writer:
    """An idempotent producer, and another one when it got stuck.

    The broker takes records of a partition in the order in which they were given, without gaps and
    repeats, as long as one producer lasts. What is under way when a producer is given up may be in
    the log or not: its senders are told so, all of them at once, and nothing that they sent later
    is in the log without what they sent before.

    Parameters
    ----------
    connection
        The way to the broker.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._deadline_s = connection.deadline_s
        self._producer: AIOKafkaProducer | None = None
        self._making: asyncio.Task[AIOKafkaProducer] | None = None
        self._discarding: set[asyncio.Task[None]] = set()
        self._closed = False

    async def start(self) -> AIOKafkaProducer:
        """Connect, unless this is done.

        Raises
        ------
        Unavailable
            If no broker answers.
        """
        if self._closed:
            raise Unavailable("the log is closed")
        if self._producer is None:
            if self._making is None or self._making.done():
                self._making = asyncio.create_task(self._make())
                # Whoever waited for it may have gone when it fails.
                self._making.add_done_callback(lambda made: made.cancelled() or made.exception())
            return await asyncio.shield(self._making)
        return self._producer

    async def send(self, records: Sequence[Outgoing]) -> list[int]:
        """Send records in order, wait until all are safe, and return their offsets.

        Raises
        ------
        Unavailable
            If that failed or took too long. Of each partition's records the first ones may be in
            the log.
        """
        producer = self._producer or await self.start()
        futures: list[asyncio.Future[tuple[object, ...]]] = []
        try:
            async with asyncio.timeout(self._deadline_s):
                for topic, partition, key, data in records:
                    futures.append(await producer.send(topic, data, key, partition))
                return [(await future).offset for future in futures]  # type: ignore[attr-defined]
        except (KafkaError, TimeoutError) as error:
            for future in futures:
                if not future.cancel() and not future.cancelled():
                    future.exception()  # or it would be reported as overlooked
            self._give_up(producer, error)
            reason = str(error) or f"no answer within {self._deadline_s:g} s"
            raise Unavailable(f"Kafka did not take {records[0].topic}", reason) from error

    async def close(self) -> None:
        """Let what is under way finish, for a while, and disconnect."""
        self._closed = True
        if self._making is not None:
            self._making.cancel()
            with suppress(asyncio.CancelledError, NavetteError):
                await self._making
        if self._producer is not None:
            producer, self._producer = self._producer, None
            try:
                async with asyncio.timeout(self._deadline_s):
                    await producer.stop()
            except (TimeoutError, KafkaError):
                await self._discard(producer)
        if self._discarding:
            await asyncio.wait(self._discarding)

    async def _make(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            **self._connection.options,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=BATCH_BYTES,
            max_request_size=LETTER_BYTES_MAX,
        )
        try:
            async with asyncio.timeout(self._deadline_s):
                await producer.start()
        except (KafkaError, OSError, TimeoutError) as error:
            await producer.stop()
            raise await self._connection.failure(error) from error
        except asyncio.CancelledError:
            await producer.stop()
            raise
        # Here, since whoever waited for it may have gone.
        self._producer = producer
        return producer

    def _give_up(self, producer: AIOKafkaProducer, error: Exception) -> None:
        if self._producer is not producer:
            return
        log.warning("kafka_producer_given_up", reason=str(error) or type(error).__name__)
        self._producer = None
        _fail_all(producer)
        task = asyncio.create_task(self._discard(producer))
        self._discarding.add(task)
        task.add_done_callback(self._discarding.discard)

    async def _discard(self, producer: AIOKafkaProducer) -> None:
        """Stop a producer that may wait for an answer which never comes."""
        _fail_all(producer)
        with suppress(Exception):  # whatever it still complains about, it is of no use any more
            await producer.client.close()
        with suppress(Exception):
            async with asyncio.timeout(self._deadline_s):
                await producer.stop()


def _fail_all(producer: AIOKafkaProducer) -> None:
    """Fail what waits in a producer, so that it does not go out behind later records."""
    sender: Any = producer._sender
    # It would do the same again when it ends, and stumble over transactions that we do not use.
    sender.sender_task.remove_done_callback(sender._fail_all)
    sender._message_accumulator.fail_all(ProducerClosed("the producer was given up"))
