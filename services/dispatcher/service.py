"""Turns messages into steps of a zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.dispatcher.core import Zone
from services.domain.events import Event, Message
from services.domain.ride import Ride


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
        for message in inputs:
            events += self.zone.apply(message, now_s)
        self.number += 1
        return Step(
            number=self.number,
            now_s=self.zone.now_s,
            inputs=tuple(inputs),
            events=tuple(events),
            rides=self.zone.rides.recent(),
        )
