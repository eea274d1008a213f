"""What lies broken on a broker's disk is put aside, and keeps nobody from what is whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.record._crc32c import crc

from services.domain.errors import Unreadable
from services.runtime import kafka as kafka_log
from services.runtime.kafka import KafkaLog
from services.runtime.local_kafka import LocalKafka
from services.runtime.ports import Record
from services.wire.codec import encode
from services.wire.topics import Topic
from tests.integration.test_kafka_log import made
from tests.runtime.log_contract import PARTITION, TOPIC, drain, message_id
from tests.runtime.samples import envelope

BEHIND_CRC = 21
"""Where a batch's checksum ends; it is over all that follows."""


@pytest.fixture
async def log(kafka: LocalKafka, topic_prefix: str) -> AsyncIterator[KafkaLog]:
    log = await made(kafka.address, topic_prefix)
    yield log
    await log.close()


def segment(kafka: LocalKafka, topic_prefix: str, topic: Topic = TOPIC) -> Path:
    folder = kafka.folder / "data" / f"{topic_prefix}{topic}-{PARTITION}"
    return folder / f"{0:020}.log"


def batches(data: bytes) -> list[tuple[int, int]]:
    """Where each batch begins and ends."""
    found, at = [], 0
    while at < len(data):
        end = at + 12 + int.from_bytes(data[at + 8 : at + 12])
        found.append((at, end))
        at = end
    return found


def spoil(file: Path, number: int, *, checksum: bool) -> None:
    """Break a batch; if ``checksum``, its checksum says so, or else only who unpacks it sees it."""
    data = bytearray(file.read_bytes())
    begin, end = batches(bytes(data))[number]
    data[end - 40 : end] = b"\xff" * 40
    if not checksum:
        data[begin + 17 : begin + 21] = crc32c(data[begin + BEHIND_CRC : end]).to_bytes(4)
    file.write_bytes(data)


def crc32c(data: bytearray) -> int:
    return int(crc(bytes(data)))


async def several(kafka: LocalKafka, topic: str, numbers: range, codec: str | None = None) -> None:
    """Send messages as one batch."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka.address, compression_type=codec)
    await producer.start()
    batch = producer.create_batch()
    for number in numbers:
        batch.append(value=encode(envelope(number)), key=b"key", timestamp=None)
    await (await producer.send_batch(batch, topic, partition=PARTITION))
    await producer.stop()


@pytest.mark.parametrize(("checksum", "readable"), [(True, 2), (False, 4)])
async def test_a_broken_batch_is_told_as_one_and_what_lies_around_it_is_read(
    kafka: LocalKafka, topic_prefix: str, log: KafkaLog, checksum: bool, readable: int
) -> None:
    await log.append(TOPIC, "key", envelope(0))
    await log.append(TOPIC, "key", envelope(1))
    await several(kafka, topic_prefix + TOPIC, range(2, 5))
    await log.append(TOPIC, "key", envelope(5))
    await log.append(Topic.RIDE_EVENTS, "key", envelope(9))
    file = segment(kafka, topic_prefix)
    spoil(file, 2, checksum=checksum)
    reader, other = log.reader(TOPIC, PARTITION), log.reader(Topic.RIDE_EVENTS, PARTITION)
    records: list[Record] = []
    async with asyncio.timeout(10):
        assert await drain(other, 1) == ["m-9"]
        while len(records) < readable + 2:
            records += await reader.read()
    *before, told, behind = records
    assert [message_id(record) for record in before] == [f"m-{n}" for n in range(readable)]
    assert isinstance(told.value, Unreadable)
    assert told.value.place == "batch"
    assert f"offsets {readable} to 4" in told.value.reason
    begin, end = batches(file.read_bytes())[2]
    assert (told.offset, told.data) == (4, file.read_bytes()[begin:end])
    assert message_id(behind) == "m-5"
    assert reader.position == 6
    assert log.reads


async def test_two_broken_batches_one_behind_the_other_are_passed(
    kafka: LocalKafka, topic_prefix: str, log: KafkaLog
) -> None:
    for number in range(4):
        await log.append(TOPIC, "key", envelope(number))
    for number in (0, 1, 3):
        spoil(segment(kafka, topic_prefix), number, checksum=True)
    reader = log.reader(TOPIC, PARTITION)
    records: list[Record] = []
    async with asyncio.timeout(10):
        while len(records) < 4:
            records += await reader.read()
    assert [record.offset for record in records if isinstance(record.value, Unreadable)] == [
        0,
        1,
        3,
    ]
    await log.append(TOPIC, "key", envelope(4))
    assert await drain(reader, 1) == ["m-4"]


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_what_others_compress_lies_plain_on_the_broker(
    kafka: LocalKafka, topic_prefix: str, log: KafkaLog, codec: str
) -> None:
    await several(kafka, topic_prefix + TOPIC, range(20), codec)
    assert await drain(log.reader(TOPIC, PARTITION), 20) == [f"m-{n}" for n in range(20)]
    data = segment(kafka, topic_prefix).read_bytes()
    assert encode(envelope(7)) in data


async def test_a_log_that_cannot_be_read_says_so_until_it_can(
    log: KafkaLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_log, "FAILING_S_MAX", 0.1)
    reader = log.reader(TOPIC, PARTITION)

    async def breaks(*_: object, **__: object) -> None:
        raise ConnectionResetError("it hung up")

    async with asyncio.timeout(20):
        with monkeypatch.context() as broken:
            broken.setattr(AIOKafkaConsumer, "getmany", breaks)
            while log.reads:  # noqa: ASYNC110 - nobody says so
                await asyncio.sleep(0.05)
        await log.append(TOPIC, "key", envelope(1))
        assert await drain(reader, 1) == ["m-1"]
        while not log.reads:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
