"""How far the zones of a shard have read: all as far as each other, but for those that stood still.

The store keeps one offset a topic for the whole shard. A zone that stands still falls behind it;
where it goes on is kept in parts of its own state, so that none of its messages is lost and none of
the others' comes twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.domain.ids import ZoneId
from services.runtime.ports import UNREAD, Holding, Part, Record
from services.wire.topics import Topic

INPUTS = (Topic.RIDE_COMMANDS, Topic.SHUTTLE_REPORTS)


class Heard(NamedTuple):
    """From where on to read, as far as that changed since the last commit."""

    offsets: dict[Topic, int]
    late: dict[tuple[ZoneId, Topic], int]
    """Of zones that fell behind the others."""


class Places:
    """Knows what was heard, and by which zones.

    Parameters
    ----------
    holding
        What the shard's last owner left.
    """

    def __init__(self, holding: Holding) -> None:
        self.still: set[ZoneId] = set()
        """Zones that stand still."""
        self._stopped: dict[ZoneId, Sequence[Part]] = {}
        self._reached = dict(holding.offsets)
        self._behind = {z: dict(held.unread) for z, held in holding.zones.items() if held.unread}
        self._until = dict(holding.offsets) if self._behind else {}
        self._heard = Heard({}, {})

    @property
    def offsets(self) -> Mapping[Topic, int]:
        """From where the shard goes on, where that changed since the last commit."""
        return dict(self._heard.offsets)

    def start(self, topic: Topic) -> int:
        """From where on the log is to be read."""
        behind = [unread[topic] for unread in self._behind.values() if topic in unread]
        return min([self._reached.get(topic, 0), *behind])

    def is_new(self, record: Record, zone: ZoneId | None) -> bool:
        """Whether somebody is to hear a record that is to a zone: it was not heard before."""
        if record.offset >= self._until.get(record.topic, 0):
            return zone not in self.still
        unread = None if zone is None or zone in self.still else self._behind.get(zone)
        return unread is not None and record.offset >= unread.get(record.topic, record.offset + 1)

    def hear(self, record: Record, zone: ZoneId | None) -> None:
        """Note that a record has had its effect, or will not have any."""
        if record.offset >= self._until.get(record.topic, 0):
            self._heard.offsets[record.topic] = record.offset + 1
        elif zone is not None and self.is_new(record, zone):
            self._heard.late[zone, record.topic] = record.offset + 1

    def mark(self) -> Heard:
        """What was heard so far."""
        return Heard(dict(self._heard.offsets), dict(self._heard.late))

    def back_to(self, mark: Heard) -> None:
        """Forget what was heard since."""
        self._heard = mark

    def stop(self, zone: ZoneId) -> None:
        """A zone stands still: some day it goes on behind what is committed."""
        behind = self._behind.get(zone, {})
        self._stopped[zone] = [
            _part(topic, behind.get(topic, self._reached.get(topic, 0))) for topic in INPUTS
        ]
        self.still.add(zone)
        for topic in INPUTS:
            self._heard.late.pop((zone, topic), None)

    def parts(self) -> Mapping[ZoneId, Sequence[Part]]:
        """Return where zones are that are behind, where that changed since the last commit."""
        parts = {zone: [*parts] for zone, parts in self._stopped.items()}
        for (zone, topic), offset in self._heard.late.items():
            parts.setdefault(zone, []).append(_part(topic, offset))
        for zone, topic in self._caught_up():
            parts.setdefault(zone, []).append(Part(UNREAD, topic, b""))
        return parts

    def committed(self) -> None:
        """All that was heard is safe now."""
        for (zone, topic), offset in self._heard.late.items():
            self._behind[zone][topic] = offset
        if self._until:
            for zone, topic in self._caught_up():
                del self._behind[zone][topic]
            for topic in self._heard.offsets:
                self._until.pop(topic, None)
        self._reached.update(self._heard.offsets)
        self._heard = Heard({}, {})
        self._stopped = {}

    def _caught_up(self) -> Sequence[tuple[ZoneId, Topic]]:
        return [
            (zone, topic)
            for zone, unread in self._behind.items()
            for topic in self._heard.offsets
            if topic in unread and zone not in self.still
        ]


def _part(topic: Topic, offset: int) -> Part:
    return Part(UNREAD, topic, b"%d" % offset)
