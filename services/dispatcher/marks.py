"""Sees to it that the log is the one that was read so far.

Offsets say nothing if a log was wiped and begun anew: what lies before them was never read. So a
record of each input is kept in mind from time to time, as a digest, and whoever takes the shard
looks whether it still lies where it lay.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from hashlib import sha256

from services.dispatcher.places import INPUTS
from services.domain.errors import NavetteError
from services.runtime.ports import Forgotten, Holding, Log, Mark, Record, Store
from services.wire.topics import Topic

MARK_EVERY_S = 3600.0
"""Often enough that no mark gets so old that the log forgets it."""


class OtherLog(NavetteError):
    """The log is not the one that was read so far."""

    def __init__(self, topic: Topic, shard: int, reason: str) -> None:
        super().__init__(
            f"{topic}/{shard} is not the log that was read so far: {reason}. Nothing is decided "
            "before it is there again, or `navette topics --begin-anew` has another one read"
        )


class Marks:
    """The marks of a shard.

    Parameters
    ----------
    messages, store
        The log, and where marks are kept.
    shard
        The shard's number.
    """

    def __init__(self, messages: Log, store: Store, shard: int) -> None:
        self._log = messages
        self._store = store
        self._shard = shard
        self._marks: dict[Topic, Mark] = {}
        self._due_s = dict.fromkeys(INPUTS, 0.0)

    async def ends(self) -> dict[Topic, int]:
        """Where the inputs end; whoever cannot say must take no shard from somebody who can."""
        ends = await asyncio.gather(*(self._log.end(topic, self._shard) for topic in INPUTS))
        return dict(zip(INPUTS, ends, strict=True))

    async def check(self, holding: Holding, ends: dict[Topic, int]) -> None:
        """Compare the log with what was kept of it.

        Raises
        ------
        OtherLog
            If it is another one.
        """
        self._marks = dict(holding.marks)
        for topic, end in ends.items():
            mark = self._marks.get(topic)
            read = max(holding.offsets.get(topic, 0), mark.offset + 1 if mark else 0)
            if read > end:
                reason = f"it was read up to offset {read}, and ends at {end}"
                raise OtherLog(topic, self._shard, reason)
            found = None if mark is None else await self._record(topic, mark.offset)
            if mark is not None and found is not None and _mark(found) != mark:
                reason = f"at offset {mark.offset} lay another message"
                raise OtherLog(topic, self._shard, reason)

    async def see(self, epoch: int, records: Sequence[Record]) -> None:
        """Keep records in mind that were heard, once in a while.

        Raises
        ------
        ShardLost, Unavailable
            As for any commit.
        """
        now_s = time.monotonic()
        due = {record.topic: record for record in records if now_s >= self._due_s[record.topic]}
        if due:
            self._marks |= {topic: _mark(record) for topic, record in due.items()}
            self._due_s |= dict.fromkeys(due, now_s + MARK_EVERY_S)
            await self._store.mark(self._shard, epoch, self._marks)

    async def _record(self, topic: Topic, offset: int) -> Record | None:
        """The record that lies there, if it is still kept."""
        reader = self._log.reader(topic, self._shard, offset)
        try:
            return (await reader.read(1))[0]
        except Forgotten:
            return None
        finally:
            reader.close()


def _mark(record: Record) -> Mark:
    return Mark(record.offset, sha256(record.data).hexdigest())
