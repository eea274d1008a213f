"""Rows of a zone's state to bytes and back."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import DecodeError

from services.domain.errors import Unreadable
from services.domain.ride import Ride
from services.domain.zone_state import (
    RideNote,
    Row,
    RowKind,
    StoredRoads,
    StoredShuttle,
    StoredZone,
)
from services.wire.fields import Carrier
from services.wire.generated.navette.v1 import events_pb2

_MESSAGES: dict[RowKind, tuple[type, Any]] = {
    RowKind.ZONE: (StoredZone, events_pb2.StoredZone),
    RowKind.ROADS: (StoredRoads, events_pb2.StoredRoads),
    RowKind.SHUTTLE: (StoredShuttle, events_pb2.StoredShuttle),
    RowKind.RIDE: (Ride, events_pb2.StoredRide),
    RowKind.NOTE: (RideNote, events_pb2.RideNote),
}
_CARRIERS = {kind: Carrier(one, message.DESCRIPTOR) for kind, (one, message) in _MESSAGES.items()}


def encode_row(row: Row) -> bytes:
    """A row's value as bytes; none if it is not part of the zone any more.

    Equal rows give equal bytes. Those of rides are what `services.wire.stored` makes of them.
    """
    if row.value is None:
        return b""
    message = _MESSAGES[row.kind][1]()
    _CARRIERS[row.kind].write(message, row.value)
    data: bytes = message.SerializeToString(deterministic=True)
    return data


def decode_row(kind: str, row_id: str, data: bytes) -> Row:
    """Return the row that these bytes carry.

    Raises
    ------
    Unreadable
        If they are malformed, of a kind that is not known here, or say something impossible.
    """
    place = f"{kind} {row_id}".strip()
    if kind not in set(RowKind):
        raise Unreadable(place, "no kind of row that this reader knows")
    known = RowKind(kind)
    message = _MESSAGES[known][1]()
    try:
        message.ParseFromString(data)
    except DecodeError as error:
        raise Unreadable(place, f"malformed: {error}") from None
    return Row(known, row_id, _CARRIERS[known].read(message, place))
