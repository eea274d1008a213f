"""What the roles need from a log and from a store, whoever provides it.

Real ones are servers; embedded ones live in this process. The same contract tests hold for all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, Protocol

from services.domain.errors import NavetteError, Unreadable
from services.domain.ids import RideId, ZoneId
from services.domain.ride import Ride
from services.domain.zone_state import Row, RowKind
from services.wire.envelope import Envelope
from services.wire.snapshots import Snapshot, SnapshotMark
from services.wire.stored import Entry
from services.wire.topics import Topic
from services.wire.zone_rows import decode_row

MESSAGE_IDS = 10_000
"""Steps that an owner looks back on for the ids of their messages.

More than wait to go out, and come again where they go if their owner dies.
"""


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

    async def append_raw_all(
        self, topic: Topic, partition: int, records: Sequence[tuple[str, bytes]]
    ) -> None:
        """Add bytes under their keys, in order and without waiting for one by one; as above."""

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


class Part(NamedTuple):
    """A piece of a zone's state beside its rides, as bytes that only the zone understands.

    An empty body says that there is no such piece any more.
    """

    kind: str
    id: str
    body: bytes


UNREAD = "unread"
"""Kind of the parts that say from where a zone is to read that stood still, by topic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What changed in a zone's state, as it is now.

    Parameters
    ----------
    rides
        Rides that changed.
    forgotten
        Rides that came to their end and that the zone needs no more; the store keeps them.
    parts
        Other pieces of its state.
    """

    rides: tuple[Ride, ...] = ()
    forgotten: tuple[RideId, ...] = ()
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What a shard's owner commits at once.

    Parameters
    ----------
    entries
        Steps in order; of any of the shard's zones.
    changes
        What they changed, by zone.
    offsets
        For the input topics that were read: the offset to go on from, on the shard's partition.
    published
        For zones whose events went out since: the number of the last such step.
    """

    entries: Sequence[Entry] = ()
    changes: Mapping[ZoneId, Changes] = field(default_factory=dict)
    offsets: Mapping[Topic, int] = field(default_factory=dict)
    published: Mapping[ZoneId, int] = field(default_factory=dict)


class Mark(NamedTuple):
    """A record of an input that was read: where it lies, and a digest of it."""

    offset: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneHolding:
    """What an owner gets to know of a zone.

    Parameters
    ----------
    number, now_s, link
        Of the last step that was committed; 0, 0 and empty if there is none.
    published
        Number of the last step whose events are known to have gone out.
    rides
        Rides that the zone had not forgotten.
    parts
        All other pieces of its state.
    message_ids
        Of the newest inputs, oldest first.
    """

    number: int = 0
    now_s: int = 0
    link: bytes = b""
    published: int = 0
    rides: tuple[Ride, ...] = ()
    parts: tuple[Part, ...] = ()
    message_ids: tuple[str, ...] = ()

    def rows(self) -> tuple[Row, ...]:
        """Return its state as values.

        Raises
        ------
        Unreadable
            If a piece of it is not what this version knows.
        """
        rides = (Row(RowKind.RIDE, ride.id, ride) for ride in self.rides)
        parts = (part for part in self.parts if part.kind != UNREAD)
        return (*rides, *(decode_row(*part) for part in parts))

    @property
    def unread(self) -> Mapping[Topic, int]:
        """From where a zone that stood still is to read, of topics that its shard read further."""
        parts = (part for part in self.parts if part.kind == UNREAD)
        return {Topic(part.id): int(part.body) for part in parts}


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What an owner gets to know when it takes a shard.

    Parameters
    ----------
    epoch
        Fence: a commit with an older epoch is turned away.
    offsets
        Where to go on reading; a topic that is absent was never read.
    zones
        Each zone that was asked for.
    marks
        Of the inputs: by which the log is known again.
    """

    epoch: int
    offsets: Mapping[Topic, int]
    zones: Mapping[ZoneId, ZoneHolding]
    marks: Mapping[Topic, Mark] = field(default_factory=dict)


class StoredRide(NamedTuple):
    """A ride as it was last committed, in which zone, and up to which step of it."""

    zone: ZoneId
    ride: Ride
    version: int


class Asked(NamedTuple):
    """How a ride was asked for first, and the ride, as far as it was committed."""

    how: bytes
    stored: StoredRide | None


class Store(Protocol):
    """Keeps what was decided. If it does not answer, whatever is asked of it is `Unavailable`."""

    async def open(self, zone: ZoneId, shard: int, day: date) -> date:
        """Make a zone known, once, and return the first day of its seconds.

        Parameters
        ----------
        zone, shard
            The zone, and the shard that it belongs to for good.
        day
            From whose midnight its seconds count, if it was not known before.

        Raises
        ------
        InvalidSetting
            If the zone belongs to another shard.
        """

    async def now_ms(self) -> int | None:
        """Return what its own clock shows, in milliseconds since 1970 UTC, if it has one.

        Raises
        ------
        Unavailable
            If the store does not answer.
        """

    async def take(self, shard: int, zones: Collection[ZoneId], owner: str) -> Holding:
        """Become a shard's owner: raise its epoch, then read what is known, in one transaction."""

    async def commit(self, shard: int, epoch: int, group: Group) -> None:
        """Write steps down, all or none, in one transaction.

        Raises
        ------
        ShardLost
            If somebody else took the shard since; or if the steps do not follow the last one, for
            then somebody else must have written.
        Unavailable
            If it failed or nobody can say; the caller drops its memory and takes the shard anew.
        """

    async def progress(self, shard: int) -> Holding:
        """Return what is known of a shard without its zones, and without becoming its owner."""

    async def begin_anew(self, shard: int, inputs: Collection[Topic]) -> None:
        """Forget how far inputs of a shard were read, for they were lost; its owner loses it."""

    async def mark(self, shard: int, epoch: int, marks: Mapping[Topic, Mark]) -> None:
        """Keep records of the inputs in mind, instead of those before.

        Raises
        ------
        ShardLost, Unavailable
            As for `commit`.
        """

    async def look(self, zone: ZoneId) -> ZoneHolding:
        """Return what is known of a zone, without becoming its owner."""

    async def ride(self, ride_id: RideId) -> StoredRide | None:
        """Return a ride as it was last committed: by the zone that has it, if one referred it."""

    async def ask(self, ride_id: RideId, how: bytes) -> Asked:
        """Note that a ride is about to be asked for, unless it was noted before.

        Whoever comes later with another ``how`` learns so, in whichever process.
        """

    async def part(self, zone: ZoneId, kind: str, part_id: str) -> Part | None:
        """Return a piece of a zone's state as it was last committed, if there is one."""

    async def journal(self, zone: ZoneId, after: int = 0, count_max: int = 1000) -> Sequence[Entry]:
        """Return the steps after number ``after`` that are kept, oldest first."""

    async def zones(self) -> Mapping[ZoneId, date]:
        """Return all zones that are known, and the first day of their seconds."""

    async def keep_snapshot(self, shard: int, epoch: int, snapshot: Snapshot) -> None:
        """Write down a zone as a whole, as it was after a step that is committed.

        Raises
        ------
        ShardLost
            If somebody else took the shard since, or the step is not committed.
        Unavailable
            If it failed or nobody can say; a replay can do without it.
        """

    async def last_snapshot(self, zone: ZoneId) -> SnapshotMark | None:
        """Return what is known of a zone's newest snapshot."""

    async def snapshots(self, zone: ZoneId, after: tuple[int, int] = (-1, 0)) -> Sequence[Snapshot]:
        """Return some snapshots, oldest first, behind that of a step and moment (``taken_at_ms``).

        None if there are no more.
        """
