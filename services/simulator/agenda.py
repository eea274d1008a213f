"""What is to happen when: a heap of events in virtual time."""

from __future__ import annotations

import heapq
from collections.abc import Callable


class Agenda:
    """Events by time; those of one time happen in the order in which they were entered."""

    def __init__(self) -> None:
        self.now_s = 0
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._entered = 0

    def at(self, when_s: int, action: Callable[[], None]) -> None:
        """Enter an event; one that lies in the past happens now."""
        self._entered += 1
        heapq.heappush(self._heap, (max(when_s, self.now_s), self._entered, action))

    def next_s(self) -> int | None:
        """When the next event happens."""
        return self._heap[0][0] if self._heap else None

    def happen(self) -> None:
        """Let the next event happen."""
        self.now_s, _, action = heapq.heappop(self._heap)
        action()
