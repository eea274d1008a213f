"""Operators who watch moving shuttles from afar: no shuttle sets off unless one has time for it."""

from __future__ import annotations

from typing import NamedTuple

from services.domain.calendar import Calendar
from services.domain.fleet_settings import Supervision

MINUTE_S = 60
FOR_EVER = 2**40


class Wait(NamedTuple):
    """A shuttle that stood ready and waited for somebody to supervise it."""

    shuttle: int
    from_s: int
    until_s: int


class Operators:
    """Says which shuttles may move.

    Who waits longest goes first; of those that began together, the lowest number. A shuttle that is
    under way when a shift ends goes on to its next stop.

    Parameters
    ----------
    supervision
        Who is on duty; None: any number of shuttles may move.
    calendar
        What clocks show.
    """

    def __init__(self, supervision: Supervision | None, calendar: Calendar | None = None) -> None:
        self._limits = None if supervision is None else supervision.limits
        self._calendar = calendar or Calendar()
        self._moving: set[int] = set()
        self._waiting: dict[int, int] = {}
        self.waits: list[Wait] = []

    def lets_go(self, shuttle: int, now_s: int) -> bool:
        """Whether a shuttle may set off; if not, it waits in line."""
        if self._limits is None:
            return True
        room = self._room(now_s) - sum(other != shuttle for other in self._before(shuttle, now_s))
        if room <= 0:
            self._waiting.setdefault(shuttle, now_s)
            return False
        self.gives_up(shuttle, now_s)
        self._moving.add(shuttle)
        return True

    def stopped(self, shuttle: int) -> None:
        """A shuttle moves no more."""
        self._moving.discard(shuttle)

    def gives_up(self, shuttle: int, now_s: int) -> None:
        """A shuttle has nowhere to go any more, or goes."""
        since_s = self._waiting.pop(shuttle, now_s)
        if since_s < now_s:
            self.waits.append(Wait(shuttle, since_s, now_s))

    def next_in_line(self, now_s: int) -> list[int]:
        """Who may set off now, longest waiting first."""
        room = self._room(now_s) if self._waiting else 0
        return sorted(self._waiting, key=lambda k: (self._waiting[k], k))[: max(room, 0)]

    def more_s(self, now_s: int) -> int | None:
        """When more shuttles may move than now, if somebody waits."""
        if not self._waiting or self._limits is None:
            return None
        now, limit = now_s // MINUTE_S, self._limit(now_s)
        later = (m * MINUTE_S for m in range(now + 1, now + len(self._limits)))
        return next((at_s for at_s in later if self._limit(at_s) > limit), None)

    def _limit(self, at_s: int) -> int:
        if self._limits is None:
            return FOR_EVER
        return self._limits[self._calendar.local_s(at_s) // MINUTE_S % len(self._limits)]

    def _room(self, now_s: int) -> int:
        return self._limit(now_s) - len(self._moving)

    def _before(self, shuttle: int, now_s: int) -> list[int]:
        own = (self._waiting.get(shuttle, now_s), shuttle)
        return [k for k, since_s in self._waiting.items() if (since_s, k) < own]
