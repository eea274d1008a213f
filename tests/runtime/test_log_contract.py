"""What every log keeps to, wherever it runs; a new one joins by a branch of the fixture."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from services.domain.errors import Unreadable
from services.domain.ids import ZoneId
from services.runtime.embedded import EmbeddedLog
from services.runtime.memory import MemoryLog
from services.runtime.ports import Log, Reader
from services.wire.envelope import Envelope
from services.wire.topics import Topic, partition_of
from tests.runtime.samples import ZONE, envelope

TOPIC = Topic.RIDE_COMMANDS
PARTITIONS = 4
PARTITION = partition_of(ZONE, PARTITIONS)


@dataclass(frozen=True)
class Bench:
    """A log, and a way to put bytes on it that no writer of ours would."""

    log: Log
    scribble: Callable[[Topic, int, bytes], None]


@pytest.fixture(params=["embedded"])
def bench(request: pytest.FixtureRequest) -> Bench:
    assert request.param == "embedded"
    memory: MemoryLog[bytes] = MemoryLog(PARTITIONS)
    return Bench(
        EmbeddedLog(memory),
        lambda topic, partition, data: void(memory.append(topic, "k", data, partition)),
    )


def void(_: object) -> None:
    return None


async def drain(reader: Reader, count: int) -> list[str]:
    """The ids of the next ``count`` messages."""
    ids: list[str] = []
    async with asyncio.timeout(10):
        while len(ids) < count:
            for record in await reader.read():
                assert not isinstance(record.value, Unreadable)
                ids.append(record.value.message_id)
    return ids


async def test_what_is_appended_is_read_as_it_was(bench: Bench) -> None:
    sent = envelope(7)
    offset = await bench.log.append(TOPIC, "key", sent)
    (record,) = await bench.log.reader(TOPIC, PARTITION).read()
    assert record == (TOPIC, PARTITION, offset, "key", sent)


async def test_records_keep_their_order_and_their_offsets_grow(bench: Bench) -> None:
    offsets = [await bench.log.append(TOPIC, "key", envelope(n)) for n in range(20)]
    assert offsets == sorted(set(offsets))
    assert await drain(bench.log.reader(TOPIC, PARTITION), 20) == [f"m-{n}" for n in range(20)]


async def test_the_end_is_the_offset_of_the_record_to_come(bench: Bench) -> None:
    end = await bench.log.end(TOPIC, PARTITION)
    assert await bench.log.append(TOPIC, "key", envelope()) == end
    assert await bench.log.end(TOPIC, PARTITION) > end


async def test_two_readers_read_everything_each(bench: Bench) -> None:
    first, second = bench.log.reader(TOPIC, PARTITION), bench.log.reader(TOPIC, PARTITION)
    for number in range(3):
        await bench.log.append(TOPIC, "key", envelope(number))
    assert await drain(first, 3) == await drain(second, 3) == ["m-0", "m-1", "m-2"]


async def test_a_reader_goes_on_from_an_offset_that_was_written_down(bench: Bench) -> None:
    for number in range(5):
        await bench.log.append(TOPIC, "key", envelope(number))
    reader = bench.log.reader(TOPIC, PARTITION)
    await reader.read(count_max=2)
    position = reader.position
    reader.close()
    assert await drain(bench.log.reader(TOPIC, PARTITION, position), 3) == ["m-2", "m-3", "m-4"]


async def test_a_reader_takes_no_more_than_asked_for(bench: Bench) -> None:
    for number in range(5):
        await bench.log.append(TOPIC, "key", envelope(number))
    assert len(await bench.log.reader(TOPIC, PARTITION).read(count_max=2)) == 2


async def test_a_reader_waits_for_what_is_not_there_yet(bench: Bench) -> None:
    reading = asyncio.create_task(drain(bench.log.reader(TOPIC, PARTITION), 1))
    await asyncio.sleep(0.01)
    assert not reading.done()
    await bench.log.append(TOPIC, "key", envelope(1))
    assert await reading == ["m-1"]


async def test_a_read_that_was_called_off_loses_nothing(bench: Bench) -> None:
    reader = bench.log.reader(TOPIC, PARTITION)
    for number in range(3):
        reading = asyncio.create_task(reader.read())
        await asyncio.sleep(0)
        if number == 1:
            await bench.log.append(TOPIC, "key", envelope(number))
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    await bench.log.append(TOPIC, "key", envelope(2))
    assert (await drain(bench.log.reader(TOPIC, PARTITION), 2)) == ["m-1", "m-2"]


async def test_a_zones_messages_are_in_its_partition_and_topics_do_not_mix(bench: Bench) -> None:
    zones = [ZoneId(f"zone-{n}") for n in range(12)]
    for number, zone in enumerate(zones):
        await bench.log.append(TOPIC, zone, envelope(number, zone=zone))
    for partition in range(PARTITIONS):
        expected = [
            f"m-{n}" for n, z in enumerate(zones) if partition_of(z, PARTITIONS) == partition
        ]
        assert await drain(bench.log.reader(TOPIC, partition), len(expected)) == expected
        assert await bench.log.end(Topic.SHUTTLE_PLANS, partition) == 0


async def test_what_cannot_be_read_says_so_and_the_rest_goes_on(bench: Bench) -> None:
    await bench.log.append(TOPIC, "key", envelope(1))
    bench.scribble(TOPIC, PARTITION, b"\xff\xff not ours")
    await bench.log.append(TOPIC, "key", envelope(2))
    reader = bench.log.reader(TOPIC, PARTITION)
    values: list[Envelope | Unreadable] = []
    while len(values) < 3:
        values.extend(record.value for record in await reader.read())
    assert values[0] == envelope(1)
    assert isinstance(values[1], Unreadable)
    assert values[2] == envelope(2)
