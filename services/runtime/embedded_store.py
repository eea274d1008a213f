"""The store of a single process, behind the same port as the real one.

Rides and journal entries go through their bytes, so that what works here can be kept elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from services.domain.errors import InvalidSetting, ShardLost
from services.domain.ids import RideId, ZoneId
from services.domain.ride import TERMINAL, Status
from services.runtime.ports import (
    MESSAGE_IDS,
    UNREAD,
    Asked,
    Changes,
    Group,
    Holding,
    Mark,
    Part,
    StoredRide,
    ZoneHolding,
)
from services.wire.snapshots import Snapshot, SnapshotMark, decode_snapshot, encode_snapshot
from services.wire.stored import Entry, decode_ride, encode_ride
from services.wire.topics import Topic

SNAPSHOTS_MAX = 10
"""Newest snapshots that are kept of each zone."""

SLACK = 1.1
"""Bounds may be passed by a tenth, so that the cost of dropping is spread over many steps."""


@dataclass(slots=True)
class _Shard:
    epoch: int = 0
    offsets: dict[Topic, int] = field(default_factory=dict)
    marks: Mapping[Topic, Mark] = field(default_factory=dict)


@dataclass(slots=True)
class _Zone:
    shard: int
    day: date
    number: int = 0
    now_s: int = 0
    link: bytes = b""
    published: int = 0
    rides: dict[RideId, tuple[bytes, int]] = field(default_factory=dict)
    ended: dict[RideId, None] = field(default_factory=dict)
    forgotten: set[RideId] = field(default_factory=set)
    parts: dict[tuple[str, str], bytes] = field(default_factory=dict)
    journal: list[Entry] = field(default_factory=list)
    snapshots: list[bytes] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        """Write a step down."""
        self.number, self.now_s, self.link = entry.number, entry.now_s, entry.link
        self.journal.append(entry)


class EmbeddedStore:
    """What was decided, in this process.

    Parameters
    ----------
    steps_max
        Newest steps that are kept of each zone's journal.
    rides_max
        Rides kept per zone; beyond that, the oldest that came to their end are dropped.
    """

    def __init__(self, *, steps_max: int = 100_000, rides_max: int = 100_000) -> None:
        self._steps_max = steps_max
        self._rides_max = rides_max
        self._shards: dict[int, _Shard] = {}
        self._zones: dict[ZoneId, _Zone] = {}
        self._asked: dict[RideId, bytes] = {}

    async def open(self, zone: ZoneId, shard: int, day: date) -> date:
        """Make a zone known, once, and return the first day of its seconds."""
        known = self._zones.setdefault(zone, _Zone(shard, day))
        if known.shard != shard:
            raise InvalidSetting("partitions", f"zone {zone} belongs to shard {known.shard}")
        return known.day

    async def now_ms(self) -> int | None:
        """It has no clock of its own."""
        return None

    async def take(self, shard: int, zones: Collection[ZoneId], owner: str) -> Holding:  # noqa: ARG002
        """Become a shard's owner: raise its epoch, then read what is known."""
        rows = self._shards.setdefault(shard, _Shard())
        rows.epoch += 1
        held = {zone: self._holding(self._zones[zone]) for zone in zones}
        offsets = dict(rows.offsets)
        return Holding(epoch=rows.epoch, offsets=offsets, zones=held, marks=rows.marks)

    async def progress(self, shard: int) -> Holding:
        """Return what is known of a shard without its zones, and without becoming its owner."""
        rows = self._shards.get(shard, _Shard())
        return Holding(epoch=rows.epoch, offsets=dict(rows.offsets), zones={}, marks=rows.marks)

    async def begin_anew(self, shard: int, inputs: Collection[Topic]) -> None:
        """Forget how far inputs of a shard were read; its owner loses it."""
        rows = self._shards.setdefault(shard, _Shard())
        rows.epoch += 1
        rows.marks = {topic: mark for topic, mark in rows.marks.items() if topic not in inputs}
        for topic in inputs:
            rows.offsets.pop(topic, None)
            for zone in self._zones.values():
                if zone.shard == shard:
                    zone.parts.pop((UNREAD, topic), None)

    async def mark(self, shard: int, epoch: int, marks: Mapping[Topic, Mark]) -> None:
        """Keep records of the inputs in mind."""
        rows = self._shards.get(shard)
        if rows is None or rows.epoch != epoch:
            raise ShardLost(shard, f"epoch {epoch} is not its newest")
        rows.marks = dict(marks)

    async def look(self, zone: ZoneId) -> ZoneHolding:
        """Return what is known of a zone, without becoming its owner."""
        return self._holding(self._zones[zone]) if zone in self._zones else ZoneHolding()

    def _holding(self, rows: _Zone) -> ZoneHolding:
        newest = rows.journal[-MESSAGE_IDS:]
        return ZoneHolding(
            number=rows.number,
            now_s=rows.now_s,
            link=rows.link,
            published=rows.published,
            rides=tuple(
                decode_ride(data)
                for ride_id, (data, _) in rows.rides.items()
                if ride_id not in rows.forgotten
            ),
            parts=tuple(Part(*key, body) for key, body in rows.parts.items()),
            message_ids=tuple(name for entry in newest for name in entry.message_ids if name),
        )

    async def commit(self, shard: int, epoch: int, group: Group) -> None:
        """Write steps down, all or none."""
        rows = self._shards.get(shard)
        if rows is None or rows.epoch != epoch:
            raise ShardLost(shard, f"epoch {epoch} is not its newest")
        last: dict[ZoneId, tuple[int, int]] = {}
        for entry in group.entries:
            zone = self._zones.get(entry.zone)
            if zone is None or zone.shard != shard:
                raise ShardLost(shard, f"zone {entry.zone} is not in it")
            number, now_s = last.get(entry.zone, (zone.number, zone.now_s))
            if entry.number != number + 1 or entry.now_s < now_s:
                raise ShardLost(shard, f"{entry.zone}: step {entry.number} does not follow")
            last[entry.zone] = entry.number, entry.now_s
        # Nothing can fail from here on, so the steps are written all or none.
        rows.offsets.update(group.offsets)
        for entry in group.entries:
            self._zones[entry.zone].add(entry)
        for name, changes in group.changes.items():
            self._change(self._zones[name], changes)
        for name in last:
            self._keep_bounds(self._zones[name])
        for name, number in group.published.items():
            self._zones[name].published = max(self._zones[name].published, number)

    def _change(self, rows: _Zone, changes: Changes) -> None:
        for ride in changes.rides:
            rows.rides[ride.id] = encode_ride(ride), rows.number
            if ride.status in TERMINAL:
                rows.ended[ride.id] = None
        rows.forgotten.update(changes.forgotten)
        for kind, name, body in changes.parts:
            if body:
                rows.parts[kind, name] = body
            else:
                rows.parts.pop((kind, name), None)

    def _keep_bounds(self, rows: _Zone) -> None:
        if len(rows.journal) > self._steps_max * SLACK:
            del rows.journal[: -self._steps_max]
        if len(rows.rides) > self._rides_max * SLACK:
            surplus = len(rows.rides) - self._rides_max
            for ride_id in [one for one, _ in zip(rows.ended, range(surplus), strict=False)]:
                del rows.rides[ride_id], rows.ended[ride_id]
                rows.forgotten.discard(ride_id)

    async def ride(self, ride_id: RideId) -> StoredRide | None:
        """Return a ride as it was last committed."""
        found: StoredRide | None = None
        for zone, rows in self._zones.items():
            if ride_id in rows.rides and (found is None or found.ride.status is Status.REFERRED):
                data, number = rows.rides[ride_id]
                found = StoredRide(zone, decode_ride(data), number)
        return found

    async def ask(self, ride_id: RideId, how: bytes) -> Asked:
        """Note that a ride is about to be asked for, unless it was noted before."""
        if len(self._asked) > self._rides_max:
            del self._asked[next(iter(self._asked))]
        return Asked(self._asked.setdefault(ride_id, how), await self.ride(ride_id))

    async def part(self, zone: ZoneId, kind: str, part_id: str) -> Part | None:
        """Return a piece of a zone's state as it was last committed, if there is one."""
        rows = self._zones.get(zone)
        body = b"" if rows is None else rows.parts.get((kind, part_id), b"")
        return Part(kind, part_id, body) if body else None

    async def journal(self, zone: ZoneId, after: int = 0, count_max: int = 1000) -> Sequence[Entry]:
        """Return the steps after number ``after`` that are kept, oldest first."""
        rows = self._zones.get(zone)
        if rows is None or not rows.journal:
            return []
        start = max(0, after + 1 - rows.journal[0].number)
        return rows.journal[start : start + count_max]

    async def zones(self) -> Mapping[ZoneId, date]:
        """Return all zones that are known, and the first day of their seconds."""
        return {zone: rows.day for zone, rows in self._zones.items()}

    async def keep_snapshot(self, shard: int, epoch: int, snapshot: Snapshot) -> None:
        """Write down a zone as a whole, as it was after a step that is committed."""
        owner, zone = self._shards.get(shard), self._zones.get(snapshot.zone)
        if owner is None or owner.epoch != epoch or zone is None or zone.shard != shard:
            raise ShardLost(shard, f"epoch {epoch} is not its newest, or the zone is not in it")
        if zone.number < snapshot.number:
            raise ShardLost(shard, f"{snapshot.zone}: step {snapshot.number} is not committed")
        zone.snapshots.append(encode_snapshot(snapshot))
        del zone.snapshots[:-SNAPSHOTS_MAX]

    async def last_snapshot(self, zone: ZoneId) -> SnapshotMark | None:
        """Return what is known of a zone's newest snapshot."""
        rows = self._zones.get(zone)
        return decode_snapshot(rows.snapshots[-1]).mark if rows and rows.snapshots else None

    async def snapshots(self, zone: ZoneId, after: tuple[int, int] = (-1, 0)) -> Sequence[Snapshot]:
        """Return some snapshots, oldest first, behind that of a step and moment."""
        rows = self._zones.get(zone)
        found = [decode_snapshot(data) for data in rows.snapshots] if rows else []
        return [one for one in found if (one.number, one.taken_at_ms) > after]
