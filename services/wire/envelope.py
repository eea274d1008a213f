"""What every message travels in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from services.domain.events import Event, Message
from services.domain.ids import ZoneId

SCHEMA_VERSION = 1
"""Meaning of ``events.proto`` that this code writes, and the newest that it reads."""

TEXT_MAX = 200
"""Longest id, in characters."""

Body = Message | Event

_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)


def is_traceparent(text: str) -> bool:
    """Whether this is the value of a ``traceparent`` header (W3C Trace Context)."""
    return _TRACEPARENT.fullmatch(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A message, and when, where and why it came to be.

    Parameters
    ----------
    message_id
        Unique; a message that is sent again keeps it.
    zone
        The zone that it concerns.
    happened_at_ms, recorded_at_ms
        When it happened and when it was written down, in milliseconds since 1970 UTC.
    zone_time_s
        When it happened, in seconds after midnight of the service day.
    traceparent
        W3C trace context, or empty.
    version
        Number of the zone's step that decided it, or 0.
    encoded
        The body as bytes, where they are at hand; see `services.wire.codec.encode_body`.
    """

    message_id: str
    zone: ZoneId
    happened_at_ms: int
    recorded_at_ms: int
    zone_time_s: int
    body: Body
    traceparent: str = ""
    version: int = 0
    encoded: bytes = field(default=b"", compare=False, repr=False)

    def __post_init__(self) -> None:
        if not 0 < len(self.message_id) <= TEXT_MAX:
            raise ValueError(f"a message id has 1 to {TEXT_MAX} characters")
        if not 0 < len(self.zone) <= TEXT_MAX:
            raise ValueError(f"a zone's id has 1 to {TEXT_MAX} characters")
        if self.traceparent and not is_traceparent(self.traceparent):
            raise ValueError("not a W3C traceparent")
