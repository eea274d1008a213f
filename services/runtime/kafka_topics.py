"""Topics on Apache Kafka: as they have to be, and as they are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from services.domain.errors import Unavailable
from services.runtime.kafka_connection import (
    LETTER_BYTES_MAX,
    RECORD_BYTES_MAX,
    Connection,
    connection,
)
from services.runtime.settings import KafkaSettings
from services.wire.topics import DAY_S, FACTS, Facts, Topic

SEGMENT_S_MAX = 7 * DAY_S
VISIBLE_S = 0.02

REASONS = {
    "compression.type": "compressed, a short batch may hold what is far too long",
    "min.insync.replicas": "fewer, and a message may be lost with a broker; more, and one broker "
    "that is away stops all",
    "max.message.bytes": "shorter, and a long message is turned away for ever",
    "message.timestamp.type": "by senders' clocks, a wrong one would make messages vanish early",
    "unclean.leader.election.enable": "if true, acknowledged messages may be lost",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How a topic is kept on the broker.

    Parameters
    ----------
    partitions, replicas
        How many, and how many copies of each.
    settings
        What matters to us of its settings, by Kafka's names.
    """

    partitions: int
    replicas: int
    settings: Mapping[str, str]


def wanted(facts: Facts, settings: KafkaSettings) -> Shape:
    """Say how a topic has to be kept."""
    kept = {
        "max.message.bytes": str(LETTER_BYTES_MAX if facts.puts_aside else RECORD_BYTES_MAX),
        "message.timestamp.type": "LogAppendTime",
        "compression.type": "uncompressed",
        "min.insync.replicas": str(max(1, settings.kafka_replicas - 1)),
        "unclean.leader.election.enable": "false",
    }
    if facts.compacted:
        kept |= {"cleanup.policy": "compact", "segment.ms": str(DAY_S * 1000)}
    else:
        assert facts.retention_s is not None
        kept |= {
            "cleanup.policy": "delete",
            "retention.ms": str(facts.retention_s * 1000),
            "retention.bytes": "-1",
            # Whole segments are deleted: with long ones, messages would stay on long after.
            "segment.ms": str(min(SEGMENT_S_MAX, facts.retention_s // 3) * 1000),
        }
    return Shape(partitions=settings.partitions, replicas=settings.kafka_replicas, settings=kept)


def differences(name: str, found: Shape | None, expected: Shape) -> list[str]:
    """Say in which ways a topic is not as it has to be, and how to mend that."""
    if found is None:
        return [f"{name}: missing; `navette topics` creates it"]
    differ = cut_otherwise(name, found, expected)
    if found.replicas != expected.replicas:
        differ.append(
            f"{name}: {found.replicas} copies of each partition, expected {expected.replicas}; "
            "reassign its partitions (kafka-reassign-partitions), or set "
            f"NAVETTE_KAFKA_REPLICAS={found.replicas}"
        )
    for key, value in expected.settings.items():
        there = found.settings.get(key, "nothing")
        if there != value:
            reason = f" ({REASONS[key]})" if key in REASONS else ""
            differ.append(
                f"{name}: {key} is {there}, expected {value}{reason}; mend it with kafka-configs "
                f"--alter --topic {name} --add-config {key}={value}"
            )
    return differ


def cut_otherwise(name: str, found: Shape, expected: Shape) -> list[str]:
    """Say whether a topic has another number of partitions than it has to have."""
    if found.partitions == expected.partitions:
        return []
    return [
        f"{name}: {found.partitions} partitions, expected {expected.partitions}; the count is "
        "never changed, since zones would move to other shards: set "
        f"NAVETTE_PARTITIONS={found.partitions} if all topics have as many, or delete it with "
        "all that is on it"
    ]


class TopicKeeper:
    """Creates and looks at topics.

    Parameters
    ----------
    settings
        How to reach the broker, and how topics have to be.
    """

    def __init__(
        self, settings: KafkaSettings, admin: AIOKafkaAdminClient, way: Connection
    ) -> None:
        self._settings = settings
        self._admin = admin
        self._way = way

    def name(self, topic: Topic) -> str:
        """Return a topic's name on the broker."""
        return self._way.name(topic)

    async def missing(self) -> list[Topic]:
        """Return the topics that are not there."""
        there = await self._admin.list_topics()
        return [topic for topic in Topic if self.name(topic) not in there]

    async def create(self, topics: list[Topic]) -> None:
        """Create topics as they have to be.

        Raises
        ------
        Unavailable
            If the broker does not create one of them; the message says why.
        """
        if not topics:
            return
        answer = await self._admin.create_topics([self._new(topic) for topic in topics])
        for name, code, *text in answer.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:
                reason = text[0] if text and text[0] else error.description
                raise Unavailable(f"topic {name} was not created: {reason}")
        async with asyncio.timeout(self._way.deadline_s):
            # Brokers hear of new topics a little later, and tell nobody.
            while await self.missing():  # noqa: ASYNC110
                await asyncio.sleep(VISIBLE_S)

    async def findings(self, cut_only: bool = False) -> list[str]:
        """Say in which ways the topics are not as they have to be.

        Parameters
        ----------
        cut_only
            Say only which of those that are there have another number of partitions.
        """
        missing = await self.missing()
        names = {topic: self.name(topic) for topic in Topic}
        there = [name for topic, name in names.items() if topic not in missing]
        found = await self._shapes(there) if there else {}
        differ: list[str] = []
        for topic, name in names.items():
            expected = wanted(FACTS[topic], self._settings)
            if not cut_only:
                differ += differences(name, found.get(name), expected)
            elif name in found:
                differ += cut_otherwise(name, found[name], expected)
        return differ

    async def _shapes(self, names: list[str]) -> dict[str, Shape]:
        described = await self._admin.describe_topics(names)
        settings = await self._admin.describe_configs(
            [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        )
        by_name: dict[str, dict[str, str]] = {}
        for answer in settings:
            for code, text, _, name, entries in answer.resources:
                if code:
                    raise Unavailable(f"topic {name} cannot be looked at: {text}")
                by_name[name] = {entry[0]: entry[1] for entry in entries}
        return {
            topic["topic"]: Shape(
                partitions=len(topic["partitions"]),
                replicas=min(len(part["replicas"]) for part in topic["partitions"]),
                settings=by_name[topic["topic"]],
            )
            for topic in described
        }

    def _new(self, topic: Topic) -> NewTopic:
        shape = wanted(FACTS[topic], self._settings)
        return NewTopic(
            self.name(topic),
            shape.partitions,
            shape.replicas,
            topic_configs=dict(shape.settings),
        )


@asynccontextmanager
async def topic_keeper(settings: KafkaSettings) -> AsyncIterator[TopicKeeper]:
    """Connect to the broker as somebody who may create topics.

    Raises
    ------
    Unavailable
        If no broker answers, at the start or on the way.
    """
    way = connection(settings)
    admin = AIOKafkaAdminClient(**way.options)
    try:
        try:
            async with asyncio.timeout(way.deadline_s):
                await admin.start()
        except (KafkaError, OSError, TimeoutError) as error:
            raise await way.failure(error) from error
        try:
            yield TopicKeeper(settings, admin, way)
        except (KafkaError, TimeoutError) as error:
            raise Unavailable(f"Kafka does not answer about topics: {error!r}") from error
    finally:
        await admin.close()
