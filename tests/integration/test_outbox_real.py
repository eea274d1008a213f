"""Whatever was decided goes out, however long it is."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from services.dispatcher.outbox import Outbox, OutboxMetrics
from services.domain.errors import Unreadable
from services.domain.events import Event, WakeUp
from services.domain.operating_domain import RoadsChanged
from services.runtime.clock import WallClock
from services.runtime.kafka import KafkaLog
from services.runtime.local_kafka import LocalKafka
from services.runtime.metrics import new_registry
from services.simulator.replay.sources import FromTopic
from services.wire.codec import BODY_BYTES_MAX, encode_body
from services.wire.stored import Entry, decode_entry
from services.wire.topics import Topic, topic_of
from tests.integration.test_kafka_log import made
from tests.runtime.log_contract import PARTITION
from tests.runtime.samples import ZONE, entry


def step(number: int, events: tuple[Event, ...]) -> Entry:
    bodies = tuple(encode_body(event) for event in events)
    return replace(entry(number, b""), inputs=(encode_body(WakeUp()),), events=bodies)


async def test_a_step_that_is_too_long_for_its_copy_goes_out_and_so_do_those_behind_it(
    kafka: LocalKafka, topic_prefix: str
) -> None:
    log: KafkaLog = await made(kafka.address, topic_prefix)
    outbox = Outbox(log, PARTITION, WallClock.from_now("UTC"), OutboxMetrics(new_registry()))
    # A byte for each, and a few around them.
    long = RoadsChanged(1, (7,) * (BODY_BYTES_MAX - 20), ())
    short = RoadsChanged(2, (), ())
    for number, events in enumerate([(long, long), (short,)], start=1):
        outbox.put(step(number, events), events)
    running = asyncio.create_task(outbox.run())
    reader = log.reader(topic_of(short), PARTITION)
    said: list[object] = []
    async with asyncio.timeout(20):
        await outbox.empty()
        while len(said) < 3:
            for record in await reader.read():
                assert not isinstance(record.value, Unreadable)
                said.append(record.value.body)
        copies = log.reader(Topic.ZONE_JOURNAL, PARTITION)
        found: list[Entry] = []
        while len(found) < 2:
            found += [decode_entry(record.data) for record in await copies.read()]
    running.cancel()
    assert said == [long, long, short]
    assert [(one.number, len(one.inputs), len(one.events)) for one in found] == [
        (1, 0, 0),
        (2, 1, 1),
    ]
    with pytest.raises(Unreadable, match="step 1 was too long; the database has it"):
        _ = [one async for one in FromTopic(log).entries(ZONE, 0)]
    await log.close()
