"""Writes down what a zone decides as its journal, link by link, where nobody else does."""

from __future__ import annotations

from services.dispatcher.service import Step
from services.domain.ids import ZoneId
from services.runtime.clock import ServiceDay
from services.runtime.journal import linked
from services.wire.codec import encode_body
from services.wire.stored import Entry


class Recording:
    """A journal in memory.

    Parameters
    ----------
    zone
        Whose.
    day
        From whose midnight its seconds count.
    """

    def __init__(self, zone: ZoneId, day: ServiceDay) -> None:
        self.entries: list[Entry] = []
        self._zone = zone
        self._midnight_ms = round(day.midnight.timestamp() * 1000)

    def write(self, step: Step) -> None:
        """Write a step down, as if it was decided at once."""
        entry = Entry(
            zone=self._zone,
            number=step.number,
            now_s=step.now_s,
            decided_at_ms=self._midnight_ms + step.now_s * 1000,
            inputs=tuple(encode_body(one) for one in step.inputs),
            events=tuple(encode_body(one) for one in step.events),
        )
        previous = self.entries[-1].link if self.entries else b""
        self.entries.append(linked(previous, entry))
