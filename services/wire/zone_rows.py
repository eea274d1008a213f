"""Rows of a zone's state to bytes and back."""

from __future__ import annotations

from services.domain.errors import Unreadable
from services.domain.zone_state import (
    RideNote,
    Row,
    RowKind,
    StoredRoads,
    StoredShuttle,
    StoredZone,
)
from services.wire.fields import Form
from services.wire.generated.navette.v1 import events_pb2
from services.wire.stored import RIDE

_FORMS = {
    RowKind.ZONE: Form(StoredZone, events_pb2.StoredZone),
    RowKind.ROADS: Form(StoredRoads, events_pb2.StoredRoads),
    RowKind.SHUTTLE: Form(StoredShuttle, events_pb2.StoredShuttle),
    RowKind.RIDE: RIDE,
    RowKind.NOTE: Form(RideNote, events_pb2.RideNote),
}


def encode_row(row: Row) -> bytes:
    """A row's value as bytes; none if it is not part of the zone any more.

    Equal rows give equal bytes. Those of rides are what `services.wire.stored` makes of them.
    """
    return b"" if row.value is None else _FORMS[row.kind].encode(row.value)


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
    return Row(known, row_id, _FORMS[known].decode(data, place))
