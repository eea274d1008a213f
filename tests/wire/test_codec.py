"""The codec carries every message there and back, and says what is wrong with the rest."""

from __future__ import annotations

import contextlib
import dataclasses
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from google.protobuf.descriptor import FieldDescriptor
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain import events, operating_domain, task_reports, zone_crossing
from services.domain.errors import Unreadable
from services.domain.events import AcceptOffer, RequestRide, RideRefused, WakeUp
from services.domain.ids import RideId, ShuttleId, ZoneId
from services.domain.ride import Constraint, Load, Party, Refusal, Request, StopWalk
from services.wire import codec
from services.wire.envelope import Body, Envelope
from services.wire.fields import Carrier, snake
from services.wire.generated.navette.v1 import events_pb2

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
INT32 = st.integers(-(2**31), 2**31 - 1)
IDS = st.text(min_size=1, max_size=40)
BOUNDS = {
    FieldDescriptor.TYPE_INT32: INT32,
    FieldDescriptor.TYPE_SINT32: INT32,
    FieldDescriptor.TYPE_UINT32: st.integers(0, 2**32 - 1),
    FieldDescriptor.TYPE_INT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_SINT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_BOOL: st.booleans(),
    FieldDescriptor.TYPE_STRING: st.text(max_size=40),
    FieldDescriptor.TYPE_BYTES: st.binary(max_size=40),
}


def values(kind: type, descriptor: Any) -> st.SearchStrategy[Any]:
    """Any value of a class, as wide as its protobuf fields are."""
    if kind is Party:
        number = st.integers(0, 2**32 - 1)
        return st.builds(
            Party,
            seats=st.integers(1, 2**32 - 1),
            wheelchairs=number,
            luggage=number,
            companions=number,
        )
    hints = get_type_hints(kind)
    names = getattr(kind, "_fields", None) or [field.name for field in dataclasses.fields(kind)]
    return st.builds(
        kind, **{name: value(hints[name], descriptor.fields_by_name[name]) for name in names}
    )


def value(hint: Any, field: Any) -> st.SearchStrategy[Any]:
    if get_origin(hint) in (Union, UnionType):
        (inner,) = (part for part in get_args(hint) if part is not NoneType)
        return st.none() | value(inner, field)
    if get_origin(hint) is tuple:
        return st.lists(value(get_args(hint)[0], field), max_size=4).map(tuple)
    if hint in (RideId, ShuttleId, ZoneId):
        return IDS
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return st.sampled_from(hint)
    if field.message_type is not None:
        return values(hint, field.message_type)
    return BOUNDS[field.type]


def envelopes(kind: type) -> st.SearchStrategy[Envelope]:
    fields = events_pb2.Envelope.DESCRIPTOR.fields_by_name
    millis = st.integers(-(2**63), 2**63 - 1)
    return st.builds(
        Envelope,
        message_id=IDS,
        zone=IDS,
        happened_at_ms=millis,
        recorded_at_ms=millis,
        zone_time_s=INT32,
        traceparent=st.sampled_from(["", TRACEPARENT]),
        version=st.integers(0, 2**64 - 1),
        body=values(kind, fields[snake(kind.__name__)].message_type),
    )


def envelope(body: Body, **changes: Any) -> Envelope:
    plain: dict[str, Any] = {
        "message_id": "m-1",
        "zone": ZoneId("vulkan"),
        "happened_at_ms": 1_754_000_000_000,
        "recorded_at_ms": 1_754_000_000_001,
        "zone_time_s": 28_800,
    }
    return Envelope(**(plain | changes), body=body)


def message(body: Body) -> events_pb2.Envelope:
    return events_pb2.Envelope.FromString(codec.encode(envelope(body)))


def request_ride() -> RequestRide:
    return RequestRide(
        Request(
            ride_id=RideId("r-1"),
            party=Party(seats=2),
            origins=(StopWalk(3, 120),),
            destinations=(),
            departure_s=30_000,
        )
    )


@pytest.mark.parametrize("kind", codec.BODIES, ids=lambda kind: kind.__name__)
@settings(max_examples=50)
@given(data=st.data())
def test_every_message_comes_back_as_it_was_sent(kind: type, data: st.DataObject) -> None:
    sent = data.draw(envelopes(kind))
    received = codec.decode(codec.encode(sent))
    assert received == sent
    assert type(received.body) is kind


PARTS = (operating_domain.Restriction, operating_domain.SpeedCap, zone_crossing.Handed)
"""Of messages."""


def test_every_message_class_of_the_domain_has_a_body_in_the_envelope_and_the_other_way_round() -> (
    None
):
    own = (events, operating_domain, task_reports, zone_crossing)
    modules = [module.__name__ for module in own]
    written = {
        name
        for module in own
        for name, kind in vars(module).items()
        if dataclasses.is_dataclass(kind) and getattr(kind, "__module__", "") in modules
        if kind not in PARTS
    }
    assert written == {kind.__name__ for kind in codec.BODIES}
    bodies = events_pb2.Envelope.DESCRIPTOR.oneofs_by_name["body"].fields
    assert {field.name for field in bodies} == {snake(name) for name in written}


def test_zero_and_absent_are_told_apart() -> None:
    at_zero = events.PlanAcknowledged(ShuttleId("s"), 1, 5, node=0, node_ms=0)
    nowhere = events.PlanAcknowledged(ShuttleId("s"), 1, 5)
    for body in (at_zero, nowhere):
        assert codec.decode(codec.encode(envelope(body))).body == body


def test_equal_messages_give_equal_bytes() -> None:
    assert codec.encode(envelope(request_ride())) == codec.encode(envelope(request_ride()))
    assert codec.encode_body(request_ride()) == codec.encode_body(request_ride())


def test_a_field_that_a_newer_writer_added_is_skipped() -> None:
    newer = codec.encode(envelope(AcceptOffer(RideId("r-1")))) + b"\xfa\x7f\x03new"
    assert codec.decode(newer).body == AcceptOffer(RideId("r-1"))


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_said_to_be_unreadable(data: bytes) -> None:
    # Any other exception would be a bug, and fails the test.
    with contextlib.suppress(Unreadable):
        assert codec.decode(codec.encode(codec.decode(data)))


@given(st.data())
def test_a_damaged_message_is_read_or_said_to_be_unreadable(data: st.DataObject) -> None:
    sent = bytearray(codec.encode(envelope(request_ride())))
    at = data.draw(st.integers(0, len(sent) - 1))
    sent[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Unreadable):
        codec.decode(bytes(sent[: data.draw(st.integers(0, len(sent)))]))


@pytest.mark.parametrize("version", [0, 2, 4_000_000_000])
def test_an_unknown_version_is_unreadable(version: int) -> None:
    other = message(WakeUp())
    other.schema_version = version
    with pytest.raises(Unreadable, match=rf"schema_version: {version};"):
        codec.decode(other.SerializeToString())


def test_an_unknown_body_is_unreadable() -> None:
    other = message(WakeUp())
    other.ClearField("wake_up")
    with pytest.raises(Unreadable, match=r"envelope\.body"):
        codec.decode(other.SerializeToString() + b"\xfa\x7f\x03new")


@pytest.mark.parametrize(
    ("place", "spoil"),
    [
        ("request_ride.request", lambda m: m.request_ride.ClearField("request")),
        ("request_ride.request.party", lambda m: m.request_ride.request.ClearField("party")),
        ("request_ride.request.party", lambda m: m.request_ride.request.party.Clear()),
        ("request_ride.request.ride_id", lambda m: m.request_ride.request.ClearField("ride_id")),
        ("envelope", lambda m: m.ClearField("message_id")),
        ("envelope", lambda m: m.ClearField("zone")),
        ("envelope", lambda m: setattr(m, "traceparent", "00-zz")),
    ],
)
def test_an_impossible_part_is_named(place: str, spoil: Any) -> None:
    broken = message(request_ride())
    spoil(broken)
    with pytest.raises(Unreadable) as caught:
        codec.decode(broken.SerializeToString())
    assert caught.value.place == place


@pytest.mark.parametrize("number", [0, 99])
def test_a_constraint_that_nobody_named_is_unreadable(number: int) -> None:
    broken = message(RideRefused(RideId("r-1"), Refusal(Constraint.WAIT)))
    broken.ride_refused.refusal.reason = number  # type: ignore[assignment]
    with pytest.raises(Unreadable, match=r"ride_refused\.refusal\.reason"):
        codec.decode(broken.SerializeToString())


def test_a_message_of_more_than_a_mebibyte_is_neither_sent_nor_read() -> None:
    long = events.RideFailed(RideId("r-1"), "x" * codec.SIZE_MAX)
    with pytest.raises(ValueError, match="can be sent"):
        codec.encode(envelope(long))
    with pytest.raises(Unreadable, match="are read"):
        codec.decode(b"\0" * (codec.SIZE_MAX + 1))


def test_a_number_that_does_not_fit_its_field_is_not_sent() -> None:
    with pytest.raises(ValueError, match="range"):
        codec.encode(envelope(events.Passed(ShuttleId("s"), -1, 5)))


def test_a_value_without_its_protobuf_twin_fails_at_once() -> None:
    with pytest.raises(TypeError, match="different fields"):
        Carrier(Load, events_pb2.Party.DESCRIPTOR)
