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
from services.domain.errors import NavetteError, Unreadable
from services.runtime.ports import Forgotten, Log, Mark, Record, Store
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

    async def check(self) -> None:
        """Compare the log with what was kept of it.

        Raises
        ------
        OtherLog
            If it is another one.
        Unavailable
            If the log or the store does not answer.
        """
        for topic, reason in (await self.differences()).items():
            raise OtherLog(topic, self._shard, reason)

    async def differences(self) -> dict[Topic, str]:
        """Which inputs are not those that were read so far, and how that shows.

        Raises
        ------
        Unavailable
            If the log or the store does not answer.
        """
        known = await self._store.progress(self._shard)
        # The newest ends: what was read before is before them.
        ends = await asyncio.gather(*(self._log.end(topic, self._shard) for topic in INPUTS))
        self._marks = dict(known.marks)
        found: dict[Topic, str] = {}
        for topic, end in zip(INPUTS, ends, strict=True):
            mark = self._marks.get(topic)
            read = max(known.offsets.get(topic, 0), mark.offset + 1 if mark else 0)
            if read > end:
                found[topic] = f"it was read up to offset {read}, and ends at {end}"
            elif mark is not None and await self._is_another(topic, mark):
                found[topic] = f"at offset {mark.offset} lay another message"
        return found

    async def see(self, epoch: int, records: Sequence[Record]) -> None:
        """Keep records in mind that were heard, once in a while.

        Raises
        ------
        ShardLost, Unavailable
            As for any commit.
        """
        now_s = time.monotonic()
        due = {
            record.topic: record
            for record in records
            if now_s >= self._due_s[record.topic] and not isinstance(record.value, Unreadable)
        }
        if due:
            self._marks |= {topic: _mark(record) for topic, record in due.items()}
            self._due_s |= dict.fromkeys(due, now_s + MARK_EVERY_S)
            await self._store.mark(self._shard, epoch, self._marks)

    async def _is_another(self, topic: Topic, mark: Mark) -> bool:
        """Whether another record lies where a marked one lay.

        One that is not kept any more, or lies in a batch that broke, says nothing.
        """
        reader = self._log.reader(topic, self._shard, mark.offset)
        try:
            found = (await reader.read(1))[0]
        except Forgotten:
            return False
        finally:
            reader.close()
        readable = not isinstance(found.value, Unreadable)
        return readable and found.offset == mark.offset and _mark(found) != mark


def _mark(record: Record) -> Mark:
    return Mark(record.offset, sha256(record.data).hexdigest())
