"""The log on a real broker keeps to what every log keeps to, and survives its broker."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from prometheus_client import CollectorRegistry

from services.domain.errors import Unavailable, Unreadable
from services.runtime.kafka import KafkaLog
from services.runtime.kafka_connection import WrongTopics
from services.runtime.kafka_reading import AHEAD_MAX, Ahead
from services.runtime.kafka_topics import topic_keeper
from services.runtime.local_kafka import LocalKafka
from services.runtime.local_server import start
from services.runtime.loopback import HOST, free_port
from services.runtime.metrics import LogMetrics, new_registry
from services.runtime.ports import Log
from services.runtime.settings import KafkaSettings
from services.wire.topics import Topic
from tests.runtime.log_contract import PARTITION, PARTITIONS, TOPIC, Bench, LogContract, drain
from tests.runtime.samples import envelope


async def made(
    address: str,
    prefix: str = "",
    deadline_s: float = 5,
    registry: CollectorRegistry | None = None,
) -> KafkaLog:
    """A log with topics of its own."""
    settings = KafkaSettings(
        kafka=address, kafka_prefix=prefix, partitions=PARTITIONS, kafka_deadline_s=deadline_s
    )
    async with topic_keeper(settings) as keeper:
        await keeper.create(list(Topic))
    log = KafkaLog(settings, None if registry is None else LogMetrics(registry))
    await log.start()
    return log


@pytest.fixture
async def log(kafka: LocalKafka, topic_prefix: str) -> AsyncIterator[KafkaLog]:
    log = await made(kafka.address, topic_prefix)
    yield log
    await log.close()


class TestKafkaLog(LogContract):
    @pytest.fixture
    def bench(self, kafka: LocalKafka, topic_prefix: str, log: KafkaLog) -> Bench:
        async def forget(topic: Topic, partition: int, offset: int) -> None:
            admin = AIOKafkaAdminClient(bootstrap_servers=kafka.address)
            await admin.start()
            place = TopicPartition(topic_prefix + topic, partition)
            await admin.delete_records({place: RecordsToDelete(before_offset=offset)})
            await admin.close()

        return Bench(log, forget)


async def test_a_broker_that_is_not_there_is_named(tmp_path: Path) -> None:
    address = f"{HOST}:{free_port()}"
    log = KafkaLog(KafkaSettings(kafka=address))
    with pytest.raises(Unavailable, match=f"{address}: Connection refused"):
        await log.start()


async def test_topics_that_are_missing_or_cut_otherwise_are_named_at_the_start(
    kafka: LocalKafka, topic_prefix: str, log: KafkaLog
) -> None:
    settings = KafkaSettings(kafka=kafka.address, kafka_prefix=topic_prefix, partitions=3)
    with pytest.raises(WrongTopics, match="ride-commands: 4 partitions, expected 3 partitions"):
        await KafkaLog(settings).start()
    settings = KafkaSettings(kafka=kafka.address, kafka_prefix="nobodys-", partitions=3)
    with pytest.raises(WrongTopics, match="nobodys-ride-commands: missing"):
        await KafkaLog(settings).start()


async def test_a_reader_that_is_far_behind_holds_up_no_other_and_gets_all(log: KafkaLog) -> None:
    count = AHEAD_MAX * 3
    slow, fast = log.reader(TOPIC, PARTITION), log.reader(Topic.RIDE_EVENTS, PARTITION)
    await log.append_all([envelope(n) for n in range(count)])
    await slow.read(1)
    for number in range(20):
        await log.append(Topic.RIDE_EVENTS, "key", envelope(number))
        assert await drain(fast, 1) == [f"m-{number}"]
    assert await drain(slow, count - 1) == [f"m-{n}" for n in range(1, count)]


async def test_an_offset_behind_the_end_is_an_error_and_not_a_long_wait(log: KafkaLog) -> None:
    with pytest.raises(Ahead, match="offset 7 was never written here, the log ends at 0"):
        await log.reader(TOPIC, PARTITION, 7).read()


async def test_how_far_behind_readers_are_can_be_seen(kafka: LocalKafka, topic_prefix: str) -> None:
    registry = new_registry()
    log = await made(kafka.address, topic_prefix, registry=registry)
    reader = log.reader(TOPIC, PARTITION)
    await log.append_all([envelope(n) for n in range(10)])
    await reader.read(4)

    def sample(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"navette_{name}", labels)

    assert sample("log_lag_records", topic="ride-commands") == 10 - reader.position
    assert sample("log_lag_records", topic="ride-events") == 0
    assert sample("messages_total", topic="ride-commands", outcome="appended") == 10
    assert sample("log_append_seconds_count") == 1
    assert sample("log_failures_total") == 0
    await log.close()


async def test_who_reads_a_log_that_is_closed_is_told(log: KafkaLog) -> None:
    reading = asyncio.create_task(log.reader(TOPIC, PARTITION).read())
    await asyncio.sleep(0)
    await log.close()
    with pytest.raises(Unavailable, match="the log is closed"):
        await reading


async def writes(log: Log, count: int, ids: list[str], together: int = 1) -> None:
    """Append messages one behind the other, each again until it is acknowledged."""
    for first in range(0, count, together):
        some = [envelope(number) for number in range(first, first + together)]
        while True:
            with suppress(Unavailable):
                await log.append_all(some)
                break
            await asyncio.sleep(0.05)
        ids.extend(one.message_id for one in some)


async def reads(log: Log, ids: list[str], last: str, marks: dict[int, asyncio.Event]) -> None:
    """Read until the last message came; repeats are dropped."""
    reader = log.reader(TOPIC, PARTITION)
    while not ids or ids[-1] != last:
        for record in await reader.read():
            assert not isinstance(record.value, Unreadable)
            if record.value.message_id not in ids:
                ids.append(record.value.message_id)
                if len(ids) in marks:
                    marks[len(ids)].set()
    reader.close()


@pytest.mark.parametrize("deadline_s", [1.0, 10.0], ids=["gives up", "waits"])
async def test_a_broker_that_is_killed_and_comes_back_loses_nothing_and_keeps_the_order(
    real_servers: None, tmp_path: Path, deadline_s: float
) -> None:
    server = LocalKafka(tmp_path, free_port())
    child = await start(server)
    log = await made(server.address, deadline_s=deadline_s)
    written: list[str] = []
    read: list[str] = []
    mark = asyncio.Event()
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(reads(log, read, "m-3999", {300: mark}))
        writing = tasks.create_task(writes(log, 4000, written, together=4))
        await mark.wait()
        os.kill(child.pid, signal.SIGKILL)
        await child.wait()
        assert not writing.done()
        child = await start(server)
    assert written == read == [f"m-{n}" for n in range(4000)]
    await log.close()
    await child.stop()


async def test_a_broker_that_is_silent_is_given_up_after_the_deadline(
    real_servers: None, tmp_path: Path
) -> None:
    server = LocalKafka(tmp_path, free_port())
    child = await start(server)
    log = await made(server.address, deadline_s=1)
    await log.append(TOPIC, "key", envelope(0))
    os.kill(child.pid, signal.SIGSTOP)
    try:
        async with asyncio.timeout(10):
            for _ in range(2):
                with pytest.raises(Unavailable):
                    await log.append(TOPIC, "key", envelope(1))
            with pytest.raises(Unavailable):
                await log.end(TOPIC, PARTITION)
    finally:
        os.kill(child.pid, signal.SIGCONT)
    await writes(log, 3, [])
    await log.close()
    await child.stop()
