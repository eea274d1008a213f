"""Rides and journal records as the bytes that a store keeps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NoReturn

from services.domain.errors import Unreadable
from services.domain.events import Event, Message
from services.domain.ids import ZoneId
from services.domain.ride import Ride
from services.wire.codec import SIZE_MAX, decode_body
from services.wire.envelope import Body
from services.wire.fields import Form, parsed
from services.wire.generated.navette.v1 import events_pb2

RIDE = Form(Ride, events_pb2.StoredRide)
"""How a ride is kept, wherever."""


def encode_ride(ride: Ride) -> bytes:
    """Turn a ride into bytes; equal rides give equal bytes."""
    return RIDE.encode(ride)


def decode_ride(data: bytes) -> Ride:
    """Return the ride that these bytes keep.

    Raises
    ------
    Unreadable
        If they keep none.
    """
    ride = RIDE.decode(data, "ride")
    assert isinstance(ride, Ride)
    return ride


COPY_BYTES_MAX = SIZE_MAX
"""An entry that is longer stays in the database alone; see `encode_copy`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A step of a zone as its journal keeps it.

    Parameters
    ----------
    zone, number
        Which zone's, and which step of it; the first is 1.
    now_s
        The zone's time, in seconds after midnight of its first service day.
    decided_at_ms
        When it was decided, in milliseconds since 1970 UTC.
    inputs, events
        Bodies as bytes, in order.
    message_ids
        Of the inputs; empty for what did not come from a topic.
    traceparent
        W3C trace context of whoever caused it.
    link
        Its link in the hash chain.
    """

    zone: ZoneId
    number: int
    now_s: int
    decided_at_ms: int
    inputs: tuple[bytes, ...]
    events: tuple[bytes, ...]
    message_ids: tuple[str, ...] = ()
    traceparent: str = ""
    link: bytes = b""

    def messages(self) -> tuple[Message, ...]:
        """Return its inputs as values."""
        found = tuple(decode_body(part) for part in self.inputs)
        return tuple(one for one in found if isinstance(one, Message) or _misplaced(one))

    def decided(self) -> tuple[Event, ...]:
        """Return its events as values."""
        found = tuple(decode_body(part) for part in self.events)
        return tuple(one for one in found if isinstance(one, Event) or _misplaced(one))


def encode_entry(entry: Entry) -> bytes:
    """Turn an entry of the journal into bytes."""
    message = events_pb2.JournalRecord(
        zone=entry.zone,
        number=entry.number,
        now_s=entry.now_s,
        decided_at_ms=entry.decided_at_ms,
        inputs=entry.inputs,
        events=entry.events,
        message_ids=entry.message_ids,
        traceparent=entry.traceparent,
        link=entry.link,
    )
    return message.SerializeToString(deterministic=True)


def encode_copy(entry: Entry) -> bytes:
    """Turn an entry into bytes for the topic; if they are too long for it, into a note of it.

    A note has neither inputs nor events, and each step has an input.
    """
    data = encode_entry(entry)
    if len(data) <= COPY_BYTES_MAX:
        return data
    return encode_entry(replace(entry, inputs=(), events=(), message_ids=()))


def decode_entry(data: bytes) -> Entry:
    """Return the entry that these bytes keep.

    Raises
    ------
    Unreadable
        If they keep none.
    """
    message = parsed(events_pb2.JournalRecord(), data, "journal")
    return Entry(
        zone=ZoneId(message.zone),
        number=message.number,
        now_s=message.now_s,
        decided_at_ms=message.decided_at_ms,
        inputs=tuple(message.inputs),
        events=tuple(message.events),
        message_ids=tuple(message.message_ids),
        traceparent=message.traceparent,
        link=message.link,
    )


def _misplaced(body: Body) -> NoReturn:
    raise Unreadable("journal", f"{type(body).__name__} is out of place")
