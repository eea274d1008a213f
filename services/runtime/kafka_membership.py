"""Dispatchers that share shards as a Kafka consumer group."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import InvalidSessionTimeoutError, KafkaError
from aiokafka.protocol.group import HeartbeatRequest

from services.runtime.kafka_connection import connection
from services.runtime.kafka_reading import close_consumer
from services.runtime.membership import Call, Shards
from services.runtime.settings import KafkaSettings
from services.runtime.shard_assignor import Claim, ShardAssignor
from services.wire.topics import Topic

log = structlog.get_logger()

INPUTS = (Topic.RIDE_COMMANDS, Topic.SHUTTLE_REPORTS)
GROUP = "dispatchers"

HEARTBEATS = 8
"""So many of them in a session: a loop that is busy for a second loses two of eight."""

JOIN_S = 10.0
"""A broker answers who joins only when all others have, or were given up."""

RETRY_S = 0.5
LOOK_S = 1.0


class KafkaMembership(ConsumerRebalanceListener):  # type: ignore[misc]
    """A member of the dispatchers' consumer group.

    It only says which shards are ours: it reads no record and commits no offset. It is a static
    member: who comes back under its name within the session gets its shards at once, and nobody
    else notices. When shards are shared out anew, Kafka takes all of them from everybody first; we
    keep what we have until we know what became of it, since the epoch protects what is written.

    Parameters
    ----------
    settings
        How to reach the broker.
    name
        Ours, among the dispatchers: no two that run at the same time have the same.
    """

    def __init__(self, settings: KafkaSettings, name: str) -> None:
        self._connection = connection(settings)
        self._session_ms = round(settings.kafka_session_s * 1000)
        self._name = name
        self._topics = [self._connection.name(topic) for topic in INPUTS]
        self._consumer: AIOKafkaConsumer | None = None
        self._claim = Claim()
        self._generation = -1
        self._changed = asyncio.Event()
        self._reachable = True
        self.joined = False
        """Whether the group has told us which shards are ours."""

    @property
    def reachable(self) -> bool:
        """Whether the group's coordinator answers."""
        return self._reachable

    async def run(self, take: Call, drop: Call) -> None:
        """Take part until cancelled; see `services.runtime.membership.Membership`."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            tasks.create_task(self._settle(Shards(take, drop)))

    async def confirm(self) -> None:
        """Wait until the coordinator, asked from now on, knows us by our newest share."""
        while not await self._is_confirmed():  # noqa: ASYNC110 - nobody tells but the coordinator
            await asyncio.sleep(RETRY_S)

    async def _is_confirmed(self) -> bool:
        coordinator: Any = self._consumer and self._consumer._coordinator
        if coordinator is None or coordinator.generation != self._generation:
            return False
        beat = HeartbeatRequest(coordinator.group_id, self._generation, coordinator.member_id)
        try:
            async with asyncio.timeout(JOIN_S):
                answer = await coordinator._send_req(beat)
        except (KafkaError, OSError, TimeoutError):
            return False
        # An error says that shards are shared out anew, or already were, without us.
        return bool(answer.error_code == 0 and coordinator.generation == self._generation)

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Keep all: what really goes is known only when all is shared out anew."""

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Note what is ours from now on."""
        assert self._consumer is not None
        self._consumer.pause(*assigned)
        by_topic = [{p for name, p in assigned if name == topic} for topic in self._topics]
        shards = frozenset(set.intersection(*by_topic))
        self._claim = Claim(time.time_ns() // 1_000_000, shards)
        coordinator: Any = self._consumer._coordinator
        self._generation = coordinator.generation
        self.joined = True
        self._say_reachable(True, "")
        log.info("shards_assigned", member=self._name, shards=sorted(shards))
        self._changed.set()

    async def _settle(self, shards: Shards) -> None:
        try:
            while True:
                await self._changed.wait()
                self._changed.clear()
                # Not in the callback: as long as that takes, nothing tells the group that we live.
                await shards.become(self._claim.shards)
        finally:
            await shards.become(frozenset())

    async def _follow(self) -> None:
        while True:
            self._consumer = self._new_consumer()
            try:
                async with asyncio.timeout(JOIN_S):
                    await self._consumer.start()
                self._consumer.subscribe(self._topics, listener=self)
                while True:
                    # Nothing comes, since all is paused; but errors do, and the group wants to see
                    # that we ask.
                    with suppress(TimeoutError):  # while shards are shared out anew, it waits
                        async with asyncio.timeout(LOOK_S):
                            await self._consumer.getmany(timeout_ms=round(LOOK_S * 500))
                    self._look_for_coordinator()
            except InvalidSessionTimeoutError:
                self._say_reachable(
                    False,
                    f"the brokers allow no session of {self._session_ms} ms: lower their "
                    "group.min.session.timeout.ms, or raise NAVETTE_KAFKA_SESSION_S",
                )
            except (KafkaError, OSError, TimeoutError) as error:
                self._say_reachable(False, str(await self._connection.failure(error)))
            finally:
                await self._close_consumer()
            await asyncio.sleep(RETRY_S)

    def _new_consumer(self) -> AIOKafkaConsumer:
        options = self._connection.options | {"request_timeout_ms": round(JOIN_S * 1000)}
        return AIOKafkaConsumer(
            **options,
            group_id=self._connection.prefix + GROUP,
            group_instance_id=self._name,
            partition_assignment_strategy=(ShardAssignor(lambda: self._claim),),
            session_timeout_ms=self._session_ms,
            heartbeat_interval_ms=self._session_ms // HEARTBEATS,
            enable_auto_commit=False,
            auto_offset_reset="latest",
            isolation_level="read_committed",
        )

    async def _close_consumer(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            with suppress(KafkaError, OSError, TimeoutError):
                async with asyncio.timeout(JOIN_S):
                    await close_consumer(consumer)

    def _look_for_coordinator(self) -> None:
        coordinator: Any = self._consumer and self._consumer._coordinator
        lost = coordinator is not None and coordinator.coordinator_id is None
        self._say_reachable(not lost, "the group's coordinator does not answer")

    def _say_reachable(self, reachable: bool, reason: str) -> None:
        if reachable != self._reachable:
            self._reachable = reachable
            if reachable:
                log.info("group_reached", member=self._name)
            else:
                # What we have we keep: if it is given away, its new owner raises the epoch.
                log.error("group_unreachable", member=self._name, reason=reason)
