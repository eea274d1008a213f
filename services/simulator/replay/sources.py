"""Where a zone's journal is read: the database that holds it, or the topic with its copy."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import date
from typing import Protocol

from services.domain.errors import InvalidRequest, Unreadable
from services.domain.ids import ZoneId
from services.runtime import journal
from services.runtime.ports import Forgotten, Log, Store
from services.wire.snapshots import Snapshot
from services.wire.stored import Entry, decode_entry
from services.wire.topics import Topic, partition_of


class Source(Protocol):
    """Gives a zone's journal, and its snapshots as far as it has them."""

    async def zones(self) -> Mapping[ZoneId, date | None]:
        """Return the zones that it knows of, and the first day of their seconds if known."""

    def entries(self, zone: ZoneId, after: int) -> AsyncIterator[Entry]:
        """Read the steps after number ``after`` that are there now, in order."""

    def snapshots(self, zone: ZoneId, after: tuple[int, int]) -> AsyncIterator[Snapshot]:
        """Read the snapshots behind that of a step and moment, in order."""


class FromStore:
    """The journal where it was written.

    Parameters
    ----------
    store
        Holds it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def zones(self) -> Mapping[ZoneId, date | None]:
        """Return all zones of the store."""
        return await self._store.zones()

    async def entries(self, zone: ZoneId, after: int) -> AsyncIterator[Entry]:
        """Read the steps after number ``after`` that are kept."""
        async for entry in journal.entries(self._store, zone, after):
            yield entry

    async def snapshots(self, zone: ZoneId, after: tuple[int, int]) -> AsyncIterator[Snapshot]:
        """Read the snapshots that are kept behind that of a step and moment."""
        while page := await self._store.snapshots(zone, after):
            for one in page:
                yield one
            after = page[-1].number, page[-1].taken_at_ms


class FromTopic:
    """The journal's copy on the topic, which may hold steps several times; it has no snapshots.

    Parameters
    ----------
    messages
        The log with the topic.
    warn
        Told of each record that is no step, in a line.
    """

    def __init__(self, messages: Log, warn: Callable[[str], None] = lambda _: None) -> None:
        self._messages = messages
        self._warn = warn

    async def zones(self) -> Mapping[ZoneId, date | None]:
        """Nobody can say without reading all of it.

        Raises
        ------
        InvalidRequest
            Always.
        """
        raise InvalidRequest("zone", "the topic does not say which zones there are; give --zone")

    async def entries(self, zone: ZoneId, after: int) -> AsyncIterator[Entry]:
        """Read the steps after number ``after``, each once; where some are missing, all that come.

        What is no step is passed over with a warning: if it lies where a step was, then numbers and
        the hash chain show that.

        Raises
        ------
        Unreadable
            If one of these steps was too long for the topic.
        """
        partition = partition_of(zone, self._messages.partitions)
        topic = Topic.ZONE_JOURNAL
        end = await self._messages.end(topic, partition)
        reader = self._messages.reader(
            topic, partition, await self._messages.offset_at(topic, partition, 0)
        )
        try:
            while reader.position < end:
                try:
                    records = await reader.read()
                except Forgotten as error:
                    reader.close()
                    reader = self._messages.reader(topic, partition, error.first)
                    continue
                for record in records:
                    place = f"{topic}/{partition}/{record.offset}"
                    entry = self._entry(record.data, place)
                    if entry is None or entry.zone != zone or entry.number <= after:
                        continue
                    if not entry.inputs:
                        raise Unreadable(
                            place, f"step {entry.number} was too long; the database has it"
                        )
                    after = entry.number
                    yield entry
        finally:
            reader.close()

    def _entry(self, data: bytes, place: str) -> Entry | None:
        """Return the step of a record; none, and a warning, if it holds something else."""
        try:
            entry = decode_entry(data)
            if not entry.zone or entry.number < 1:
                raise Unreadable("journal", "no zone, or no number")
        except Unreadable as error:
            self._warn(f"{place}: passed over, no step of a journal ({error.reason})")
            return None
        return entry

    async def snapshots(self, zone: ZoneId, after: tuple[int, int]) -> AsyncIterator[Snapshot]:  # noqa: ARG002
        """Read none."""
        nothing: tuple[Snapshot, ...] = ()
        for one in nothing:
            yield one
