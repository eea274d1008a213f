"""A zone as a whole, as it was after a step: where a replay can begin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from services.domain.ids import ZoneId
from services.wire.fields import Form
from services.wire.generated.navette.v1 import events_pb2


class KeptRow(NamedTuple):
    """A row of a zone's state as bytes; see `services.wire.zone_rows`."""

    kind: str
    id: str
    body: bytes


class SnapshotMark(NamedTuple):
    """What has to be known of the newest snapshot to say whether another one is due.

    Parameters
    ----------
    number, taken_at_ms
        After which step it was taken, and when.
    code, territory
        By which code and on which territory the zone went on from there.
    """

    number: int
    taken_at_ms: int
    code: str
    territory: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A zone as a whole, as it was after a step.

    Parameters
    ----------
    zone, number
        Which zone, and after which step; 0: before the first one.
    now_s
        The zone's time, in seconds after midnight of its first service day.
    taken_at_ms
        When it was taken, in milliseconds since 1970 UTC.
    link
        Of that step in the hash chain; empty before the first one.
    code, territory
        By which code and on which territory the steps after it were decided.
    rows
        All of the zone's state, by kind and id.
    """

    zone: ZoneId
    number: int
    now_s: int
    taken_at_ms: int
    link: bytes
    code: str
    territory: str
    rows: tuple[KeptRow, ...]

    @property
    def mark(self) -> SnapshotMark:
        """What is compared to say whether another one is due."""
        return SnapshotMark(self.number, self.taken_at_ms, self.code, self.territory)


_SNAPSHOT = Form(Snapshot, events_pb2.ZoneSnapshot)


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """Turn a snapshot into bytes; equal ones give equal bytes."""
    return _SNAPSHOT.encode(snapshot)


def decode_snapshot(data: bytes) -> Snapshot:
    """Return the snapshot that these bytes keep.

    Raises
    ------
    Unreadable
        If they keep none.
    """
    snapshot = _SNAPSHOT.decode(data, "snapshot")
    assert isinstance(snapshot, Snapshot)
    return snapshot
