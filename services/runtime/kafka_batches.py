"""Batches that lie broken on a broker: which one it is, and what of it can be put aside."""

from __future__ import annotations

from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CorruptRecordException, KafkaError, UnsupportedCodecError
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.memory_records import MemoryRecords

HEADER = 12
"""Bytes of a batch before those that its length counts: base offset and length."""

FETCH_BYTES = 64 << 10
"""What is fetched to look at a batch; one batch comes in any case."""

READ_COMMITTED = 1


class BrokenBatch(NamedTuple):
    """A batch that nobody can unpack, as if it were one record at its last offset.

    Parameters
    ----------
    offset
        Of its last record.
    value
        All of it, as it lies on the broker.
    reason
        What is wrong with it, and which offsets it holds.
    """

    offset: int
    value: bytes
    reason: str
    key: bytes | None = None


def is_of_a_batch(error: Exception) -> bool:
    """Whether an error can come from a batch, and not from the way to the broker."""
    if isinstance(error, KafkaError):
        return isinstance(error, CorruptRecordException | UnsupportedCodecError)
    return not isinstance(error, OSError)


async def broken_at(
    consumer: AIOKafkaConsumer, place: TopicPartition, offset: int
) -> BrokenBatch | None:
    """Return the batch in which an offset lies, if it is broken.

    Raises
    ------
    KafkaError
        If the broker does not say what lies there.
    """
    client: Any = consumer._client
    asked = [(place.topic, [(place.partition, offset, FETCH_BYTES)])]
    request = FetchRequest(0, 0, FETCH_BYTES, READ_COMMITTED, asked)
    response = await client.send(client.cluster.leader_for_partition(place), request)
    for _, partitions in response.topics:
        for _, _, end, *_, records in partitions:
            data = bytes(records or b"")
            data = data[: HEADER + int.from_bytes(data[8:HEADER])]
            if len(data) > HEADER and (reason := _fault(data)):
                return _broken(data, offset, end, reason)
    return None


def _fault(data: bytes) -> str:
    """What is wrong with a batch; nothing if it can be unpacked."""
    try:
        batch = MemoryRecords(data).next_batch()
        if not batch.validate_crc():
            return "its checksum is wrong"
        for _ in batch:
            pass
    except Exception as error:  # whatever the bytes make of the code that unpacks them
        return f"it cannot be unpacked: {error or type(error).__name__}"
    return ""


def _broken(data: bytes, offset: int, end: int, reason: str) -> BrokenBatch:
    first = int.from_bytes(data[:8])
    last = first + int.from_bytes(data[23:27])
    if not offset <= last < end:
        last = offset  # what it says of itself cannot be true: behind it, it is met again
    return BrokenBatch(last, data, f"{reason} (offsets {offset} to {last})")
