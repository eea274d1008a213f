"""Turns messages into steps of a zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.dispatcher.core import Zone
from services.domain.events import Event, Message
from services.domain.ride import Ride
from services.domain.zone_crossing import MessageForwarded


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a zone: what came in, when, and what was decided.

    Parameters
    ----------
    number
        1 for the first; grows by one.
    now_s
        The zone's time, in seconds after midnight of its first service day.
    inputs, events
        Messages in the order in which they were merged, and the events that they led to.
    rides
        The rides that changed, as they are now.
    """

    number: int
    now_s: int
    inputs: tuple[Message, ...]
    events: tuple[Event, ...]
    rides: tuple[Ride, ...] = ()


class Dispatcher:
    """Turns messages into steps of one zone.

    Parameters
    ----------
    zone
        The zone.
    number
        Of the last step that was committed.
    """

    def __init__(self, zone: Zone, number: int = 0) -> None:
        self.zone = zone
        self.number = number

    def step(self, inputs: Sequence[Message], now_s: int) -> Step:
        """Apply messages in order, as one step that is yet to be committed.

        Nothing that it decided may leave before the commit.
        """
        events: list[Event] = []
        for number, message in enumerate(inputs):
            events += _numbered(self.zone.apply(message, now_s), number)
        self.number += 1
        return Step(
            number=self.number,
            now_s=self.zone.now_s,
            inputs=tuple(inputs),
            events=tuple(events),
            rides=self.zone.rides.recent(),
        )


def _numbered(events: tuple[Event, ...], number: int) -> tuple[Event, ...]:
    """Say of which input of its step an event is about passing it on."""
    if not number or not any(type(event) is MessageForwarded for event in events):
        return events
    return tuple(
        replace(event, input=number) if isinstance(event, MessageForwarded) else event
        for event in events
    )
