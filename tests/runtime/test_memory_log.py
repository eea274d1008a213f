"""The log in memory is bounded, and it can be driven without an event loop."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.errors import Unavailable
from services.runtime.embedded import EmbeddedLog
from services.runtime.memory import MemoryLog
from services.runtime.metrics import LogMetrics, new_registry
from services.runtime.ports import Forgotten
from services.wire.topics import Topic
from tests.runtime.samples import envelope

TOPIC = Topic.SHUTTLE_REPORTS


def test_it_carries_any_value_without_an_event_loop() -> None:
    log: MemoryLog[object] = MemoryLog()
    reader = log.reader(TOPIC)
    value = object()
    assert log.append(TOPIC, "key", value) == 0
    assert reader.take() == [(0, "key", value)]
    assert reader.take() == []


def test_a_full_partition_takes_no_more_until_somebody_reads() -> None:
    log: MemoryLog[int] = MemoryLog(bound=3)
    slow, fast = log.reader(TOPIC), log.reader(TOPIC)
    for number in range(3):
        log.append(TOPIC, "key", number)
    fast.take()
    with pytest.raises(Unavailable, match="shuttle-reports is full"):
        log.append(TOPIC, "key", 3)
    assert log.end(TOPIC) == 3
    slow.take(1)
    assert log.append(TOPIC, "key", 3) == 3
    assert [item.value for item in slow.take()] == [1, 2, 3]


def test_a_reader_that_left_holds_nobody_up() -> None:
    log: MemoryLog[int] = MemoryLog(bound=1)
    reader, gone = log.reader(TOPIC), log.reader(TOPIC)
    log.append(TOPIC, "key", 0)
    reader.take()
    gone.close()
    gone.close()
    assert log.append(TOPIC, "key", 1) == 1


def test_what_was_forgotten_is_not_silently_skipped() -> None:
    log: MemoryLog[int] = MemoryLog(bound=2)
    reader = log.reader(TOPIC)
    for number in range(3):
        log.append(TOPIC, "key", number)
        reader.take()
    with pytest.raises(Forgotten) as caught:
        log.read(TOPIC, offset=0)
    assert caught.value.first == 2


def test_other_partitions_and_topics_are_not_full() -> None:
    log: MemoryLog[int] = MemoryLog(partitions=2, bound=1)
    log.append(TOPIC, "key", 0, partition=0)
    assert log.append(TOPIC, "key", 0, partition=1) == 0
    assert log.append(Topic.RIDE_EVENTS, "key", 0, partition=0) == 0


@given(
    bound=st.integers(1, 5),
    actions=st.lists(st.one_of(st.just("append"), st.tuples(st.integers(0, 1), st.integers(1, 3)))),
)
def test_every_reader_reads_every_record_once_and_in_order(
    bound: int, actions: list[str | tuple[int, int]]
) -> None:
    log: MemoryLog[int] = MemoryLog(bound=bound)
    readers = [log.reader(TOPIC), log.reader(TOPIC)]
    read: list[list[int]] = [[], []]
    appended = 0
    for action in actions:
        if isinstance(action, tuple):
            who, count_max = action
            read[who] += [item.value for item in readers[who].take(count_max)]
            continue
        try:
            assert log.append(TOPIC, "key", appended) == appended
        except Unavailable:
            assert appended - min(map(len, read)) == bound
        else:
            appended += 1
    for who, reader in enumerate(readers):
        while items := reader.take():
            read[who] += [item.value for item in items]
    assert read == [list(range(appended))] * 2


async def test_all_who_wait_are_woken() -> None:
    log: MemoryLog[int] = MemoryLog()
    waiting = [asyncio.create_task(log.wait(TOPIC, 0, 0)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    log.append(TOPIC, "key", 0)
    await asyncio.wait_for(asyncio.gather(*waiting[1:]), 1)


async def test_messages_are_counted_by_topic_and_outcome() -> None:
    registry = new_registry()
    memory: MemoryLog[bytes] = MemoryLog()
    log = EmbeddedLog(memory, LogMetrics(registry))
    await log.append(TOPIC, "key", envelope())
    memory.append(TOPIC, "key", b"\xff")
    await log.reader(TOPIC, 0).read()
    counted = {
        outcome: registry.get_sample_value(
            "navette_messages_total", {"topic": "shuttle-reports", "outcome": outcome}
        )
        for outcome in ("appended", "read", "unreadable")
    }
    assert counted == {"appended": 1, "read": 1, "unreadable": 1}
