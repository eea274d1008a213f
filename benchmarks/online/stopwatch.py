"""Times a zone's decisions from outside, while the product's own day runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter, thread_time
from typing import Any, NamedTuple
from unittest.mock import patch

from services.dispatcher import core
from services.dispatcher.arrays import Ask, Fleet
from services.dispatcher.core import Zone
from services.dispatcher.insertion import search
from services.domain.events import Event, Message, RequestRide
from services.network.driving import Ways


class Took(NamedTuple):
    """How long something took on the clock, and how much of it the thread was computing.

    On a machine that others use too, the clock also counts the milliseconds for which they ran.
    """

    wall_s: float
    cpu_s: float


Decision = Callable[[Ways, Fleet, Ask, Any, Took], None]
"""Told of each decision: travel times, fleet and request as the kernel saw them; what it found."""


class Stopwatch:
    """How long each request's decision took.

    ``decided`` is the compiled search alone, called once to answer a request; the searches that
    explain a refusal are left out of it. ``applied`` is all of ``Zone.apply``, with these, the
    referee and the plan that goes out.
    """

    def __init__(self) -> None:
        self.decided: list[Took] = []
        self.applied: list[Took] = []
        self._undecided = False

    @contextmanager
    def on(self, zone: Zone, told: Decision | None = None) -> Iterator[None]:
        """Time a zone while its day runs; ``told`` hears of each decision outside of its time."""
        apply = zone.apply

        def timed_search(ways: Ways, fleet: Fleet, ask: Ask) -> Any:
            began = _now()
            found = search(ways, fleet, ask)
            took = _since(began)
            if self._undecided:
                self._undecided = False
                self.decided.append(took)
                if told is not None:
                    told(ways, fleet, ask, found, took)
            return found

        def timed_apply(message: Message, now_s: int) -> tuple[Event, ...]:
            self._undecided = asked = type(message) is RequestRide
            began = _now()
            events = apply(message, now_s)
            if asked:
                self.applied.append(_since(began))
            return events

        with patch.object(core, "search", timed_search), patch.object(zone, "apply", timed_apply):
            yield


def _now() -> Took:
    return Took(perf_counter(), thread_time())


def _since(began: Took) -> Took:
    cpu_s = thread_time() - began.cpu_s
    return Took(perf_counter() - began.wall_s, cpu_s)
