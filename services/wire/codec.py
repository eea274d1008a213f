"""Envelopes to bytes and back."""

from __future__ import annotations

from typing import Final, get_args

from google.protobuf.message import Message as Proto

from services.domain.errors import Unreadable
from services.domain.ids import ZoneId
from services.wire.envelope import SCHEMA_VERSION, Body, Envelope
from services.wire.fields import Carrier, parsed, snake
from services.wire.generated.navette.v1 import events_pb2

SIZE_MAX = 1 << 20
"""Longest message in bytes; Kafka's own default limit is about the same."""

BODY_BYTES_MAX = SIZE_MAX - (16 << 10)
"""Longest body, so that there is room for what is around it."""

BODIES: Final[tuple[type[Body], ...]] = get_args(Body)
"""Every class that an envelope can carry."""

_DESCRIPTOR = events_pb2.Envelope.DESCRIPTOR
_AROUND = [field.name for field in _DESCRIPTOR.fields if field.containing_oneof is None]
_NAMES = {kind: snake(kind.__name__) for kind in BODIES}
_CARRIERS = {
    name: Carrier(kind, _DESCRIPTOR.fields_by_name[name].message_type)
    for kind, name in _NAMES.items()
}


def encode(envelope: Envelope) -> bytes:
    """Turn an envelope into bytes; equal envelopes give equal bytes.

    Raises
    ------
    ValueError
        If a number does not fit its field or the message is longer than ``SIZE_MAX``: a bug of the
        writer.
    """
    message = events_pb2.Envelope(
        schema_version=SCHEMA_VERSION,
        message_id=envelope.message_id,
        zone=envelope.zone,
        happened_at_ms=envelope.happened_at_ms,
        recorded_at_ms=envelope.recorded_at_ms,
        zone_time_s=envelope.zone_time_s,
        traceparent=envelope.traceparent,
        version=envelope.version,
    )
    # Bodies have higher numbers than all other fields, so one behind the other is the whole.
    body = envelope.encoded or encode_body(envelope.body)
    return _checked_size(message.SerializeToString(deterministic=True) + body, SIZE_MAX)


def encode_body(body: Body) -> bytes:
    """Turn a bare message into the bytes that the journal's hash covers."""
    message = events_pb2.Envelope()
    _put(message, body)
    return _checked_size(message.SerializeToString(deterministic=True), BODY_BYTES_MAX)


def decode_body(data: bytes) -> Body:
    """Return the bare message that these bytes carry; see `encode_body`.

    Raises
    ------
    Unreadable
        If they carry none.
    """
    return _body(_parsed(data))


def decode(data: bytes) -> Envelope:
    """Return the envelope that these bytes carry.

    Raises
    ------
    Unreadable
        If they are too long, malformed, of a version or with a body that is not known here, or say
        something impossible.
    """
    message = _parsed(data)
    if not 1 <= message.schema_version <= SCHEMA_VERSION:
        raise Unreadable(
            "envelope.schema_version",
            f"{message.schema_version}; this reader knows 1 to {SCHEMA_VERSION}",
        )
    body = _body(message)
    try:
        return Envelope(
            message_id=message.message_id,
            zone=ZoneId(message.zone),
            happened_at_ms=message.happened_at_ms,
            recorded_at_ms=message.recorded_at_ms,
            zone_time_s=message.zone_time_s,
            traceparent=message.traceparent,
            version=message.version,
            body=body,
            encoded=_encoded(message),
        )
    except ValueError as error:
        raise Unreadable("envelope", str(error)) from None


def _parsed(data: bytes) -> events_pb2.Envelope:
    if len(data) > SIZE_MAX:
        raise Unreadable("envelope", f"{len(data)} bytes; at most {SIZE_MAX} are read")
    return parsed(events_pb2.Envelope(), data, "envelope")


def _body(message: events_pb2.Envelope) -> Body:
    name = message.WhichOneof("body")
    if name is None:
        raise Unreadable("envelope.body", "none that this reader knows")
    body: Body = _CARRIERS[name].read(getattr(message, name), name)
    return body


def _encoded(message: events_pb2.Envelope) -> bytes:
    """Leave of an envelope only the body, as far as it is known here, and return its bytes."""
    for name in _AROUND:
        message.ClearField(name)
    message.DiscardUnknownFields()
    return message.SerializeToString(deterministic=True)


def _put(message: Proto, body: Body) -> None:
    name = _NAMES[type(body)]
    part = getattr(message, name)
    part.SetInParent()
    _CARRIERS[name].write(part, body)


def _checked_size(data: bytes, bytes_max: int) -> bytes:
    if len(data) > bytes_max:
        raise ValueError(f"a message of {len(data)} bytes; at most {bytes_max} can be sent")
    return data
