"""The log on a real broker keeps to what every log keeps to."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from itertools import count

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from services.runtime.kafka import KafkaLog
from services.runtime.kafka_topics import topic_keeper
from services.runtime.settings import KafkaSettings
from services.wire.topics import Topic
from tests.runtime.log_contract import PARTITIONS, Bench, LogContract

NUMBERS = count()


class TestKafkaLog(LogContract):
    @pytest.fixture
    async def bench(self) -> AsyncIterator[Bench]:
        address = os.environ["NAVETTE_KAFKA"]
        settings = KafkaSettings(
            kafka=address, kafka_prefix=f"t{os.getpid()}-{next(NUMBERS)}.", partitions=PARTITIONS
        )
        async with topic_keeper(settings) as keeper:
            await keeper.create(list(Topic))
        log = KafkaLog(settings)
        await log.start()

        async def forget(topic: Topic, partition: int, offset: int) -> None:
            admin = AIOKafkaAdminClient(bootstrap_servers=address)
            await admin.start()
            place = TopicPartition(settings.kafka_prefix + topic, partition)
            await admin.delete_records({place: RecordsToDelete(before_offset=offset)})
            await admin.close()

        yield Bench(log, forget)
        await log.close()
