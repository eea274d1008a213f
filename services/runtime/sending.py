"""Sends what is said to a zone, in an envelope that says when."""

from __future__ import annotations

from services.domain.ids import ZoneId
from services.runtime.clock import Clock
from services.runtime.ports import Log
from services.wire.envelope import Body, Envelope
from services.wire.topics import key_of, topic_of


async def send(
    messages: Log, clock: Clock, zone: ZoneId, body: Body, message_id: str, traceparent: str = ""
) -> None:
    """Send a message that came to be just now."""
    now_ms = clock.now_ms()
    envelope = Envelope(
        message_id=message_id,
        zone=zone,
        happened_at_ms=now_ms,
        recorded_at_ms=now_ms,
        zone_time_s=clock.now_s(),
        traceparent=traceparent,
        body=body,
    )
    await messages.append(topic_of(body), key_of(body, zone), envelope)
