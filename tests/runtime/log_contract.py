"""What every log keeps to, wherever it runs: each adapter has a class of tests made from this."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from services.domain.errors import Unreadable
from services.domain.events import AcceptOffer, RideConfirmed
from services.domain.ids import RideId, ZoneId
from services.runtime.ports import Forgotten, Log, Reader, Record
from services.wire.codec import encode
from services.wire.topics import Topic, partition_of
from tests.runtime.samples import ZONE, envelope

TOPIC = Topic.RIDE_COMMANDS
PARTITIONS = 4
PARTITION = partition_of(ZONE, PARTITIONS)


@dataclass(frozen=True)
class Bench:
    """A log, a way to make it forget what lies before an offset, and the clock that it goes by."""

    log: Log
    forget: Callable[[Topic, int, int], Awaitable[None]]
    now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000


async def drain(reader: Reader, count: int) -> list[str]:
    """The ids of the next ``count`` messages."""
    ids: list[str] = []
    async with asyncio.timeout(10):
        while len(ids) < count:
            ids.extend([message_id(record) for record in await reader.read()])
    return ids


def message_id(record: Record) -> str:
    assert not isinstance(record.value, Unreadable)
    return record.value.message_id


class LogContract:
    async def test_what_is_appended_is_read_as_it_was(self, bench: Bench) -> None:
        sent = envelope(7)
        offset = await bench.log.append(TOPIC, "key", sent)
        (record,) = await bench.log.reader(TOPIC, PARTITION).read()
        assert record == (TOPIC, PARTITION, offset, "key", sent, encode(sent))

    async def test_records_keep_their_order_and_their_offsets_grow(self, bench: Bench) -> None:
        offsets = [await bench.log.append(TOPIC, "key", envelope(n)) for n in range(20)]
        assert offsets == sorted(set(offsets))
        assert await drain(bench.log.reader(TOPIC, PARTITION), 20) == [f"m-{n}" for n in range(20)]

    async def test_the_end_is_the_offset_of_the_record_to_come(self, bench: Bench) -> None:
        end = await bench.log.end(TOPIC, PARTITION)
        assert await bench.log.append(TOPIC, "key", envelope()) == end
        assert await bench.log.end(TOPIC, PARTITION) > end

    async def test_two_readers_read_everything_each(self, bench: Bench) -> None:
        first, second = bench.log.reader(TOPIC, PARTITION), bench.log.reader(TOPIC, PARTITION)
        for number in range(3):
            await bench.log.append(TOPIC, "key", envelope(number))
        assert await drain(first, 3) == await drain(second, 3) == ["m-0", "m-1", "m-2"]

    async def test_a_reader_goes_on_from_an_offset_that_was_written_down(
        self, bench: Bench
    ) -> None:
        for number in range(5):
            await bench.log.append(TOPIC, "key", envelope(number))
        reader = bench.log.reader(TOPIC, PARTITION)
        await reader.read(count_max=2)
        position = reader.position
        reader.close()
        assert await drain(bench.log.reader(TOPIC, PARTITION, position), 3) == ["m-2", "m-3", "m-4"]

    async def test_a_reader_takes_no_more_than_asked_for(self, bench: Bench) -> None:
        for number in range(5):
            await bench.log.append(TOPIC, "key", envelope(number))
        assert len(await bench.log.reader(TOPIC, PARTITION).read(count_max=2)) == 2

    async def test_a_reader_waits_for_what_is_not_there_yet(self, bench: Bench) -> None:
        reading = asyncio.create_task(drain(bench.log.reader(TOPIC, PARTITION), 1))
        await asyncio.sleep(0.01)
        assert not reading.done()
        await bench.log.append(TOPIC, "key", envelope(1))
        assert await reading == ["m-1"]

    async def test_a_read_that_was_called_off_loses_nothing(self, bench: Bench) -> None:
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

    async def test_a_zones_messages_are_in_its_partition_and_topics_do_not_mix(
        self, bench: Bench
    ) -> None:
        zones = [ZoneId(f"zone-{n}") for n in range(12)]
        for number, zone in enumerate(zones):
            await bench.log.append(TOPIC, zone, envelope(number, zone=zone))
        for partition in range(PARTITIONS):
            expected = [
                f"m-{n}" for n, z in enumerate(zones) if partition_of(z, PARTITIONS) == partition
            ]
            assert await drain(bench.log.reader(TOPIC, partition), len(expected)) == expected
            assert await bench.log.end(Topic.SHUTTLE_PLANS, partition) == 0

    async def test_what_cannot_be_read_says_so_and_the_rest_goes_on(self, bench: Bench) -> None:
        await bench.log.append(TOPIC, "key", envelope(1))
        await bench.log.append_raw(TOPIC, PARTITION, "k", b"\xff\xff not ours")
        await bench.log.append(TOPIC, "key", envelope(2))
        reader = bench.log.reader(TOPIC, PARTITION)
        records: list[Record] = []
        while len(records) < 3:
            records.extend(await reader.read())
        assert [record.value for record in records[::2]] == [envelope(1), envelope(2)]
        assert isinstance(records[1].value, Unreadable)
        assert records[1].data == b"\xff\xff not ours"

    async def test_all_that_is_appended_at_once_is_read_in_order_each_on_its_own_topic(
        self, bench: Bench
    ) -> None:
        confirmed = [RideConfirmed(RideId(f"r-{n}")) for n in range(300)]
        await bench.log.append_all([])
        await bench.log.append_all(
            [
                envelope(n, body)
                for n in range(300)
                for body in (AcceptOffer(RideId(f"r-{n}")), confirmed[n])
            ]
        )
        ids = [f"m-{n}" for n in range(300)]
        assert await drain(bench.log.reader(TOPIC, PARTITION), 300) == ids
        assert await drain(bench.log.reader(Topic.RIDE_EVENTS, PARTITION), 300) == ids

    async def test_what_is_appended_raw_is_read_as_what_it_is(self, bench: Bench) -> None:
        offset = await bench.log.append_raw(TOPIC, 1, "key", encode(envelope(7)))
        (record,) = await bench.log.reader(TOPIC, 1).read()
        assert record == (TOPIC, 1, offset, "key", envelope(7), encode(envelope(7)))

    async def test_a_reader_may_begin_at_a_time(self, bench: Bench) -> None:
        assert await bench.log.offset_at(TOPIC, PARTITION, 0) == 0
        before = await bench.log.append(TOPIC, "key", envelope(0))
        time_ms = bench.now_ms() + 1
        while bench.now_ms() <= time_ms:
            pass  # for two milliseconds at most
        assert await bench.log.offset_at(TOPIC, PARTITION, time_ms) == before + 1
        after = await bench.log.append(TOPIC, "key", envelope(1))
        await bench.log.append(TOPIC, "key", envelope(2))
        assert await bench.log.offset_at(TOPIC, PARTITION, 0) == before
        assert await bench.log.offset_at(TOPIC, PARTITION, time_ms) == after
        assert await bench.log.offset_at(TOPIC, PARTITION, time_ms + 3_600_000) == after + 2

    async def test_who_asks_for_what_is_gone_is_told_from_where_on_there_is_something(
        self, bench: Bench
    ) -> None:
        for number in range(3):
            await bench.log.append(TOPIC, "key", envelope(number))
        await bench.forget(TOPIC, PARTITION, 2)
        reader = bench.log.reader(TOPIC, PARTITION, 1)
        with pytest.raises(Forgotten, match="offset 1 is gone, the oldest one kept is 2") as caught:
            await reader.read()
        reader.close()
        assert caught.value.first == await bench.log.offset_at(TOPIC, PARTITION, 0) == 2
        assert await drain(bench.log.reader(TOPIC, PARTITION, 2), 1) == ["m-2"]

    async def test_a_reader_that_comes_or_goes_does_not_disturb_the_others(
        self, bench: Bench
    ) -> None:
        log = bench.log
        for number in range(20):
            await log.append(TOPIC, "key", envelope(number))
        reader = log.reader(TOPIC, PARTITION)
        read: list[str] = []
        for number in range(20):
            other = log.reader(Topic.SHUTTLE_REPORTS, number % PARTITIONS)
            read += [message_id(record) for record in await reader.read(1)]
            other.close()
        assert read == [f"m-{n}" for n in range(20)]
