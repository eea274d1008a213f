"""``navette archive``: adds what is new of zones' journals to their archives."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

from services.domain.errors import InvalidFile, InvalidRequest
from services.domain.ids import ZoneId
from services.runtime.database import connect
from services.runtime.kafka import KafkaLog
from services.runtime.migrate import check_version
from services.runtime.postgres import PostgresStore
from services.runtime.settings import KafkaSettings, ServeSettings, read_settings
from services.simulator.replay.archiving import Archiving
from services.simulator.replay.sources import FromStore, FromTopic, Source

ANSWER_S_MAX = 60.0

Say = Callable[[str], None]


def run(out: Path, zones: Sequence[str], database: str | None, kafka: str | None, say: Say) -> None:
    """Archive zones from a database, or from Kafka's copy of their journals.

    Raises
    ------
    NavetteError
        If a source or an archive is not as it has to be; archives then stay as they were.
    """
    if database and kafka:
        raise InvalidRequest("--kafka", "give either --database or --kafka")
    asyncio.run(_run(out, zones, database, kafka, say))


async def _run(
    out: Path, zones: Sequence[str], database: str | None, kafka: str | None, say: Say
) -> None:
    async with source(database, kafka) as opened:
        days = {ZoneId(zone): None for zone in zones} or await opened.zones()
        if not days:
            say("There is no zone yet.")
        for zone in days:
            await archive_zone(opened, zone, out / zone, say)


@asynccontextmanager
async def source(database: str | None, kafka: str | None) -> AsyncIterator[Source]:
    """Open a database, or the topic if brokers are given; absent: the database of the settings."""
    if kafka:
        messages = KafkaLog(read_settings(KafkaSettings, kafka=kafka))
        await messages.start()
        try:
            yield FromTopic(messages, _warn)
        finally:
            await messages.close()
        return
    url = read_settings(ServeSettings, database=database).database
    engine = connect(url.get_secret_value(), 2, ANSWER_S_MAX)
    try:
        await check_version(engine)
        yield FromStore(PostgresStore(engine))
    finally:
        await engine.dispose()


def _warn(text: str) -> None:
    sys.stderr.write(f"warning: {text}\n")


async def archive_zone(source: Source, zone: ZoneId, folder: Path, say: Say) -> None:
    """Add what is new of a zone's journal to its archive.

    Raises
    ------
    Gap
        If steps are missing between what is there and what comes.
    BrokenChain
        If a step is not as it was written.
    InvalidFile
        If the archive is of another journal, or cannot be written.
    """
    known = await _known(source, zone)
    steps = copies = seen = 0
    with Archiving(folder, zone, known) as archive:
        async for snapshot in source.snapshots(zone, archive.newest_snapshot):
            archive.add_snapshot(snapshot)
            copies += 1
        begun, last = archive.last is not None, archive.last or 0
        # The last step is looked at again: the source could have been begun anew.
        async for entry in source.entries(zone, max(last - 1, 0)):
            seen += 1
            if begun and entry.number == last:
                if entry.link != archive.link:
                    raise InvalidFile(folder, f"is of another journal: its step {last} differs")
                continue
            archive.add(entry)
            steps += 1
    if begun and not seen:
        say(f"{zone}: the source holds nothing from step {last:,} on; nothing added to {folder}")
        return
    until = "" if archive.last is None else f", up to step {archive.last:,}"
    say(f"{zone}: {steps:,} steps and {copies} snapshots added to {folder}{until}")


async def _known(source: Source, zone: ZoneId) -> date | None:
    """Return a zone's first day, if the source says it."""
    if isinstance(source, FromTopic):
        return None
    known = await source.zones()
    if zone not in known:
        raise InvalidRequest("--zone", f"there is no zone {zone}, but {', '.join(known) or 'none'}")
    return known[zone]
