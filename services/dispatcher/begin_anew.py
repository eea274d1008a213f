"""Has inputs read from their beginning that were lost: ``navette topics --begin-anew``."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from services.dispatcher.marks import Marks
from services.dispatcher.places import INPUTS
from services.runtime.database import connect
from services.runtime.kafka import KafkaLog
from services.runtime.migrate import check_version
from services.runtime.ports import Log, Store
from services.runtime.postgres import PostgresStore
from services.runtime.settings import KafkaSettings
from services.wire.topics import Topic


async def begin_anew(
    messages: Log, store: Store, named: Collection[int] = ()
) -> list[tuple[Topic, int]]:
    """Forget how far inputs were read that are not the ones that were read; all others go on.

    Parameters
    ----------
    named
        Shards whose inputs are read from their beginning whether or not they are known again.

    Returns
    -------
    list of (Topic, int)
        What is read from its beginning, of which shard.

    Raises
    ------
    Unavailable
        If the log or the store does not answer.
    """
    anew = []
    for shard in range(messages.partitions):
        differences = await Marks(messages, store, shard).differences()
        if lost := INPUTS if shard in named else tuple(differences):
            await store.begin_anew(shard, lost)
            anew += [(topic, shard) for topic in lost]
    return anew


def run(settings: KafkaSettings, database: str, named: Collection[int]) -> list[tuple[Topic, int]]:
    """Do it on real servers.

    Raises
    ------
    InvalidSetting
        If the database has no tables of this version.
    Unavailable
        If a server does not answer.
    """
    return asyncio.run(_run(settings, database, named))


async def _run(
    settings: KafkaSettings, database: str, named: Collection[int]
) -> list[tuple[Topic, int]]:
    engine, messages = connect(database, 1), KafkaLog(settings)
    try:
        await check_version(engine)
        await messages.start()
        return await begin_anew(messages, PostgresStore(engine), named)
    finally:
        await messages.close()
        await engine.dispose()
