"""``navette topics``: creates topics that are missing, says which are not as they must be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from services.runtime.kafka_connection import WrongTopics
from services.runtime.kafka_topics import TopicKeeper, topic_keeper
from services.runtime.settings import KafkaSettings
from services.wire.topics import DAY_S, FACTS, HOUR_S, Facts, Topic


def run(settings: KafkaSettings, check_only: bool, say: Callable[[str], None]) -> None:
    """Create what is missing (unless only checking), then check all.

    Raises
    ------
    Unavailable
        If no broker answers, or it does not create a topic.
    WrongTopics
        If a topic is not as it has to be; what is there is never changed.
    """
    asyncio.run(_run(settings, check_only, say))


async def _run(settings: KafkaSettings, check_only: bool, say: Callable[[str], None]) -> None:
    async with topic_keeper(settings) as keeper:
        created = [] if check_only else await _create(keeper)
        if findings := await keeper.findings():
            raise WrongTopics(findings)
        for topic in Topic:
            done = "created" if topic in created else "as it has to be"
            say(f"{keeper.name(topic)}: {settings.partitions} partitions, {_kept(topic)}: {done}")


async def _create(keeper: TopicKeeper) -> list[Topic]:
    missing = await keeper.missing()
    # Beside topics that are cut otherwise, new ones would be of no use, and would have to go again.
    if missing and (findings := await keeper.findings(cut_only=True)):
        raise WrongTopics([*findings, "nothing was created"])
    await keeper.create(missing)
    return missing


def _kept(topic: Topic) -> str:
    facts: Facts = FACTS[topic]
    if facts.compacted or facts.retention_s is None:
        return "the newest of each key kept for ever"
    if facts.retention_s % DAY_S:
        return f"kept for {facts.retention_s // HOUR_S} hours"
    return f"kept for {facts.retention_s // DAY_S} days"
