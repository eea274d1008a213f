"""What the roles need from a log and from a store, whoever provides it.

Real ones are servers; embedded ones live in this process. The same contract tests hold for all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from services.domain.errors import NavetteError, Unreadable
from services.domain.events import Event, Message
from services.domain.ids import RideId, ZoneId
from services.domain.ride import Ride
from services.wire.envelope import Envelope
from services.wire.topics import Topic


class Forgotten(NavetteError):
    """Records were asked for that the log does not keep any more."""

    def __init__(self, topic: Topic, offset: int, first: int) -> None:
        self.first = first
        super().__init__(f"{topic}: offset {offset} is gone, the oldest one kept is {first}")


class Record(NamedTuple):
    """A message on the log; ``value`` says why if it could not be read, ``data`` is as it came."""

    topic: Topic
    partition: int
    offset: int
    key: str
    value: Envelope | Unreadable
    data: bytes


class Reader(Protocol):
    """Reads one partition in order."""

    @property
    def position(self) -> int:
        """Offset of the record that comes next."""

    async def read(self, count_max: int = 500) -> Sequence[Record]:
        """Take the next records, at least one; wait for it if need be.

        Cancelling it loses no record.

        Raises
        ------
        Forgotten
            If the log does not keep the next record any more.
        """

    def close(self) -> None:
        """Let the log forget about this reader."""


class Log(Protocol):
    """Topics cut into partitions; a record never changes once it is there."""

    @property
    def partitions(self) -> int:
        """Partitions of each topic."""

    async def append(self, topic: Topic, key: str, value: Envelope) -> int:
        """Add a message to its zone's partition of a topic, and return its offset there.

        Records of one writer stay in order. When this returns, the message is safe.

        Raises
        ------
        Unavailable
            If the log takes no more at the moment; the message is then not in it, unless the log
            went silent, when nobody can say.
        """

    async def append_all(self, values: Sequence[Envelope]) -> None:
        """Add messages, each to its own topic, in order and without waiting for one by one.

        When this returns, all are safe. If it fails, the first of them may be in the log and the
        others are not, for each partition of each topic: so the caller may send all of them again,
        and readers that drop repeats see every one, in order.

        Raises
        ------
        Unavailable
            As for `append`.
        """

    async def append_raw(self, topic: Topic, partition: int, key: str, data: bytes) -> int:
        """Add bytes that are no envelope, or an envelope as it came; see `append`."""

    async def end(self, topic: Topic, partition: int) -> int:
        """Return the offset that the next record of this partition will get."""

    async def offset_at(self, topic: Topic, partition: int, time_ms: int) -> int:
        """Return the offset of the first record kept that the log took at or after a time.

        Parameters
        ----------
        time_ms
            By the log's own clock, in milliseconds since 1970 UTC.

        Returns
        -------
        int
            The end, if there is no such record yet.
        """

    def reader(self, topic: Topic, partition: int, offset: int = 0) -> Reader:
        """Start to read at this offset.

        Whoever asks for records that are not kept any more is told by `Forgotten`, and from where
        on there are some, when it reads.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a zone: what came in, when, and what was decided.

    Parameters
    ----------
    number
        1 for the first; grows by one.
    now_s
        The zone's time, in seconds after midnight of the service day.
    inputs, events
        Messages in the order in which they were merged, and the events that they led to.
    offsets
        For the input topics that were read: the offset to go on from, on the zone's partition.
    rides
        The rides that changed, as they are now.
    """

    number: int
    now_s: int
    inputs: tuple[Message, ...]
    events: tuple[Event, ...]
    offsets: tuple[tuple[Topic, int], ...] = ()
    rides: tuple[Ride, ...] = ()


class JournalRow(NamedTuple):
    """A step as it was committed, and its link in the hash chain (empty if none is kept)."""

    step: Step
    link: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What an owner gets to know when it takes a zone.

    Parameters
    ----------
    epoch
        Fence: a commit with an older epoch is turned away.
    number, now_s, link
        Of the last step that was committed; 0, 0 and empty if there is none.
    offsets
        Where to go on reading; a topic that is absent was never read.
    rides
        All rides that are kept.
    """

    epoch: int
    number: int
    now_s: int
    link: bytes
    offsets: Mapping[Topic, int]
    rides: tuple[Ride, ...]


class Store(Protocol):
    """Keeps what was decided."""

    async def take(self, zone: ZoneId) -> Holding:
        """Become the zone's owner: raise its epoch, then read what is known."""

    async def commit(self, zone: ZoneId, epoch: int, steps: Sequence[Step]) -> None:
        """Write steps down, all or none, in one transaction.

        Raises
        ------
        ZoneLost
            If somebody else took the zone since; or if the steps do not follow the last one, for
            then somebody else must have written.
        Unavailable
            If it failed or nobody can say; the caller drops its memory and takes the zone anew.
        """

    async def ride(self, ride_id: RideId) -> Ride | None:
        """Return a ride as it was last committed."""

    async def journal(
        self, zone: ZoneId, after: int = 0, count_max: int = 1000
    ) -> Sequence[JournalRow]:
        """Return the steps after number ``after`` that are kept, oldest first."""
