"""Frames of the shuttle's link, to bytes and back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, get_args
from uuid import UUID, uuid5

from services.domain.errors import Unreadable
from services.domain.events import Report
from services.domain.ids import ShuttleId, ZoneId
from services.domain.operating_domain import RoadsChanged
from services.domain.plan import Plan
from services.wire.fields import Carrier, parsed, snake
from services.wire.generated.navette.v1 import events_pb2

PROTOCOL = 1
"""Version of the link that this code speaks."""

SUBPROTOCOL = "navette.v1"
"""What both sides name when a WebSocket is opened."""

FRAME_BYTES_MAX = 4096
"""Longest frame of a shuttle."""

REPORTS_LINK = UUID("0d4b3f63-52a5-5d2c-8d8e-8f6f0a1c7e42")
"""Namespace of the ids of reports that come over a link."""


class LinkFault(StrEnum):
    """What is wrong with a frame, or why a connection ends."""

    UNREADABLE = "unreadable"
    TOO_LONG = "too_long"
    NOT_NOW = "not_now"
    NOT_YOURS = "not_yours"
    OUT_OF_ORDER = "out_of_order"
    VERSION = "version"
    REPLACED = "replaced"
    SILENT = "silent"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkHello:
    """Who connects: which boot of its software, what it knows to be safe, which plan it holds."""

    protocol: int = PROTOCOL
    boot_id: str
    received_up_to: int = 0
    plan_revision: int = 0
    software: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkWelcome:
    """The answer: where and when this is, and the bounds; see the fields in ``events.proto``."""

    zone: str
    midnight_ms: int
    now_ms: int
    speed_permille: int
    heartbeat_ms: int
    in_flight_max: int
    frame_bytes_max: int = FRAME_BYTES_MAX


@dataclass(frozen=True, slots=True)
class LinkHeartbeat:
    """A sign of life, or the answer to one."""

    number: int
    answer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkError:
    """What is wrong with a frame: where, what, and whether the connection ends with it."""

    fault: LinkFault
    place: str = ""
    reason: str
    number: int = 0
    closing: bool = False


@dataclass(frozen=True, slots=True)
class ShuttleFrame:
    """What a shuttle sends; ``number`` is that of a report, and 0 on other frames."""

    body: LinkHello | LinkHeartbeat | Report
    number: int = 0


GatewayBody = LinkWelcome | LinkHeartbeat | LinkError | Plan | RoadsChanged


@dataclass(frozen=True, slots=True)
class GatewayFrame:
    """What a gateway sends; reports up to ``received_up_to`` are safe."""

    received_up_to: int
    body: GatewayBody | None = None


_SHUTTLE = events_pb2.ShuttleFrame.DESCRIPTOR
_GATEWAY = events_pb2.GatewayFrame.DESCRIPTOR
_FIELDS: Final[dict[type, str]] = {
    LinkHello: "hello",
    LinkWelcome: "welcome",
    LinkHeartbeat: "heartbeat",
    LinkError: "error",
} | {kind: snake(kind.__name__) for kind in (*get_args(Report), Plan, RoadsChanged)}


def _carriers(kinds: tuple[type, ...], descriptor: Any) -> dict[str, Carrier]:
    fields = descriptor.fields_by_name
    return {_FIELDS[kind]: Carrier(kind, fields[_FIELDS[kind]].message_type) for kind in kinds}


_FROM_SHUTTLES = _carriers((LinkHello, LinkHeartbeat, *get_args(Report)), _SHUTTLE)
_FROM_GATEWAYS = _carriers(get_args(GatewayBody), _GATEWAY)


def encode_shuttle_frame(frame: ShuttleFrame) -> bytes:
    """Turn a shuttle's frame into bytes; equal frames give equal bytes."""
    message = events_pb2.ShuttleFrame(number=frame.number)
    _put(message, frame.body, _FROM_SHUTTLES)
    return message.SerializeToString(deterministic=True)


def encode_gateway_frame(frame: GatewayFrame) -> bytes:
    """Turn a gateway's frame into bytes."""
    message = events_pb2.GatewayFrame(received_up_to=frame.received_up_to)
    if frame.body is not None:
        _put(message, frame.body, _FROM_GATEWAYS)
    return message.SerializeToString(deterministic=True)


def decode_shuttle_frame(data: bytes) -> ShuttleFrame:
    """Return the frame that these bytes carry.

    Raises
    ------
    Unreadable
        If they carry none.
    """
    message = parsed(events_pb2.ShuttleFrame(), data, "frame")
    name = message.WhichOneof("body")
    if name is None:
        raise Unreadable("frame.body", "none that this reader knows")
    body = _FROM_SHUTTLES[name].read(getattr(message, name), name)
    if isinstance(body, LinkHello | LinkHeartbeat):
        return ShuttleFrame(body)
    if not message.number:
        raise Unreadable("frame.number", "a report is numbered, from 1 on")
    return ShuttleFrame(body, message.number)


def number_of(data: bytes) -> int:
    """Return the number on a shuttle's frame whose body cannot be read; 0 if it has none."""
    try:
        return parsed(events_pb2.ShuttleFrame(), data, "frame").number
    except Unreadable:
        return 0


def decode_gateway_frame(data: bytes) -> GatewayFrame:
    """Return the frame that these bytes carry; what it says that is not known here is left out.

    Raises
    ------
    Unreadable
        If they carry none.
    """
    message = parsed(events_pb2.GatewayFrame(), data, "frame")
    name = message.WhichOneof("body")
    body = None if name is None else _FROM_GATEWAYS[name].read(getattr(message, name), name)
    return GatewayFrame(message.received_up_to, body)


def report_id(zone: ZoneId, shuttle: ShuttleId, boot_id: str, number: int) -> str:
    """Return the message id of a report, the same whenever and to whomever it is sent."""
    return str(uuid5(REPORTS_LINK, f"{zone}\n{shuttle}\n{boot_id}\n{number}"))


def _put(message: Any, body: object, carriers: dict[str, Carrier]) -> None:
    name = _FIELDS[type(body)]
    part = getattr(message, name)
    part.SetInParent()
    carriers[name].write(part, body)
