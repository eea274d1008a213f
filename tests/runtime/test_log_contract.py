"""The embedded log keeps to what every log keeps to."""

from __future__ import annotations

import pytest

from services.runtime.embedded import EmbeddedLog
from services.runtime.memory import MemoryLog
from services.wire.topics import Topic
from tests.runtime.log_contract import PARTITIONS, Bench, LogContract


class TestEmbeddedLog(LogContract):
    @pytest.fixture
    def bench(self) -> Bench:
        memory: MemoryLog[bytes] = MemoryLog(PARTITIONS)

        async def forget(topic: Topic, partition: int, offset: int) -> None:
            part = memory.part(topic, partition)
            del part.items[: offset - part.first]
            part.first = offset

        return Bench(EmbeddedLog(memory), forget)
